"""The number policy in the engine: what each check refuses, in which order, and what passes all the same."""

from ipaddress import ip_network
from itertools import pairwise
from typing import Any

import pytest

from gateway.decision import Deliver, Forward, Refuse
from gateway.engine import OUTBOUND
from gateway.policy.authorisations import Authorisation
from gateway.policy.inbound import Verification
from gateway.policy.limits import Limits
from gateway.policy.lists import Attachment
from gateway.policy.rates import Rate
from gateway.policy.transform import Transform
from gateway.stir.reasons import Reason
from gateway.stir.verdict import Verdict
from tests.defects import (
    BRITISH,
    DEFECTS,
    INBOUND_DEFECTS,
    Defect,
    World,
    attached,
    blocked,
    decide,
    decide_inbound,
    exchange,
    from_carrier,
    joined,
    rule_of,
)
from tests.exchange import CALLEE, NOW, OWNED, SOURCE, Exchange, account, peer, policy

FOREIGN = "13035550100"
PHRASES = {
    403: "Forbidden",
    404: "Not Found",
    484: "Address Incomplete",
    503: "Service Unavailable",
    603: "Decline",
}


# Each refusal, its rule and its code


def test_without_a_defect_the_call_goes_on_in_both_directions() -> None:
    assert isinstance(decide({}), Forward)
    assert isinstance(decide_inbound({}), Deliver)


@pytest.mark.parametrize("refuse_with", [603, 403])
@pytest.mark.parametrize("defect", DEFECTS, ids=rule_of)
def test_a_refusal_names_its_rule_and_has_the_code_of_the_peer_or_of_the_rule(
    defect: Defect, refuse_with: int
) -> None:
    refused = decide(joined(defect.world, {"peer": {"refuse_with": refuse_with}}))
    code = defect.code or refuse_with
    assert refused == Refuse(code, PHRASES[code], defect.rule, 60 if code == 503 else None)


@pytest.mark.parametrize("defect", INBOUND_DEFECTS, ids=rule_of)
def test_a_carrier_s_call_goes_through_the_same_policy(defect: Defect) -> None:
    refused = decide_inbound(defect.world)
    code = defect.code or 603
    assert refused == Refuse(code, PHRASES[code], from_carrier(defect.rule))


@pytest.mark.parametrize("defect", DEFECTS, ids=rule_of)
def test_a_refusal_says_whose_call_it_was(defect: Defect) -> None:
    parties = decide(defect.world).parties
    assert parties is not None
    assert (parties.account, parties.source) == ("acme", SOURCE)
    assert (parties.callee_dialled, parties.callee) == (
        ("alice", None) if defect.code == 484 else (BRITISH, BRITISH)
    )


NO_ALLOWED_PLACE = {
    "source-of-no-known-country": (
        "allow_source_countries",
        "US",
        {"country": None},
        "geofence.source-country:peer/vos3000/unknown",
    ),
    "caller-withheld": (
        "allow_caller_countries",
        "US",
        {"caller": "anonymous"},
        "geofence.caller-country:peer/vos3000/unknown",
    ),
    "callee-of-no-country": (
        "allow_callee_countries",
        "US",
        {"callee": "+881612345678"},
        "geofence.callee-country:peer/vos3000/unknown",
    ),
    "callee-of-no-area": (
        "allow_callee_areas",
        "Britain",
        {"callee": CALLEE},
        "geofence.callee-area:peer/vos3000/unknown",
    ),
}


@pytest.mark.parametrize(("allow", "place", "call", "rule"), NO_ALLOWED_PLACE.values(), ids=NO_ALLOWED_PLACE)
def test_what_is_nowhere_is_in_no_allowed_place(allow: str, place: str, call: World, rule: str) -> None:
    assert decide({"peer": {"fence": {allow: frozenset({place})}}, "call": call}).rule == rule


# The order


@pytest.mark.parametrize(("first", "second"), [*pairwise(DEFECTS)], ids=rule_of)
def test_of_two_defects_the_first_in_the_order_is_named(first: Defect, second: Defect) -> None:
    assert decide(joined(first.world, second.world)).rule == first.rule


