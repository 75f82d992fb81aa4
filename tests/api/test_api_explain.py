"""POST /v1/explain: every check in order with what it saw and decided, without a call."""

from ipaddress import ip_network
from typing import Any

import pytest
from fastapi.testclient import TestClient
from policy_api import NOW, mistakes
from shared import asked_in
from stir_carrier import NOW as CARRIER_NOW
from stir_carrier import Trusting, shaken

from gateway.api.sidecar import Sidecar, Verifier
from gateway.engine import INBOUND, OUTBOUND
from gateway.onlooker import Figures
from gateway.policy.accounts import Account
from gateway.policy.blocks import Block
from gateway.policy.geofence import Fence
from gateway.policy.hops import NextHop
from gateway.policy.limits import Limits
from gateway.policy.peers import Peer
from gateway.policy.permits import Permits
from gateway.policy.routes import Route
from gateway.policy.sections import NumberSection
from gateway.policy.snapshot import PolicyData, Snapshot, compile_snapshot
from gateway.policy.terms import Terms
from gateway.policy.usage import Reading
from gateway.stir.tn import NumberPlan
from gateway.trust.credential import Credential
from tests.everybody import EVERYBODY

SOFTSWITCH, CARRIER = "192.0.2.1", "198.51.100.1"
CALL = {"source": SOFTSWITCH, "from": "2155550100", "to": "2155550123"}

TERMS = Terms(
    permits=Permits(deny_callees=("881",)),
    fence=Fence(deny_callee_countries=frozenset({"BS"}), deny_source_countries=frozenset({"KP"})),
    limits=Limits(concurrent=2),
)


def snapshot() -> Snapshot:
    plan, hop = NumberPlan.of("US"), NextHop.parse("udp:192.0.2.9:5060")
    return compile_snapshot(
        PolicyData(
            accounts=(Account("acme", "Acme", terms=TERMS),),
            sections=(NumberSection("12155550100", "12155550199", "acme", "acme-1"),),
            peers=(
                Peer("vos3000", "softswitch", plan, (ip_network(SOFTSWITCH),), "acme", next_hops=(hop,)),
                Peer("carrier", "carrier", plan, (ip_network(CARRIER),), next_hops=(hop,)),
            ),
            routes=(
                Route("1", ("carrier",), "out"),
                Route("1", ("vos3000",), "in", from_peer="carrier"),
            ),
            revision="7",
        )
    )


class Node:
    """A node with this policy, on which so much is in use."""

    def __init__(self, usage: Reading | None = None, country: str | None = None) -> None:
        self._snapshot, self._country = snapshot(), country
        self._usage = usage or Figures(None, ())

    def snapshot(self) -> Snapshot:
        return self._snapshot

    def usage(self) -> Reading:
        return self._usage

    def country(self, address: str) -> str | None:
        return self._country


def explain(
    asked: dict[str, Any],
    credential: Credential | None = None,
    node: Node | None = None,
    verifier: Verifier | None = None,
    now: float = NOW,
) -> Any:
    sidecar = Sidecar.of(
        credential,
        edge=lambda: None,
        now=lambda: now,
        verifier=verifier,
        in_force=node or Node(),
        access=EVERYBODY,
    )
    return TestClient(asked_in(sidecar), raise_server_exceptions=False).post("/v1/explain", json=asked)


def refusal(response: Any) -> tuple[str, str, int]:
    told = response.json()
    assert told["checks"][-1]["decided"] == f"refuses: {told['rule']}"
    return told["outcome"], told["rule"], told["code"]


# Refusals of the question


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        pytest.param({"source": "vos3000"}, "source", id="no-address"),
        pytest.param({"from": 2155550100}, "from", id="no-text"),
        pytest.param({"at": "tomorrow"}, "at", id="no-time"),
        pytest.param({"identity": "x"}, "identity", id="one-identity"),
        pytest.param({"identity": ["x"] * 100}, "identity", id="too-many-identities"),
        pytest.param({"callee": "1"}, "callee", id="unknown"),
    ],
)
def test_a_question_about_no_call_is_refused(changed: dict[str, Any], path: str) -> None:
    response = explain({**CALL, **changed})
    assert (response.status_code, list(mistakes(response))) == (422, [path])


