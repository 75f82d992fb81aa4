"""A file is replaced whole, and nothing is left behind when that fails."""

import os
import signal
import stat
from pathlib import Path

import pytest

from gateway.store.files import replace, sweep


@pytest.mark.parametrize("durable", [True, False])
def test_the_new_content_takes_the_old_one_s_place(tmp_path: Path, durable: bool) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    replace(path, b"new", durable=durable)
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("durable", [True, False])
def test_what_is_durable_waits_for_the_file_and_for_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, durable: bool
) -> None:
    synced: list[bool] = []
    monkeypatch.setattr(os, "fsync", lambda number: synced.append(stat.S_ISDIR(os.fstat(number).st_mode)))
    replace(tmp_path / "file", b"new", durable=durable)
    assert synced == ([False, True] if durable else [])


def test_a_failure_leaves_nothing_behind(tmp_path: Path) -> None:
    occupied = tmp_path / "folder"
    occupied.mkdir()
    with pytest.raises(OSError):
        replace(occupied, b"new")
    assert list(tmp_path.iterdir()) == [occupied]


def test_what_a_killed_process_was_writing_is_swept_away_once_nobody_can_be_at_it(tmp_path: Path) -> None:
    folder = tmp_path / "credentials"
    folder.mkdir()
    path = folder / "credentials.json"
    replace(path, b"old")
    child = os.fork()
    if child == 0:
        os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[assignment]
        replace(path, b"new")
    os.waitpid(child, 0)
    (left,) = set(folder.iterdir()) - {path}
    written = left.stat().st_mtime
    assert sweep(tmp_path, written) == 0
    assert sweep(tmp_path, written + 1) == 1
    assert list(folder.iterdir()) == [path]
    assert path.read_bytes() == b"old"


def test_nothing_else_is_swept_away(tmp_path: Path) -> None:
    kept = [tmp_path / name for name in (".hidden", "manual.part", "gateway.db", ".part.d")]
    for path in kept:
        path.touch()
    assert sweep(tmp_path, kept[-1].stat().st_mtime + 1) == 0
    assert sweep(tmp_path / "missing", 0.0) == 0
