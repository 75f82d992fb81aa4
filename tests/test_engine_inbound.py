"""The engine's decisions about a carrier's call: what a verdict makes of it, by that carrier's policy."""

from dataclasses import replace
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.engine import Deliver, InboundCall, Refuse, decide_inbound
from gateway.policy.hops import NextHop
from gateway.policy.inbound import REASON_CLASSES, InboundRules, Tell, Verification, class_of
from gateway.policy.peers import Peer
from gateway.policy.routes import Route
from gateway.policy.snapshot import PolicyData, Snapshot, compile_snapshot
from gateway.stir.claims import Attest
from gateway.stir.reasons import Reason
from gateway.stir.tn import NumberPlan
from gateway.stir.verdict import HeaderVerdict, Verdict

US = NumberPlan.of("US")
CALLER, CALLEE = "12155550100", "14045550123"
OWN, BAD = NextHop("udp", "192.0.2.1", 5060), NextHop("udp", "192.0.2.1", 5062)
FAILURES = [reason for reason in Reason if reason is not Reason.PASSED]

SWITCH = Peer("vos", "softswitch", US, next_hops=(OWN,), tell=Tell(next_hops={"failed": (BAD,)}))


def carrier(name: str, **policy: object) -> Peer:
    return Peer(name, "carrier", US, verification=Verification(**policy))  # type: ignore[arg-type]


CARRIERS = {
    peer.name: peer
    for peer in (
        carrier("plain"),
        carrier("rejecting", default="reject"),
        carrier("silent", default="continue"),
        carrier("demanding", require_identity=True),
        carrier("lax", require_identity=True, unsigned="continue", anonymous="continue"),
    )
}
OUTWARD = Peer("outward", "carrier", US, next_hops=(NextHop("udp", "192.0.2.9", 5060),))


def snapshot(routes: tuple[Route, ...] = (Route("", ("vos",), "home"),)) -> Snapshot:
    peers = (SWITCH, OUTWARD, *CARRIERS.values())
    return compile_snapshot(
        PolicyData(
            peers=tuple(replace(p, addresses=(ip_network(f"198.51.100.{n}"),)) for n, p in enumerate(peers)),
            routes=routes,
        ),
        inbound=InboundRules(),
    )


SNAPSHOT = snapshot()


def header(reason: Reason, signature: str = "sig", attest: Attest = "A") -> HeaderVerdict:
    return HeaderVerdict(reason, attest=attest, origid="origid", orig=CALLER, signature=signature)


def verdict(reason: Reason, attest: Attest = "A") -> Verdict:
    """A verdict as verification gives it; one about a header has that header."""
    return Verdict(reason, () if reason is Reason.NO_IDENTITY else (header(reason, attest=attest),))


PASSED = verdict(Reason.PASSED)


def decide(
    peer: str = "plain",
    found: Verdict = PASSED,
    callee: str = CALLEE,
    caller: str = CALLER,
    policy: Snapshot = SNAPSHOT,
) -> Refuse | Deliver:
    return decide_inbound(InboundCall(CARRIERS[peer], caller, callee), found, policy)


def delivered(*args: object, **kwargs: object) -> Deliver:
    decided = decide(*args, **kwargs)  # type: ignore[arg-type]
    assert isinstance(decided, Deliver)
    return decided


