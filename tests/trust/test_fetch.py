"""Fetching from hosts that mean no good, over real sockets: each attack ends in its reason, and costs others nothing."""

import asyncio
import tracemalloc
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from gateway.stir.reasons import Reason
from gateway.trust import fetch
from gateway.trust.breaker import FAILURES, PAUSE
from gateway.trust.fetch import NEGATIVE_TTL, Fetched, Fetcher, FetchFailed
from gateway.trust.places import MOST_PER_HOST, NoPlace, Places
from gateway.trust.values import FetchRules
from tests.certificate_host import CertificateHost
from tests.trust.fetching import Clock, loopback, rules

PEM = b"-----BEGIN CERTIFICATE-----\nYQ==\n-----END CERTIFICATE-----\n"
SOUND = "/sound/616H.pem"

Scene = Callable[[Fetcher], Awaitable[Any]]


@pytest.fixture
def host() -> Iterator[CertificateHost]:
    with CertificateHost({"616H.pem": PEM}) as host:
        yield host


def play(scene: Scene, rules: FetchRules, **more: Any) -> Any:
    """Run a scene with a fetcher, and close that."""

    async def played() -> Any:
        fetcher = Fetcher(rules, **more)
        try:
            return await scene(fetcher)
        finally:
            await fetcher.close()

    return asyncio.run(played())


async def outcome(fetcher: Fetcher, url: str) -> Fetched | tuple[Reason, str]:
    try:
        return await fetcher.get(url)
    except FetchFailed as failed:
        return failed.reason, failed.detail


def get(url: str, rules: FetchRules, **more: Any) -> Any:
    """What one fetch of a URL ends in."""
    return play(lambda fetcher: outcome(fetcher, url), rules, **more)


@pytest.mark.parametrize(
    ("path", "reason", "detail"),
    [
        pytest.param("/redirect/616H.pem", Reason.CERTIFICATE_UNREACHABLE, "redirect", id="redirect"),
        pytest.param("/gzip/616H.pem", Reason.CERTIFICATE_UNREACHABLE, "content-encoding", id="gzip bomb"),
        pytest.param(
            "/with/Content-Encoding=br/616H.pem",
            Reason.CERTIFICATE_UNREACHABLE,
            "content-encoding",
            id="brotli",
        ),
        pytest.param("/huge/declared/616H.pem", Reason.CERTIFICATE_TOO_LARGE, "", id="30 MB, said so"),
        pytest.param("/huge/undeclared/616H.pem", Reason.CERTIFICATE_TOO_LARGE, "", id="30 MB, unsaid"),
        pytest.param("/huge/chunked/616H.pem", Reason.CERTIFICATE_TOO_LARGE, "", id="30 MB in chunks"),
        pytest.param("/headers/616H.pem", Reason.CERTIFICATE_UNREACHABLE, "broken-off", id="endless headers"),
        pytest.param("/nothing", Reason.CERTIFICATE_UNREACHABLE, "status-404", id="404"),
        pytest.param("/status/500/616H.pem", Reason.CERTIFICATE_UNREACHABLE, "status-500", id="500"),
        pytest.param("/status/206/616H.pem", Reason.CERTIFICATE_UNREACHABLE, "status-206", id="a part"),
        pytest.param("/status/204/616H.pem", Reason.CERTIFICATE_UNREACHABLE, "status-204", id="nothing"),
        pytest.param("/nonsense/616H.pem", Reason.CERTIFICATE_UNREACHABLE, "broken-off", id="no HTTP"),
        pytest.param("/short/616H.pem", Reason.CERTIFICATE_UNREACHABLE, "broken-off", id="cut short"),
        pytest.param("/dead/616H.pem", Reason.CERTIFICATE_UNREACHABLE, "broken-off", id="closes at once"),
    ],
)
def test_an_attack_ends_in_its_reason(host: CertificateHost, path: str, reason: Reason, detail: str) -> None:
    assert get(host.url(path), rules(host)) == (reason, detail)
    assert host.counts == {path: 1}


