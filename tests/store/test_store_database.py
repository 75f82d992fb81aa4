"""Whatever happens to the database comes out as StoreGone: soon, with something to do, and without a password."""

import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cluster import Cluster
from policies import WHO, policy
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from gateway.store.database import open_database, reading, told, writing
from gateway.store.errors import StoreGone
from gateway.store.migration import migrate
from gateway.store.store import Store

SECRET = "hunter2"


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:hunter2@h/d",
        "sqlite://",
        "sqlite:///:memory:",
        "postgresql://u:hunter2@h:x/d",
        "postgresql://u:p@hunter2@h/d",
        "hunter2",
        "",
    ],
)
def test_another_url_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(StoreGone, match="; do: write") as caught:
        open_database(url)
    assert SECRET not in str(caught.value)


def test_a_sqlite_file_is_its_owner_s_alone(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'gateway.db'}")
    migrate(engine)
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}
    engine.dispose()


@pytest.mark.parametrize(("synced", "level"), [(True, 2), (False, 1)])
def test_only_who_says_so_does_not_wait_for_the_disk(tmp_path: Path, synced: bool, level: int) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'gateway.db'}", synced=synced)
    with writing(engine) as connection:
        assert connection.execute(text("PRAGMA synchronous")).scalar_one() == level
    engine.dispose()


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreGone, match=r"No such file.*; do: "):
        open_database(f"sqlite:///{tmp_path / 'nowhere' / 'gateway.db'}")


def test_who_only_looks_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(StoreGone, match=r"No such file"):
        open_database(f"sqlite:///{tmp_path / 'gateway.db'}", create=False)
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "gateway.db").write_text("accounts and peers " * 100)
    with pytest.raises(StoreGone, match="not a database; do: restore it"):
        migrate(open_database(f"sqlite:///{tmp_path / 'gateway.db'}"))


def test_a_server_that_does_not_run_is_told_without_its_password(tmp_path: Path) -> None:
    engine = open_database(f"postgresql://u:{SECRET}@/d?host={tmp_path}")
    with pytest.raises(StoreGone, match="; do: see that the database runs") as caught:
        migrate(engine)
    assert SECRET not in str(caught.value) + repr(engine)


@pytest.mark.parametrize("name", ["password", "sslpassword"])
def test_a_password_in_a_query_is_not_told(tmp_path: Path, name: str) -> None:
    engine = open_database(f"postgresql://u@/d?host={tmp_path}&{name}={SECRET}")
    with pytest.raises(StoreGone) as caught:
        migrate(engine)
    assert SECRET not in str(caught.value)


def test_a_password_that_the_database_repeats_is_not_told(tmp_path: Path) -> None:
    engine = open_database(f"postgresql://u:{SECRET}@/d?host={tmp_path / SECRET}")
    with pytest.raises(StoreGone) as caught:
        migrate(engine)
    assert SECRET not in str(caught.value).partition(": ")[2]


def test_a_full_disk_is_told_and_changes_nothing(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'gateway.db'}")
    migrate(engine)
    store = Store(engine, lambda: 0.0)
    store.load(policy(), WHO)
    with engine.connect() as connection:  # the pool keeps this one, and its limit
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreGone, match="full; do: make room"):
        store.put_numbers("nuisance", (str(2_000_000_000 + each) for each in range(50_000)), WHO, "add")
    assert store.revision() == 1
    assert list(store.every_number("nuisance")) == ["+0000", "+12155550111"]
    engine.dispose()


def test_who_waits_too_long_for_another_writer_is_told(opened: Callable[[], Engine], url: str) -> None:
    engine = opened()
    impatient = Store(open_database(url, lock_seconds=0.05), lambda: 0.0)
    with writing(engine) as connection:
        connection.execute(text("UPDATE policy_state SET revision = revision + 1"))
        with pytest.raises(StoreGone, match=r"lock.*; do: .*try again"):
            impatient.load(policy(), WHO)
        assert impatient.revision() == 0
    impatient.load(policy(), WHO)
    impatient.engine.dispose()


def test_readers_do_not_wait_for_a_writer(opened: Callable[[], Engine]) -> None:
    writer, reader = opened(), Store(opened(), lambda: 0.0)
    with writing(writer) as connection:
        connection.execute(text("UPDATE policy_state SET revision = revision + 1"))
        assert reader.revision() == 0
    assert reader.revision() == 1


