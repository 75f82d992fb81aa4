"""The keeper fetches what is due, puts in place only what is good, and tries again later what failed."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from structlog.testing import capture_logs

from certs import extensions, names, pem, profile, trust_list
from certs.authority import Authority, new_key
from certs.builders import CRL_URL, NOW, counted_serials, make_chain
from certs.sti_pa import CRL_LIFETIME
from gateway.stir import chain
from gateway.stir.chain import TrustedChain
from gateway.stir.reasons import Reason
from gateway.trust.keeper import DAY, HOUR, SOONEST, Keeper
from gateway.trust.trust import Trust
from gateway.trust.values import Fetched, FetchFailed

SERIALS = counted_serials()
CHAIN, STRANGER = make_chain(), make_chain()
PA, ROOT = CHAIN.sti_pa, CHAIN.root.certificate
AT = NOW.timestamp()
LIST, CRL, SIGNER = (f"https://pa.example.test/{name}" for name in ("list", "crl", "signer.pem"))


class World:
    """A clock, and hosts that serve these files; `asked` says what was fetched, in order."""

    def __init__(self) -> None:
        self.now = AT
        self.files: dict[str, bytes | Exception] = {}
        self.asked: list[str] = []
        self.was_asked = asyncio.Event()

    def time(self) -> float:
        return self.now

    async def get(self, url: str, max_bytes: int | None = None) -> Fetched:
        self.asked.append(url)
        self.was_asked.set()
        body = self.files.get(url, FetchFailed(Reason.CERTIFICATE_UNREACHABLE, "status-404"))
        if isinstance(body, Exception):
            raise body
        if max_bytes is not None and len(body) > max_bytes:
            raise FetchFailed(Reason.CERTIFICATE_TOO_LARGE)
        return Fetched(url, body, "", 0)


@pytest.fixture
def world() -> World:
    return World()


Make = Callable[..., tuple[Trust, Keeper]]


@pytest.fixture
def make(world: World, tmp_path: Path) -> Make:
    """A process that trusts the lab's STI-CA and STI-PA, and its keeper."""

    def made(
        trust_list: str | None = None, crls: tuple[str, ...] = (), jitter: float = 0
    ) -> tuple[Trust, Keeper]:
        anchors, signer = tmp_path / "anchors.pem", tmp_path / "pa.pem"
        anchors.write_bytes(pem.chain(PA.certificate, *(() if trust_list else (ROOT,))))
        signer.write_bytes(pem.chain(PA.certificate))
        trust = Trust(tmp_path / "trust", world.time, [anchors], trust_list, signer, crls)
        trust.changed()
        return trust, Keeper(trust, world, world.time, lambda: jitter)

    return made


def listed(sequence: int, *, by: Authority = PA, days: float = 1) -> bytes:
    return trust_list.make(by, [ROOT], sequence, NOW, SERIALS, timedelta(days=days))


def fetch(keeper: Keeper) -> list[str]:
    """Fetch once what is due, and say what was logged."""
    with capture_logs() as told:
        asyncio.run(keeper.fetch_due())
    return [each["event"] for each in told]


def next_due(keeper: Keeper, world: World, url: str) -> float:
    """Seconds until the URL is due."""
    low, high = 0.0, 10 * DAY
    while high - low > 0.01:
        middle = (low + high) / 2
        low, high = (low, middle) if url in keeper.due(world.now + middle) else (middle, high)
    return round(high)


# What is refused


