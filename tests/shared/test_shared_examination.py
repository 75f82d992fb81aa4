"""What the doctor says of the Redis that a node shares, and never of its password."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.config import Config, Store
from gateway.shared import examination
from gateway.shared.opening import Unreachable, Way
from tests.shared.node import settings
from tests.shared.redis_server import RedisServer, running_redis

SECRET = "correct-horse"


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with running_redis(SECRET) as found:
        yield found


def said(config: Config) -> list[tuple[str, str]]:
    found = list(examination.findings(config))
    assert SECRET not in str(found)
    return [*found]


def password_file(folder: Path, mode: int = 0o600) -> str:
    path = folder / "redis.password"
    path.write_text(f"{SECRET}\n")
    path.chmod(mode)
    return str(path)


def test_a_redis_that_can_be_used_is_shown_without_its_password(server: RedisServer, tmp_path: Path) -> None:
    by_url = settings("one", server.url.replace("//", f"//default:{SECRET}@"))
    by_file = settings("one", server.url, redis_password=password_file(tmp_path))
    for config in (by_url, by_file):
        (state, text), *others = said(config)
        assert state == "ok" and f"127.0.0.1 port {server.port}, 0 nodes listen" in text
        assert others == [("warning", others[0][1])] and "maxmemory-policy is noeviction" in others[0][1]
    server.client().config_set("maxmemory-policy", "volatile-lru")
    assert [state for state, _ in said(by_url)] == ["ok"]


def test_a_wrong_password_is_a_warning(server: RedisServer) -> None:
    ((state, text),) = said(settings("one", server.url))
    assert state == "warning" and "this node counts calls for itself alone" in text


def test_a_redis_that_is_away_is_a_warning(server: RedisServer) -> None:
    server.kill()
    ((state, text),) = said(settings("one", server.url.replace("//", f"//default:{SECRET}@")))
    assert state == "warning" and "refused" in text


def test_a_password_others_may_read_is_not_used(server: RedisServer, tmp_path: Path) -> None:
    way = Way(server.url, Path(password_file(tmp_path, 0o644)))
    with pytest.raises(Unreachable, match="open to other users"):
        way.waiting()


def test_a_node_without_redis_counts_for_itself() -> None:
    ((state, text),) = said(settings("one", "redis://h").model_copy(update={"store": Store()}))
    assert state == "off" and "redis_url is not set" in text
