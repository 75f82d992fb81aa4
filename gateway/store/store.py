"""The store: the operator's policy in SQL, for whoever reads or changes it while the gateway runs.

Every change is one transaction that ends in a policy that is good as a whole, a new revision and a record of what was
there before; or in an error, and then nothing has changed. No call waits for any of this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import Engine, func, select

from gateway.policy.blocks import Block
from gateway.policy.columns import key_digits
from gateway.policy.lists import listed_number
from gateway.policy.snapshot import PolicyData, Snapshot
from gateway.stir.tn import InvalidNumber, NumberPlan, canonical_digits
from gateway.store import blacklist, editing, loading, numbers, paging, reading, rows
from gateway.store.blacklist import Held
from gateway.store.database import reading as reads
from gateway.store.database import writing
from gateway.store.deed import Deed
from gateway.store.editing import Stored
from gateway.store.entry import Entry
from gateway.store.ledger import changing, record_once
from gateway.store.loading import Document, Loaded
from gateway.store.numbers import Mode
from gateway.store.paging import Change, Page
from gateway.store.resources import find_resource
from gateway.store.tables import NUMBERS


@dataclass(frozen=True, slots=True)
class Store:
    """The policy in one database, whose tables `gateway.store.migration.migrate` has made.

    clock: epoch seconds. Any method may raise StoreGone: the database cannot be used now, and nothing was changed.
    `who` is who changes something, as the record of changes shows it.
    """

    engine: Engine
    clock: Callable[[], float]

    # The policy

    def revision(self) -> int:
        """The revision of the policy: one more with every change."""
        with reads(self.engine) as connection:
            return reading.revision(connection)

    def policy(self, previous: Snapshot | None = None) -> PolicyData:
        """The whole policy, ready to be compiled.

        previous: a snapshot made of an earlier revision in this same database. Of its accounts, long tables and list
        groups those are taken over whose entries have not changed since; nothing else of it is looked at.
        """
        with reads(self.engine) as connection:
            return reading.policy(connection, previous)

    def plan(self) -> NumberPlan:
        """The numbering plan of the policy's country, in which numbers are read where no entry says otherwise."""
        with reads(self.engine) as connection:
            return NumberPlan.of(reading.parameters(connection).country)

    # Entries

    def parse(self, resource: str, written: object) -> Entry:
        """An entry as it is written, checked by itself; Refused with every mistake, paths within the entry."""
        return loading.parse_one(find_resource(resource), written, self.plan())

    def page(
        self,
        resource: str,
        filters: Mapping[str, str] | None = None,
        limit: int = 100,
        after: str | None = None,
    ) -> Page[Stored]:
        """Entries by key; the resource says what they can be filtered by. ValueError for another filter."""
        kind = find_resource(resource)
        with reads(self.engine) as connection:
            return paging.page(connection, kind, filters or {}, limit, after)

    def get(self, resource: str, key: str) -> Stored | None:
        """One entry, or None."""
        kind = find_resource(resource)
        with reads(self.engine) as connection:
            row = rows.find(connection, kind, key)
        return None if row is None else Stored(kind.of_row(row), row["revision"])

    def put(
        self, resource: str, entry: Entry, who: str, if_revision: int | None = None, create_only: bool = False
    ) -> Stored:
        """Add an entry or replace it; one that is there already, word for word, keeps its revision.

        PolicyError if the policy would not be good then. Conflict if it is not of `if_revision`, or is there and was
        to be new.
        """
        with changing(self.engine, who, self.clock()) as ledger:
            return editing.put(ledger, find_resource(resource), entry, if_revision, create_only)

    def delete(self, resource: str, key: str, who: str, if_revision: int | None = None) -> None:
        """Take an entry away; NotThere, Conflict, PolicyError if another entry needs it."""
        with changing(self.engine, who, self.clock()) as ledger:
            editing.remove(ledger, find_resource(resource), key, if_revision)

    def load(self, document: Document, who: str, merge: bool = False) -> Loaded:
        """Give every resource that a document names the entries it lists, whole or not at all; others stay.

        merge: entries that are not listed stay as well. Refused with every mistake in the document, PolicyError with
        every one of the policy it would make.
        """
        with reads(self.engine) as connection:
            present = reading.parameters(connection)
        found = loading.parse(document, present, merge=merge)
        with changing(self.engine, who, self.clock()) as ledger:
            loading.load(ledger, found, merge=merge)
        counts = {name: len(entries) for name, entries in found.items()}
        return Loaded(counts, ledger.revision, {name: dict(made) for name, made in ledger.counts.items()})

    # Numbers

    def sections(
        self,
        number: str | None = None,
        begin: str | None = None,
        end: str | None = None,
        account: str | None = None,
        limit: int = 100,
        after: str | None = None,
    ) -> Page[Stored]:
        """The Number Section Query: the section of a number, those that meet a range, or those of an account, by name.

        Numbers in any form of the policy's country; ValueError for what is none.
        """
        if number is not None:
            begin = end = number
        first, last = (each and _canonical(each, self.plan()) for each in (begin, end))
        with reads(self.engine) as connection:
            return paging.sections(connection, first, last, account, limit, after)

    def numbers(
        self, group: str, limit: int = 1000, after: str | None = None, number: str | None = None
    ) -> Page[str]:
        """The numbers of a list group, shorter ones first; of one `number`, that or nothing. NotThere, ValueError."""
        only = number and listed_number(number, self.plan())
        with reads(self.engine) as connection:
            rows.find_group(connection, group)
            return paging.numbers(connection, group, limit, after, only)

    def count_numbers(self, group: str) -> int:
        """How many numbers a list group has; NotThere."""
        with reads(self.engine) as connection:
            rows.find_group(connection, group)
            asked = select(func.count()).where(NUMBERS.c.group == group)
            return int(connection.execute(asked).scalar_one())

    def every_number(self, group: str) -> Iterator[str]:
        """All numbers of a list group, shorter ones first, streamed."""
        asked = select(NUMBERS.c.number).where(NUMBERS.c.group == group).order_by(NUMBERS.c.number)
        with reads(self.engine) as connection:
            for key in connection.execute(asked.execution_options(yield_per=10_000)).scalars():
                yield f"+{key_digits(key)}"

    def put_numbers(
        self,
        group: str,
        lines: Iterable[str],
        who: str,
        mode: Mode = "replace",
        progress: Callable[[int], None] = lambda _: None,
    ) -> int:
        """Make a list group hold exactly these numbers, or these too, or none of these; how many came or went.

        One number a line. progress: told the lines read so far, then the numbers stored so far. PolicyError with the
        lines that are wrong, `line N: ...`; NotThere.
        """
        with reads(self.engine) as connection:  # before a million lines are read in vain
            rows.find_group(connection, group)
        keys = numbers.read_numbers(lines, self.plan(), progress)
        with changing(self.engine, who, self.clock()) as ledger:
            rows.find_group(ledger.connection, group)
            made = editing.change_numbers(ledger, group, keys, mode, progress)
        return len(made)

    # The record of changes

    def audit(
        self, filters: Mapping[str, str] | None = None, limit: int = 100, after: str | None = None
    ) -> Page[Change]:
        """Who changed what, newest first; filters: resource, key, who, action."""
        with reads(self.engine) as connection:
            return paging.audit(connection, filters or {}, limit, after)

    # The dynamic black list

    def blocks_revision(self) -> int:
        """Changes with every block and release; the policy's revision does not."""
        with reads(self.engine) as connection:
            return blacklist.revision(connection)

    def blocks(
        self,
        filters: Mapping[str, str] | None = None,
        limit: int = 100,
        after: str | None = None,
        in_force: bool = True,
    ) -> Page[Held]:
        """The blocks in force, or all there ever were, newest first; filters: type, subject, why, node."""
        now = self.clock() if in_force else None
        with reads(self.engine) as connection:
            return blacklist.page(connection, filters or {}, limit, after, now)

    def blocks_in_force(self) -> list[Held]:
        """Every block in force."""
        with reads(self.engine) as connection:
            return blacklist.in_force(connection, self.clock())

    def released_since(self, at: float) -> list[Held]:
        """The blocks that were released by hand since a time (epoch seconds)."""
        with reads(self.engine) as connection:
            return blacklist.released_since(connection, at)

    def add_block(self, block: Block, who: str, node: str | None = None) -> Held:
        """Block a subject, in place of what blocks it in the same way; by hand (`why` by-hand) goes before by itself."""
        with writing(self.engine) as connection:
            return blacklist.add(connection, block, who, node, self.clock())

    def release_block(self, id: int, who: str) -> Held:
        """End a block by hand; NotThere if none of that id is in force."""
        with writing(self.engine) as connection:
            return blacklist.release(connection, id, who, self.clock())

    def record(self, deed: Deed) -> None:
        """Put on record what was done elsewhere; once, however often it is told."""
        with writing(self.engine) as connection:
            record_once(connection, deed)


def _canonical(number: str, plan: NumberPlan) -> str:
    try:
        return canonical_digits(number, plan)
    except InvalidNumber as error:
        raise ValueError(f"not a number: {error.reason}") from None
