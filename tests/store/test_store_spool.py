"""Records reach the reader once, in order and whole, or are counted as lost; whoever adds them never notices."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.store import spool
from gateway.store.spool import Spool, Waiting

ROOM = 1_000_000


class Clock:
    """Epoch seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 1_750_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "run" / "spool"


def numbers(folder: Path) -> list[int]:
    """The records of all finished files, oldest first."""
    return [record["n"] for path in spool.finished(folder) for record in spool.read(path).records]


def test_nothing_is_seen_before_it_is_handed_over(folder: Path) -> None:
    writer = Spool(folder, ROOM)
    writer.add({"kind": "call", "n": 1})
    assert spool.finished(folder) == []
    writer.turn()
    assert numbers(folder) == [1]


def test_files_are_read_in_the_order_they_were_written(folder: Path, clock: Clock) -> None:
    writer = Spool(folder, ROOM, clock)
    for n in range(5):
        writer.add({"n": n})
        writer.turn()
        clock.now += 1
    assert len(spool.finished(folder)) == 5
    assert numbers(folder) == [0, 1, 2, 3, 4]


def test_two_files_of_one_moment_have_two_names(folder: Path, clock: Clock) -> None:
    writer = Spool(folder, ROOM, clock)
    for n in range(3):
        writer.add({"n": n})
        writer.turn()
    assert numbers(folder) == [0, 1, 2]


def test_a_turn_without_records_makes_no_file(folder: Path) -> None:
    writer = Spool(folder, ROOM)
    writer.turn()
    assert spool.finished(folder) == []


def test_when_nobody_reads_files_grow_instead_of_multiplying(folder: Path, clock: Clock) -> None:
    writer = Spool(folder, ROOM, clock)
    for n in range(100):
        writer.add({"n": n})
        writer.turn()
        clock.now += 1
    assert len(spool.finished(folder)) == spool.FEW
    writer.close()
    assert numbers(folder) == list(range(100))


def test_a_large_file_is_handed_over_however_many_wait(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "FEW", 0)
    monkeypatch.setattr(spool, "LARGE", 100)
    writer = Spool(folder, ROOM)
    writer.add({"n": 1})
    writer.turn()
    assert spool.finished(folder) == []
    writer.add({"n": 2, "text": "x" * 100})
    writer.turn()
    assert numbers(folder) == [1, 2]


def test_what_an_earlier_edge_left_is_handed_over_at_the_start(folder: Path) -> None:
    Spool(folder, ROOM).add({"n": 1})
    Spool(folder, ROOM)
    assert numbers(folder) == [1]


def test_a_line_that_would_be_two_records_is_none(folder: Path) -> None:
    folder.mkdir(parents=True)
    file = folder / "1.jsonl"
    file.write_bytes(b'{"n":1}\n{"n":2},{"n":3}\n{"n":4}\n')
    found = spool.read(file)
    assert ([record["n"] for record in found.records], found.unreadable) == ([1, 4], 1)


def test_lines_that_are_sound_only_together_are_none(folder: Path) -> None:
    folder.mkdir(parents=True)
    file = folder / "1.jsonl"
    file.write_bytes(b'{"n":[1\n2]}\n')
    assert spool.read(file) == spool.Batch((), 2)


def test_a_line_torn_when_an_edge_died_is_skipped_and_counted(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / spool.CURRENT).write_bytes(b'{"n":1}\n{"n":2,"cal')
    Spool(folder, ROOM)
    found = spool.read(spool.finished(folder)[0])
    assert ([record["n"] for record in found.records], found.unreadable) == ([1], 1)


