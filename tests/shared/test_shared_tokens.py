"""A token seen at one node is known at all, and no call waits for Redis to say so."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.shared.asking import Asking
from gateway.shared.opening import Way
from gateway.shared.tokens import Tokens
from gateway.trust.replay import PATIENCE, Table
from tests.shared.redis_server import RedisServer, running_redis

SIGNATURE, OTHER = "A" * 86, "B" * 86


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with running_redis() as found:
        yield found


def node(server: RedisServer, folder: Path) -> Tokens:
    """One process of a node with this state folder."""
    return Tokens(Asking(Way(server.url), "replay", PATIENCE), Table(folder / "replay.sqlite"))


def test_a_token_used_at_one_node_is_replayed_at_another(server: RedisServer, tmp_path: Path) -> None:
    one, two, now = node(server, tmp_path / "1"), node(server, tmp_path / "2"), time.time()
    assert not one.seen(SIGNATURE, "call-1", now, now + 60)
    assert two.seen(SIGNATURE, "call-2", now, now + 60)
    assert not two.seen(SIGNATURE, "call-1", now, now + 60)
    assert not two.seen(SIGNATURE, "call-2", now, now + 60, target="13035550123")
    assert not two.seen(OTHER, "call-2", now, now + 60)


def test_a_token_is_forgotten_when_its_time_is_over(server: RedisServer, tmp_path: Path) -> None:
    one, now = node(server, tmp_path), time.time()
    one.seen(SIGNATURE, "call-1", now, now + 60)
    one.seen(OTHER, "call-1", now, now - 5)
    lives = {key: server.client().pttl(key) for key in server.client().scan_iter("stirgw:token:*")}
    assert len(lives) <= 2 and all(0 < left <= 60_000 for left in lives.values() if left != -2)


def test_without_redis_the_processes_of_a_node_still_know_what_the_others_saw(
    server: RedisServer, tmp_path: Path
) -> None:
    server.kill()
    one, two, now = node(server, tmp_path), node(server, tmp_path), time.time()
    assert not one.seen(SIGNATURE, "call-1", now, now + 60)
    assert two.seen(SIGNATURE, "call-2", now, now + 60)


def test_a_redis_that_hangs_costs_one_call_its_patience_and_the_next_ones_nothing(
    server: RedisServer, tmp_path: Path
) -> None:
    one, now = node(server, tmp_path), time.time()
    assert not one.seen(SIGNATURE, "call-0", now, now + 60)
    server.hangs()
    begun = time.monotonic()
    assert not one.seen(OTHER, "call-1", now, now + 60)
    for n in range(200):
        assert not one.seen(f"{n:042}", "call", now, now + 60)
    assert time.monotonic() - begun < 0.5
    assert one.seen(OTHER, "call-2", now, now + 60)


def test_what_somebody_else_wrote_under_a_tokens_name_breaks_nothing(
    server: RedisServer, tmp_path: Path
) -> None:
    one, two, now = node(server, tmp_path / "1"), node(server, tmp_path / "2"), time.time()
    one.seen(SIGNATURE, "call-1", now, now + 60)
    (key,) = server.client().scan_iter("stirgw:token:*")
    server.client().delete(key)
    server.client().hset(key, "not", "a token")
    assert not two.seen(SIGNATURE, "call-2", now, now + 60)


def test_a_name_that_nobody_looks_up_in_time_holds_up_no_call(
    server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, answered = socket.getaddrinfo, threading.Event()

    def hang(*asked: object, **more: object) -> object:
        answered.wait(5)
        return found("127.0.0.1", server.port, type=socket.SOCK_STREAM)

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    way = Way(f"redis://redis.example.com:{server.port}/0")
    one, now = Tokens(Asking(way, "replay", PATIENCE), Table(tmp_path / "replay.sqlite")), time.time()
    begun = time.monotonic()
    assert not one.seen(SIGNATURE, "call-1", now, now + 60)
    assert time.monotonic() - begun < 0.5
    assert one.seen(SIGNATURE, "call-2", now, now + 60)
    answered.set()
    for each in threading.enumerate():  # what came of it later is closed, or a warning fails this test
        if each.name == "redis-connect":
            each.join(5)
