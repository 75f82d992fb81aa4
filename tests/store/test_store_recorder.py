"""The recorder brings policy to the calls and records to the database, one step at a time, whatever becomes of either."""

import multiprocessing
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from gateway.config import Config
from gateway.policy.blocks import Block
from gateway.policy.snapshot import SigningRules
from gateway.store import blocks_file, compiler, database, migration, recorder, spool
from gateway.store.blocks_file import BlocksFile, Release
from gateway.store.calls import Call, CallFilters, CallLog
from gateway.store.compiler import Compilation, Compiled
from gateway.store.recorder import Recorder
from gateway.store.recorder_status import FRESH, RecorderStatus, fresh_status, read_status, status_path
from gateway.store.spool import Spool, spool_path
from gateway.store.store import Store
from gateway.store.watcher import Watcher, blocks_path, snapshot_path

NOW = 1_800_000_000.0
SPAM = Block("malicious-call", "12155550100", NOW, NOW + 3600, "attempts")


class Clock:
    """Seconds that pass when told to, of the day and of the machine."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def config_of(state: Path, url: str, **of_store: Any) -> Config:
    return Config.model_validate(
        {
            "node": {"name": "east", "state_dir": state},
            "sip": {"listen": ["udp:127.0.0.1:5060"]},
            "store": {"database_url": url, **of_store},
        }
    )


@pytest.fixture
def start(state: Path, url: str, engine: Engine, clock: Clock) -> Iterator[Callable[..., Recorder]]:
    """Starts a recorder of this database, whose tables are there."""
    started: list[Recorder] = []

    def start_one(**of_store: Any) -> Recorder:
        started.append(Recorder(config_of(state, url, **of_store), clock, clock))
        return started[-1]

    yield start_one
    for each in started:
        each.close()


def status(state: Path) -> RecorderStatus:
    found = read_status(status_path(state))
    assert found is not None
    return found


def problems(state: Path) -> dict[str, str]:
    return {each.name: each.text for each in status(state).problems}


def step_until(recorder: Recorder, done: Callable[[], object]) -> None:
    """Steps until something has come about; the time limit of a test bounds it."""
    while not done():
        recorder.step()


def in_force(state: Path, revision: int) -> Callable[[], bool]:
    return lambda: status_path(state).exists() and status(state).revision == str(revision)


def put_account(store: Store, id: str) -> int:
    store.put("accounts", store.parse("accounts", {"id": id, "name": id.title()}), "anna")
    return store.revision()


def kept(engine: Engine) -> list[Call]:
    return list(CallLog(engine).page(CallFilters()).calls)


def leave(state: Path, *records: dict[str, Any]) -> None:
    """Spool records as an edge does that ends then."""
    edge = Spool(spool_path(state), 1_000_000)
    for record in records:
        edge.add(record)
    edge.close()


def call(token: str, **more: Any) -> dict[str, Any]:
    return {"kind": "call", "call": token, "at": NOW, **more}


def block_record(block: Block) -> dict[str, Any]:
    names = ("type", "subject", "since", "until", "why")
    return {"kind": "block", "node": "east", **{name: getattr(block, name) for name in names}}


# Policy


def test_a_change_of_policy_becomes_a_snapshot(
    start: Callable[..., Recorder], store: Store, state: Path
) -> None:
    recording = start()
    edge = Watcher(state, SigningRules())
    for id in ("acme", "bolt"):
        step_until(recording, in_force(state, put_account(store, id)))
        snapshot = edge.changed()
        assert snapshot is not None
        assert id in snapshot.accounts
    assert problems(state) == {}


def test_without_a_change_nothing_is_compiled_again(
    start: Callable[..., Recorder], store: Store, state: Path
) -> None:
    recording = start()
    step_until(recording, in_force(state, put_account(store, "acme")))
    written = snapshot_path(state).stat().st_ino
    for _ in range(5):
        recording.step()
    assert snapshot_path(state).stat().st_ino == written


def test_a_recorder_that_begins_compiles_anew(
    start: Callable[..., Recorder], store: Store, state: Path
) -> None:
    step_until(start(), in_force(state, put_account(store, "acme")))
    written = snapshot_path(state).stat().st_ino
    step_until(start(), lambda: snapshot_path(state).stat().st_ino != written)


def test_a_policy_that_does_not_compile_leaves_the_last_one_in_force(
    start: Callable[..., Recorder],
    store: Store,
    state: Path,
    clock: Clock,
    capsys: pytest.CaptureFixture[str],
) -> None:
    recording = start()
    good = put_account(store, "acme")
    step_until(recording, in_force(state, good))
    capsys.readouterr()
    with store.engine.begin() as connection:  # past every check
        connection.execute(
            text("INSERT INTO number_sections VALUES ('x', 112155550100, 112155550199, 'nobody', 2)")
        )
        connection.execute(text("UPDATE policy_state SET revision = 2"))
        connection.execute(text("INSERT INTO policy_changes VALUES ('number-sections', 2)"))
    clock.now += recorder.ASK_SECONDS  # nobody was told
    step_until(recording, lambda: problems(state))
    for _ in range(5):
        recording.step()
    assert "account 'nobody' does not exist" in problems(state)["policy-not-compiled"]
    assert status(state).revision == str(good)
    assert capsys.readouterr().out.count("policy-not-compiled") == 1
    with store.engine.begin() as connection:
        connection.execute(text("DELETE FROM number_sections"))
        connection.execute(text("UPDATE policy_state SET revision = 3"))
    clock.now += recorder.ASK_SECONDS
    step_until(recording, in_force(state, 3))
    assert problems(state) == {}


def test_a_snapshot_that_cannot_be_written_is_tried_again_later(
    start: Callable[..., Recorder], store: Store, state: Path, clock: Clock
) -> None:
    snapshot_path(state).mkdir(parents=True)  # in its way
    recording = start()
    revision = put_account(store, "acme")
    step_until(recording, lambda: status_path(state).exists() and problems(state))
    assert "policy-not-compiled" in problems(state)
    snapshot_path(state).rmdir()
    recording.step()
    assert not snapshot_path(state).exists()
    clock.now += recorder.RECOMPILE_SECONDS
    step_until(recording, lambda: snapshot_path(state).exists() and in_force(state, revision)())
    assert problems(state) == {}


def test_a_compilation_that_dies_says_so() -> None:
    compilation = Compilation(lambda: os._exit(7))
    assert compilation.outcome(wait=30) == Compiled(problem="its process ended with status 7")


def test_a_compilation_that_does_not_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless() -> Compiled:
        multiprocessing.Event().wait()
        return Compiled()

    monkeypatch.setattr(compiler, "LONGEST", 0.0)
    outcome = Compilation(endless).outcome()
    assert outcome is not None
    assert outcome.problem is not None


# Without a database


def test_a_database_that_cannot_be_opened_is_tried_again(state: Path, tmp_path: Path, clock: Clock) -> None:
    folder = tmp_path / "later"
    recording = Recorder(config_of(state, f"sqlite:///{folder}/gateway.db"), clock, clock)
    recording.step()
    assert str(folder) in problems(state)["database-gone"]
    folder.mkdir()
    recording.step()
    assert "database-gone" in problems(state)
    clock.now += max(recorder.BACK_OFF)
    step_until(recording, in_force(state, 0))
    assert problems(state) == {}
    recording.close()


def test_its_url_is_told_without_the_password(state: Path, clock: Clock) -> None:
    recording = Recorder(config_of(state, "postgresql://gw:s3cret@127.0.0.1:1/gw"), clock, clock)
    recording.step()
    assert "s3cret" not in problems(state)["database-gone"]
    assert "127.0.0.1" in problems(state)["database-gone"]


def test_while_the_database_is_gone_the_policy_stays_and_records_wait(
    state: Path, cluster: Any, names: Iterator[str], clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    name = next(names)
    cluster.run(f"CREATE DATABASE {name}")
    recording = Recorder(config_of(state, cluster.url(name)), clock, clock)
    step_until(recording, in_force(state, 0))
    cluster.run(
        f"ALTER DATABASE {name} ALLOW_CONNECTIONS false",
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'",
    )
    leave(state, call("1"))
    capsys.readouterr()
    for _ in range(5):
        recording.step()
        clock.now += max(recorder.BACK_OFF)
    assert (status(state).revision, status(state).files) == ("0", 1)
    assert capsys.readouterr().out.count("database-gone") == 1
    cluster.run(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    step_until(recording, lambda: status(state).written)
    assert problems(state) == {}
    recording.close()


def test_while_somebody_else_writes_records_wait(
    state: Path, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "open_database", partial(database.open_database, lock_seconds=0))
    path = tmp_path / "gateway.db"
    recording = Recorder(config_of(state, f"sqlite:///{path}"), clock, clock)
    step_until(recording, in_force(state, 0))
    leave(state, call("1"))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        recording.step()
        assert "locked" in problems(state)["database-gone"]
        other.execute("ROLLBACK")
    clock.now += max(recorder.BACK_OFF)
    step_until(recording, lambda: status(state).written)
    assert problems(state) == {}
    recording.close()


def test_a_file_that_was_taken_away_is_not_made_anew(state: Path, tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "gateway.db"
    recording = Recorder(config_of(state, f"sqlite:///{path}"), clock, clock)
    step_until(recording, in_force(state, 0))
    put_account(Store(database.open_database(f"sqlite:///{path}"), clock), "acme")
    step_until(recording, in_force(state, 1))
    path.rename(tmp_path / "away")
    for _ in range(3):
        recording.step()
        clock.now += max(recorder.BACK_OFF)
    assert "gateway import" in problems(state)["database-gone"]
    assert (status(state).revision, path.exists()) == ("1", False)
    recording.close()


def test_another_database_in_its_place_is_compiled_whatever_its_revision(
    state: Path, tmp_path: Path, clock: Clock
) -> None:
    path, other = tmp_path / "gateway.db", tmp_path / "other.db"
    recording = Recorder(config_of(state, f"sqlite:///{path}"), clock, clock)
    step_until(recording, in_force(state, 0))
    for file, account in ((path, "acme"), (other, "bolt")):
        engine = database.open_database(f"sqlite:///{file}")
        migration.migrate(engine)
        put_account(Store(engine, clock), account)
        engine.dispose()
    step_until(recording, in_force(state, 1))
    other.replace(path)
    edge = Watcher(state, SigningRules())
    recording.step()
    assert "replaced" in problems(state)["database-gone"]
    clock.now += max(recorder.BACK_OFF)
    step_until(recording, lambda: edge.changed() and "bolt" in edge.current.accounts)
    recording.close()


# Records


def test_what_the_edge_spooled_is_in_the_call_log(
    start: Callable[..., Recorder], store: Store, engine: Engine, state: Path
) -> None:
    store.load({"areas": [{"prefix": "1215", "name": "Philadelphia"}]}, "anna")
    recording = start()
    step_until(recording, in_force(state, 1))
    leave(state, call("1", caller="12155550100", callee="442071838750", rule="attest.C"))
    recording.step()
    found = kept(engine)[0]
    assert (found["id"], found["node"], found["rule"]) == ("1@east", "east", "attest.C")
    assert (found["caller_area"], found["caller_country"], found["callee_country"]) == (
        "Philadelphia",
        "US",
        "GB",
    )
    assert spool.finished(spool_path(state)) == []
    assert (status(state).written, status(state).lost, status(state).files) == (1, 0, 0)


def test_numbers_are_masked_where_the_operator_wants_it(
    start: Callable[..., Recorder], engine: Engine, state: Path
) -> None:
    leave(state, call("1", caller="12155550100", caller_dialled="+12155550100"))
    start(mask_numbers=True).step()
    found = kept(engine)[0]
    assert (found["caller"], found["caller_country"]) == ("1215555xxxx", "US")
    assert "0100" not in str(found)


def test_a_file_that_was_brought_in_and_not_removed_makes_no_second_row(
    start: Callable[..., Recorder], engine: Engine, state: Path
) -> None:
    recording = start()
    leave(state, call("1"), call("2"))
    file = spool.finished(spool_path(state))[0]
    content = file.read_bytes()
    recording.step()
    file.write_bytes(content)
    recording.step()
    assert len(kept(engine)) == 2


def test_torn_lines_and_records_of_no_use_are_counted_as_lost(
    start: Callable[..., Recorder], engine: Engine, state: Path
) -> None:
    leave(state, call("1"), {"kind": "call"}, {"kind": "block", "type": "other"}, {"kind": "else"}, {})
    with spool.finished(spool_path(state))[0].open("ab") as file:
        file.write(b'{"kind":"call","ca')
    start().step()
    assert len(kept(engine)) == 1
    assert (status(state).written, status(state).lost) == (1, 5)


def test_a_file_that_can_never_be_read_is_set_aside_and_those_behind_it_come_in(
    start: Callable[..., Recorder], engine: Engine, state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    leave(state, call("1"))
    first = spool.finished(spool_path(state))[0]
    first.unlink()
    first.mkdir()
    leave(state, call("2"))
    recording = start()
    for _ in range(3):
        recording.step()
    assert [each["id"] for each in kept(engine)] == ["2@east"]
    assert status(state).set_aside == 1
    assert "spool-set-aside" in problems(state)
    assert capsys.readouterr().out.count("spool.set-aside") == 1
    first.with_suffix(spool.SET_ASIDE).rmdir()
    recording.step()
    recording.step()
    assert problems(state) == {}


def test_the_last_records_are_brought_in_at_the_end(
    start: Callable[..., Recorder], engine: Engine, state: Path
) -> None:
    recording = start()
    recording.step()
    leave(state, call("1"))
    recording.close()
    assert len(kept(engine)) == 1


def test_calls_are_forgotten_after_their_time(
    start: Callable[..., Recorder], engine: Engine, state: Path, clock: Clock
) -> None:
    recording = start(keep_calls="1d")
    leave(state, call("1"))
    recording.step()
    clock.now += 86_400 - 1
    recording.step()
    assert len(kept(engine)) == 1
    clock.now += recorder.FORGET_SECONDS
    recording.step()
    assert kept(engine) == []


# The dynamic black list


def published(state: Path, blocks: BlocksFile) -> Callable[[], bool]:
    return lambda: blocks_path(state).exists() and blocks_file.read(blocks_path(state)) == blocks


def test_a_block_of_the_edge_is_stored_and_published(
    start: Callable[..., Recorder], store: Store, state: Path
) -> None:
    leave(state, block_record(SPAM))
    step_until(start(), published(state, BlocksFile((), (SPAM,))))
    assert [(held.block, held.node) for held in store.blocks().entries] == [(SPAM, "east")]


def test_a_release_is_told_to_the_edges_for_an_hour(
    start: Callable[..., Recorder], engine: Engine, state: Path, clock: Clock
) -> None:
    store = Store(engine, clock)
    held = store.add_block(SPAM, "east", "east")
    recording = start()
    recording.step()
    store.release_block(held.id, "anna")
    released = BlocksFile((Release("malicious-call", SPAM.subject, NOW),), ())
    step_until(recording, published(state, released))
    clock.now += blocks_file.TOLD_FOR + 1
    other = Block("access", "192.0.2.66", clock.now, None, "by-hand")
    store.add_block(other, "anna")
    step_until(recording, published(state, BlocksFile((), (other,))))


def test_an_unchanged_black_list_is_not_written_again(start: Callable[..., Recorder], state: Path) -> None:
    recording = start()
    recording.step()
    written = blocks_path(state).stat().st_ino
    recording.step()
    assert blocks_path(state).stat().st_ino == written


# What it says of itself


def test_a_status_grows_old(start: Callable[..., Recorder], state: Path) -> None:
    start().step()
    path = status_path(state)
    assert fresh_status(path, NOW + FRESH - 1) is not None
    assert fresh_status(path, NOW + FRESH) is None
    path.write_bytes(b"{")
    assert fresh_status(path, NOW) is None


def test_a_problem_keeps_the_time_it_began(state: Path, tmp_path: Path, clock: Clock) -> None:
    recording = Recorder(config_of(state, f"sqlite:///{tmp_path}/none/gateway.db"), clock, clock)
    for _ in range(3):
        recording.step()
        clock.now += 5
    assert [each.since for each in status(state).problems] == [NOW]


def test_the_process_ends_well_when_told_to(state: Path, url: str, engine: Engine) -> None:
    process = multiprocessing.get_context("fork").Process(target=recorder.run, args=(config_of(state, url),))
    leave(state, call("1"))
    process.start()
    while not kept(engine):
        process.join(0.05)
    process.terminate()
    process.join(20)
    assert (process.exitcode, len(kept(engine))) == (0, 1)
