"""The engine's decisions: what refuses a call, what signs it, and which rule said so."""

from dataclasses import dataclass, replace
from ipaddress import ip_network

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from gateway.engine import Common, Forward, OutboundCall, Refuse, decide_outbound
from gateway.policy.accounts import Account
from gateway.policy.hops import NextHop
from gateway.policy.peers import Peer
from gateway.policy.routes import Route
from gateway.policy.sections import NumberSection
from gateway.policy.snapshot import PolicyData, SigningRules, Snapshot, compile_snapshot
from gateway.stir import identity
from gateway.stir.claims import ShakenClaims
from gateway.stir.passport import CannotSign, Signer
from gateway.stir.tn import NumberPlan

NOW = 1_800_000_000.75
ORIGID = "7a1f2a9e-0d0b-4d5e-9c55-0c4c2d1f7b10"
KEY = ec.generate_private_key(ec.SECP256R1())
X5U = "https://certificates.example.com/616H.pem"
SIGNER = Signer(KEY, X5U)
US = NumberPlan.of("US")

OWNED = "12155550100"
FOREIGN = "13035550100"
CALLEE = "14045550123"


@dataclass(frozen=True)
class Lent:
    """A credential that can be given a reason not to be usable."""

    reason: str | None = None
    x5u: str = X5U
    signer: Signer = SIGNER

    def usable(self, now: float) -> str | None:
        return self.reason


def switch(name: str, account: str | None, refuse_with: int = 603) -> Peer:
    return Peer(name, "softswitch", US, account=account, refuse_with=refuse_with)


CARRIER = Peer("carrier", "carrier", US, next_hops=(NextHop("udp", "192.0.2.9", 5060),))
BACKUP = replace(CARRIER, name="backup")
PEERS = {
    peer.name: peer
    for peer in (
        switch("acme", "acme"),
        switch("bravo", "bravo"),
        switch("capped", "capped"),
        switch("transit", "transit"),
        switch("locked", "locked", refuse_with=403),
        switch("nobody", None),
        CARRIER,
        BACKUP,
    )
}


def snapshot(unmatched: str = "unsigned", routes: tuple[Route, ...] | None = None) -> Snapshot:
    addresses = (ip_network(f"192.0.2.{number}") for number in range(100, 200))
    return compile_snapshot(
        PolicyData(
            accounts=(
                Account("acme", "Acme"),
                Account("bravo", "Bravo"),
                Account("capped", "Capped", attest_max="C"),
                Account("transit", "Transit", kind="transit"),
                Account("locked", "Locked", enabled=False),
            ),
            sections=(
                NumberSection("12155550100", "12155550199", "acme", "philadelphia"),
                NumberSection("12155550200", "12155550299", "capped", "capped"),
                NumberSection("12155550300", "12155550399", "transit", "transit"),
            ),
            peers=tuple(replace(peer, addresses=(next(addresses),)) for peer in PEERS.values()),
            routes=routes if routes is not None else (Route("", ("carrier", "backup"), "default"),),
        ),
        SigningRules(unmatched),  # type: ignore[arg-type]
    )


SNAPSHOT = snapshot()
STRICT = snapshot("refuse")
NO_ROUTE = snapshot(routes=())


def decide(
    peer: str = "acme",
    caller: str = OWNED,
    callee: str = CALLEE,
    identity: tuple[str, ...] = (),
    policy: Snapshot = SNAPSHOT,
    credential: Lent | None = Lent(),
) -> Refuse | Forward:
    return decide_outbound(
        OutboundCall(PEERS[peer], caller, callee, identity), policy, Common(credential), NOW, ORIGID
    )


REFUSALS = {
    "disabled-account": ({"peer": "locked"}, Refuse(403, "Forbidden", "account.disabled")),
    "callee-is-no-number": ({"callee": "alice"}, Refuse(484, "Address Incomplete", "callee.not-a-number")),
    "callee-is-empty": ({"callee": ""}, Refuse(484, "Address Incomplete", "callee.no-number")),
    "callee-too-short": ({"callee": "+12155"}, Refuse(484, "Address Incomplete", "callee.too-short")),
    "no-route": ({"policy": NO_ROUTE}, Refuse(404, "Not Found", "route.none")),
    "no-certificate": (
        {"credential": None},
        Refuse(503, "Service Unavailable", "certificate.none", retry_after=60),
    ),
    "expired-certificate": (
        {"credential": Lent("expired")},
        Refuse(503, "Service Unavailable", "certificate.expired", retry_after=60),
    ),
    "unmatched": ({"peer": "nobody", "policy": STRICT}, Refuse(603, "Decline", "attest.unmatched")),
    "anonymous-where-all-is-signed": (
        {"caller": "anonymous", "policy": STRICT},
        Refuse(603, "Decline", "caller.anonymous"),
    ),
    "unreadable-caller-where-all-is-signed": (
        {"caller": "bob", "policy": STRICT},
        Refuse(603, "Decline", "caller.not-a-number"),
    ),
}


@pytest.mark.parametrize(("call", "refusal"), REFUSALS.values(), ids=REFUSALS)
def test_refuses(call: dict[str, object], refusal: Refuse) -> None:
    assert decide(**call) == refusal  # type: ignore[arg-type]


def test_an_account_the_policy_does_not_hold_is_refused() -> None:
    stranger = switch("stranger", "deleted")
    decided = decide_outbound(OutboundCall(stranger, OWNED, CALLEE), SNAPSHOT, Common(Lent()), NOW, ORIGID)
    assert decided == Refuse(603, "Decline", "account.unknown")