@pytest.mark.parametrize(
    ("body", "told"),
    [
        pytest.param(b"<html>", "not-a-jws", id="a page"),
        pytest.param(listed(9, by=STRANGER.sti_pa), "signer-not-pinned", id="a stranger's"),
        pytest.param(listed(4), "sequence-lower", id="an older one"),
        pytest.param(listed(9, days=-0.0001), "expired", id="an expired one"),
        pytest.param(b"x" * 1_048_577, "too-large", id="huge"),
        pytest.param(FetchFailed(Reason.CERTIFICATE_TIMEOUT), "timeout", id="no answer"),
        pytest.param(OSError(28, "No space left on device"), "No space left", id="no disk"),
    ],
)
def test_a_bad_list_never_replaces_the_good_one(
    make: Make, world: World, body: bytes | Exception, told: str
) -> None:
    trust, keeper = make(trust_list=LIST)
    world.files[LIST] = listed(5)
    fetch(keeper)
    good = trust.list_file.read_bytes()
    trust.changed()
    world.now, world.files[LIST] = AT + HOUR, body
    with capture_logs() as logged:
        asyncio.run(keeper.fetch_due())
    assert [(each["event"], each["failures"]) for each in logged] == [("trust.not-refreshed", 1)]
    assert told in logged[0]["error"]
    assert trust.list_file.read_bytes() == good
    assert not trust.changed()


@pytest.mark.parametrize(
    ("body", "told"),
    [
        pytest.param(b"<html>", "unreadable", id="a page"),
        pytest.param(pem.crl(STRANGER.crl()), "untrusted", id="a stranger's"),
        pytest.param(pem.crl(CHAIN.crl(now=NOW - timedelta(days=1))), "older", id="an older one"),
        pytest.param(
            pem.crl(CHAIN.crl(now=NOW - CRL_LIFETIME - timedelta(days=1))), "older", id="expired, and older"
        ),
        pytest.param(b"x" * (10 * 1024 * 1024 + 1), "too-large", id="huge"),
    ],
)
def test_a_bad_crl_never_replaces_the_good_one(make: Make, world: World, body: bytes, told: str) -> None:
    trust, keeper = make(crls=(CRL,))
    world.files[CRL] = pem.crl(CHAIN.crl(CHAIN.leaf))
    fetch(keeper)
    trust.changed()
    world.now, world.files[CRL] = AT + DAY, body
    with capture_logs() as logged:
        asyncio.run(keeper.fetch_due())
    assert [each["event"] for each in logged] == ["trust.not-refreshed"]
    assert told in logged[0]["error"]
    assert not trust.changed()
    trusted = chain.trust(chain.read(CHAIN.pem), trust.anchors, world.now)
    assert trust.revocations.problem(trusted, world.now, required=True) is Reason.CERTIFICATE_REVOKED


def test_a_first_crl_that_has_expired_is_not_put_in_place(make: Make, world: World) -> None:
    trust, keeper = make(crls=(CRL,))
    world.files[CRL] = pem.crl(CHAIN.crl(now=NOW - CRL_LIFETIME - timedelta(days=1)))
    assert fetch(keeper) == ["trust.not-refreshed"]
    assert trust.crl_folder.fetched() == ()


def test_one_failure_leaves_the_others_alone(make: Make, world: World) -> None:
    trust, keeper = make(trust_list=LIST, crls=(CRL,))
    world.files[CRL] = pem.crl(CHAIN.crl())
    assert sorted(fetch(keeper)) == ["trust.crl-fetched", "trust.not-refreshed"]
    assert len(trust.crl_folder.fetched()) == 1


def test_what_fails_is_tried_again_after_ever_longer_waits(make: Make, world: World) -> None:
    _, keeper = make(trust_list=LIST)
    waits = []
    for _ in range(9):
        fetch(keeper)
        waits.append(next_due(keeper, world, LIST))
        world.now += waits[-1] + 1
    assert waits == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]


def test_a_success_ends_the_waiting(make: Make, world: World) -> None:
    _, keeper = make(crls=(CRL,))
    fetch(keeper)
    world.now += SOONEST
    world.files[CRL] = pem.crl(CHAIN.crl())
    fetch(keeper)
    world.files.clear()
    world.now += DAY
    fetch(keeper)
    assert next_due(keeper, world, CRL) == SOONEST


# What is fetched


def test_without_urls_nothing_is_due(make: Make) -> None:
    assert make()[1].due(AT) == ()


