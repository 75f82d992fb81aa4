"""Chains by their URL: what a call finds is the same from the host, from memory and from disk, and never past its time."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from certs import pem
from certs.builders import CRL_URL, NOW, Chain, make_chain
from certs.profile import Profile
from gateway.stir.chain import Anchors, TrustedChain
from gateway.stir.reasons import Reason
from gateway.trust import cache
from gateway.trust.cache import REFUSED_TTL, Chains
from gateway.trust.fetch import NEGATIVE_TTL, Fetcher
from gateway.trust.held import REFRESH_AT, RETRY
from tests.certificate_host import CertificateHost
from tests.trust.fetching import Clock, rules

CHAIN = make_chain()
OTHER = make_chain(spc="9999")
LONG = "/with/Cache-Control=max-age=604800/616H.pem"
WEEK, DAY = 604_800, 86_400
SOUND = "/sound/616H.pem"
BUDGET = 20.0

Scene = Callable[["Node"], Awaitable[None]]


class Node:
    """One process: its chains, the anchors it has, its clock, and what it was told of."""

    def __init__(self, host: CertificateHost, folder: Path | None, clock: Clock, **more: Any) -> None:
        self.host, self.clock = host, clock
        self.anchors = Anchors([CHAIN.root.certificate])
        self.fetcher = Fetcher(rules(host), now=clock)
        self.told: list[TrustedChain] = []
        self.chains = Chains(
            self.fetcher, folder, lambda: self.anchors, clock, on_trusted=self.told.append, **more
        )

    async def get(self, path: str, budget: float = BUDGET) -> TrustedChain | Reason:
        return await self.chains.get(self.host.url(path), budget)

    def known(self, path: str) -> TrustedChain | Reason | None:
        return self.chains.known(self.host.url(path))

    async def settle(self) -> None:
        """Wait until nothing is under way in the background."""
        while loads := list(self.chains._loads.values()):
            await asyncio.wait(loads)
            await asyncio.sleep(0)

    async def close(self) -> None:
        await self.chains.close()
        await self.fetcher.close()


@pytest.fixture
def host() -> Iterator[CertificateHost]:
    with CertificateHost({"616H.pem": CHAIN.pem, "9999.pem": OTHER.pem}) as host:
        yield host


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW.timestamp() + 60)


def play(host: CertificateHost, clock: Clock, scene: Scene, folder: Path | None = None, **more: Any) -> None:
    """Run a scene with a node that is new, as after a start."""

    async def played() -> None:
        node = Node(host, folder, clock, **more)
        try:
            await scene(node)
        finally:
            await node.close()

    asyncio.run(played())


def is_of(found: object, chain: Chain) -> bool:
    return isinstance(found, TrustedChain) and found.path[0] == chain.leaf


def end_of(chain: Chain) -> float:
    return chain.leaf.not_valid_after_utc.timestamp()


# what is refused


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        pytest.param("/sound/9999.pem", Reason.CERTIFICATE_UNTRUSTED, id="from another root"),
        pytest.param("/garbage/616H.pem", Reason.CERTIFICATE_UNREADABLE, id="no PEM"),
        pytest.param("/redirect/616H.pem", Reason.CERTIFICATE_UNREACHABLE, id="redirect"),
        pytest.param("/gzip/616H.pem", Reason.CERTIFICATE_UNREACHABLE, id="gzip bomb"),
        pytest.param("/huge/undeclared/616H.pem", Reason.CERTIFICATE_TOO_LARGE, id="30 MB"),
        pytest.param("/nothing", Reason.CERTIFICATE_UNREACHABLE, id="404"),
    ],
)
def test_a_refusal_is_the_same_before_and_after_it_is_known(
    host: CertificateHost, clock: Clock, tmp_path: Path, path: str, reason: Reason
) -> None:
    async def scene(node: Node) -> None:
        assert node.known(path) is None
        assert await node.get(path) is reason
        assert node.known(path) is reason
        assert await node.get(path) is reason
        assert not node.told

    play(host, clock, scene, tmp_path)
    assert host.counts == {path: 1}
    assert list(tmp_path.iterdir()) == []


def test_a_url_against_the_rules_is_refused_without_asking(host: CertificateHost, clock: Clock) -> None:
    async def scene(node: Node) -> None:
        assert node.chains.known("https://certs.example.test:1/a") is Reason.X5U_REFUSED
        assert await node.chains.get("file:///etc/passwd", BUDGET) is Reason.X5U_REFUSED

    play(host, clock, scene)


def test_a_host_that_repairs_its_file_is_believed_again_soon(host: CertificateHost, clock: Clock) -> None:
    async def scene(node: Node) -> None:
        host.files["616H.pem"] = OTHER.pem
        assert await node.get(SOUND) is Reason.CERTIFICATE_UNTRUSTED
        host.files["616H.pem"] = CHAIN.pem
        clock.now += REFUSED_TTL - 1
        assert await node.get(SOUND) is Reason.CERTIFICATE_UNTRUSTED
        clock.now += 1
        assert is_of(await node.get(SOUND), CHAIN)

    play(host, clock, scene)


def test_a_chain_is_never_used_past_its_end(host: CertificateHost, clock: Clock, tmp_path: Path) -> None:
    async def before(node: Node) -> None:
        clock.now = end_of(CHAIN) - 1
        assert is_of(await node.get(SOUND), CHAIN)
        clock.now = end_of(CHAIN) + 1
        assert node.known(SOUND) is None
        assert await node.get(SOUND) is Reason.CERTIFICATE_EXPIRED

    async def after(node: Node) -> None:
        assert await node.get(SOUND) is Reason.CERTIFICATE_EXPIRED

    play(host, clock, before, tmp_path)
    play(host, clock, after, tmp_path)


def test_junk_without_end_pushes_no_trusted_chain_out(host: CertificateHost, clock: Clock) -> None:
    async def scene(node: Node) -> None:
        assert is_of(await node.get(SOUND), CHAIN)
        for number in range(20):
            await node.get(f"/garbage/{number}")
        assert is_of(node.known(SOUND), CHAIN)

    play(host, clock, scene, capacity=2)


# what is trusted


def test_a_chain_is_the_same_from_the_host_from_memory_and_from_disk(
    host: CertificateHost, clock: Clock, tmp_path: Path
) -> None:
    found: list[Any] = []

    async def miss_and_hit(node: Node) -> None:
        assert node.known(SOUND) is None
        found.extend([await node.get(SOUND), node.known(SOUND), await node.get(SOUND)])

    async def from_disk(node: Node) -> None:
        assert node.known(SOUND) is None
        found.extend([await node.get(SOUND), node.known(SOUND)])

    play(host, clock, miss_and_hit, tmp_path)
    play(host, clock, from_disk, tmp_path)
    whole = (CHAIN.leaf, CHAIN.intermediate.certificate, CHAIN.root.certificate)
    assert [each.path for each in found] == [whole] * 5
    assert {(each.subject, each.spc, each.not_after) for each in found} == {
        (found[0].subject, "616H", end_of(CHAIN))
    }
    assert host.counts == {SOUND: 1}


def test_two_processes_ask_the_host_once(host: CertificateHost, clock: Clock, tmp_path: Path) -> None:
    async def scene(edge: Node) -> None:
        sidecar = Node(host, tmp_path, clock)
        assert is_of(await edge.get(LONG), CHAIN)
        await asyncio.get_running_loop().run_in_executor(edge.chains._disk, lambda: None)  # it is written
        assert is_of(await sidecar.get(LONG), CHAIN)
        clock.now += WEEK * REFRESH_AT  # both want a newer one now; the first to fetch it fetches it for both
        assert is_of(edge.known(LONG), CHAIN)
        await edge.settle()
        await asyncio.get_running_loop().run_in_executor(edge.chains._disk, lambda: None)
        assert is_of(sidecar.known(LONG), CHAIN)
        await sidecar.settle()
        await sidecar.close()

    play(host, clock, scene, tmp_path)
    assert host.counts == {LONG: 2}


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda path: path.write_bytes(b"\x00" * 100), id="damaged"),
        pytest.param(lambda path: path.write_bytes(b""), id="empty"),
        pytest.param(lambda path: path.unlink(), id="gone"),
        pytest.param(
            lambda path: path.write_bytes(path.read_bytes().split(b"\n")[0] + b"\n" + OTHER.pem),
            id="another chain put in its place",
        ),
        pytest.param(
            lambda path: path.write_bytes(path.read_bytes().replace(b".pem 17", b".pem 99")),
            id="kept while the clock was wrong",
        ),
    ],
)
def test_what_is_wrong_on_disk_is_fetched_again(
    host: CertificateHost, clock: Clock, tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    async def scene(node: Node) -> None:
        assert is_of(await node.get(SOUND), CHAIN)

    play(host, clock, scene, tmp_path)
    (path,) = tmp_path.iterdir()
    spoil(path)
    play(host, clock, scene, tmp_path)
    play(host, clock, scene, tmp_path)
    assert host.counts == {SOUND: 2}


def test_a_disk_that_refuses_costs_the_next_start_and_no_call(
    host: CertificateHost, clock: Clock, tmp_path: Path
) -> None:
    async def scene(node: Node) -> None:
        assert is_of(await node.get(SOUND), CHAIN)

    (tmp_path / "taken").write_text("a file")
    with capture_logs() as logs:
        play(host, clock, scene, tmp_path / "taken")
    assert [line["event"] for line in logs if line["log_level"] == "warning"] == ["certificate.not-kept"]


def test_fifty_calls_that_need_one_chain_make_one_request(host: CertificateHost, clock: Clock) -> None:
    async def scene(node: Node) -> None:
        found = await asyncio.gather(*(node.get(SOUND) for _ in range(50)))
        assert all(each is found[0] for each in found)
        assert node.told == [found[0]]

    play(host, clock, scene)
    assert host.counts == {SOUND: 1}


def test_who_wants_to_know_is_told_once_of_each_chain(host: CertificateHost, clock: Clock) -> None:
    async def scene(node: Node) -> None:
        for _ in range(3):
            await node.get(SOUND)
        clock.now += DAY + 1
        await node.get(SOUND)
        assert len(node.told) == 1
        host.files["616H.pem"] = _another_leaf()
        clock.now += DAY + 1
        await node.get(SOUND)
        assert len(node.told) == 2

    play(host, clock, scene)


def test_a_wrong_content_type_is_told_once_a_host(host: CertificateHost, clock: Clock) -> None:
    async def scene(node: Node) -> None:
        for number in range(3):
            path = f"/with/Content-Type=text+plain/X={number}/616H.pem"
            assert is_of(await node.get(path), CHAIN)
        assert is_of(await node.get(SOUND), CHAIN)

    with capture_logs() as logs:
        play(host, clock, scene)
    assert [line["content_type"] for line in logs if line["event"] == "certificate.content-type"] == [
        "text plain"
    ]


# anchors


def test_other_anchors_judge_what_is_known_anew_without_asking_the_host(
    host: CertificateHost, clock: Clock
) -> None:
    async def scene(node: Node) -> None:
        assert is_of(await node.get(SOUND), CHAIN)
        node.anchors = Anchors([CHAIN.root.certificate, OTHER.root.certificate])
        assert is_of(node.known(SOUND), CHAIN)
        node.anchors = Anchors([OTHER.root.certificate])
        assert node.known(SOUND) is Reason.CERTIFICATE_UNTRUSTED

    play(host, clock, scene)
    assert host.counts == {SOUND: 1}


def test_a_chain_refused_under_other_anchors_is_believed_at_once(host: CertificateHost, clock: Clock) -> None:
    async def scene(node: Node) -> None:
        node.anchors = Anchors([OTHER.root.certificate])
        assert await node.get(SOUND) is Reason.CERTIFICATE_UNTRUSTED
        node.anchors = Anchors([CHAIN.root.certificate])
        assert is_of(await node.get(SOUND), CHAIN)

    play(host, clock, scene)


# time


def test_within_its_lifetime_the_host_is_not_asked_again(host: CertificateHost, clock: Clock) -> None:
    async def scene(node: Node) -> None:
        assert is_of(await node.get(LONG), CHAIN)
        clock.now += WEEK * REFRESH_AT - 1
        assert is_of(node.known(LONG), CHAIN)
        assert not node.chains._loads

    play(host, clock, scene)
    assert host.counts == {LONG: 1}


def test_before_its_lifetime_is_over_it_is_fetched_again_and_no_call_waits(
    host: CertificateHost, clock: Clock
) -> None:
    async def scene(node: Node) -> None:
        await node.get(LONG)
        clock.now += WEEK * REFRESH_AT
        assert all(is_of(node.known(LONG), CHAIN) for _ in range(10))
        await node.settle()
        assert host.counts == {LONG: 2}
        clock.now += WEEK * REFRESH_AT - 1
        assert is_of(node.known(LONG), CHAIN)

    play(host, clock, scene)
    assert host.counts == {LONG: 2}


def test_once_its_lifetime_is_over_the_host_is_asked_first(host: CertificateHost, clock: Clock) -> None:
    async def scene(node: Node) -> None:
        await node.get(LONG)
        clock.now += WEEK
        assert node.known(LONG) is None
        assert is_of(await node.get(LONG), CHAIN)

    play(host, clock, scene)
    assert host.counts == {LONG: 2}


@pytest.mark.parametrize("age", [WEEK * REFRESH_AT, WEEK, 2 * WEEK], ids=["refresh", "stale", "long stale"])
@pytest.mark.parametrize("restarted", [False, True], ids=["from memory", "from disk"])
def test_while_the_host_is_down_the_old_chain_is_used(
    host: CertificateHost, clock: Clock, tmp_path: Path, age: float, restarted: bool
) -> None:
    async def fill(node: Node) -> None:
        assert is_of(await node.get(LONG), CHAIN)
        if not restarted:
            await use(node)

    async def use(node: Node) -> None:
        clock.now += age
        del host.files["616H.pem"]  # which the host does not survive
        assert is_of(await node.get(LONG), CHAIN)
        await node.settle()
        asked = host.counts[LONG]
        assert is_of(node.known(LONG), CHAIN)
        assert host.counts[LONG] == asked
        clock.now += RETRY
        node.known(LONG)
        await node.settle()
        assert host.counts[LONG] == asked + 1

    play(host, clock, fill, tmp_path)
    if restarted:
        play(host, clock, use, tmp_path)


def test_while_it_is_fresh_a_host_gone_mad_changes_nothing_and_after_that_its_word_counts(
    host: CertificateHost, clock: Clock
) -> None:
    async def scene(node: Node) -> None:
        await node.get(LONG)
        host.files["616H.pem"] = OTHER.pem
        clock.now += WEEK * REFRESH_AT
        assert is_of(node.known(LONG), CHAIN)
        await node.settle()
        assert is_of(node.known(LONG), CHAIN)
        clock.now += WEEK
        assert await node.get(LONG) is Reason.CERTIFICATE_UNTRUSTED
        assert node.known(LONG) is Reason.CERTIFICATE_UNTRUSTED

    play(host, clock, scene)


def test_a_chain_near_its_end_is_fetched_again_before_that(host: CertificateHost, clock: Clock) -> None:
    async def scene(node: Node) -> None:
        await node.get(LONG)
        host.files["616H.pem"] = _another_leaf(days=30)
        clock.now += 3500
        assert is_of(node.known(LONG), CHAIN)
        await node.settle()
        clock.now += 200
        found = node.known(LONG)
        assert isinstance(found, TrustedChain) and found.path[0] != CHAIN.leaf

    clock.now = end_of(CHAIN) - 3600
    play(host, clock, scene)


def test_a_call_waits_no_longer_than_its_budget_and_the_next_one_has_the_chain(
    host: CertificateHost, clock: Clock
) -> None:
    async def scene(node: Node) -> None:
        path = "/held/616H.pem"
        assert await node.get(path, 0.01) is Reason.CERTIFICATE_TIMEOUT
        assert node.known(path) is None
        host.release()
        await node.settle()
        assert is_of(node.known(path), CHAIN)
        assert host.counts == {path: 1}

    play(host, clock, scene)


def test_a_call_that_must_not_wait_goes_on_with_the_old_chain(host: CertificateHost, clock: Clock) -> None:
    async def scene(node: Node) -> None:
        path = "/held/616H.pem"
        host.release()
        assert is_of(await node.get(path), CHAIN)
        host._released.clear()
        clock.now += 2 * DAY
        assert is_of(await node.get(path, 0.01), CHAIN)
        host.release()

    play(host, clock, scene)


def test_after_a_restart_a_call_that_must_not_wait_goes_on_with_the_old_chain(
    host: CertificateHost, clock: Clock, tmp_path: Path
) -> None:
    async def before(node: Node) -> None:
        host.release()
        assert is_of(await node.get("/held/616H.pem"), CHAIN)

    async def after(node: Node) -> None:
        host._released.clear()
        clock.now += 2 * DAY
        assert is_of(await node.get("/held/616H.pem", 0.2), CHAIN)
        assert len(node.told) == 1
        host.release()

    play(host, clock, before, tmp_path)
    play(host, clock, after, tmp_path)


def test_a_failed_fetch_is_tried_again_when_it_is_forgotten(host: CertificateHost, clock: Clock) -> None:
    async def scene(node: Node) -> None:
        del host.files["616H.pem"]
        assert await node.get(SOUND) is Reason.CERTIFICATE_UNREACHABLE
        host.files["616H.pem"] = CHAIN.pem
        assert node.known(SOUND) is Reason.CERTIFICATE_UNREACHABLE
        clock.now += NEGATIVE_TTL
        assert is_of(await node.get(SOUND), CHAIN)

    play(host, clock, scene)


# room


def test_of_more_chains_than_there_is_room_for_the_least_used_goes(
    host: CertificateHost, clock: Clock
) -> None:
    async def scene(node: Node) -> None:
        paths = [f"/with/X={number}/616H.pem" for number in range(3)]
        for path in paths:
            await node.get(path)
            node.known(paths[0])
        assert [node.known(path) is not None for path in paths] == [True, False, True]

    play(host, clock, scene, capacity=2)


def test_beyond_a_number_of_loads_none_is_begun(host: CertificateHost, clock: Clock) -> None:
    async def scene(node: Node) -> None:
        waiting = [asyncio.ensure_future(node.get(f"/hang/{number}")) for number in range(cache.MOST_LOADS)]
        await asyncio.sleep(0)
        assert await node.get(SOUND) is Reason.FETCH_OVERLOADED
        for each in waiting:
            each.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    play(host, clock, scene)


def test_a_host_that_hangs_delays_no_other_chain(host: CertificateHost, clock: Clock) -> None:
    async def scene(node: Node) -> None:
        with CertificateHost({}, address="127.0.0.2", port=host.port) as bad:
            hanging = [
                asyncio.ensure_future(node.chains.get(bad.url(f"/hang/{number}"), BUDGET))
                for number in range(50)
            ]
            for number in range(50):
                assert is_of(await node.get(f"/with/X={number}/616H.pem"), CHAIN)
            assert not any(each.done() for each in hanging)
            for each in hanging:
                each.cancel()
            await asyncio.gather(*hanging, return_exceptions=True)

    play(host, clock, scene)


def _another_leaf(days: int = 0) -> bytes:
    """A chain with another leaf for the same key, valid so many days longer."""
    ca = CHAIN.intermediate
    template = Profile(CRL_URL).leaf(
        CHAIN.leaf_key.public_key(), ca.certificate, NOW, 1 << 70, spc="616H", numbers=()
    )
    longer = replace(template, not_after=template.not_after + timedelta(days=days))
    return pem.chain(ca.issue(longer), ca.certificate)