@pytest.mark.parametrize(("first", "second"), [*pairwise(INBOUND_DEFECTS)], ids=rule_of)
def test_of_two_defects_of_a_carrier_s_call_the_first_in_the_order_is_named(
    first: Defect, second: Defect
) -> None:
    assert decide_inbound(joined(first.world, second.world)).rule == from_carrier(first.rule)


@pytest.mark.parametrize("defect", INBOUND_DEFECTS, ids=rule_of)
def test_a_rejected_verification_is_named_before_everything_but_the_address(defect: Defect) -> None:
    rejecting = {"peer": {"verification": Verification(default="reject")}}
    found = decide_inbound(joined(defect.world, rejecting), Verdict(Reason.NO_IDENTITY))
    assert found.rule == (defect.rule if defect.check == "address" else "identity.no-identity")


def test_the_defects_are_in_the_order_of_the_checks() -> None:
    order = [check.name for check in OUTBOUND]
    places = [order.index(defect.check) for defect in DEFECTS]
    assert places == sorted(places)


# System White List

SKIPPED = ("dynamic black list", "black and white groups")


@pytest.mark.parametrize("defect", DEFECTS, ids=rule_of)
def test_the_system_white_list_skips_the_black_lists_and_nothing_else(defect: Defect) -> None:
    found = decide(joined(defect.world, {"policy": {"white": (OWNED, BRITISH)}}))
    assert (found.rule == defect.rule) == (defect.check not in SKIPPED)
    assert isinstance(found, Refuse) == (defect.check not in SKIPPED)


@pytest.mark.parametrize(("listed", "rule"), [(OWNED, "callee"), (BRITISH, "caller")])
def test_the_system_white_list_speaks_of_the_number_it_holds_alone(listed: str, rule: str) -> None:
    blocks = joined(blocked("no-answer", OWNED), blocked("no-answer", BRITISH))
    assert decide(joined(blocks, {"policy": {"white": (listed,)}})).rule == f"dynamic.no-answer:{rule}"


# Transforms


def test_transforms_come_before_the_policy_and_what_they_make_goes_out() -> None:
    transforms = (
        Transform("vos3000", "caller", "66", "1215555"),
        Transform("vos3000", "callee", "9*", "+44*"),
    )
    world: World = {
        "call": {"caller": "<sip:660100@192.0.2.10>", "callee": "sip:9091234567@192.0.2.1"},
        "policy": {"transforms": transforms},
        "account": attached("few-callees", "callee", "black"),
    }
    found = decide(world)
    assert isinstance(found, Forward) and found.parties
    assert (str(found.caller), str(found.callee), found.attest) == (OWNED, "44091234567", "A")
    assert (found.parties.caller_sent, found.parties.callee_sent) == (OWNED, "+44091234567")
    assert (found.parties.caller, found.parties.callee) == (OWNED, "44091234567")


def test_a_number_on_a_list_as_dialled_is_judged_as_a_transform_leaves_it() -> None:
    rule = Transform("vos3000", "caller", OWNED, FOREIGN)
    world: World = {"policy": {"transforms": (rule,)}, "peer": attached("bad-callers", "caller", "black")}
    assert isinstance(decide(world), Forward)


def test_a_caller_too_long_as_dialled_may_be_shortened_by_a_transform() -> None:
    dialled = {"caller": "000000" + OWNED}
    assert decide({"call": dialled}).rule == "caller.too-long"
    rule = Transform("vos3000", "caller", "000000", "")
    found = decide({"call": dialled, "policy": {"transforms": (rule,)}})
    assert isinstance(found, Forward)
    assert found.attest == "A"


def test_what_no_transform_matches_goes_out_as_it_came() -> None:
    parties = decide({"policy": {"transforms": (Transform("vos3000", "callee", "7", ""),)}}).parties
    assert parties and (parties.caller_sent, parties.callee_sent) == (None, None)


def test_a_transform_that_leaves_nothing_of_the_called_number_ends_the_call() -> None:
    rule = Transform("vos3000", "callee", BRITISH, "")
    assert decide({"policy": {"transforms": (rule,)}}).rule == "callee.no-number"


# Called texts that are no numbers


DIAL_STRINGS = {
    "caller-withheld": "*6712425550100",
    "caller-withheld-gsm": "#31#12425550100",
    "in-escapes": "sip:%2A6712425550100@192.0.2.1",
    "forwarding": "*21*12425550100#",
}