@pytest.mark.parametrize("path", ["/hang/616H.pem", "/slow/616H.pem", "/held/616H.pem"])
def test_what_takes_too_long_is_given_up(host: CertificateHost, path: str) -> None:
    late = Reason.CERTIFICATE_TIMEOUT, "too-slow"
    assert get(host.url(path), rules(host, timeout=0.2)) == late


def test_a_name_server_that_hangs_is_given_up_like_a_host(host: CertificateHost) -> None:
    async def hang(_host: str) -> Iterable[str]:
        await asyncio.Event().wait()
        return []

    found = get(host.url(SOUND, "certs.example.test"), rules(host, timeout=0.05), resolve=hang)
    assert found == (Reason.CERTIFICATE_TIMEOUT, "too-slow")


@pytest.mark.parametrize("kind", ["declared", "undeclared", "chunked"])
def test_of_thirty_megabytes_no_more_than_the_limit_is_kept(host: CertificateHost, kind: str) -> None:
    tracemalloc.start()
    get(host.url(f"/huge/{kind}/616H.pem"), rules(host))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3_000_000  # the host runs in this process too


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://127.0.0.1/616H.pem", "port"),
        ("gopher://127.0.0.1/616H.pem", "not-https"),
        ("http://127.1/616H.pem", "malformed"),
        ("", "malformed"),
    ],
)
def test_a_url_against_the_rules_reaches_nobody(host: CertificateHost, url: str, problem: str) -> None:
    assert get(url, rules(host)) == (Reason.X5U_REFUSED, problem)


def test_http_is_not_spoken_unless_allowed(host: CertificateHost) -> None:
    refused = Reason.X5U_REFUSED, "not-https"
    assert get(host.url(SOUND), rules(host, allow_http=False)) == refused
    assert not host.counts


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"]
)
@pytest.mark.parametrize("by_name", [True, False], ids=["by name", "as written"])
def test_an_address_of_our_own_networks_is_not_connected_to(
    host: CertificateHost, address: str, by_name: bool
) -> None:
    async def resolve(asked: str) -> Iterable[str]:
        return [address if by_name else asked]

    written = f"[{address}]" if ":" in address else address
    url = host.url(SOUND, "certs.example.test" if by_name else written)
    refused = Reason.X5U_REFUSED, "address"
    assert get(url, rules(host, allow_addresses=()), resolve=resolve) == refused
    assert not host.counts


def test_a_name_is_looked_up_once_and_what_was_checked_is_connected_to(host: CertificateHost) -> None:
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])

    async def rebinding(_host: str) -> Iterable[str]:
        return next(answers)

    found = get(host.url(SOUND, "certs.example.test"), rules(host), resolve=rebinding)
    assert found.body == PEM
    assert f"Host: certs.example.test:{host.port}" in host.last


@pytest.mark.parametrize(
    "addresses",
    [
        pytest.param(["10.0.0.1", "127.0.0.1"], id="the first is not allowed"),
        pytest.param(["127.0.0.2", "127.0.0.1"], id="the first is down"),
    ],
)
def test_the_next_good_address_is_tried(host: CertificateHost, addresses: list[str]) -> None:
    async def resolve(_host: str) -> Iterable[str]:
        return addresses

    assert get(host.url(SOUND, "certs.example.test"), rules(host), resolve=resolve).body == PEM