def test_everything_is_due_at_once_and_then_not_before_its_time(make: Make, world: World) -> None:
    _, keeper = make(trust_list=LIST, crls=(CRL,))
    world.files = {LIST: listed(1), CRL: pem.crl(CHAIN.crl())}
    assert keeper.due(AT) == (LIST, CRL)
    fetch(keeper)
    assert keeper.due(AT) == ()
    assert keeper.due(AT + HOUR) == (LIST,)
    assert keeper.due(AT + DAY) == (LIST, CRL)


def test_what_was_fetched_is_in_force_at_the_next_look_and_after_a_restart(make: Make, world: World) -> None:
    trust, keeper = make(trust_list=LIST, crls=(CRL,))
    world.files = {LIST: listed(1), CRL: pem.crl(CHAIN.crl())}
    assert sorted(fetch(keeper)) == ["trust.crl-fetched", "trust.list-fetched"]
    assert trust.changed()
    again, _ = make(trust_list=LIST, crls=(CRL,))
    for each in (trust, again):
        assert set(each.anchors.certificates) == {PA.certificate, ROOT}
        assert (len(each.revocations.lists), each.problems) == (1, ())


def test_the_same_list_again_changes_nothing(make: Make, world: World) -> None:
    trust, keeper = make(trust_list=LIST, crls=(CRL,))
    world.files = {LIST: listed(1), CRL: pem.crl(CHAIN.crl())}
    fetch(keeper)
    trust.changed()
    world.now += DAY / 2
    fetch(keeper)
    assert not trust.changed()


def test_what_a_trusted_chain_names_is_fetched_too(make: Make, world: World) -> None:
    trust, keeper = make()
    trusted = chain.trust(chain.read(CHAIN.pem), trust.anchors, AT)
    assert trust.revocations.problem(trusted, AT, required=True) is Reason.CRL_UNAVAILABLE
    trust.want(trusted)
    (url,) = trusted.crl_urls
    world.files[url] = pem.crl(CHAIN.crl())
    fetch(keeper)
    trust.changed()
    assert trust.revocations.problem(trusted, AT, required=True) is None


SIGNING = make_chain(
    intermediate=lambda ca: ca.having(extensions.key_usage("key_cert_sign", "crl_sign"), critical=True)
)


def direct(by: Authority) -> bytes:
    """The list in the CA's name that revokes the leaf."""
    revoked = x509.RevokedCertificateBuilder().serial_number(SIGNING.leaf.serial_number).revocation_date(NOW)
    builder = x509.CertificateRevocationListBuilder().issuer_name(names.INTERMEDIATE).last_update(NOW)
    builder = builder.next_update(NOW + timedelta(days=9)).add_revoked_certificate(revoked.build())
    return pem.crl(builder.sign(by.key, hashes.SHA256()))


@pytest.fixture
def signing(make: Make, tmp_path: Path) -> Callable[..., tuple[Trust, Keeper, TrustedChain]]:
    """A process that trusts the root of SIGNING, and the chain."""

    def made(**sources: tuple[str, ...]) -> tuple[Trust, Keeper, TrustedChain]:
        trust, keeper = make(**sources)
        (tmp_path / "anchors.pem").write_bytes(pem.chain(SIGNING.root.certificate))
        trust.changed()
        return trust, keeper, chain.trust(chain.read(SIGNING.pem), trust.anchors, AT)

    return made


def test_the_list_of_a_ca_that_another_process_met_is_fetched_and_in_force_in_both(
    signing: Callable[..., tuple[Trust, Keeper, TrustedChain]], world: World
) -> None:
    """RFC 5280 §6.3.3: the issuer of a certificate signs the list that revokes it."""
    edge, _, met = signing()
    sidecar, keeper, _ = signing()
    edge.want(met)
    world.files[met.crl_urls[0]] = direct(SIGNING.intermediate)
    assert fetch(keeper) == ["trust.crl-fetched"]
    for each in (edge, sidecar):
        assert each.changed()
        assert each.revocations.problem(met, AT, required=True) is Reason.CERTIFICATE_REVOKED


