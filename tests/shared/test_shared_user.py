"""The Redis user of deploy/cluster.md may do what nodes do, and nothing else."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
import uvloop

from gateway.policy.holds import Hold
from gateway.shared import examination
from gateway.shared.shelf import shelf_of
from gateway.shared.tokens import tokens_of
from gateway.trust.shelf import Kept
from tests.shared.node import OWNER, Node, connected, settings, until
from tests.shared.redis_server import RedisServer, running_redis

GUIDE = Path(__file__).parents[2] / "deploy" / "cluster.md"
URL = "https://certs.example.test/616H.pem"


@pytest.fixture
def server() -> Iterator[RedisServer]:
    """A Redis with that user."""
    found = re.search(r"^ *user gateway (.+)$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    assert found
    with running_redis() as server:
        server.client().execute_command("ACL", "SETUSER", "gateway", *found[1].split())
        yield server


def test_that_user_is_enough_for_everything_that_is_shared(server: RedisServer, tmp_path: Path) -> None:
    url = server.url.replace("//", "//gateway:PASSWORD@")
    one, two = (Node(settings(name, url)) for name in ("one", "two"))

    async def play() -> None:
        async with connected(one):
            await until(lambda: one.wire.status.up, "the first node")
            one.over()
            one.ledger.began(Hold((OWNER,), None, "13035550123"))
            async with connected(two):
                await until(lambda: two.usage.concurrent(OWNER) == 1, "the second one to know")
                found = list(examination.findings(settings("one", url)))
                assert found[0][0] == "ok" and "2 nodes listen" in found[0][1]

    uvloop.run(play())
    store, now = settings("one", url).store, time.time()
    tokens = [tokens_of(store, tmp_path / name) for name in ("one", "two")]
    assert [each.seen("A" * 86, f"call {each}", now, now + 60) for each in tokens] == [False, True]
    shelf = shelf_of(store, time.time)
    assert shelf
    shelf.write(Kept(URL, b"PEM", now, 60.0))
    found = shelf.read(URL)
    assert found and found.body == b"PEM"


def test_that_user_reaches_nothing_else(server: RedisServer) -> None:
    client = redis.Redis.from_url(server.url.replace("//", "//gateway:PASSWORD@"), protocol=2)
    for command in (("SET", "other", "1"), ("KEYS", "*"), ("FLUSHALL",), ("PUBLISH", "other", "x")):
        with pytest.raises(redis.exceptions.NoPermissionError):
            client.execute_command(*command)
