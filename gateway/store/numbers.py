"""The numbers of a list group: read a line each, held as eight bytes each, and changed by what differs.

Lines are read before the database is locked, so that a million of them, or whoever sends them slowly, keeps nobody waiting.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

from sqlalchemy import Connection, delete, insert, select

from gateway.policy.columns import number_key
from gateway.policy.lists import listed_number
from gateway.policy.snapshot import PolicyError
from gateway.stir.tn import NumberPlan
from gateway.store.tables import NUMBERS

Mode = Literal["replace", "add", "remove"]
Progress = Callable[[int], None]

MOST = 10_000_000
"""Numbers in one upload."""

LONGEST_LINE = 65_536

_BATCH = 10_000
_MOST_ERRORS = 100  # told of one upload: who sends a wrong file need not be told a million times


@dataclass(frozen=True, slots=True)
class Difference:
    """The keys of the numbers that were added to a group, and of those that were removed from it."""

    added: Sequence[int]
    removed: Sequence[int]

    def __len__(self) -> int:
        return len(self.added) + len(self.removed)


def read_numbers(lines: Iterable[str], plan: NumberPlan, progress: Progress) -> array[int]:
    """The keys of the numbers, one a line, ascending and each once; empty lines and a first line `number` are skipped.

    PolicyError with the lines that hold no number, `line N: ...`. No line at all is an upload that failed: a list that is
    to be empty has the line `number`.
    """
    keys, errors = array("Q"), []
    place = 0
    for place, line in enumerate(lines, start=1):
        try:
            if digits := _digits(line, place, plan):
                keys.append(number_key(digits))
        except ValueError as error:
            errors.append(f"line {place}: {error}")
        if len(errors) == _MOST_ERRORS or len(keys) > MOST:
            errors.append("there may be more" if errors else f"line {place}: more than {MOST} numbers")
            break
        if not place % _BATCH:
            progress(place)
    if not place:
        errors.append(
            "line 1: there is none; do: begin with the line `number`, alone where the list is to be empty"
        )
    if errors:
        raise PolicyError(errors)
    return array("Q", _distinct(sorted(keys)))


def _digits(line: str, place: int, plan: NumberPlan) -> str | None:
    if len(line) > LONGEST_LINE:
        raise ValueError(f"more than {LONGEST_LINE} characters; write one number a line")
    text = line.strip().strip('"')
    if not text or (place == 1 and text.lower() == "number"):
        return None
    return listed_number(text, plan)


def _distinct(ascending: Iterable[int]) -> Iterator[int]:
    last = None
    for each in ascending:
        if each != last:
            yield each
        last = each


def keys_of(connection: Connection, group: str) -> array[int]:
    """The keys of a group's numbers, ascending."""
    asked = select(NUMBERS.c.number).where(NUMBERS.c.group == group).order_by(NUMBERS.c.number)
    return array("Q", connection.execute(asked.execution_options(yield_per=_BATCH)).scalars())


def change(
    connection: Connection, group: str, keys: Sequence[int], mode: Mode, progress: Progress
) -> Difference:
    """Make a group hold the numbers with these ascending keys, or hold them too, or none of them."""
    present = keys_of(connection, group)
    added = array("Q", () if mode == "remove" else missing(keys, present))
    removed = array("Q")
    if mode == "replace":
        removed.extend(missing(present, keys))
    elif mode == "remove":
        kept = array("Q", missing(present, keys))
        removed.extend(missing(present, kept))
    _remove(connection, group, removed)
    _add(connection, group, added, progress)
    return Difference(added, removed)


def missing(these: Sequence[int], those: Sequence[int]) -> Iterator[int]:
    """Which of these are not among those; both ascend."""
    place, end = 0, len(those)
    for each in these:
        while place < end and those[place] < each:
            place += 1
        if place == end or those[place] != each:
            yield each


def _remove(connection: Connection, group: str, keys: Sequence[int]) -> None:
    for batch in _batches(keys):
        connection.execute(delete(NUMBERS).where(NUMBERS.c.group == group, NUMBERS.c.number.in_(batch)))


def _add(connection: Connection, group: str, keys: Sequence[int], progress: Progress) -> None:
    done = 0
    for batch in _batches(keys):
        if connection.dialect.name == "postgresql":
            _copy(connection, group, batch)
        else:
            statement = str(insert(NUMBERS).compile(dialect=connection.dialect))
            connection.exec_driver_sql(statement, [(group, key) for key in batch])
        done += len(batch)
        progress(done)


def _copy(connection: Connection, group: str, keys: Iterable[int]) -> None:
    """PostgreSQL takes rows several times faster this way."""
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy('COPY listed_numbers ("group", number) FROM STDIN') as copy:
        for key in keys:
            copy.write_row((group, key))


def _batches(keys: Iterable[int]) -> Iterator[list[int]]:
    rest = iter(keys)
    while batch := list(islice(rest, _BATCH)):
        yield batch
