"""The level a call earns: by the first rule that matches, never above the ceiling, and nothing by default."""

import itertools

import pytest

from gateway.stir.attestation import RULES, Attestation, Facts, Kind, Rule, decide
from gateway.stir.claims import ATTESTS, Attest

STRANGER = Facts(account_known=False)
CUSTOMER = Facts(account_known=True, account_kind="customer")
OWNER = Facts(account_known=True, account_kind="customer", owns_number=True)
AUTHORISED = Facts(account_known=True, account_kind="customer", authorised=True)
TRANSIT = Facts(account_known=True, account_kind="transit")
KINDS: tuple[Kind | None, ...] = (None, "customer", "transit")


@pytest.mark.parametrize(
    ("facts", "level", "rule"),
    [
        pytest.param(STRANGER, None, "unmatched", id="an-unknown-account-earns-nothing"),
        pytest.param(Facts(False, None, True, True), None, "unmatched", id="a-verified-number-is-not-enough"),
        pytest.param(Facts(True), None, "unmatched", id="an-account-of-unknown-kind-earns-nothing"),
        pytest.param(OWNER, "A", "number-verified", id="own-number"),
        pytest.param(AUTHORISED, "A", "number-verified", id="authorised-number"),
        pytest.param(CUSTOMER, "B", "account-known", id="number-not-verified"),
        pytest.param(TRANSIT, "C", "transit", id="transit"),
        pytest.param(Facts(True, "transit", True, True), "C", "transit", id="transit-with-own-number"),
    ],
)
def test_the_default_rules(facts: Facts, level: Attest | None, rule: str) -> None:
    assert decide(facts) == Attestation(level, rule)


def test_without_rules_nothing_is_signed() -> None:
    assert decide(OWNER, rules=()).level is None


def test_the_caller_names_what_nothing_matched_means() -> None:
    assert decide(STRANGER, unmatched="refuse").rule == "refuse"


def test_the_first_rule_that_matches_decides() -> None:
    never = Rule("barred", None, account_known=True, number_verified=True)
    assert decide(OWNER, rules=(never, *RULES)) == Attestation(None, "barred")


@pytest.mark.parametrize(
    ("facts", "cap", "expected"),
    [
        pytest.param(OWNER, "B", Attestation("B", "number-verified", capped_from="A"), id="a-to-b"),
        pytest.param(OWNER, "C", Attestation("C", "number-verified", capped_from="A"), id="a-to-c"),
        pytest.param(CUSTOMER, "C", Attestation("C", "account-known", capped_from="B"), id="b-to-c"),
        pytest.param(CUSTOMER, "A", Attestation("B", "account-known"), id="a-cap-raises-nothing"),
        pytest.param(CUSTOMER, "B", Attestation("B", "account-known"), id="at-the-cap"),
    ],
)
def test_a_cap_lowers_and_never_raises(facts: Facts, cap: Attest, expected: Attestation) -> None:
    capped = Facts(facts.account_known, facts.account_kind, facts.owns_number, facts.authorised, cap)
    assert decide(capped) == expected


def test_the_reason_tells_of_the_cap() -> None:
    assert decide(Facts(True, "customer", True, cap="B")).reason == "number-verified-capped-from-a"
    assert decide(CUSTOMER).reason == "account-known"


def test_no_rule_lifts_a_transit_account_above_c() -> None:
    generous = Rule("generous", "A", account_known=True, number_verified=True)
    assert decide(Facts(True, "transit", True), rules=(generous,)).level == "C"


def test_no_combination_of_facts_exceeds_what_was_established() -> None:
    for known, kind, owns, authorised, cap in itertools.product(
        (False, True), KINDS, (False, True), (False, True), ATTESTS
    ):
        level = decide(Facts(known, kind, owns, authorised, cap)).level
        assert level is None or known
        assert level != "A" or (kind == "customer" and (owns or authorised))
        assert level is None or level >= cap


@pytest.mark.parametrize(
    ("attest", "known", "verified"),
    [
        pytest.param("A", None, None, id="a-for-everybody"),
        pytest.param("A", True, None, id="a-without-a-verified-number"),
        pytest.param("A", None, True, id="a-for-an-unknown-account"),
        pytest.param("B", None, None, id="b-for-everybody"),
        pytest.param("B", False, None, id="b-for-an-unknown-account"),
        pytest.param("C", None, None, id="c-for-everybody"),
    ],
)
def test_a_rule_that_gives_more_than_it_establishes_cannot_be_written(
    attest: Attest, known: bool | None, verified: bool | None
) -> None:
    with pytest.raises(ValueError, match="wild"):
        Rule("wild", attest, account_known=known, number_verified=verified)
