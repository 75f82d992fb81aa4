"""Is the policy as a whole good, after a change and before it is kept?

The rules are those of `gateway.policy.snapshot`. Long tables are not read for it: of what did not change a name is
enough, and of the ranges of numbers only the suspects are looked at, which SQL finds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from typing import Any

from sqlalchemy import Connection, Table, func, or_, select

from gateway.policy.accounts import Account
from gateway.policy.lists import ListGroup
from gateway.policy.numbersets import NumberSet
from gateway.policy.rates import Rate
from gateway.policy.snapshot import PolicyData, compile_snapshot
from gateway.store.ledger import Ledger
from gateway.store.reading import values
from gateway.store.rows import Query
from gateway.store.tables import ACCOUNTS, AUTHORISATIONS, GROUPS, RATES, SECTIONS

_FEW = 20  # changed entries that are looked at apart from the others
_SHOWN = 100  # suspects of one kind


def check(ledger: Ledger) -> None:
    """Raise PolicyError with everything that a change has made wrong."""
    connection = ledger.connection
    compile_snapshot(
        PolicyData(
            accounts=_accounts(ledger),
            peers=values(connection, "peers"),
            routes=values(connection, "routes"),
            transforms=values(connection, "number-transforms"),
            groups=tuple(_groups(connection)),
            rates=tuple(_rate_tables(connection)),
            sections=_suspects(ledger, "number-sections", SECTIONS),
            authorisations=_suspects(ledger, "authorisations", AUTHORISATIONS),
        )
    )


def _accounts(ledger: Ledger) -> tuple[Account, ...]:
    """In full where what they say may have become wrong; of the others, what may be in the way of those."""
    changed = ledger.keys.get("accounts", set())
    if len(changed) > _FEW or ledger.took_away("list-groups", "rates"):
        return values(ledger.connection, "accounts")
    if not changed:
        return tuple(Account(id, id) for id in ledger.connection.execute(select(ACCOUNTS.c.id)).scalars())
    others = ledger.connection.execute(select(ACCOUNTS.c.id, ACCOUNTS.c.more))
    in_full = values(ledger.connection, "accounts", select(ACCOUNTS).where(ACCOUNTS.c.id.in_(changed)))
    return (*(_bare(id, more) for id, more in others if id not in changed), *in_full)


def _bare(id: str, more: Mapping[str, Any]) -> Account:
    return Account(id, id, addresses=tuple(map(ip_network, more.get("addresses", ()))))


def _groups(connection: Connection) -> Iterator[ListGroup]:
    nothing = NumberSet.of(())
    for name in connection.execute(select(GROUPS.c.name)).scalars():
        yield ListGroup(name, "", nothing)


def _rate_tables(connection: Connection) -> Iterator[Rate]:
    for table in connection.execute(select(RATES.c.table).distinct()).scalars():
        yield Rate(table, "", 0)


def _suspects(ledger: Ledger, resource: str, table: Table) -> tuple[Any, ...]:
    """The ranges of numbers without an account, and the sections that may overlap."""
    names: set[str] = set()
    for query in _suspicions(ledger, resource, table):
        names.update(ledger.connection.execute(query).scalars())
    if not names:
        return ()
    return values(ledger.connection, resource, select(table).where(table.c.name.in_(names)))


def _suspicions(ledger: Ledger, resource: str, table: Table) -> Iterator[Query]:
    changed = ledger.keys.get(resource, set())
    if len(changed) > _FEW or ledger.took_away("accounts"):
        yield _without_account(table)
    elif changed:
        yield _without_account(table).where(table.c.name.in_(changed))
    if resource == "number-sections" and len(changed) == 1:
        yield _neighbours(*changed)
    elif resource == "number-sections" and changed:
        yield _overlapping()


def _without_account(table: Table) -> Query:
    known = select(ACCOUNTS.c.id).where(ACCOUNTS.c.id == table.c.account)
    return select(table.c.name).where(~known.exists()).limit(_SHOWN)


def _neighbours(name: str) -> Query:
    """A section, and the last other one that begins before its end: if any of the others overlaps it, that one does."""
    end = select(SECTIONS.c.end).where(SECTIONS.c.name == name).scalar_subquery()
    others = select(SECTIONS.c.name).where(SECTIONS.c.name != name, SECTIONS.c.begin <= end)
    last = others.order_by(SECTIONS.c.begin.desc()).limit(1).scalar_subquery()
    return select(SECTIONS.c.name).where(or_(SECTIONS.c.name == name, SECTIONS.c.name == last))


def _overlapping() -> Query:
    """The sections that begin before all earlier ones have ended, and those they run into."""
    reach = func.max(SECTIONS.c.end).over(order_by=(SECTIONS.c.begin, SECTIONS.c.end), rows=(None, -1))
    every = select(SECTIONS.c.name, SECTIONS.c.begin, reach.label("reach")).subquery()
    later = select(every).where(every.c.begin <= every.c.reach).limit(_SHOWN).subquery()
    return select(SECTIONS.c.name).where(
        or_(SECTIONS.c.name.in_(select(later.c.name)), SECTIONS.c.end.in_(select(later.c.reach)))
    )