@pytest.mark.parametrize("forger", [STRANGER.intermediate, STRANGER.root], ids=["a namesake", "another"])
def test_a_list_forged_in_the_name_of_a_ca_that_was_met_is_not_put_in_place(
    signing: Callable[..., tuple[Trust, Keeper, TrustedChain]], world: World, forger: Authority
) -> None:
    trust, keeper, met = signing()
    trust.want(met)
    world.files[met.crl_urls[0]] = direct(forger)
    assert fetch(keeper) == ["trust.not-refreshed"]
    assert trust.crl_folder.fetched() == ()


def test_a_configured_list_of_an_unknown_signer_is_fetched_again_once_its_ca_is_met(
    signing: Callable[..., tuple[Trust, Keeper, TrustedChain]], world: World
) -> None:
    trust, keeper, met = signing(crls=(CRL_URL,))
    world.files[CRL_URL] = direct(SIGNING.intermediate)
    assert fetch(keeper) == ["trust.not-refreshed"]
    assert keeper.due(world.now) == ()
    trust.want(met)
    assert keeper.due(world.now) == (CRL_URL,)
    assert fetch(keeper) == ["trust.crl-fetched"]
    assert keeper.due(world.now) == ()


@pytest.mark.parametrize(
    ("days", "wait"),
    [(1, HOUR), (0.01, 432), (0.0001, SOONEST)],
    ids=["every hour", "at half its life", "not more often than"],
)
def test_a_list_is_fetched_again_well_before_it_expires(
    make: Make, world: World, days: float, wait: float
) -> None:
    _, keeper = make(trust_list=LIST)
    world.files[LIST] = listed(1, days=days)
    fetch(keeper)
    assert next_due(keeper, world, LIST) == wait


@pytest.mark.parametrize(
    ("age", "wait"),
    [
        (timedelta(0), DAY),
        (CRL_LIFETIME - timedelta(hours=1), HOUR / 2),
        (CRL_LIFETIME - timedelta(seconds=30), SOONEST),
    ],
    ids=["every day", "half way to the next", "not more often than"],
)
def test_a_crl_is_fetched_again_well_before_the_next_is_due(
    make: Make, world: World, age: timedelta, wait: float
) -> None:
    _, keeper = make(crls=(CRL,))
    world.files[CRL] = pem.crl(CHAIN.crl(now=NOW - age))
    fetch(keeper)
    assert next_due(keeper, world, CRL) == wait


def test_nodes_do_not_go_on_in_step(make: Make, world: World) -> None:
    waits = []
    for jitter in (0, 0.5, 1):
        _, keeper = make(crls=(CRL,), jitter=jitter)
        world.files[CRL] = pem.crl(CHAIN.crl())
        fetch(keeper)
        waits.append(next_due(keeper, world, CRL))
    assert waits == [DAY, 0.95 * DAY, 0.9 * DAY]


def test_a_signer_that_is_only_pointed_to_is_fetched_and_kept_with_the_list(make: Make, world: World) -> None:
    key = new_key()
    certificate = PA.issue(
        profile.trust_list(key.public_key(), PA.certificate, NOW, SERIALS(), timedelta(days=1))
    )
    payload = {"sequence": 3, "exp": AT + DAY, "trustList": [pem.chain(ROOT).decode()]}
    trust, keeper = make(trust_list=LIST)
    world.files[LIST] = trust_list.sign(key, {"alg": "ES256", "x5u": SIGNER}, payload)
    assert fetch(keeper) == ["trust.not-refreshed"]
    world.files[SIGNER] = pem.chain(certificate)
    world.now += SOONEST
    assert fetch(keeper) == ["trust.list-fetched"]
    world.files.clear()
    trust.changed()
    assert trust.trust_list is not None
    assert (trust.trust_list.sequence, trust.problems) == (3, ())


def test_it_runs_until_it_is_cancelled(make: Make, world: World) -> None:
    _, keeper = make(crls=(CRL,))

    async def run() -> None:
        task = asyncio.create_task(keeper.run())
        await world.was_asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())
    assert world.asked == [CRL]
