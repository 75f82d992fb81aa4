"""The tables of the policy. A column holds what its entry's field holds in JSON, or a number where numbers are compared.

`revision` of a row is the policy's revision in which it last changed. `more` is one JSON document with the fields that
no query asks for, without those that are as they would be anyway: a new option of a peer needs no new column.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB

METADATA = MetaData(
    naming_convention={"ix": "ix_%(table_name)s_%(column_0_name)s", "pk": "pk_%(table_name)s"}
)

Bytewise = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that sorts by its bytes, on every database and whatever its language."""

Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def _table(name: str, key: str, *columns: Column[object] | Index) -> Table:
    return Table(
        name,
        METADATA,
        Column(key, Bytewise, primary_key=True),
        *columns,
        Column("revision", BigInteger, nullable=False),
    )


def _text(name: str, *, index: bool = False, optional: bool = False) -> Column[object]:
    return Column(name, Bytewise, nullable=optional, index=index)


STATE = Table(
    "policy_state",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("revision", BigInteger, nullable=False),
)
"""One row: the revision of the whole policy. Whoever changes the policy locks it first."""

CHANGES = Table(
    "policy_changes",
    METADATA,
    Column("resource", Bytewise, primary_key=True),
    Column("revision", BigInteger, nullable=False),
)
"""The revision in which anything of a resource last changed."""

ACCOUNTS = _table(
    "accounts", "id", _text("name"), _text("kind"), Column("enabled", Boolean, nullable=False),
    Column("more", Json, nullable=False),
)  # fmt: skip
PEERS = _table(
    "peers", "name", _text("role"), _text("account", optional=True), Column("more", Json, nullable=False)
)
ROUTES = _table(
    "routes", "name", _text("prefix"), _text("from_peer", optional=True), Column("to", Json, nullable=False)
)
SECTIONS = _table(
    "number_sections",
    "name",
    Column("begin", BigInteger, nullable=False, index=True),
    Column("end", BigInteger, nullable=False),
    _text("account", index=True),
)
AREAS = _table("areas", "prefix", _text("name", index=True))
TRANSFORMS = _table(
    "number_transforms", "key", _text("peer", index=True), _text("party"), _text("original"), _text("target")
)
GROUPS = _table(
    "list_groups", "name", _text("memo"), Column("numbers_revision", BigInteger, nullable=False, default=0)
)
NUMBERS = Table(
    "listed_numbers",
    METADATA,
    Column("group", Bytewise, ForeignKey("list_groups.name", ondelete="CASCADE"), primary_key=True),
    Column("number", BigInteger, primary_key=True),
    sqlite_with_rowid=False,
)
"""The numbers of the list groups, by their keys."""

WHITELIST = _table("system_whitelist", "number", _text("memo"))
RATES = _table(
    "rates",
    "key",
    _text("table", index=True),
    _text("prefix"),
    Column("per_minute", BigInteger, nullable=False),
    Column("increment", Integer, nullable=False),
)
AUTHORISATIONS = _table(
    "authorisations",
    "name",
    Column("begin", BigInteger, nullable=False),
    Column("end", BigInteger, nullable=False),
    _text("account", index=True),
    _text("valid_from", optional=True),
    _text("valid_until", optional=True),
)
ADDRESS_RANGES = _table(
    "address_ranges", "key", _text("network"), _text("feed", index=True), _text("until", optional=True)
)
PARAMETERS = _table("parameters", "key", _text("country"), Column("more", Json, nullable=False))

BLOCKS = Table(
    "dynamic_blacklist",
    METADATA,
    Column("id", Integer, primary_key=True),
    _text("type"),
    _text("subject", index=True),
    Column("since", Double, nullable=False),
    Column("until", Double),
    _text("why"),
    _text("node", optional=True),
    Column("released_at", Double),
    _text("released_by", optional=True),
)

AUDIT = Table(
    "audit",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("at", Double, nullable=False),
    _text("who"),
    _text("action"),
    _text("resource"),
    _text("key"),
    Column("revision", BigInteger, nullable=False),
    Column("before", Json),
    Column("after", Json),
    Index("ix_audit_resource", "resource", "key"),
)
"""Every change: `before` and `after` are the entry as it is written, null where there was or is none."""
