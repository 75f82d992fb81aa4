"""A database is brought to this version's tables, once, whoever starts first."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from cluster import Cluster
from sqlalchemy import Engine, text

from gateway.store.database import open_database, reading, writing
from gateway.store.errors import StoreGone
from gateway.store.migration import migrate
from gateway.store.tables import METADATA


@pytest.fixture
def empty(request: pytest.FixtureRequest, url: str) -> str:
    """A database without a table."""
    if url.startswith("postgresql"):
        cluster: Cluster = request.getfixturevalue("cluster")
        name = url.rpartition("/test")[2].partition("?")[0]
        cluster.run(f"DROP DATABASE test{name}", f"CREATE DATABASE test{name}")
    return url


def test_the_steps_make_the_tables_that_the_code_describes(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"include_name": lambda name, kind, _: kind != "table" or name in METADATA.tables},
        )
        assert compare_metadata(context, METADATA) == []


def test_it_is_done_once(empty: str) -> None:
    engine = open_database(empty)
    migrate(engine)
    migrate(engine)
    engine.dispose()


def test_processes_that_start_together_do_it_one_after_the_other(empty: str) -> None:
    engines = [open_database(empty) for _ in range(4)]
    with ThreadPoolExecutor(len(engines)) as threads:
        list(threads.map(migrate, engines))
    with reading(engines[0]) as connection:
        assert connection.execute(text("SELECT revision FROM policy_state")).scalars().all() == [0]
    for engine in engines:
        engine.dispose()


def test_a_database_of_a_later_version_is_left_alone(opened: Callable[[], Engine]) -> None:
    engine = opened()
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreGone, match=r"later version .*9999.*; do: run that version"):
        migrate(engine)
