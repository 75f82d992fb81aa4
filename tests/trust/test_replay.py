"""One token is for one call: who comes second is told so, in any process, and a broken table never breaks a call."""

import multiprocessing
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import pairwise
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.trust.replay import _SLICES, RETRY_AFTER, Memory, Replay, Table, _slice

NOW, UNTIL = 1_000.0, 1_060.0
TOKEN, OTHER_TOKEN = "A" * 86, "B" * 86

Make = Callable[[], Table]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run" / "replay.sqlite"


@pytest.fixture
def table(path: Path) -> Iterator[Make]:
    """Tables on the same file, as so many processes have them; patient, for the machine may be busy."""
    made: list[Table] = []

    def make() -> Table:
        made.append(Table(path, patience=10))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture(params=["memory", "table"])
def used(request: pytest.FixtureRequest, table: Make) -> Replay:
    return Memory() if request.param == "memory" else table()


def test_another_call_with_the_same_token_is_told_apart(used: Replay) -> None:
    assert not used.seen(TOKEN, "first", NOW, UNTIL)
    assert used.seen(TOKEN, "second", NOW + 1, UNTIL)
    assert used.seen(TOKEN, "third", UNTIL, UNTIL)


def test_the_same_call_may_come_again(used: Replay) -> None:
    assert [used.seen(TOKEN, "first", NOW + second, UNTIL) for second in range(3)] == [False] * 3
    assert used.seen(TOKEN, "second", NOW, UNTIL)
    assert not used.seen(TOKEN, "first", NOW, UNTIL)


def test_another_token_is_another_matter(used: Replay) -> None:
    assert not used.seen(TOKEN, "first", NOW, UNTIL)
    assert not used.seen(OTHER_TOKEN, "second", NOW, UNTIL)


def test_the_second_signature_anybody_can_make_of_one_names_the_same_token(used: Replay) -> None:
    # (r, s) and (r, n - s) are equally valid; 43 characters hold r and two bits of s.
    assert not used.seen("R" * 42 + "s" * 44, "first", NOW, UNTIL)
    assert used.seen("R" * 42 + "t" * 44, "second", NOW, UNTIL)


def test_after_its_window_a_token_is_forgotten(used: Replay) -> None:
    assert not used.seen(TOKEN, "first", NOW, UNTIL)
    assert not used.seen(TOKEN, "second", UNTIL + 1, UNTIL + 60)
    assert used.seen(TOKEN, "first", UNTIL + 1, UNTIL + 60)


@pytest.mark.parametrize("call_id", ["", "\ud800", "x" * 100_000, "a\0b", "ü@host"])
def test_a_call_may_have_any_name(used: Replay, call_id: str) -> None:
    assert not used.seen(TOKEN, call_id, NOW, UNTIL)
    assert not used.seen(TOKEN, call_id, NOW, UNTIL)
    assert used.seen(TOKEN, call_id + "1", NOW, UNTIL)


def test_memory_is_bounded_and_the_oldest_goes_first() -> None:
    memory = Memory(most=2)
    for number in range(3):
        memory.seen(f"{number}" * 86, "first", NOW, UNTIL)
    assert not memory.seen("0" * 86, "second", NOW, UNTIL)
    assert memory.seen("2" * 86, "second", NOW, UNTIL)


# Between processes


def test_processes_share_what_they_saw(table: Make) -> None:
    one, two = table(), table()
    assert not one.seen(TOKEN, "first", NOW, UNTIL)
    assert two.seen(TOKEN, "second", NOW, UNTIL)
    assert not two.seen(TOKEN, "first", NOW, UNTIL)


def test_a_restart_forgets_nothing(table: Make) -> None:
    before = table()
    before.seen(TOKEN, "first", NOW, UNTIL)
    before.close()
    assert table().seen(TOKEN, "second", NOW, UNTIL)


def test_of_the_window_the_first_call_keeps_its_own(table: Make) -> None:
    one, two, three = table(), table(), table()
    one.seen(TOKEN, "first", NOW, UNTIL)
    assert not two.seen(TOKEN, "second", UNTIL + 1, UNTIL + 60)
    assert three.seen(TOKEN, "first", UNTIL + 2, UNTIL + 60)


def race(path: Path, start: Barrier, call_id: str, won: "multiprocessing.Queue[list[bool]]") -> None:
    used = Table(path, patience=30)
    start.wait(30)
    won.put([not used.seen(f"{number:a<86}", call_id, NOW, UNTIL) for number in range(300)])
    used.close()


