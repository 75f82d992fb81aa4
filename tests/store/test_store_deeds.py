"""What was done elsewhere, while the database may have been away, comes onto the record of changes, and comes once."""

from dataclasses import asdict, replace
from pathlib import Path

from conftest import NOW

from gateway.policy.areas import AreaTable
from gateway.store import spool
from gateway.store.alarms import Alarms
from gateway.store.calls import CallLog
from gateway.store.deed import Deed
from gateway.store.drain import Drain
from gateway.store.store import Store

DEED = Deed(
    NOW, "user:alice", "activated", "certificates", "616H-2027", 7, {"certificate": None}, {"account": None}
)
NO_AREAS = AreaTable(())


def drained(folder: Path, store: Store) -> Drain:
    drain = Drain(folder, "node", False, Alarms(lambda: NOW))
    drain.run(store, CallLog(store.engine), NO_AREAS)
    return drain


def test_a_record_that_is_none_is_lost_and_counted(store: Store, tmp_path: Path) -> None:
    spool.leave(tmp_path, {"kind": "audit", "who": "user:alice"}, "1")
    assert drained(tmp_path, store).lost == 1
    assert store.audit().entries == ()


def test_a_deed_told_twice_is_on_record_once(store: Store, tmp_path: Path) -> None:
    for name in ("1", "2"):
        spool.leave(tmp_path, {"kind": "audit", **asdict(DEED)}, name)
    drained(tmp_path, store)
    (change,) = store.audit().entries
    assert (change.who, change.action, change.key, change.revision) == (
        "user:alice",
        "activated",
        "616H-2027",
        7,
    )
    assert (change.before, change.after) == ({"certificate": None}, {"account": None})
    assert spool.finished(tmp_path) == []


def test_two_deeds_of_one_moment_are_both_on_record(store: Store) -> None:
    store.record(DEED)
    store.record(replace(DEED, revision=8))
    assert len(store.audit().entries) == 2
    assert store.revision() == 0


def test_what_is_left_for_the_recorder_is_nobody_else_s_to_read(tmp_path: Path) -> None:
    spool.leave(tmp_path / "spool", {"kind": "audit", **asdict(DEED)}, "1")
    (file,) = spool.finished(tmp_path / "spool")
    assert file.stat().st_mode & 0o077 == 0