@pytest.mark.parametrize("callee", DIAL_STRINGS.values(), ids=DIAL_STRINGS)
def test_a_service_code_with_a_number_behind_it_is_refused(callee: str) -> None:
    """A carrier that knows the code would dial the number, which nobody judged."""
    assert decide({"call": {"callee": callee}}).rule == "callee.ambiguous"
    assert decide_inbound({"call": {"callee": callee}}).rule == "callee.ambiguous"


@pytest.mark.parametrize("callee", ["*67", "#31#", "*100#", "*123456"])
def test_a_service_code_alone_goes_on(callee: str) -> None:
    assert isinstance(decide({"call": {"callee": callee}}), Forward)


def test_a_transform_may_take_the_service_code_off() -> None:
    rule = Transform("vos3000", "callee", "#31#", "")
    found = decide({"call": {"callee": f"#31#{CALLEE}"}, "policy": {"transforms": (rule,)}})
    assert isinstance(found, Forward)
    assert found.callee.digits == CALLEE


# Callers that are no numbers


UNREADABLE = {"zeros": "0000", "too-short": "5551", "too-long-for-its-country": "123456789012"}


@pytest.mark.parametrize("caller", UNREADABLE.values(), ids=UNREADABLE)
def test_an_unreadable_caller_can_be_on_a_list(caller: str) -> None:
    snapshot = policy(
        peer(lists=(Attachment("garbage", "caller", "black"),)), groups={"garbage": UNREADABLE.values()}
    )
    assert Exchange(snapshot).refusal(caller) == "list.black:peer/vos3000/garbage"
    assert Exchange(snapshot).refusal(caller + "1") is None


@pytest.mark.parametrize("caller", UNREADABLE.values(), ids=UNREADABLE)
def test_an_unreadable_caller_can_be_blocked_by_hand(caller: str) -> None:
    world = joined({"call": {"caller": caller}}, blocked("malicious-call", caller))
    assert decide(world).rule == "dynamic.malicious-call:caller"


def test_an_unreadable_caller_is_no_longer_than_its_owner_s_callers_may_be() -> None:
    world: World = {
        "call": {"caller": "123456789012"},
        "account": {"permits": {"max_caller_length": 11}},
    }
    assert decide(world).rule == "caller.too-long:account/acme"


@pytest.mark.parametrize("caller", ["anonymous", "bob", "sip:anonymous@anonymous.invalid", ""])
def test_a_caller_without_digits_is_on_no_black_list_and_on_no_white_one(caller: str) -> None:
    withheld: World = {"call": {"caller": caller}}
    black, white = (
        attached("bad-callers", "caller", "black"),
        attached("few-callers", "caller", "white"),
    )
    assert isinstance(decide({**withheld, "peer": black}), Forward)
    assert decide({**withheld, "peer": white}).rule == "list.white:peer/vos3000/few-callers"


# Attestation: letters of authorisation, caps


def lettered(**dates: float) -> Exchange:
    letter = Authorisation("loa-7", "acme", "13035550100", "13035550199", **dates)
    return Exchange(policy(authorisations=(letter,)))


def attested(node: Exchange, caller: str = FOREIGN) -> tuple[str | None, str]:
    found = node.forwarded(caller)
    return found.attest, found.rule


def test_a_letter_of_authorisation_gives_a_and_the_rule_names_the_letter() -> None:
    assert attested(lettered()) == ("A", "attest.authorisation:loa-7")
    assert attested(lettered(), "13035550200") == ("B", "attest.account-known")


DATES = {
    "before-it-begins": ({"valid_from": NOW + 1}, "B"),
    "as-it-begins": ({"valid_from": NOW}, "A"),
    "before-it-ends": ({"valid_until": NOW + 1}, "A"),
    "as-it-ends": ({"valid_until": NOW}, "B"),
}


@pytest.mark.parametrize(("dates", "attest"), DATES.values(), ids=DATES)
def test_a_letter_of_authorisation_counts_between_its_dates(dates: dict[str, float], attest: str) -> None:
    assert attested(lettered(**dates))[0] == attest


def test_a_letter_of_authorisation_is_for_one_account() -> None:
    letter = Authorisation("loa-7", "bravo", FOREIGN, FOREIGN)
    node = Exchange(policy(account("bravo"), authorisations=(letter,)))
    assert attested(node) == ("B", "attest.account-known")


