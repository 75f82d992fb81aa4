"""Calls on disk: what the next edge finds of them, whatever became of the file."""

from pathlib import Path

import pytest
from playbook import Playbook

from gateway.sip import journal as module
from gateway.sip.call import Call
from gateway.sip.journal import Journal


def call_in_progress() -> Call:
    book = Playbook()
    book.talk()
    return book.call


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run" / "calls.journal"


def kept(path: Path) -> Call:
    """A journal that holds one call, as an edge that was killed leaves it."""
    call, journal = call_in_progress(), Journal(path)
    assert journal.load() == []
    journal.add(call)
    return call


def test_a_call_comes_back_as_it_was(path: Path) -> None:
    call = kept(path)
    (again,) = Journal(path).load()
    assert (again.token, again.up, again.a, again.b) == (call.token, True, call.a, call.b)
    assert again.bridge.worker == call.bridge.worker


def test_a_call_that_is_over_does_not_come_back(path: Path) -> None:
    call, journal = call_in_progress(), Journal(path)
    journal.load()
    journal.add(call)
    journal.drop(call.token)
    assert Journal(path).load() == []


def test_the_file_is_ours_alone(path: Path) -> None:
    kept(path)
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("cut", [1, 10, 100])
def test_a_last_entry_cut_short_costs_that_entry_alone(path: Path, cut: int) -> None:
    call = kept(path)
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:-cut])
    assert [each.token for each in Journal(path).load()] == [call.token]


@pytest.mark.parametrize("content", [b"", b"\x80", b"no pickle at all\n", b"\x80\x05]\x94."], ids=repr)
def test_a_file_that_is_no_journal_holds_no_calls(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    assert Journal(path).load() == []


def test_the_past_does_not_pile_up(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WASTE", 3)
    call, journal = call_in_progress(), Journal(path)
    journal.load()
    journal.add(call)
    size = path.stat().st_size
    for _ in range(50):
        journal.drop(call.token)
        journal.add(call)
    assert path.stat().st_size < 6 * size