def test_a_node_without_a_policy_says_so() -> None:
    sidecar = Sidecar.of(None, edge=lambda: None, now=lambda: NOW, access=EVERYBODY)
    response = TestClient(asked_in(sidecar)).post("/v1/explain", json=CALL)
    assert (response.status_code, response.headers["content-type"]) == (503, "application/problem+json")


# Refusals of the call


def test_a_stranger_is_an_explanation_too() -> None:
    told = explain({**CALL, "source": "203.0.113.1"}).json()
    assert (told["outcome"], told["rule"]) == ("refused", "source.stranger")
    (check,) = told["checks"]
    assert check == {
        "number": 1,
        "name": "source peer",
        "saw": {"source": "203.0.113.1"},
        "decided": "stranger",
    }


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        pytest.param({"to": "12425550123"}, "geofence.callee-country:account/acme/BS", id="country"),
        pytest.param({"to": "+881612345678"}, "prefix.callee-denied:account/acme/881", id="prefix"),
    ],
)
def test_a_refused_call_ends_with_the_check_that_refused_it(changed: dict[str, str], rule: str) -> None:
    assert refusal(explain({**CALL, **changed})) == ("refused", rule, 603)


def test_a_call_that_has_to_be_signed_needs_a_certificate() -> None:
    assert refusal(explain(CALL)) == ("refused", "certificate.none", 503)


def test_the_certificate_has_to_be_valid_at_the_time_asked_about(credential: Credential) -> None:
    response = explain({**CALL, "at": "2099-01-01T00:00:00Z"}, credential)
    assert refusal(response) == ("refused", "certificate.expired", 503)


def test_what_the_edge_counted_is_held_against_the_limits(credential: Credential) -> None:
    busy = Figures({"owners": {"account/acme": {"concurrent": 2, "spent": 0}}}, ())
    assert refusal(explain(CALL, credential, Node(busy)))[1] == "limit.concurrent:account/acme"


def test_the_dynamic_black_list_counts(credential: Credential) -> None:
    blocked = Figures(None, [Block("malicious-call", "12155550100", NOW - 9, NOW + 9, "attempts")])
    assert refusal(explain(CALL, credential, Node(blocked)))[1] == "dynamic.malicious-call:caller"


def test_where_the_source_is_at_home_counts(credential: Credential) -> None:
    assert refusal(explain(CALL, credential, Node(country="KP")))[1] == (
        "geofence.source-country:account/acme/KP"
    )


# Calls that go on


def test_a_call_that_goes_on_passes_every_check_in_order(credential: Credential) -> None:
    response = explain(CALL, credential)
    told = response.json()
    assert response.status_code == 200
    assert [(check["number"], check["name"]) for check in told["checks"]] == [
        (number, check.name) for number, check in enumerate(OUTBOUND, start=1)
    ]
    assert {name: told[name] for name in ("outcome", "rule", "route", "targets", "attest", "account")} == {
        "outcome": "forwarded",
        "rule": "attest.section:acme-1",
        "route": "out",
        "targets": ["carrier"],
        "attest": "A",
        "account": "acme",
    }
    assert (told["caller"], told["callee"]) == ("12155550100", "12155550123")


def test_no_token_is_given_away(credential: Credential) -> None:
    assert "eyJ" not in explain(CALL, credential).text


def test_an_identity_that_is_there_is_passed_on() -> None:
    told = explain({**CALL, "identity": [shaken()]}).json()
    assert (told["outcome"], told["rule"], told.get("attest")) == (
        "forwarded",
        "identity.present",
        None,
    )


@pytest.mark.parametrize(
    ("identity", "rule"),
    [
        pytest.param([], "identity.no-identity", id="unsigned"),
        pytest.param(["nonsense"], "identity.", id="malformed"),
        pytest.param([shaken()], "verified.A", id="signed"),
    ],
)
def test_a_carriers_call_is_verified(identity: list[str], rule: str) -> None:
    asked = {"source": CARRIER, "from": "+12155550100", "to": "+12155550123", "identity": identity}
    told = explain(asked, verifier=Trusting(), now=CARRIER_NOW).json()
    assert [check["name"] for check in told["checks"]] == [check.name for check in INBOUND]
    assert told["outcome"] == "delivered"
    assert told["rule"].startswith(rule)
