"""Black/White List Group: matched in full, black before white, within its window, and a refusal names the group."""

from typing import Any

import pytest

from gateway.policy.columns import key_or_none
from gateway.policy.lists import Attachment, listed_number, refusal
from gateway.policy.numbersets import NumberSet
from gateway.policy.windows import Window
from gateway.stir.tn import NumberPlan

US, GB = NumberPlan.of("US"), NumberPlan.of("GB")
OWNER = "account/acme"
MIDDAY, MIDNIGHT = 12 * 3600.0, 0.0
BY_DAY = Window(begin="08:00", end="20:00")

GROUPS = {
    "nuisance": NumberSet.of(["12155550100", "12155550101"]),
    "customers": NumberSet.of(["12155550100", "12155550102"]),
    "staff": NumberSet.of(["12155550103"]),
    "empty": NumberSet(),
}
NUISANCE = Attachment("nuisance", "caller", "black")
CUSTOMERS = Attachment("customers", "caller", "white")
STAFF = Attachment("staff", "caller", "white")


def refused(*attached: Attachment, caller: str | None, now: float = MIDDAY) -> str | None:
    return refusal(attached, OWNER, "caller", key_or_none(caller), GROUPS, now)


@pytest.mark.parametrize("text", ["*", "1212*", "121255501??", "*67", "?"])
def test_a_wildcard_in_an_entry_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="contains a wildcard; lists match in full, use a number transform"):
        listed_number(text, US)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param("1212555O100", "is not a number", id="letter-for-a-zero"),
        pytest.param("anonymous", "is not a number", id="word"),
        pytest.param("sip:12155550100@example.com", "is not a number", id="uri"),
        pytest.param("12155550100,12155550101", "is not a number", id="two-numbers"),
        pytest.param("#31#", "is not a number", id="service-code"),
        pytest.param("12155550100\n12155550101", "is not a number", id="two-lines"),
        pytest.param("١٢٣", "is not a number", id="arabic-digits"),
        pytest.param("", "holds no digit", id="empty"),
        pytest.param("  \t", "holds no digit", id="blank"),
        pytest.param("+", "holds no digit", id="plus-alone"),
        pytest.param("--", "holds no digit", id="dashes-alone"),
        pytest.param("1" * 19, "more than 18 digits", id="too-long"),
        pytest.param(" " * 10_000_000 + "x", "is not a number", id="ten-megabytes-of-blanks"),
        pytest.param("7" * 10_000_000, "…' has more than 18 digits", id="ten-megabytes-of-digits"),
    ],
)
def test_an_entry_that_is_no_number_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as error:
        listed_number(text, US)
    assert len(str(error.value)) < 200


@pytest.mark.parametrize(
    ("text", "plan", "digits"),
    [
        pytest.param("+12155550100", US, "12155550100", id="e164"),
        pytest.param(" (215) 555-0100 ", US, "12155550100", id="national"),
        pytest.param("020 7183 8750", GB, "442071838750", id="trunk-prefix"),
        pytest.param("011442071838750", US, "442071838750", id="international-prefix"),
        pytest.param("911", US, "911", id="short-code"),
        pytest.param("0000000000", US, "0000000000", id="garbage-stays-as-written"),
        pytest.param("+1", US, "1", id="fragment-stays-as-written"),
        pytest.param("7" * 18, US, "7" * 18, id="longest"),
    ],
)
def test_an_entry_means_its_canonical_number_or_what_is_written(
    text: str, plan: NumberPlan, digits: str
) -> None:
    assert listed_number(text, plan) == digits