@pytest.mark.parametrize(
    "line", [b"\xff\xfe", b"[1]", b"7", b"{", b"[" * 100_000, b"\0" * 50], ids=lambda line: repr(line[:8])
)
def test_a_line_that_is_no_record_takes_no_other_one_with_it(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "1.jsonl"
    path.write_bytes(b'{"n":1}\n' + line + b'\n{"n":2}\n')
    found = spool.read(path)
    assert ([record["n"] for record in found.records], found.unreadable) == ([1, 2], 1)


def test_beyond_its_room_records_are_lost_and_counted(folder: Path) -> None:
    writer = Spool(folder, 100)
    for n in range(20):
        writer.add({"n": n})
    kept = 20 - writer.lost
    assert 0 < kept < 20
    writer.turn()
    assert numbers(folder) == list(range(kept))
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 100


def test_there_is_room_again_when_the_reader_has_removed_a_file(folder: Path) -> None:
    writer = Spool(folder, 100)
    while not writer.lost:
        writer.add({"n": 1})
    writer.turn()
    spool.finished(folder)[0].unlink()
    writer.turn()
    writer.add({"n": 2})
    writer.turn()
    assert (numbers(folder), writer.lost) == ([2], 1)


def test_what_is_set_aside_takes_room_too(folder: Path) -> None:
    writer = Spool(folder, 100)
    while not writer.lost:
        writer.add({"n": 1})
    writer.turn()
    spool.set_aside(spool.finished(folder)[0])
    writer.turn()
    writer.add({"n": 2})
    assert writer.lost == 2
    assert spool.waiting(folder).set_aside == 1


def _full(*_: object) -> int:
    raise OSError(errno.ENOSPC, "No space left on device")


def _half(write: Callable[[int, bytes], int]) -> Callable[[int, bytes], int]:
    return lambda descriptor, data: write(descriptor, data[: len(data) // 2])


def test_a_full_disk_loses_records_and_nothing_else(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = Spool(folder, ROOM)
    writer.add({"n": 1})
    with monkeypatch.context() as disk:
        disk.setattr(os, "write", _full)
        writer.add({"n": 2})
    writer.add({"n": 3})
    writer.turn()
    assert (numbers(folder), writer.lost) == ([1, 3], 1)


def test_a_disk_that_takes_half_a_line_spoils_no_other(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = Spool(folder, ROOM)
    writer.add({"n": 1})
    with monkeypatch.context() as disk:
        disk.setattr(os, "write", _half(os.write))
        writer.add({"n": 2})
    writer.add({"n": 3})
    writer.turn()
    assert (numbers(folder), writer.lost) == ([1, 3], 1)
    assert spool.read(spool.finished(folder)[0]).unreadable == 0


def test_losses_are_said_once_a_minute(
    folder: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    writer = Spool(folder, ROOM, clock)
    monkeypatch.setattr(os, "write", _full)
    for _ in range(130):
        writer.add({})
        clock.now += 1
    assert writer.lost == 130
    assert capsys.readouterr().out.count("spool.failing") == 3


@pytest.mark.parametrize("value", [{1: {2: {3, 4}}}, object(), float("nan"), b"bytes", "\ud800", "\n\0"])
def test_anything_can_be_added(folder: Path, value: object) -> None:
    writer = Spool(folder, ROOM)
    writer.add({"n": 1, "value": value})
    writer.turn()
    assert numbers(folder) == [1]


def test_what_cannot_be_written_down_is_lost(folder: Path) -> None:
    endless: dict[str, object] = {}
    endless["self"] = endless
    writer = Spool(folder, ROOM)
    writer.add(endless)
    assert writer.lost == 1


def test_where_no_folder_can_be_made_records_are_lost(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("a file where a folder should be")
    writer = Spool(tmp_path / "run" / "spool", ROOM)
    writer.add({"n": 1})
    writer.turn()
    writer.close()
    assert writer.lost == 1


def test_its_files_are_ours_alone(folder: Path) -> None:
    writer = Spool(folder, ROOM)
    writer.add({"n": 1})
    assert (folder.stat().st_mode & 0o777, (folder / spool.CURRENT).stat().st_mode & 0o777) == (0o700, 0o600)


def test_a_spool_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert spool.finished(tmp_path / "none") == []
    assert spool.waiting(tmp_path / "none") == Waiting(0, 0, 0)
