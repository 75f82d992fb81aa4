"""Certificates rotate while calls come in at 100 a second: none is lost, none is signed with one key and names another's."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from scenarios.bench.node import Node
from scenarios.bench.traffic import Outcome, Traffic

from .ends import refusal, two_ends
from .issuing import issued, publish_here, token, x5u
from .sipp import wait_for
from .trace import Message, read_trace
from .world import Gateway, running, set_up

pytestmark = pytest.mark.sip

RATE, SECONDS = 100, 9
WORKERS, MAX_CALLS = 100, 200  # room for two seconds of calls: a machine that is busy for so long loses none
IN_FORCE = 2.0
PEM = {"Content-Type": "application/pem-certificate-chain"}
NOWHERE = "+18085550123"  # no route leads there: a call that can be signed is refused for that alone
ACCOUNT, OTHER_SPC = "acme", "709J"


@pytest.fixture(scope="module")
def rotating(real_sip: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway whose own sidecar is the public host of its certificates."""
    room = {"sip": {"max_calls": MAX_CALLS, "workers": WORKERS}}
    gateway = set_up(tmp_path_factory.mktemp("gateway"), room)
    publish_here(gateway)
    with running(gateway):
        wait_for(lambda: gateway.metric("stirgw_workers") == WORKERS, "every worker", seconds=60)
        yield gateway


@dataclass(frozen=True)
class Operator:
    """Somebody who does over REST what the guide says, with the lab's STI-CA at hand."""

    gateway: Gateway

    def asks(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = httpx.post(f"{self.gateway.url}{path}", json=body, headers=self.gateway.headers, timeout=10)
        assert answer.is_success, answer.text
        return dict(answer.json())

    def installs(self, name: str, spc: str) -> str:
        """A new key, a request, the chain that the CA answers with; the URL it is published at."""
        key = self.asks("/v1/keys", {"label": name})
        csr = self.asks(f"/v1/keys/{key['id']}/csr", {"spc": spc, "organization": "Lab"})["csr"]
        answer = httpx.post(
            f"{self.gateway.url}/v1/certificates",
            params={"name": name},
            content=issued(self.gateway.signers.lab.directory, csr, spc),
            headers=PEM | self.gateway.headers,
        )
        assert answer.status_code == 201, answer.text
        return str(answer.json()["x5u"])

    def activates(self, name: str, account: str | None = None) -> float:
        """When it was done."""
        self.asks(f"/v1/certificates/{name}/activate", {"account": account})
        return time.time()

    def rolls_back(self) -> float:
        self.asks("/v1/certificates/rollback", {})
        return time.time()

    def revokes(self, name: str) -> None:
        self.asks(f"/v1/certificates/{name}/revoke", {"reason": "by the STI-CA"})


def signed_at(gateway: Gateway, invite: Message) -> tuple[float, str]:
    """When a call was signed, and by which certificate; jwt.InvalidSignatureError where its key is another."""
    said = token(invite)
    url = str(jwt.get_unverified_header(said)["x5u"])
    assert f"info=<{url}>" in invite.header("Identity")
    jwt.decode(said, _key(gateway, url), algorithms=["ES256"], options={"verify_iat": False})
    return datetime.fromisoformat(invite.at).timestamp(), url


_KEYS: dict[str, EllipticCurvePublicKey] = {}


def _key(gateway: Gateway, url: str) -> EllipticCurvePublicKey:
    """Whose certificate is published there."""
    if url not in _KEYS:
        chain = httpx.get(url)
        assert chain.headers["content-type"] == "application/pem-certificate-chain"
        found = x509.load_pem_x509_certificate(chain.content).public_key()
        assert isinstance(found, EllipticCurvePublicKey)
        _KEYS[url] = found
    return _KEYS[url]


def _until(begun: float, seconds: float) -> None:
    """The moment that many seconds after the traffic began."""
    wait_for(lambda: time.time() >= begun + seconds, "its moment", seconds=seconds + 1)


def test_rotation_under_load_loses_no_call_and_mixes_no_key_with_another_s_url(rotating: Gateway) -> None:
    operator = Operator(rotating)
    one, two = operator.installs("616H-one", "616H"), operator.installs("616H-two", "616H")
    operator.activates("616H-one")
    round = _rotated(operator, one, two)
    assert round.outcome.failed == 0, str(round.outcome)
    assert len(round.signed) >= RATE * SECONDS
    assert {url for _, url in round.signed} == {one, two}
    for place, (at, url) in enumerate(round.moves):
        until = round.moves[place + 1][0] if place + 1 < len(round.moves) else float("inf")
        late = {used for when, used in round.signed if at + IN_FORCE < when < until}
        assert late == {url}
    assert httpx.get(one).status_code == httpx.get(two).status_code == 200


@dataclass(frozen=True)
class Round:
    """Calls while certificates changed. moves: when which URL's came to sign; signed: when a call was signed by which."""

    outcome: Outcome
    moves: list[tuple[float, str]]
    signed: list[tuple[float, str]]


def _rotated(operator: Operator, one: str, two: str) -> Round:
    """To the second certificate, back, and to the second again; whatever is signed is checked against its URL's key."""
    gateway = operator.gateway
    with two_ends(gateway) as (caller, callee):
        wait_for(lambda: x5u(caller, callee) == one, "the first to be in force", seconds=3 * IN_FORCE)
    node = Node(
        gateway.folder, 0, gateway.sip, gateway.api, gateway.ports["carrier"], gateway.ports["vos3000"]
    )
    with Traffic(node, RATE, RATE * SECONDS, whole=True) as traffic:
        begun = time.time()
        _until(begun, 1)
        moves = [(operator.activates("616H-two"), two)]
        _until(begun, 4)
        moves.append((operator.rolls_back(), one))
        _until(begun, 6.5)
        moves.append((operator.activates("616H-two"), two))
        outcome = traffic.finish()
    signed = [signed_at(gateway, each) for each in _invites(gateway.folder / "callee.whole")]
    return Round(outcome, moves, signed)


def _invites(trace: Path) -> list[Message]:
    found = read_trace("carrier", trace.read_bytes())
    return [each for each in found if each.direction == "received" and each.opens_dialog]


def test_an_account_signs_with_its_own_certificate_and_others_with_the_default(rotating: Gateway) -> None:
    operator = Operator(rotating)
    default, own = operator.installs("616H-default", "616H"), operator.installs("709J-acme", OTHER_SPC)
    operator.activates("616H-default")
    operator.activates("709J-acme", ACCOUNT)
    with two_ends(rotating) as (acme, callee):
        wait_for(lambda: x5u(acme, callee) == own, "the account's own", seconds=3 * IN_FORCE)
    with two_ends(rotating, "bravo") as (bravo, callee):
        assert x5u(bravo, callee) == default
    operator.revokes("709J-acme")
    with two_ends(rotating) as (acme, _):
        revoked = "certificate.revoked"
        wait_for(lambda: refusal(acme, NOWHERE) == revoked, "the refusal", seconds=3 * IN_FORCE)
    with two_ends(rotating, "bravo") as (bravo, callee):
        assert x5u(bravo, callee) == default


def test_a_change_of_certificates_is_on_the_record_of_changes(rotating: Gateway) -> None:
    operator = Operator(rotating)
    operator.installs("616H-recorded", "616H")

    def recorded() -> list[str]:
        query = {"resource": "certificates", "key": "616H-recorded"}
        answer = httpx.get(f"{rotating.url}/v1/audit", params=query, headers=rotating.headers)
        return [each["who"] for each in answer.raise_for_status().json()["items"]]

    wait_for(lambda: recorded() == ["token:tests"], "the record")