STIR_438 = 'Reason: STIR ;cause=438 ;text="Invalid Identity Header" ;ppi="..sig"'
REFUSALS = {
    "callee-is-no-number": (
        {"callee": "sip:alice@x"},
        Refuse(484, "Address Incomplete", "callee.not-a-number"),
    ),
    "callee-is-empty": ({"callee": ""}, Refuse(484, "Address Incomplete", "callee.no-number")),
    "no-route": ({"policy": snapshot(())}, Refuse(404, "Not Found", "route.none")),
    "unsigned-where-demanded": (
        {"peer": "demanding", "found": verdict(Reason.NO_IDENTITY)},
        Refuse(428, "Use Identity Header", "identity.required"),
    ),
    "unsigned-where-demanded-and-let-through": (
        {"peer": "lax", "found": verdict(Reason.NO_IDENTITY)},
        Refuse(428, "Use Identity Header", "identity.required"),
    ),
    "anonymous-without-any-header-where-demanded": (
        {"peer": "lax", "found": Verdict(Reason.CALLER_ANONYMOUS)},
        Refuse(428, "Use Identity Header", "identity.required"),
    ),
    "kind-unknown-where-demanded": (
        {"peer": "lax", "found": verdict(Reason.PPT_UNSUPPORTED)},
        Refuse(
            428,
            "Use Identity Header",
            "identity.required",
            headers=('Reason: STIR ;cause=428 ;text="Use Supported PASSporT Format" ;ppi="..sig"',),
        ),
    ),
    "anonymous": (
        {"peer": "rejecting", "found": Verdict(Reason.CALLER_ANONYMOUS)},
        Refuse(433, "Anonymity Disallowed", "identity.caller-anonymous"),
    ),
    "claim-missing": (
        {"peer": "rejecting", "found": verdict(Reason.CLAIM_MISSING)},
        Refuse(
            438,
            "Invalid PASSporT",
            "identity.claim-missing",
            headers=('Reason: STIR ;cause=438 ;text="Invalid PASSporT" ;ppi="..sig"',),
        ),
    ),
    "replayed": (
        {"peer": "rejecting", "found": verdict(Reason.REPLAYED)},
        Refuse(438, "Invalid Identity Header", "identity.replayed", headers=(STIR_438,)),
    ),
}


@pytest.mark.parametrize(("call", "refusal"), REFUSALS.values(), ids=REFUSALS)
def test_refuses(call: dict[str, object], refusal: Refuse) -> None:
    assert decide(**call) == refusal  # type: ignore[arg-type]


@pytest.mark.parametrize("reason", FAILURES, ids=lambda reason: reason.value)
def test_a_carrier_that_is_to_be_rejected_hears_the_code_of_the_reason(reason: Reason) -> None:
    decided = decide("rejecting", verdict(reason))
    assert isinstance(decided, Refuse)
    assert (decided.code, decided.phrase) == (reason.cause or 438, reason.phrase)
    assert decided.rule == f"identity.{reason.value}"


@pytest.mark.parametrize("chosen", REASON_CLASSES)
@pytest.mark.parametrize("reason", FAILURES, ids=lambda reason: reason.value)
def test_an_action_is_taken_for_its_own_class_alone(chosen: str, reason: Reason) -> None:
    peer = carrier("plain", default="continue", **{chosen: "reject"})
    policy = compile_snapshot(
        PolicyData(
            peers=(replace(peer, addresses=(ip_network("192.0.2.9"),)), SWITCH),
            routes=(Route("", ("vos",), "home"),),
        )
    )
    decided = decide_inbound(InboundCall(peer, CALLER, CALLEE), verdict(reason), policy)
    assert isinstance(decided, Refuse) == (class_of(reason) == chosen)


def test_a_carrier_taken_out_of_the_policy_while_its_call_waited_is_refused() -> None:
    gone = InboundCall(carrier("gone"), CALLER, CALLEE)
    assert decide_inbound(gone, verdict(Reason.NO_IDENTITY), SNAPSHOT) == Refuse(
        403, "Forbidden", "peer.unknown"
    )


ROUTES_OUT = {
    "to-a-carrier": (Route("", ("outward",), "out"),),
    "to-both": (Route("", ("vos", "outward"), "mixed"),),
}


@pytest.mark.parametrize("routes", ROUTES_OUT.values(), ids=ROUTES_OUT)
def test_what_comes_from_outside_is_never_sent_outside(routes: tuple[Route, ...]) -> None:
    assert decide(policy=snapshot(routes)) == Refuse(404, "Not Found", "route.none")


def test_a_longer_prefix_of_the_way_out_does_not_hide_the_way_home() -> None:
    routes = (Route("1404", ("outward",), "out"), Route("", ("vos",), "home", from_peer="plain"))
    assert delivered(policy=snapshot(routes)).route == "home"


