"""The call log, as `gateway.store.call_tables` describes it."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

BYTEWISE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

COLUMNS: dict[str, Any] = {
    "node": sa.Text,
    "ended_at": sa.Double,
    "direction": sa.Text,
    "peer": sa.Text,
    "account": sa.Text,
    "source": sa.Text,
    "call_id": sa.Text,
    "caller_dialled": sa.Text,
    "callee_dialled": sa.Text,
    "caller": sa.Text,
    "callee": sa.Text,
    "caller_area": sa.Text,
    "callee_area": sa.Text,
    "caller_country": sa.Text,
    "callee_country": sa.Text,
    "route": sa.Text,
    "carrier": sa.Text,
    "rule": BYTEWISE,
    "reason": sa.Text,
    "attest": sa.Text,
    "origid": sa.Text,
    "iat": sa.BigInteger,
    "verstat": sa.Text,
    "detail": sa.Text,
    "x5u": sa.Text,
    "spc": sa.Text,
    "code": sa.Integer,
    "ended_by": sa.Text,
    "progress_ms": sa.Double,
    "answered_ms": sa.Double,
    "duration_ms": sa.Double,
    "complaint": sa.Integer,
}
INDEXES = {
    "calls_at": ["at"],
    "calls_caller": ["caller", "at"],
    "calls_callee": ["callee", "at"],
    "calls_account": ["account", "at"],
    "calls_rule": ["rule", "at"],
    "calls_origid": ["origid"],
    "calls_call_id": ["call_id"],
}


def upgrade() -> None:
    """Make the table, empty."""
    op.create_table(
        "calls",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("at", sa.Double, nullable=False),
        *(sa.Column(name, type) for name, type in COLUMNS.items()),
    )
    for name, columns in INDEXES.items():
        op.create_index(name, "calls", columns)
