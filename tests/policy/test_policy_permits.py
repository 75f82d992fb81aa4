"""Prefixes, length, international and premium: what one owner's calls may come from and go to."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.policy.permits import Permits, refusal
from gateway.stir.numberplan import NumberPlan

US = NumberPlan.of("US")
OWNER = "account/acme"


def judged(permits: Permits, caller: str | None = "12155550100", callee: str = "12125551212") -> str | None:
    return refusal(permits, OWNER, caller, callee, US)


@pytest.mark.parametrize(
    "prefix",
    ["", "+1", "1a", "881*", "1?", " 1", "1 ", "1\n", "1234567890123456789", "٣"],
    ids=[
        "empty",
        "plus",
        "letter",
        "star",
        "question-mark",
        "space-before",
        "space-behind",
        "line-end",
        "too-long",
        "not-ascii",
    ],
)
@pytest.mark.parametrize("name", ["allow_callers", "deny_callers", "allow_callees", "deny_callees"])
def test_a_prefix_that_is_not_digits_is_refused(name: str, prefix: str) -> None:
    with pytest.raises(ValueError, match="is not 1 to 18 digits"):
        Permits(**{name: (prefix,)})  # type: ignore[arg-type]


@pytest.mark.parametrize("length", [0, -1])
def test_a_length_that_no_number_has_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="max_caller_length"):
        Permits(max_caller_length=length)


@pytest.mark.parametrize(
    ("permits", "rule"),
    [
        pytest.param(
            Permits(deny_callees=("881", "882")), "prefix.callee-denied:account/acme/881", id="callee-denied"
        ),
        pytest.param(
            Permits(allow_callees=("1", "44")), "prefix.callee-not-allowed:account/acme", id="only-these"
        ),
        pytest.param(
            Permits(allow_callees=("88",), deny_callees=("881",)),
            "prefix.callee-denied:account/acme/881",
            id="the-longer-denies",
        ),
        pytest.param(
            Permits(allow_callees=("881",), deny_callees=("881",)),
            "prefix.callee-denied:account/acme/881",
            id="equal-denies",
        ),
        pytest.param(
            Permits(deny_callees=("8", "8816", "881")),
            "prefix.callee-denied:account/acme/8816",
            id="longest-named",
        ),
        pytest.param(
            Permits(deny_callers=("1215",)), "prefix.caller-denied:account/acme/1215", id="caller-denied"
        ),
        pytest.param(
            Permits(allow_callers=("44",)), "prefix.caller-not-allowed:account/acme", id="caller-only-these"
        ),
        pytest.param(Permits(international=False), "prefix.international:account/acme", id="international"),
        pytest.param(
            Permits(deny_callers=("1",), deny_callees=("8",)),
            "prefix.caller-denied:account/acme/1",
            id="the-caller-is-judged-first",
        ),
    ],
)
def test_a_call_that_is_not_permitted_names_the_rule(permits: Permits, rule: str) -> None:
    assert judged(permits, "12155550100", "8816123456789") == rule


def test_block_premium_rate_refuses_1_900() -> None:
    assert judged(Permits(premium=False), callee="19005551212") == "prefix.premium:account/acme"


def test_block_international_refuses_1_242_from_the_united_states() -> None:
    assert judged(Permits(international=False), callee="12425551212") == "prefix.international:account/acme"


def test_a_withheld_caller_is_not_among_those_allowed() -> None:
    assert judged(Permits(allow_callers=("1",)), caller=None) == "prefix.caller-not-allowed:account/acme"


@pytest.mark.parametrize(
    ("permits", "caller", "callee"),
    [
        pytest.param(Permits(), None, "8816123456789", id="no-permits"),
        pytest.param(Permits(allow_callees=("1", "44")), "12155550100", "442079460018", id="one-of-these"),
        pytest.param(
            Permits(allow_callees=("8816",), deny_callees=("881",)), None, "8816123456789", id="longer-allows"
        ),
        pytest.param(Permits(deny_callees=("881",)), None, "88", id="a-number-shorter-than-the-prefix"),
        pytest.param(Permits(deny_callees=("242",)), None, "12425551212", id="242-is-not-1-242"),
        pytest.param(
            Permits(deny_callers=("1",)), None, "12125551212", id="a-withheld-caller-is-denied-nothing"
        ),
        pytest.param(Permits(international=False), "442079460018", "17875551212", id="us-to-puerto-rico"),
        pytest.param(Permits(international=False, premium=False), None, "18005551212", id="freephone"),
        pytest.param(Permits(international=False, premium=False), None, "611", id="service-number"),
    ],
)
def test_a_call_that_is_permitted_goes_on(permits: Permits, caller: str | None, callee: str) -> None:
    assert judged(permits, caller, callee) is None


def test_permits_come_back_from_their_pickle() -> None:
    permits = Permits(deny_callees=("881",), allow_callers=("1",))
    again = pickle.loads(pickle.dumps(permits, protocol=5))
    assert again == permits
    assert judged(again, callee="8816123456789") == "prefix.callee-denied:account/acme/881"


def expected(allow: set[str], deny: set[str], digits: str) -> str | None:
    matching = [prefix for prefix in allow | deny if digits.startswith(prefix)]
    longest = max(matching, key=len, default=None)
    if longest in deny:
        return f"prefix.callee-denied:{OWNER}/{longest}"
    return f"prefix.callee-not-allowed:{OWNER}" if allow and longest is None else None


PREFIXES = st.sets(st.text("12", min_size=1, max_size=4), max_size=6)


@given(PREFIXES, PREFIXES, st.text("12", max_size=6))
def test_the_longest_prefix_decides_as_if_every_one_was_looked_at(
    allow: set[str], deny: set[str], digits: str
) -> None:
    permits = Permits(allow_callees=tuple(allow), deny_callees=tuple(deny))
    assert judged(permits, callee=digits) == expected(allow, deny, digits)