@pytest.mark.parametrize("attest", ["A", "B", "C"])
@pytest.mark.parametrize("peer", CARRIERS)
def test_what_passed_is_told_whatever_the_policy(peer: str, attest: Attest) -> None:
    decided = delivered(peer, verdict(Reason.PASSED, attest))
    assert (decided.rule, decided.action, decided.result) == (f"verified.{attest}", "tag", attest)
    assert (decided.verstat, decided.attest, decided.upstream) == ("TN-Validation-Passed", attest, ())
    assert decided.targets[0].next_hops == (OWN,)


RESULTS = {
    "judged-and-false": (Reason.ORIG_MISMATCH, "failed", "TN-Validation-Failed", BAD),
    "nothing-to-judge": (Reason.NO_IDENTITY, "none", "No-TN-Validation", OWN),
    "certificate-out-of-reach": (Reason.CERTIFICATE_UNREACHABLE, "none", "No-TN-Validation", OWN),
}


@pytest.mark.parametrize(("reason", "result", "verstat", "hop"), RESULTS.values(), ids=RESULTS)
def test_a_tagged_call_goes_where_its_result_is_taken(
    reason: Reason, result: str, verstat: str, hop: NextHop
) -> None:
    decided = delivered("plain", verdict(reason))
    assert (decided.rule, decided.action) == (f"identity.{reason.value}", "tag")
    assert (decided.result, decided.verstat, decided.attest) == (result, verstat, None)
    assert decided.targets[0].next_hops == (hop,)


@pytest.mark.parametrize("reason", FAILURES, ids=lambda reason: reason.value)
def test_a_call_that_continues_is_told_to_nobody(reason: Reason) -> None:
    decided = delivered("silent", verdict(reason))
    assert (decided.rule, decided.action) == (f"identity.{reason.value}", "continue")
    assert (decided.result, decided.verstat, decided.upstream) == (None, None, ())
    assert decided.targets[0].next_hops == (OWN,)


def test_the_caller_s_side_hears_of_every_header_that_failed_though_another_passed() -> None:
    found = Verdict(Reason.PASSED, (header(Reason.IAT_STALE, "old"), header(Reason.PASSED)))
    assert delivered(found=found).upstream == ('Reason: STIR ;cause=403 ;text="Stale Date" ;ppi="..old"',)


@pytest.mark.parametrize("peer", CARRIERS)
@pytest.mark.parametrize("reason", Reason, ids=lambda reason: reason.value)
def test_an_emergency_call_is_never_refused_for_its_verdict(reason: Reason, peer: str) -> None:
    decided = delivered(peer, verdict(reason), callee="sip:911@192.0.2.1")
    assert (decided.rule, decided.action, decided.callee.digits) == ("emergency", "tag", "911")
    assert decided.result is not None


CALLERS = {
    "verified": (PASSED, "sip:alice@x", CALLER),
    "signalled": (verdict(Reason.IAT_STALE), "+1-303-555-0100", "13035550100"),
    "withheld": (Verdict(Reason.CALLER_ANONYMOUS), "sip:anonymous@anonymous.invalid", None),
}


@pytest.mark.parametrize(("found", "signalled", "caller"), CALLERS.values(), ids=CALLERS)
def test_the_caller_is_the_number_the_verdict_speaks_of(
    found: Verdict, signalled: str, caller: str | None
) -> None:
    decided = delivered(found=found, caller=signalled)
    assert (decided.caller.digits if decided.caller else None) == caller


@given(
    st.text(max_size=40),
    st.text(max_size=40),
    st.sampled_from(sorted(CARRIERS)),
    st.sampled_from(Reason),
    st.text(max_size=40),
)
def test_nothing_a_call_says_makes_the_engine_fail(
    caller: str, callee: str, peer: str, reason: Reason, signature: str
) -> None:
    found = Verdict(reason, (header(reason, signature),))
    decided = decide(peer, found, callee, caller)
    assert isinstance(decided, Refuse | Deliver)
    assert decided.rule
