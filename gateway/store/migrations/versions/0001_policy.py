"""The policy, the dynamic black list and the record of changes, as `gateway.store.tables` describes them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None

BYTEWISE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Make the tables, empty: a policy of revision 0."""
    _counters()
    _parties()
    _number_management()
    _listed_numbers()
    _money_and_time()
    _records()


def _counters() -> None:
    state = op.create_table(
        "policy_state",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("revision", sa.BigInteger, nullable=False),
    )
    changes = op.create_table(
        "policy_changes",
        sa.Column("resource", BYTEWISE, primary_key=True),
        sa.Column("revision", sa.BigInteger, nullable=False),
    )
    op.bulk_insert(state, [{"id": 1, "revision": 0}])
    op.bulk_insert(changes, [{"resource": "dynamic-blacklist", "revision": 0}])


def _parties() -> None:
    _entries("parameters", "key", _text("country"), _more())
    _entries(
        "accounts",
        "id",
        _text("name"),
        _text("kind"),
        sa.Column("enabled", sa.Boolean, nullable=False),
        _more(),
    )
    _entries("peers", "name", _text("role"), _text("account", optional=True), _more())
    _entries(
        "routes",
        "name",
        _text("prefix"),
        _text("from_peer", optional=True),
        sa.Column("to", JSON, nullable=False),
    )


def _number_management() -> None:
    _entries("number_sections", "name", _number("begin"), _number("end"), _text("account"))
    _entries("areas", "prefix", _text("name"))
    _entries("number_transforms", "key", _text("peer"), _text("party"), _text("original"), _text("target"))
    _entries("list_groups", "name", _text("memo"), _number("numbers_revision"))
    _entries("system_whitelist", "number", _text("memo"))
    op.create_index("ix_number_sections_begin", "number_sections", ["begin"])
    op.create_index("ix_number_sections_account", "number_sections", ["account"])
    op.create_index("ix_areas_name", "areas", ["name"])
    op.create_index("ix_number_transforms_peer", "number_transforms", ["peer"])


def _listed_numbers() -> None:
    op.create_table(
        "listed_numbers",
        sa.Column("group", BYTEWISE, sa.ForeignKey("list_groups.name", ondelete="CASCADE"), primary_key=True),
        sa.Column("number", sa.BigInteger, primary_key=True),
        sqlite_with_rowid=False,
    )


def _money_and_time() -> None:
    _entries(
        "rates",
        "key",
        _text("table"),
        _text("prefix"),
        _number("per_minute"),
        sa.Column("increment", sa.Integer, nullable=False),
    )
    _entries(
        "authorisations",
        "name",
        _number("begin"),
        _number("end"),
        _text("account"),
        _text("valid_from", optional=True),
        _text("valid_until", optional=True),
    )
    _entries("address_ranges", "key", _text("network"), _text("feed"), _text("until", optional=True))
    op.create_index("ix_rates_table", "rates", ["table"])
    op.create_index("ix_authorisations_account", "authorisations", ["account"])
    op.create_index("ix_address_ranges_feed", "address_ranges", ["feed"])


def _records() -> None:
    op.create_table(
        "dynamic_blacklist",
        sa.Column("id", sa.Integer, primary_key=True),
        _text("type"),
        _text("subject"),
        sa.Column("since", sa.Double, nullable=False),
        sa.Column("until", sa.Double),
        _text("why"),
        _text("node", optional=True),
        sa.Column("released_at", sa.Double),
        _text("released_by", optional=True),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", sa.Double, nullable=False),
        _text("who"),
        _text("action"),
        _text("resource"),
        _text("key"),
        _number("revision"),
        sa.Column("before", JSON),
        sa.Column("after", JSON),
    )
    op.create_index("ix_dynamic_blacklist_subject", "dynamic_blacklist", ["subject"])
    op.create_index("ix_audit_resource", "audit", ["resource", "key"])


def _entries(name: str, key: str, *columns: "sa.Column[object]") -> None:
    op.create_table(name, sa.Column(key, BYTEWISE, primary_key=True), *columns, _number("revision"))


def _text(name: str, *, optional: bool = False) -> "sa.Column[object]":
    return sa.Column(name, BYTEWISE, nullable=optional)


def _number(name: str) -> "sa.Column[object]":
    return sa.Column(name, sa.BigInteger, nullable=False)


def _more() -> "sa.Column[object]":
    return sa.Column("more", JSON, nullable=False)
