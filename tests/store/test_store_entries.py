"""An entry is refused for what is wrong with it alone; a good one comes back from its row and from its shape outside."""

from typing import Any

import pytest
from policies import one, policy

from gateway.policy.accounts import Account
from gateway.policy.windows import Window
from gateway.stir.tn import NumberPlan
from gateway.store.entry import PureEntry
from gateway.store.errors import Refused
from gateway.store.loading import parse_one
from gateway.store.peer_entries import AccountEntry
from gateway.store.resources import RESOURCES

PLAN = NumberPlan.of("US")

EVERY_ENTRY = [
    pytest.param(kind.name, written, id=f"{kind.name}-{place}")
    for kind in RESOURCES.values()
    for place, written in enumerate(
        [policy()[kind.name]] if kind.name == "parameters" else policy()[kind.name]
    )
]


def refusal(resource: str, written: object) -> str:
    with pytest.raises(Refused) as caught:
        parse_one(RESOURCES[resource], written, PLAN)
    return "\n".join(caught.value.errors)


@pytest.mark.parametrize(
    ("resource", "changed", "said"),
    [
        ("number-sections", {"begin": "12155550200"}, "begin 12155550200 comes after end 12155550199"),
        ("number-sections", {"begin": "+442071838750"}, "differ in length"),
        ("number-sections", {"begin": "what"}, "begin: not a number: not-a-number"),
        ("number-sections", {"name": ""}, "name: String should have at least 1"),
        ("number-sections", {"acount": "acme"}, "acount: unknown key; did you mean 'account'?"),
        ("authorisations", {"valid_until": "2026-01-01"}, "valid_from is not before valid_until"),
        ("authorisations", {"valid_from": "2027-01-01T00:00"}, "valid_from: write a day"),
        ("areas", {"prefix": "12x"}, "prefix: String should match"),
        ("areas", {"prefix": "1?"}, "prefix: String should match"),
        ("list-groups", {"numbers": ["1", "2155550100*"]}, "numbers[1]: '2155550100*' contains a wildcard"),
        ("system-whitelist", {"number": "1?"}, "number: '1?' contains a wildcard"),
        ("rates", {"per_minute": 0.5}, "per_minute: write money as text"),
        ("rates", {"prefix": "+1"}, "prefix: String should match"),
        ("rates", {"increment": 0}, "increment: Input should be greater"),
        ("address-ranges", {"network": "198.51.100.1/24"}, "network: 198.51.100.1/24 has host bits set"),
        ("number-transforms", {"original": "1*2"}, "original '1*2' is no pattern"),
        ("number-transforms", {"original": "12", "target": "*"}, "has a * but original '12' has none"),
        ("number-transforms", {"party": "both"}, "party: Input should be 'caller' or 'callee'"),
        ("peers", {"refuse_with": 200}, "refuse_with"),
        ("peers", {"max_cps": -1}, "max_cps"),
        ("peers", {"lists": [{"group": "x", "party": "caller", "kind": "grey"}]}, "lists[0].kind"),
        ("peers", {"permits": {"deny_callees": ["1-242"]}}, "permits.deny_callees[0]: String should match"),
        ("peers", {"permits": {"premum": False}}, "permits.premum: unknown key; did you mean 'premium'?"),
        ("peers", {"geofence": {"deny_callee_countries": ["UK"]}}, "'UK' is no country of ISO 3166"),
        ("peers", {"geofence": {"deny_callee_countries": ["bs"]}}, "String should match"),
        ("peers", {"limits": {"spend_per_day": 100}}, "limits.spend_per_day: write money as text"),
        ("peers", {"limits": {"concurrent": -1}}, "limits.concurrent"),
        ("routes", {"prefix": "+44"}, "prefix: String should match"),
        ("routes", {"to": []}, "to: Tuple should have at least 1 item"),
        ("accounts", {"attest_max": "D"}, "attest_max: Input should be"),
        ("accounts", {"enabled": 1}, "enabled: Input should be a valid boolean"),
    ],
)
def test_a_mistake_is_named(resource: str, changed: dict[str, Any], said: str) -> None:
    assert said in refusal(resource, one(resource, **changed))


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"SS_BLACK_LIST_NO_ANSWER_LIMIT": -1}, "SS_BLACK_LIST_NO_ANSWER_LIMIT: -1 is not between"),
        ({"SS_CALLERALLOWLENGTH": "15"}, "SS_CALLERALLOWLENGTH: Input should be a valid integer"),
        ({"SS_ACCESS_IP_CHECK": 2}, "SS_ACCESS_IP_CHECK: 2 is not 0 or 1"),
        ({"time_zone": "Mars/Base"}, "time_zone: there is no time zone"),
        ({"no_answer_party": "nobody"}, "no_answer_party"),
        ({"SS_CALERALLOWLENGTH": 15}, "unknown key; did you mean 'SS_CALLERALLOWLENGTH'?"),
        ({"country": "XX"}, "country: no numbering plan"),
    ],
)
def test_a_parameter_that_cannot_be_is_named_as_vos3000_names_it(written: dict[str, Any], said: str) -> None:
    assert said in refusal("parameters", written)


