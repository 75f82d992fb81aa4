"""Whoever has calls signed over HTTP from a peer's address goes through the number policy of that peer."""

from dataclasses import dataclass, field
from ipaddress import ip_network

import pytest
from fastapi.testclient import TestClient
from shared import asked_in

from gateway.api.sidecar import Sidecar
from gateway.policy.permits import Permits
from gateway.policy.sections import NumberSection
from gateway.policy.snapshot import PolicyData, Snapshot, compile_snapshot
from gateway.policy.usage import Reading, Usage
from gateway.trust.credential import Credential
from tests.everybody import EVERYBODY
from tests.exchange import account, peer

NOW = 1_800_000_000.0
OWNED, FOREIGN, CALLEE = "12155550100", "13035550100", "14045550123"
SWITCH = peer(addresses=(ip_network("192.0.2.10"),), account="acme", permits=Permits(deny_callees=("1242",)))


@dataclass
class InForce:
    """A policy with one peer, which owns one number."""

    _snapshot: Snapshot = field(
        default_factory=lambda: compile_snapshot(
            PolicyData(
                peers=(SWITCH,),
                accounts=(account(id="acme"),),
                sections=(NumberSection(OWNED, OWNED, "acme", "own"),),
            )
        )
    )

    def snapshot(self) -> Snapshot:
        return self._snapshot

    def usage(self) -> Reading:
        return Usage()

    def country(self, address: str) -> str | None:
        return None


def ask(credential: Credential, source: str, orig: str, dest: str, attest: str) -> tuple[int, str]:
    sidecar = Sidecar.of(credential, lambda: None, lambda: NOW, in_force=InForce(), access=EVERYBODY)
    client = TestClient(asked_in(sidecar), client=(source, 50_000))
    request = {
        "attest": attest,
        "orig": {"tn": orig},
        "dest": {"tn": [dest]},
        "iat": int(NOW),
        "origid": "123e4567-e89b-12d3-a456-426655440000",
    }
    answer = client.post("/stir/v1/signing", json={"signingRequest": request})
    return answer.status_code, answer.text


@pytest.mark.parametrize(
    ("orig", "dest", "attest", "said"),
    [
        pytest.param(OWNED, "12425550123", "A", "prefix.callee-denied:peer/", id="a-denied-number"),
        pytest.param(FOREIGN, CALLEE, "A", "attest.account-known gives B", id="better-than-the-policy-gives"),
    ],
)
def test_what_the_policy_refuses_a_peer_is_not_signed(
    credential: Credential, orig: str, dest: str, attest: str, said: str
) -> None:
    status, text = ask(credential, "192.0.2.10", orig, dest, attest)
    assert status == 403
    assert "POL4030" in text
    assert said in text


@pytest.mark.parametrize(("orig", "attest"), [(OWNED, "A"), (OWNED, "B"), (FOREIGN, "B"), (FOREIGN, "C")])
def test_a_peer_may_ask_for_what_it_is_given_or_less(credential: Credential, orig: str, attest: str) -> None:
    assert ask(credential, "192.0.2.10", orig, CALLEE, attest)[0] == 200


def test_a_client_that_is_no_peer_is_trusted_as_whoever_reaches_the_door(credential: Credential) -> None:
    assert ask(credential, "127.0.0.1", FOREIGN, "12425550123", "A")[0] == 200
