"""Who calls whom by the signalling: canonical where that is certain, as written where it is not, never an error."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.stir.signalled import Signalled, signalled
from gateway.stir.tn import NumberPlan

US, CN = NumberPlan.of("US"), NumberPlan.of("CN")
OWN, OTHER = "12155551212", "12155551213"
ANONYMOUS = '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1'


def callers(*asserted: str, sender: str = "sip:h", plan: NumberPlan = US) -> Signalled:
    return signalled(asserted, sender, "", "", plan)


@pytest.mark.parametrize(
    ("asserted", "sender", "numbers"),
    [
        pytest.param((), f"sip:{OWN}@h", {OWN}, id="from"),
        pytest.param((f"tel:+{OTHER}",), f"sip:{OWN}@h", {OTHER}, id="asserted-before-from"),
        pytest.param((f"sip:{OWN}@h", f"tel:+{OWN}"), "sip:h", {OWN}, id="asserted-twice-the-same"),
        pytest.param(
            (f"sip:{OWN}@h", f"tel:+{OTHER}"), "sip:h", {OWN, OTHER}, id="asserted-twice-and-differing"
        ),
        pytest.param(("sip:alice@h",), f"sip:{OWN}@h", {OWN}, id="asserted-without-number"),
        pytest.param(("sip:alice@h", f"tel:+{OWN}"), ANONYMOUS, {OWN}, id="asserted-for-the-anonymous"),
        pytest.param((), "sip:2001@h", {"2001"}, id="an-extension-as-it-is-written"),
        pytest.param((), "tel:211;phone-context=example.com", {"211"}, id="a-context-unknown-here"),
        pytest.param((), "sip:alice@h", set(), id="a-name"),
        pytest.param((), "", set(), id="nothing"),
    ],
)
def test_the_numbers_of_the_caller(asserted: tuple[str, ...], sender: str, numbers: set[str]) -> None:
    """RFC 3325 §9.1, RFC 8224 §8."""
    found = callers(*asserted, sender=sender)
    assert (found.callers, found.anonymous) == (numbers, False)


@pytest.mark.parametrize(
    ("asserted", "sender"),
    [
        pytest.param((), ANONYMOUS, id="from"),
        pytest.param(("<sip:anonymous@anonymous.invalid>",), "sip:alice@h", id="asserted"),
        pytest.param(
            ("sip:alice@h",), "sip:+12155551212@anonymous.invalid", id="a-number-at-the-anonymous-host"
        ),
        pytest.param((), "restricted", id="as-switches-write-it"),
    ],
)
def test_an_anonymous_caller_is_known_as_such(asserted: tuple[str, ...], sender: str) -> None:
    """RFC 3323 §4.1."""
    found = callers(*asserted, sender=sender)
    assert (found.callers, found.anonymous) == (set(), True)


def test_a_number_that_could_be_two_stands_as_it_is_written() -> None:
    assert callers("sip:13123456789@h", plan=CN).callers == {"13123456789"}


def test_the_number_first_called_and_the_one_called_now() -> None:
    found = signalled((), "", f"<sip:{OWN}@h>;tag=x", f"sip:+{OTHER};npdi@h", US)
    assert (found.to, found.target) == (OWN, OTHER)


def test_what_is_no_number_is_none() -> None:
    found = signalled((), OWN, "sip:alice@h", ANONYMOUS, US)
    assert (found.to, found.target) == (None, None)


PIECES = [
    "sip:",
    "tel:",
    "<",
    ">",
    '"',
    "@",
    ";",
    ":",
    "%2B",
    "+",
    "1215",
    "anonymous",
    "phone-context=",
    " ",
]
ADDRESSES = st.text() | st.lists(st.sampled_from(PIECES)).map("".join)


@given(st.lists(ADDRESSES, max_size=3), ADDRESSES, ADDRESSES, ADDRESSES)
def test_any_addresses_can_be_read(asserted: list[str], sender: str, to: str, target: str) -> None:
    found = signalled(asserted, sender, to, target, US)
    assert all(number and set(number) <= set("0123456789*#") for number in found.callers)
    assert not (found.anonymous and found.callers)
