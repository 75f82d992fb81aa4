"""What one node fetched the others need not fetch, and each judges it for itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.shared.asking import Asking
from gateway.shared.opening import Way
from gateway.shared.shelf import LARGEST, PATIENCE, SharedShelf
from gateway.stir.reasons import Reason
from gateway.trust.shelf import Kept
from tests.certificate_host import CertificateHost
from tests.shared.redis_server import RedisServer, running_redis
from tests.trust.fetching import Clock
from tests.trust.test_cache import CHAIN, OTHER, SOUND, Node, clock, host, is_of, play

__all__ = ["clock", "host"]

URL = "https://certs.example.test/616H.pem"
NOW = 1_800_000_000.0


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with running_redis() as found:
        yield found


def shelf(server: RedisServer, now: float = NOW) -> SharedShelf:
    return SharedShelf(Asking(Way(server.url), "certificates", PATIENCE), lambda: now)


def key(server: RedisServer) -> bytes:
    (found,) = server.client().scan_iter("stirgw:chain:*")
    return bytes(found)


def test_what_one_node_wrote_another_reads_whatever_its_clock_says(server: RedisServer) -> None:
    shelf(server).write(Kept(URL, b"\r\nPEM\xff\n", NOW - 100, 3600.0))
    found = shelf(server, NOW + 7200).read(URL)
    assert found and (found.url, found.body, found.lifetime) == (URL, b"\r\nPEM\xff\n", 3600.0)
    assert NOW + 7200 - found.fetched == pytest.approx(100, abs=1)
    assert server.client().ttl(key(server)) == pytest.approx(3500, abs=2)


@pytest.mark.parametrize(
    "kept",
    [
        pytest.param(Kept(URL, b"PEM", NOW - 3600, 3600.0), id="its time is over"),
        pytest.param(Kept(URL, bytes(LARGEST), NOW, 3600.0), id="too large"),
    ],
)
def test_what_nobody_could_use_is_not_kept(server: RedisServer, kept: Kept) -> None:
    shelf(server).write(kept)
    assert list(server.client().scan_iter("*")) == []


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"PEM", id="no head"),
        pytest.param(b"https://other.example/ 60.0\nPEM", id="of another URL"),
        pytest.param(f"{URL} nan\nPEM".encode(), id="no time"),
        pytest.param(f"{URL} 60.0\n".encode() + bytes(2 * LARGEST), id="too large"),
        pytest.param(f"{URL} 1.0\nPEM".encode(), id="lives longer than it says"),
    ],
)
def test_what_somebody_else_put_there_is_as_good_as_nothing(server: RedisServer, content: bytes) -> None:
    shelf(server).write(Kept(URL, b"PEM", NOW, 60.0))
    server.client().set(key(server), content, px=60_000)
    assert shelf(server).read(URL) is None


def test_a_second_node_has_the_chain_without_asking_its_host_and_keeps_it_on_its_own_disk(
    server: RedisServer, host: CertificateHost, clock: Clock, tmp_path: Path
) -> None:
    async def gets(node: Node) -> None:
        assert is_of(await node.get(SOUND), CHAIN)

    for folder in ("1", "2"):
        common = SharedShelf(Asking(Way(server.url), "certificates", PATIENCE), clock)
        play(host, clock, gets, tmp_path / folder, common=common)
    assert host.counts.total() == 1
    server.kill()
    play(host, clock, gets, tmp_path / "2")
    assert host.counts.total() == 1


def test_a_chain_from_the_shelf_that_leads_to_no_anchor_is_not_believed(
    server: RedisServer, host: CertificateHost, clock: Clock, tmp_path: Path
) -> None:
    common = SharedShelf(Asking(Way(server.url), "certificates", PATIENCE), clock)
    common.write(Kept(host.url(SOUND), OTHER.pem, clock(), 3600.0))

    async def gets(node: Node) -> None:
        assert is_of(await node.get(SOUND), CHAIN)

    play(host, clock, gets, tmp_path, common=common)


def test_a_redis_that_hangs_holds_a_certificate_up_for_no_longer_than_its_patience(
    server: RedisServer, host: CertificateHost, clock: Clock, tmp_path: Path
) -> None:
    server.hangs()
    common = SharedShelf(Asking(Way(server.url), "certificates", PATIENCE), clock)

    async def gets(node: Node) -> None:
        found = await node.get(SOUND, budget=2.0)
        assert not isinstance(found, Reason), found

    play(host, clock, gets, tmp_path, common=common)
