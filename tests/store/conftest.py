"""Every test of the store runs on both databases: SQLite in a folder, and a PostgreSQL that lives for one test run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from cluster import Cluster, running
from sqlalchemy import Engine

from gateway.store.database import open_database
from gateway.store.migration import migrate
from gateway.store.store import Store

NOW = 1_800_000_000.0

_TEMPLATE = "migrated"


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with running() as cluster:
        cluster.run(f"CREATE DATABASE {_TEMPLATE}")
        engine = open_database(cluster.url(_TEMPLATE))
        migrate(engine)
        engine.dispose()
        yield cluster


@pytest.fixture(scope="session")
def names() -> Iterator[str]:
    return (f"test{number}" for number in count(1))


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path, names: Iterator[str]) -> Iterator[str]:
    """A database of one's own; the tables are made where it is opened."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'gateway.db'}"
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    name = next(names)
    cluster.run(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
    yield cluster.url(name)
    cluster.run(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def opened(url: str) -> Iterator[Callable[[], Engine]]:
    """Opens the database, as often as a test has processes that use it."""
    engines: list[Engine] = []

    def open_one() -> Engine:
        engines.append(open_database(url))
        migrate(engines[-1])
        return engines[-1]

    yield open_one
    for engine in engines:
        engine.dispose()


@pytest.fixture
def engine(opened: Callable[[], Engine]) -> Engine:
    return opened()


@pytest.fixture
def store(engine: Engine) -> Store:
    return Store(engine, lambda: NOW)