@pytest.mark.parametrize(
    ("addresses", "detail"),
    [
        pytest.param([], "no-address", id="no such name"),
        pytest.param(["127.0.0.2", "127.0.0.3"], "connect", id="nobody listens"),
        pytest.param([f"127.0.0.{n}" for n in (2, 3, 4, 5, 1)], "connect", id="too many to try"),
    ],
)
def test_a_host_that_cannot_be_reached_is_told_from_one_that_is_slow(
    host: CertificateHost, addresses: list[str], detail: str
) -> None:
    async def resolve(_host: str) -> Iterable[str]:
        return addresses

    found = get(host.url(SOUND, "certs.example.test"), rules(host), resolve=resolve)
    assert found == (Reason.CERTIFICATE_UNREACHABLE, detail)


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        (SOUND, "application/pem-certificate-chain"),
        ("/with/Content-Type=Text/616H.pem", "text"),
        ("/with/Content-Type=/616H.pem", ""),
    ],
)
def test_a_sound_host_gives_the_file_whatever_it_calls_it(
    host: CertificateHost, path: str, content_type: str
) -> None:
    found = get(host.url(path), rules(host))
    assert found == Fetched(host.url(path), PEM, content_type, 86_400.0)


def test_the_lifetime_is_what_the_host_says(host: CertificateHost) -> None:
    path = "/with/Cache-Control=max-age=604800/Age=4800/616H.pem"
    assert get(host.url(path), rules(host)).lifetime == 600_000


def test_the_path_arrives_as_it_was_written(host: CertificateHost) -> None:
    path = "/nothing/a%2Fb%41//c;v=1,(2)'~@:!$&*+=.pem"
    get(host.url(path), rules(host))
    assert host.counts == {path: 1}


def test_a_file_may_be_larger_where_the_asker_says_so(host: CertificateHost) -> None:
    host.files["crl.pem"] = bytes(100_000)

    async def scene(fetcher: Fetcher) -> None:
        assert await outcome(fetcher, host.url("/sound/crl.pem")) == (Reason.CERTIFICATE_TOO_LARGE, "")
        assert len((await fetcher.get(host.url("/sound/crl.pem"), 200_000)).body) == 100_000

    play(scene, rules(host))


def test_a_cookie_is_not_kept(host: CertificateHost) -> None:
    async def scene(fetcher: Fetcher) -> None:
        assert (await fetcher.get(host.url("/with/Set-Cookie=a=b;Max-Age=9999/616H.pem"))).body == PEM
        assert (await fetcher.get(host.url(SOUND))).body == PEM

    play(scene, rules(host))
    assert host.counts[SOUND] == 1
    assert not any(line.lower().startswith("cookie") for line in host.last)


