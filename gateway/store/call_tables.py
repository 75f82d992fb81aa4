"""The table of the call log: one row a call, written once when the call is over, never changed.

Times are epoch seconds, durations milliseconds. Numbers as the caller's side dialled them stand beside the canonical
ones; `caller` and `callee` are canonical digits where there are such.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Double, Index, Integer, MetaData, Table, Text

_SORTED = Text().with_variant(Text(collation="C"), "postgresql")
"""Text in the order of its code points, so that an index finds a prefix."""

calls = Table(
    "calls",
    MetaData(),
    Column("id", Text, primary_key=True),  # the call's token and its node
    Column("node", Text),
    Column("at", Double, nullable=False),
    Column("ended_at", Double),
    Column("direction", Text),
    Column("peer", Text),
    Column("account", Text),
    Column("source", Text),
    Column("call_id", Text),
    Column("caller_dialled", Text),
    Column("callee_dialled", Text),
    Column("caller", Text),
    Column("callee", Text),
    Column("caller_area", Text),
    Column("callee_area", Text),
    Column("caller_country", Text),
    Column("callee_country", Text),
    Column("route", Text),
    Column("carrier", Text),
    Column("rule", _SORTED),
    Column("reason", Text),
    Column("attest", Text),
    Column("origid", Text),
    Column("iat", BigInteger),
    Column("verstat", Text),
    Column("detail", Text),
    Column("x5u", Text),
    Column("spc", Text),
    Column("code", Integer),
    Column("ended_by", Text),
    Column("progress_ms", Double),
    Column("answered_ms", Double),  # from the INVITE to its final answer
    Column("duration_ms", Double),  # from the answer to the end
    Column("complaint", Integer),  # the STIR cause a carrier found our signature wrong for, 0 if it gave none
    Index("calls_at", "at"),
    Index("calls_caller", "caller", "at"),
    Index("calls_callee", "callee", "at"),
    Index("calls_account", "account", "at"),
    Index("calls_rule", "rule", "at"),
    Index("calls_origid", "origid"),
    Index("calls_call_id", "call_id"),
)