SIGNED = {
    "own-number": ("acme", OWNED, "A", "attest.section:philadelphia"),
    "own-number-as-uri": (
        "acme",
        "sip:+1-215-555-0100@192.0.2.1;user=phone",
        "A",
        "attest.section:philadelphia",
    ),
    "number-of-nobody": ("acme", FOREIGN, "B", "attest.account-known"),
    "number-of-another": ("bravo", OWNED, "B", "attest.account-known"),
    "own-number-capped": ("capped", "12155550200", "C", "attest.section:capped"),
    "transit": ("transit", FOREIGN, "C", "attest.transit"),
    "transit-owning-the-number": ("transit", "12155550300", "C", "attest.transit"),
}


@pytest.mark.parametrize(("peer", "caller", "attest", "rule"), SIGNED.values(), ids=SIGNED)
def test_signs(peer: str, caller: str, attest: str, rule: str) -> None:
    decided = decide(peer, caller)
    assert isinstance(decided, Forward)
    assert (decided.attest, decided.rule, decided.account) == (attest, rule, peer)
    assert (decided.origid, decided.iat) == (ORIGID, int(NOW))


def test_what_is_signed_is_what_another_library_reads() -> None:
    decided = decide()
    assert isinstance(decided, Forward)
    assert decided.identity is not None
    header = identity.parse(decided.identity)
    claims = jwt.decode(header.token, KEY.public_key(), ["ES256"], options={"verify_iat": False})
    assert claims == {
        "attest": "A",
        "dest": {"tn": [CALLEE]},
        "iat": int(NOW),
        "orig": {"tn": OWNED},
        "origid": ORIGID,
    }
    assert header.info == X5U


UNSIGNED = {
    "peer-without-account": ({"peer": "nobody"}, "attest.unmatched"),
    "anonymous": ({"caller": "anonymous"}, "caller.anonymous"),
    "caller-is-no-number": ({"caller": "bob"}, "caller.not-a-number"),
    "identity-is-there": ({"identity": ("x.y.z;info=<https://example.com>",)}, "identity.present"),
    "identity-is-there-where-all-is-signed": ({"identity": ("x",), "policy": STRICT}, "identity.present"),
}


@pytest.mark.parametrize("credential", [Lent(), None], ids=["with-certificate", "without"])
@pytest.mark.parametrize(("call", "rule"), UNSIGNED.values(), ids=UNSIGNED)
def test_forwards_as_it_came(call: dict[str, object], rule: str, credential: Lent | None) -> None:
    decided = decide(**call, credential=credential)  # type: ignore[arg-type]
    assert isinstance(decided, Forward)
    assert decided.rule == rule
    assert (decided.attest, decided.identity, decided.origid, decided.iat) == (None, None, None, None)


def test_the_route_s_peers_come_in_order() -> None:
    decided = decide()
    assert isinstance(decided, Forward)
    assert [peer.name for peer in decided.targets] == ["carrier", "backup"]
    assert decided.route == "default"


def test_a_withheld_number_is_not_made_up() -> None:
    decided = decide(caller="anonymous")
    assert isinstance(decided, Forward)
    assert decided.caller is None


EMERGENCIES = {
    "disabled-account": {"peer": "locked"},
    "no-account": {"peer": "nobody", "policy": STRICT},
    "anonymous": {"caller": "anonymous", "policy": STRICT},
    "no-certificate": {"credential": None},
    "expired-certificate": {"credential": Lent("expired")},
    "as-uri": {"callee": "sip:911@192.0.2.1"},
}


@pytest.mark.parametrize("call", EMERGENCIES.values(), ids=EMERGENCIES)
def test_an_emergency_call_passes_everything(call: dict[str, object]) -> None:
    decided = decide(**{"callee": "911", **call})  # type: ignore[arg-type]
    assert isinstance(decided, Forward)
    assert (decided.rule, decided.callee.digits) == ("emergency", "911")


def test_an_emergency_call_is_signed_where_that_is_possible() -> None:
    signed, unsigned = decide(callee="911"), decide(callee="911", credential=Lent("expired"))
    assert isinstance(signed, Forward)
    assert signed.attest == "A"
    assert signed.identity is not None
    assert isinstance(unsigned, Forward)
    assert (unsigned.attest, unsigned.identity) == (None, None)


@given(st.text(max_size=40), st.text(max_size=40), st.sampled_from(sorted(PEERS)))
def test_nothing_a_call_says_makes_the_engine_fail(caller: str, callee: str, peer: str) -> None:
    decided = decide(peer, caller, callee)
    assert isinstance(decided, Refuse | Forward)
    assert decided.rule


class Away:
    """A signer whose key lies in a token that does not answer."""

    def sign(self, claims: ShakenClaims) -> str:
        raise CannotSign("the token is away")


def test_a_key_that_gives_no_signature_is_503_and_an_emergency_call_goes_on_unsigned() -> None:
    away = Lent(signer=Away())  # type: ignore[arg-type]
    refused, emergency = decide(credential=away), decide(callee="911", credential=away)
    assert isinstance(refused, Refuse)
    assert (refused.code, refused.rule) == (503, "certificate.key-failing")
    assert isinstance(emergency, Forward)
    assert (emergency.rule, emergency.identity, emergency.attest) == ("emergency", None, None)


def test_each_account_is_signed_for_with_its_own_certificate() -> None:
    class Each:
        def for_account(self, account: str | None) -> Lent:
            return Lent(signer=Signer(KEY, f"https://certs.example.com/{account}.pem"), x5u=f"{account}")

    for account in ("acme", "bravo"):
        call = OutboundCall(PEERS[account], OWNED, CALLEE)
        decided = decide_outbound(call, SNAPSHOT, Each(), NOW, ORIGID)
        assert isinstance(decided, Forward)
        assert decided.identity is not None
        assert f"info=<{account}>" in decided.identity
