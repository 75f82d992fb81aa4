"""A letter of authorisation counts for its account, its numbers and its dates, and for nothing else."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.policy.authorisations import Authorisation, AuthorisationTable


def letter(
    begin: str,
    end: str,
    name: str = "letter",
    account: str = "acme",
    valid: tuple[float | None, float | None] = (None, None),
) -> Authorisation:
    return Authorisation(name, account, begin, end, *valid)


@pytest.mark.parametrize(
    ("begin", "end", "valid", "why"),
    [
        pytest.param("100", "1000", (None, None), "differ in length", id="lengths"),
        pytest.param("200", "100", (None, None), "comes after", id="numbers-upside-down"),
        pytest.param("+100", "+200", (None, None), "is not 1 to 18 digits", id="plus"),
        pytest.param("100", "200", (9.0, 5.0), "is not before", id="dates-upside-down"),
        pytest.param("100", "200", (5.0, 5.0), "is not before", id="no-time-at-all"),
    ],
)
def test_a_letter_that_cannot_be_is_refused(
    begin: str, end: str, valid: tuple[float | None, float | None], why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        letter(begin, end, valid=valid)


LETTERS = AuthorisationTable(
    [
        letter("100", "199", "dated", valid=(10.0, 20.0)),
        letter("300", "399", "from", valid=(10.0, None)),
        letter("500", "599", "until", valid=(None, 20.0)),
        letter("100", "199", "of-bell", account="bell"),
        letter("000", "999", "wide", account="cord"),
        letter("200", "250", "narrow", account="cord", valid=(10.0, None)),
        letter("210", "220", "narrowest", account="cord", valid=(None, 10.0)),
    ]
)


@pytest.mark.parametrize(
    ("account", "number", "now"),
    [
        pytest.param("acme", "200", 15.0, id="outside-the-numbers"),
        pytest.param("acme", "0150", 15.0, id="longer"),
        pytest.param("acme", "15", 15.0, id="shorter"),
        pytest.param("acme", "", 15.0, id="no-number"),
        pytest.param("acme", "*150", 15.0, id="service-code"),
        pytest.param("acme", "150", 9.9, id="not-yet"),
        pytest.param("acme", "150", 20.0, id="no-longer"),
        pytest.param("acme", "350", 9.9, id="open-end-not-yet"),
        pytest.param("acme", "550", 20.0, id="open-begin-no-longer"),
        pytest.param("bell", "350", 15.0, id="another-account-s-numbers"),
        pytest.param("dora", "150", 15.0, id="account-without-letters"),
    ],
)
def test_without_a_letter_there_is_no_authorisation(account: str, number: str, now: float) -> None:
    assert LETTERS.find(account, number, now) is None


@pytest.mark.parametrize(
    ("account", "number", "now", "name"),
    [
        pytest.param("acme", "100", 10.0, "dated", id="first-number-first-second"),
        pytest.param("acme", "199", 19.9, "dated", id="last-number-last-second"),
        pytest.param("acme", "350", 1e12, "from", id="open-end"),
        pytest.param("acme", "550", 0.0, "until", id="open-begin"),
        pytest.param("bell", "150", 99.0, "of-bell", id="same-numbers-another-account"),
        pytest.param("cord", "215", 5.0, "narrowest", id="innermost"),
        pytest.param("cord", "215", 15.0, "narrow", id="innermost-in-force"),
        pytest.param("cord", "900", 15.0, "wide", id="far-behind-the-inner-ones"),
    ],
)
def test_a_letter_in_force_is_found(account: str, number: str, now: float, name: str) -> None:
    found = LETTERS.find(account, number, now)
    assert found is not None
    assert (found.name, found.account) == (name, account)


def test_a_letter_is_found_as_it_was_written() -> None:
    written = letter("0100", "0199", "ümlaut", valid=(0.25, 1e9))
    assert pickle.loads(pickle.dumps(AuthorisationTable([written]))).find("acme", "0150", 1.0) == written


ranges = st.tuples(st.sampled_from(["acme", "bell"]), st.integers(0, 99), st.integers(0, 30))


@given(st.lists(ranges, max_size=10), st.integers(0, 99))
def test_the_table_agrees_with_looking_at_every_letter(held: list[tuple[str, int, int]], number: int) -> None:
    letters = [letter(f"{a:02}", f"{min(a + n, 99):02}", str(i), who) for i, (who, a, n) in enumerate(held)]
    for account in ("acme", "bell"):
        found = AuthorisationTable(letters).find(account, f"{number:02}", 0.0)
        holding = [
            each for each in letters if each.account == account and each.begin <= f"{number:02}" <= each.end
        ]
        assert found in holding if holding else found is None