def test_a_reader_sees_one_state_however_long_it_reads(opened: Callable[[], Engine]) -> None:
    reader, writer = opened(), Store(opened(), lambda: 0.0)
    asked = text("SELECT count(*) FROM accounts")
    with reading(reader) as connection:
        assert connection.execute(asked).scalar_one() == 0
        writer.load(policy(), WHO)
        assert connection.execute(asked).scalar_one() == 0


def test_a_block_that_fails_leaves_no_trace(engine: Engine) -> None:
    with pytest.raises(IntegrityError), writing(engine) as connection:
        connection.execute(text("UPDATE policy_state SET revision = 7"))
        connection.execute(text("INSERT INTO policy_state (id, revision) VALUES (1, 8)"))
    assert Store(engine, lambda: 0.0).revision() == 0


def test_a_database_that_goes_away_is_told_and_used_again_when_it_is_back(tmp_path: Path) -> None:
    path = tmp_path / "gateway.db"
    engine = open_database(f"sqlite:///{path}")
    migrate(engine)
    store = Store(engine, lambda: 0.0)
    store.load(policy(), WHO)
    engine.dispose()
    path.rename(tmp_path / "away")
    with pytest.raises(StoreGone, match="unable to open database file; do: "):
        store.revision()
    (tmp_path / "away").rename(path)
    assert store.revision() == 1
    engine.dispose()


def test_a_file_that_was_taken_away_is_told_and_not_written_to(tmp_path: Path) -> None:
    path = tmp_path / "gateway.db"
    store = Store(open_database(f"sqlite:///{path}"), lambda: 0.0)
    migrate(store.engine)
    path.rename(tmp_path / "away")
    with pytest.raises(StoreGone, match="taken away or replaced; do: "):
        store.load(policy(), WHO)
    (tmp_path / "away").rename(path)
    assert store.revision() == 0
    store.engine.dispose()


@pytest.fixture
def server(cluster: Cluster, names: Iterator[str]) -> tuple[Store, Callable[[], None]]:
    """A store in PostgreSQL, and what ends all its connections."""
    name = next(names)
    cluster.run(f"CREATE DATABASE {name}")
    store = Store(open_database(cluster.url(name)), lambda: 0.0)
    migrate(store.engine)
    end = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    return store, lambda: cluster.run(end)


def test_a_server_that_was_restarted_is_found_again(server: tuple[Store, Callable[[], None]]) -> None:
    store, restart = server
    store.load(policy(), WHO)
    restart()
    assert store.revision() == 1


def test_a_server_that_stops_in_the_middle_is_told_and_nothing_changes(
    server: tuple[Store, Callable[[], None]],
) -> None:
    store, stop = server
    store.load(policy(), WHO)
    numbers = (str(2_000_000_000 + each) for each in range(20_000))
    with pytest.raises(StoreGone, match="; do: see that the database runs"):
        store.put_numbers(
            "nuisance", numbers, WHO, "add", lambda stored: stop() if stored == 10_000 else None
        )
    assert list(store.every_number("nuisance")) == ["+0000", "+12155550111"]


def test_tables_that_were_not_made_yet_are_told(tmp_path: Path) -> None:
    store = Store(open_database(f"sqlite:///{tmp_path / 'gateway.db'}"), lambda: 0.0)
    with pytest.raises(StoreGone, match=r"no such table.*; do: start the gateway"):
        store.revision()
    store.engine.dispose()


def test_tables_that_a_server_does_not_have_yet_are_told(cluster: Cluster, names: Iterator[str]) -> None:
    name = next(names)
    cluster.run(f"CREATE DATABASE {name}")
    with pytest.raises(StoreGone, match=r"does not exist.*; do: start the gateway"):
        Store(open_database(cluster.url(name)), lambda: 0.0).revision()


def test_what_the_driver_says_by_itself_is_told_too(engine: Engine) -> None:
    """COPY goes past SQLAlchemy."""
    with pytest.raises(StoreGone, match="server closed; do: "), told(engine):
        raise engine.dialect.loaded_dbapi.OperationalError("server closed")