@pytest.mark.parametrize(
    ("attached", "caller", "group"),
    [
        pytest.param([NUISANCE], "12155550100", "black:account/acme/nuisance", id="black-listed"),
        pytest.param([CUSTOMERS], "12155550101", "white:account/acme/customers", id="not-white-listed"),
        pytest.param(
            [CUSTOMERS, STAFF],
            "12155550109",
            "white:account/acme/customers",
            id="in-neither-white-the-first-is-named",
        ),
        pytest.param(
            [Attachment("empty", "caller", "white")], "12155550100", "white:account/acme/empty", id="empty"
        ),
        pytest.param(
            [CUSTOMERS, NUISANCE], "12155550100", "black:account/acme/nuisance", id="in-both-black-wins"
        ),
        pytest.param(
            [NUISANCE, CUSTOMERS], "12155550109", "white:account/acme/customers", id="in-neither-of-both"
        ),
        pytest.param([CUSTOMERS], None, "white:account/acme/customers", id="withheld-is-on-no-white-list"),
        pytest.param(
            [CUSTOMERS], "*67", "white:account/acme/customers", id="without-key-is-on-no-white-list"
        ),
    ],
)
def test_a_refusal_names_its_group(attached: list[Attachment], caller: str | None, group: str) -> None:
    assert refused(*attached, caller=caller) == f"list.{group}"


@pytest.mark.parametrize(
    ("attached", "caller"),
    [
        pytest.param([], "12155550100", id="no-groups"),
        pytest.param([NUISANCE], "12155550109", id="not-black-listed"),
        pytest.param([NUISANCE], "1215555010", id="a-prefix-of-a-listed-number"),
        pytest.param([NUISANCE], "121555501000", id="longer-than-a-listed-number"),
        pytest.param([CUSTOMERS], "12155550102", id="white-listed"),
        pytest.param([CUSTOMERS, STAFF], "12155550103", id="in-the-second-white-group"),
        pytest.param([NUISANCE, CUSTOMERS], "12155550102", id="white-and-not-black"),
        pytest.param([NUISANCE], None, id="withheld-is-on-no-black-list"),
        pytest.param([NUISANCE], "*67", id="without-key-is-on-no-black-list"),
        pytest.param([Attachment("empty", "caller", "black")], "12155550100", id="empty-black-group"),
    ],
)
def test_everything_else_passes(attached: list[Attachment], caller: str | None) -> None:
    assert refused(*attached, caller=caller) is None


def test_groups_of_one_party_say_nothing_about_the_other() -> None:
    attached = (NUISANCE, Attachment("customers", "callee", "white"))
    key = key_or_none("12155550100")
    assert refusal(attached, OWNER, "callee", key, GROUPS, MIDDAY) is None
    key = key_or_none("12155550101")
    assert refusal(attached, OWNER, "callee", key, GROUPS, MIDDAY) == "list.white:account/acme/customers"


@pytest.mark.parametrize(
    ("attachment", "caller", "rule"),
    [
        (
            Attachment("nuisance", "caller", "black", BY_DAY),
            "12155550100",
            "list.black:account/acme/nuisance",
        ),
        (
            Attachment("customers", "caller", "white", BY_DAY),
            "12155550101",
            "list.white:account/acme/customers",
        ),
    ],
    ids=["black", "white"],
)
def test_a_group_with_a_window_counts_while_that_is_open(
    attachment: Attachment, caller: str, rule: str
) -> None:
    assert refused(attachment, caller=caller, now=MIDDAY) == rule
    assert refused(attachment, caller=caller, now=MIDNIGHT) is None


def test_a_white_group_whose_window_is_closed_lets_nobody_in_for_another() -> None:
    staff_by_day = Attachment("staff", "caller", "white", BY_DAY)
    assert refused(CUSTOMERS, staff_by_day, caller="12155550103", now=MIDDAY) is None
    assert refused(CUSTOMERS, staff_by_day, caller="12155550103", now=MIDNIGHT) == (
        "list.white:account/acme/customers"
    )


@pytest.mark.parametrize(("kind", "rule"), [("black", None), ("white", "list.white:account/acme/gone")])
def test_a_group_that_is_gone_while_a_call_waits_lists_nobody(kind: Any, rule: str | None) -> None:
    assert refused(Attachment("gone", "caller", kind), caller="12155550100") == rule