def test_the_section_an_account_owns_goes_before_a_letter_for_it() -> None:
    letter = Authorisation("loa-7", "acme", OWNED, OWNED)
    assert attested(Exchange(policy(authorisations=(letter,))), OWNED) == ("A", "attest.section:philadelphia")


CAPS = {
    "capped-to-b": ({"attest_max": "B"}, "B", "number-verified-capped-from-a"),
    "capped-to-c": ({"attest_max": "C"}, "C", "number-verified-capped-from-a"),
    "transit": ({"kind": "transit"}, "C", "transit"),
}


@pytest.mark.parametrize("caller", [OWNED, FOREIGN], ids=["by-section", "by-letter"])
@pytest.mark.parametrize(("changes", "attest", "reason"), CAPS.values(), ids=CAPS)
def test_an_account_is_never_attested_above_its_cap(
    changes: dict[str, Any], attest: str, reason: str, caller: str
) -> None:
    letter = Authorisation("loa-7", "acme", FOREIGN, FOREIGN)
    found = Exchange(policy(account(**changes), authorisations=(letter,))).forwarded(caller)
    assert (found.attest, found.reason) == (attest, reason)


# Limits


@pytest.mark.parametrize(("whose", "owner"), [(peer, "peer/vos3000"), (account, "account/acme")])
def test_limits_count_the_calls_of_their_owner(whose: Any, owner: str) -> None:
    node = Exchange(policy(whose(limits=Limits(concurrent=2, cps=3))))
    first, second = node.place(), node.place()
    assert node.refusal() == f"limit.concurrent:{owner}"
    node.end(first)
    node.end(second, code=486)
    node.end(node.place())
    assert node.refusal() == f"limit.cps:{owner}"
    node.now += 1
    assert node.refusal() is None


def test_limits_of_a_peer_count_the_calls_of_all_its_accounts() -> None:
    bound = account("bravo", addresses=(ip_network("192.0.2.32/27"),))
    node = Exchange(
        policy(
            peer(account=None, limits=Limits(concurrent=2)),
            account(addresses=(ip_network(SOURCE),), limits=Limits(concurrent=1)),
            bound,
        )
    )
    node.place()
    assert node.refusal() == "limit.concurrent:account/acme"
    node.place(source="192.0.2.33")
    assert node.refusal(source="192.0.2.33") == "limit.concurrent:peer/vos3000"


def test_a_refused_call_occupies_nothing() -> None:
    node = Exchange(policy(account(limits=Limits(concurrent=1, cps=1))))
    for _ in range(3):
        node.place(callee="alice")
    assert node.refusal() is None


def test_an_account_without_a_bound_has_ss_maxconcurrentcall_and_a_peer_has_none() -> None:
    node = Exchange(policy(peer(limits=Limits(cps=9)), parameters={"SS_MAXCONCURRENTCALL": 1}))
    node.place()
    assert node.refusal() == "limit.concurrent:account/acme"


def test_a_running_call_costs_while_it_runs() -> None:
    limits = Limits(spend_per_day=2_000, rates="local")
    node = Exchange(policy(account(limits=limits), rates=(Rate("local", "1", 1_000),)))
    call = node.forwarded()
    node.ledger.began(call.hold)
    node.ledger.answered(call.hold)
    node.now += 60
    assert node.refusal() is None
    node.now += 1
    assert node.refusal() == "limit.spend:account/acme"


def test_spend_without_a_rate_is_refused_for_that() -> None:
    world: World = {"account": {"limits": {"spend_per_day": 10**9, "rates": "local"}}}
    assert decide(world).rule == "limit.no-rate:account/acme"


def test_rates_without_a_bound_of_spend_refuse_nothing_and_charge_what_they_know() -> None:
    node = exchange({"account": {"limits": {"rates": "local"}}, "peer": {"limits": {"rates": "retail"}}})
    british, american = node.forwarded(callee=BRITISH).hold, node.forwarded(callee=CALLEE).hold
    assert british and [owner for owner, _ in british.charges] == ["peer/vos3000"]
    assert american and [owner for owner, _ in american.charges] == ["account/acme"]
