"""A file is replaced whole, and nothing is left behind when that fails."""

import os
import stat
from pathlib import Path

import pytest

from gateway.store.files import replace


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