@pytest.mark.parametrize(
    ("window", "said"),
    [
        ({"begin": "24:00"}, "window: '24:00' is not a time"),
        ({"end": "6"}, "window: '6' is not a time"),
        ({"zone": "Europe/Atlantis"}, "window: 'Europe/Atlantis' is not a time zone"),
        ({"days": ["monday"]}, "window.days[0]: Input should be 'mon'"),
    ],
)
def test_a_window_that_cannot_be_is_refused(window: dict[str, Any], said: str) -> None:
    attached = [{"group": "g", "party": "caller", "kind": "black", "window": window}]
    assert said in refusal("accounts", one("accounts", lists=attached))


@pytest.mark.parametrize("written", [None, 5, "text", [], [{}]], ids=repr)
def test_what_is_no_table_is_refused(written: object) -> None:
    assert "valid dictionary" in refusal("accounts", written)


@pytest.mark.parametrize(("resource", "written"), EVERY_ENTRY)
def test_an_entry_comes_back_from_its_row(resource: str, written: object) -> None:
    kind = RESOURCES[resource]
    entry = parse_one(kind, written, PLAN)
    row = kind.row(entry)
    assert set(row) < set(kind.table.columns.keys())
    assert kind.row(kind.of_row(row)) == row


@pytest.mark.parametrize(
    ("resource", "written"),
    [each for each in EVERY_ENTRY if "value_of" in vars(RESOURCES[str(each.values[0])].entry)],
)
def test_a_value_is_the_same_made_of_the_row_as_of_the_entry(resource: str, written: object) -> None:
    kind = RESOURCES[resource]
    row = kind.row(parse_one(kind, written, PLAN))
    entry = kind.of_row(row)
    assert isinstance(entry, PureEntry)
    assert entry.value_of(row) == entry.value()


def test_terms_of_several_accounts_are_one_object() -> None:
    kind = RESOURCES["accounts"]
    rows = [kind.row(parse_one(kind, one("accounts", 1, id=name, addresses=[]), PLAN)) for name in "ab"]
    first, second = map(AccountEntry.value_of, rows)
    assert first.terms is second.terms


@pytest.mark.parametrize("brief", [False, True], ids=["whole", "brief"])
@pytest.mark.parametrize(("resource", "written"), EVERY_ENTRY)
def test_an_entry_comes_back_from_its_shape_outside(resource: str, written: object, brief: bool) -> None:
    kind = RESOURCES[resource]
    entry = parse_one(kind, written, PLAN)
    again = parse_one(kind, entry.written(brief=brief), NumberPlan.of("GB"))
    assert kind.row(again) == kind.row(entry)


def test_an_account_becomes_its_terms() -> None:
    entry = parse_one(RESOURCES["accounts"], one("accounts", 1), PLAN)
    assert isinstance(entry, AccountEntry)
    terms = entry.value().terms
    assert terms.lists[0].window == Window(frozenset({0, 4}), "22:00", "06:00", "Europe/Paris")
    assert terms.permits.deny_callees == ("881", "882")
    assert not terms.permits.premium
    assert terms.fence.deny_callee_countries == {"BS"}
    assert terms.limits.spend_per_day == 100_000_000


def test_nothing_written_is_nothing_asked() -> None:
    entry = parse_one(RESOURCES["accounts"], {"id": "x", "name": "X"}, PLAN)
    assert isinstance(entry, AccountEntry)
    assert entry.value() == Account("x", "X")