def test_of_two_processes_racing_for_a_token_exactly_one_wins(path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    start, won = context.Barrier(2), context.Queue()
    racers = [context.Process(target=race, args=(path, start, each, won)) for each in ("one", "two")]
    for racer in racers:
        racer.start()
    results = [won.get(timeout=60) for _ in racers]
    for racer in racers:
        racer.join(60)
    assert [sum(each) for each in zip(*results, strict=True)] == [1] * 300


# Bounded


def rows(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        count: int = connection.execute("SELECT count(*) FROM used").fetchone()[0]
        return count


def test_expired_tokens_are_swept_out_as_new_ones_come(table: Make, path: Path) -> None:
    used = table()
    for number in range(5_000):
        used.seen(f"{number:a<86}", "first", NOW + number, NOW + number + 10)
    assert rows(path) < 4_200


def test_the_sweep_visits_every_key_in_turn() -> None:
    slices = [_slice(turn) for turn in range(_SLICES)]
    assert (slices[0][0], slices[-1][1]) == (-(2**63), 2**63 - 1)
    assert all(above[0] == below[1] + 1 for below, above in pairwise(slices))
    assert _slice(_SLICES) == slices[0]


# A table that cannot be used


def locked(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    return connection


def test_while_the_table_is_locked_the_process_goes_by_its_memory_and_says_so_once(
    table: Make, path: Path
) -> None:
    table().seen(TOKEN, "first", NOW, UNTIL)
    used = Table(path)
    with capture_logs() as told, closing(locked(path)):
        assert not used.seen(OTHER_TOKEN, "first", NOW, UNTIL)
        assert used.seen(OTHER_TOKEN, "second", NOW, UNTIL)
        assert not used.seen("C" * 86, "first", NOW + RETRY_AFTER, UNTIL)
    assert [(each["event"], each["log_level"]) for each in told] == [("replay.not-shared", "warning")]
    assert used.seen("C" * 86, "second", NOW + RETRY_AFTER, UNTIL)
    used.close()


def test_a_table_that_comes_back_is_shared_again(table: Make, path: Path) -> None:
    table().seen(TOKEN, "first", NOW, UNTIL)
    used, later = Table(path), NOW + RETRY_AFTER
    with closing(locked(path)):
        used.seen(OTHER_TOKEN, "first", NOW, UNTIL)
    assert not used.seen("C" * 86, "first", later - 1, UNTIL)
    with capture_logs() as told:
        assert not used.seen("D" * 86, "first", later, UNTIL)
    assert [each["event"] for each in told] == ["replay.shared-again"]
    assert table().seen("D" * 86, "second", later, UNTIL)
    used.close()


@pytest.mark.parametrize("offset", [0, 100], ids=["no database", "damaged inside"])
def test_a_damaged_table_is_made_anew(table: Make, path: Path, offset: int) -> None:
    first = table()
    first.seen(TOKEN, "first", NOW, UNTIL)
    first.close()
    path.write_bytes(path.read_bytes()[:offset] + b"\xff" * 8192)
    used = table()
    assert not used.seen(OTHER_TOKEN, "first", NOW, UNTIL)
    assert not used.seen("C" * 86, "first", NOW + RETRY_AFTER, UNTIL)
    assert table().seen("C" * 86, "second", NOW + RETRY_AFTER, UNTIL)


def test_a_full_table_is_made_anew(path: Path) -> None:
    used = Table(path, most_pages=20)
    with capture_logs() as told:
        calls = [used.seen(f"{number:a<86}", "first", NOW, UNTIL) for number in range(2_000)]
    assert not any(calls)
    assert [each["event"] for each in told] == ["replay.not-shared"]
    assert "full" in told[0]["error"]
    assert not used.seen(TOKEN, "first", NOW + RETRY_AFTER, UNTIL)
    assert rows(path) == 1
    used.close()


def test_a_table_replaced_by_another_process_is_followed(table: Make, path: Path) -> None:
    used = table()
    used.seen(TOKEN, "first", NOW, UNTIL)
    for each in path.parent.iterdir():
        each.unlink()
    assert not used.seen(OTHER_TOKEN, "first", NOW, UNTIL)
    assert table().seen(OTHER_TOKEN, "second", NOW, UNTIL)


def test_a_folder_that_cannot_be_made_is_survived(tmp_path: Path) -> None:
    (tmp_path / "run").write_bytes(b"a file")
    used = Table(tmp_path / "run" / "replay.sqlite")
    assert not used.seen(TOKEN, "first", NOW, UNTIL)
    assert used.seen(TOKEN, "second", NOW, UNTIL)


def test_nothing_is_left_beside_the_table(table: Make, path: Path) -> None:
    used = table()
    used.seen(TOKEN, "first", NOW, UNTIL)
    used.close()
    assert [each.name for each in path.parent.iterdir()] == ["replay.sqlite"]
