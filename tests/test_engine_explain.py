"""An explanation is the decision, check by check: it decides as the engine does and changes nothing."""

from functools import reduce
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.decision import Deliver, Forward
from gateway.engine import INBOUND, OUTBOUND, Explanation
from gateway.policy.limits import Limits
from gateway.policy.transform import Transform
from tests.defects import (
    BRITISH,
    DEFECTS,
    Defect,
    World,
    attached,
    everything,
    exchange,
    explain,
    joined,
    rule_of,
    said,
)
from tests.exchange import CALLEE, NOW, OWNED, SOURCE, Exchange, account, policy

FOREIGN = "13035550100"


def checks_of(explanation: Explanation) -> list[str]:
    return [check.name for check in explanation.checks]


@pytest.mark.parametrize("defect", DEFECTS, ids=rule_of)
def test_an_explanation_lists_every_check_up_to_the_one_that_refuses(defect: Defect) -> None:
    found = explain(defect.world)
    names = [check.name for check in OUTBOUND]
    assert checks_of(found) == names[: names.index(defect.check) + 1]
    assert found.checks[-1].decided == f"refuses: {defect.rule}"
    assert [check.number for check in found.checks] == list(range(1, len(found.checks) + 1))


def test_an_explanation_of_a_call_that_goes_on_lists_every_check() -> None:
    assert checks_of(explain({})) == [check.name for check in OUTBOUND]
    found = exchange({}, "carrier").explain_inbound(callee=BRITISH)
    assert checks_of(found) == [check.name for check in INBOUND]
    assert isinstance(found.decision, Deliver)


def test_an_explanation_says_what_each_check_saw() -> None:
    world: World = {
        "call": {"callee": "9091234567"},
        "policy": {"transforms": (Transform("vos3000", "callee", "9", "+449"),)},
        "account": attached("bad-callers", "callee", "black"),
    }
    saw = {check.name: check.saw for check in explain(world).checks}
    assert saw["source peer"] == {"peer": "vos3000", "role": "softswitch", "source": SOURCE}
    assert saw["transforms"]["callee"] == "9091234567 → +449091234567 → 449091234567"
    assert saw["black and white groups"] == {"attached": ["account/acme: black bad-callers for callee"]}
    assert saw["geofence"] == {
        "source country": "RU",
        "caller country": "US",
        "callee country": "GB",
        "caller area": "Philadelphia",
        "callee area": "Britain",
    }


def test_an_explanation_of_an_emergency_call_says_what_it_passed_over() -> None:
    world = joined({"call": {"callee": "911"}}, everything(DEFECTS))
    passed = [check.name for check in explain(world).checks if check.decided == "passed over: emergency"]
    assert passed == [check.name for check in OUTBOUND if not check.always]


def test_an_explanation_counts_nothing() -> None:
    limits = Limits(concurrent=1, cps=1)
    node = Exchange(policy(account(limits=limits), parameters={"SS_CALLAUTH_INVALID_COUNT": 1}))
    before = node.usage.snapshot(NOW)
    for callee in (CALLEE, "alice") * 3:
        node.explain(callee=callee)
    assert (node.usage.snapshot(NOW), node.usage.blocks(NOW), node.told) == (before, [], [])
    assert node.refusal() is None


def unsigned(decision: Any) -> Any:
    """A decision without its signature, which is another one every time."""
    if isinstance(decision, Forward) and decision.identity:
        return decision._replace(identity=decision.identity.partition(";")[0].rpartition(".")[0])
    return decision


WORLDS: st.SearchStrategy[World] = st.lists(st.sampled_from(DEFECTS), max_size=3).map(
    lambda defects: reduce(joined, (each.world for each in defects), {})
)
CALLS = st.fixed_dictionaries(
    {},
    optional={
        "caller": st.sampled_from((OWNED, FOREIGN, "anonymous", "0000", "+447700900123"))
        | st.text(max_size=20),
        "callee": st.sampled_from((CALLEE, "911", "12425550100", "*67", "9911")) | st.text(max_size=20),
        "country": st.sampled_from((None, "US", "RU")),
        "source": st.sampled_from((SOURCE, "203.0.113.9", "2001:db8::1", "")),
    },
)


@given(WORLDS, CALLS)
def test_an_explanation_decides_as_the_engine_does(world: World, call: World) -> None:
    node, asked = exchange(world), said({"call": {**world.get("call", {}), **call}})
    decided, found = node.decide(**asked), node.explain(**asked).decision
    assert unsigned(found) == unsigned(decided)
    assert found.parties == decided.parties
    assert getattr(found, "hold", None) == getattr(decided, "hold", None)


@given(WORLDS, CALLS)
def test_an_explanation_decides_as_the_engine_does_for_a_carrier_s_call(world: World, call: World) -> None:
    node, asked = exchange(world, "carrier"), said({"call": {**world.get("call", {}), **call}})
    decided, found = node.decide_inbound(**asked), node.explain_inbound(**asked).decision
    assert (found, found.parties) == (decided, decided.parties)
    assert getattr(found, "hold", None) == getattr(decided, "hold", None)