def test_the_proxies_of_the_environment_are_not_used(
    host: CertificateHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.2:9")
    assert get(host.url(SOUND), rules(host)).body == PEM


def test_ipv6_is_spoken() -> None:
    with CertificateHost({"616H.pem": PEM}, address="::1") as host:
        assert get(host.url(SOUND, "[::1]"), rules(host)).body == PEM


# https


@pytest.mark.parametrize(
    ("names", "asked", "believed", "detail"),
    [
        pytest.param(["certs.example.test"], "certs.example.test", True, None, id="its own name"),
        pytest.param(["127.0.0.1"], "127.0.0.1", True, None, id="its own address"),
        pytest.param(["certs.example.test"], "other.example.test", True, "tls", id="another's name"),
        pytest.param(["127.0.0.1"], "certs.example.test", True, "tls", id="the address, not the name"),
        pytest.param(["certs.example.test"], "127.0.0.1", True, "tls", id="the name, not the address"),
        pytest.param(["certs.example.test"], "certs.example.test", False, "tls", id="signed by nobody known"),
    ],
)
def test_the_web_certificate_is_checked_for_the_name(
    tmp_path: Path, names: list[str], asked: str, believed: bool, detail: str | None
) -> None:
    async def resolve(host: str) -> Iterable[str]:
        return ["127.0.0.1"]

    ca = tmp_path / "ca.pem"
    with CertificateHost({"616H.pem": PEM}, tls_names=names) as host:
        ca.write_bytes(host.ca)
        strict = rules(host, allow_http=False, ca_file=ca if believed else None)
        found = get(host.url(SOUND, asked), strict, resolve=resolve)
        assert found == (Reason.CERTIFICATE_UNREACHABLE, detail) if detail else found.body == PEM
        assert host.counts == ({} if detail else {SOUND: 1})


# who asks once, who asks often


def test_fifty_who_ask_for_one_url_make_one_request(host: CertificateHost) -> None:
    async def scene(fetcher: Fetcher) -> None:
        asked = [asyncio.ensure_future(fetcher.get(host.url("/held/616H.pem"))) for _ in range(50)]
        await asyncio.to_thread(host.wait_until_asked, "/held/616H.pem")
        host.release()
        assert {each.body for each in await asyncio.gather(*asked)} == {PEM}

    play(scene, rules(host))
    assert host.counts == {"/held/616H.pem": 1}


def test_one_who_gives_up_takes_the_file_from_nobody(host: CertificateHost) -> None:
    async def scene(fetcher: Fetcher) -> None:
        first, second = (asyncio.ensure_future(fetcher.get(host.url("/held/616H.pem"))) for _ in range(2))
        await asyncio.to_thread(host.wait_until_asked, "/held/616H.pem")
        first.cancel()
        host.release()
        assert (await second).body == PEM
        assert first.cancelled()

    play(scene, rules(host))
    assert host.counts == {"/held/616H.pem": 1}


def test_a_failure_is_the_answer_for_a_while(host: CertificateHost) -> None:
    clock, url = Clock(), host.url("/nothing")

    async def scene(fetcher: Fetcher) -> None:
        assert fetcher.failure(url) is None
        first = await outcome(fetcher, url)
        clock.now += NEGATIVE_TTL - 1
        assert fetcher.failure(url) is Reason.CERTIFICATE_UNREACHABLE
        assert await outcome(fetcher, url) == first
        assert host.counts["/nothing"] == 1
        clock.now += 1
        assert fetcher.failure(url) is None
        assert await outcome(fetcher, url) == first
        assert host.counts["/nothing"] == 2

    play(scene, rules(host), now=clock)


def test_a_url_against_the_rules_is_known_to_fail_without_asking(host: CertificateHost) -> None:
    async def scene(fetcher: Fetcher) -> Reason | None:
        return fetcher.failure("https://certs.example.test:1/616H.pem")

    assert play(scene, rules(host)) is Reason.X5U_REFUSED


def test_a_host_that_keeps_failing_is_left_alone_then_tried_once_then_believed(host: CertificateHost) -> None:
    clock = Clock()
    left_alone = Reason.CERTIFICATE_UNREACHABLE, "host-left-alone"

    async def scene(fetcher: Fetcher) -> None:
        for number in range(FAILURES):
            await outcome(fetcher, host.url(f"/dead/{number}"))
        assert await outcome(fetcher, host.url(SOUND)) == left_alone
        assert await outcome(fetcher, host.url(SOUND, "other.example.test")) != left_alone
        clock.now += PAUSE
        assert await outcome(fetcher, host.url("/dead/again")) != left_alone
        assert await outcome(fetcher, host.url(SOUND)) == left_alone
        clock.now += PAUSE
        assert (await fetcher.get(host.url(SOUND))).body == PEM
        assert (await fetcher.get(host.url(SOUND))).body == PEM

    play(scene, rules(host), now=clock, resolve=loopback)
    assert host.counts["/dead/again"] == 1
    assert host.counts[SOUND] == 3


def test_a_host_that_only_lacks_files_is_not_left_alone(host: CertificateHost) -> None:
    async def scene(fetcher: Fetcher) -> None:
        for number in range(2 * FAILURES):
            await outcome(fetcher, host.url(f"/nothing/{number}"))
        assert (await fetcher.get(host.url(SOUND))).body == PEM

    play(scene, rules(host))


def test_a_port_that_is_down_does_not_take_the_other_ports_of_its_host_with_it(host: CertificateHost) -> None:
    with CertificateHost({}) as other:

        async def scene(fetcher: Fetcher) -> None:
            for number in range(FAILURES):
                await outcome(fetcher, other.url(f"/dead/{number}"))
            assert (await fetcher.get(host.url(SOUND))).body == PEM

        play(scene, rules(host, ports=(host.port, other.port)))


# room


def test_a_host_that_hangs_and_one_that_sends_30_mb_delay_no_other(host: CertificateHost) -> None:
    async def scene(fetcher: Fetcher) -> None:
        hanging = [
            asyncio.ensure_future(outcome(fetcher, host.url(f"/hang/{number}", "hangs.example.test")))
            for number in range(100)
        ]
        huge = [
            asyncio.ensure_future(
                outcome(fetcher, host.url(f"/huge/undeclared/{number}", "big.example.test"))
            )
            for number in range(10)
        ]
        for _ in range(100):
            assert (await fetcher.get(host.url(SOUND, "good.example.test"))).body == PEM
        assert {await each for each in huge} == {(Reason.CERTIFICATE_TOO_LARGE, "")}
        assert not any(each.done() for each in hanging)
        assert sum(times for path, times in host.counts.items() if path.startswith("/hang")) == MOST_PER_HOST
        for each in hanging:
            each.cancel()
        await asyncio.gather(*hanging, return_exceptions=True)

    play(scene, rules(host), resolve=loopback)


def test_who_finds_no_place_in_time_is_told_so(host: CertificateHost) -> None:
    async def scene(fetcher: Fetcher) -> list[Any]:
        urls = [host.url(f"/hang/{number}", f"h{number}.example.test") for number in range(3)]
        return await asyncio.gather(*(outcome(fetcher, url) for url in urls))

    first, _, last = play(scene, rules(host, timeout=0.2, max_at_once=1), resolve=loopback)
    assert first == (Reason.CERTIFICATE_TIMEOUT, "too-slow")
    assert last == (Reason.FETCH_OVERLOADED, "places")


def test_beyond_a_number_of_downloads_none_is_begun(host: CertificateHost) -> None:
    async def scene(fetcher: Fetcher) -> None:
        urls = [host.url(f"/hang/{number}") for number in range(fetch.MOST_WAITING)]
        waiting = [asyncio.ensure_future(outcome(fetcher, url)) for url in urls]
        await asyncio.to_thread(host.wait_until_asked, "/hang/0")
        assert await outcome(fetcher, host.url(SOUND)) == (Reason.FETCH_OVERLOADED, "queue")
        assert fetcher.failure(host.url(SOUND)) is None
        for each in waiting:
            each.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    play(scene, rules(host))


def test_a_place_is_free_again_when_its_holder_is_done() -> None:
    async def scene() -> None:
        places = Places(1, patience=0.01)
        async with places.one("a"):
            with pytest.raises(NoPlace):
                async with places.one("b"):
                    pass
        async with places.one("b"):
            pass

    asyncio.run(scene())


def test_hosts_that_hang_leave_room_for_those_that_have_answered_before() -> None:
    async def run() -> None:
        places = Places(4, patience=0.01)
        places.prove("good")
        async with AsyncExitStack() as held:
            for number in range(3):
                await held.enter_async_context(places.one(f"hangs{number}"))
            with pytest.raises(NoPlace):
                await held.enter_async_context(places.one("hangs too"))
            await held.enter_async_context(places.one("good"))

    asyncio.run(run())


def test_of_a_host_nobody_asks_any_more_nothing_is_kept() -> None:
    async def scene() -> None:
        places = Places(16, patience=1)
        for number in range(1000):
            async with places.one(f"h{number}.example.test"):
                pass
        assert len(places._hosts) == 0

    asyncio.run(scene())


def test_closing_ends_what_is_under_way(host: CertificateHost) -> None:
    async def scene() -> None:
        fetcher = Fetcher(rules(host))
        waiting = asyncio.ensure_future(fetcher.get(host.url("/hang/616H.pem")))
        await asyncio.to_thread(host.wait_until_asked, "/hang/616H.pem")
        await fetcher.close()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(scene())


def test_the_rules_unless_told_otherwise_are_those_of_the_standard() -> None:
    strict = FetchRules()
    assert (strict.ports, strict.allow_http, strict.allow_addresses) == ((443, 8443), False, ())
