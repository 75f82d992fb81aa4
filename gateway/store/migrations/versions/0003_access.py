"""Users and tokens, as `gateway.store.access_tables` describes them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"

BYTEWISE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Make the tables, empty, and the revision that says when they change."""
    op.create_table(
        "users",
        sa.Column("name", BYTEWISE, primary_key=True),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("password", sa.Text, nullable=False),
        sa.Column("totp", sa.Text),
        sa.Column("totp_step", sa.BigInteger, nullable=False),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("made_at", sa.Double, nullable=False),
    )
    op.create_table(
        "tokens",
        sa.Column("id", BYTEWISE, primary_key=True),
        sa.Column("name", BYTEWISE, nullable=False, unique=True),
        sa.Column("permissions", JSON, nullable=False),
        sa.Column("digest", BYTEWISE, nullable=False, unique=True),
        sa.Column("made_at", sa.Double, nullable=False),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.Column("expires_at", sa.Double, nullable=False),
    )
    op.execute("INSERT INTO policy_changes (resource, revision) VALUES ('access', 0)")
