"""The nodes of a database, as `gateway.store.node_tables` describes them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"

BYTEWISE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Make the tables, empty: the nodes write themselves into them."""
    op.create_table(
        "nodes",
        sa.Column("name", BYTEWISE, primary_key=True),
        sa.Column("seen", sa.Double, nullable=False),
        sa.Column("mark", sa.Text, nullable=False),
        sa.Column("report", JSON, nullable=False),
    )
    op.create_table(
        "drained_nodes",
        sa.Column("name", BYTEWISE, primary_key=True),
        sa.Column("since", sa.Double, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
    )
