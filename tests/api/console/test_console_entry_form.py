"""The form of an entry: made of its description, filled in, and told what is wrong at its field."""

from typing import Any

import pytest

from gateway.api import examples
from gateway.api.console.entry_form import EntryForm, Field
from gateway.stir.tn import NumberPlan
from gateway.store import loading
from gateway.store.resources import RESOURCES

US = NumberPlan.of("US")
MANY = [each for each in RESOURCES.values() if each.name != "parameters"]


def form(name: str) -> EntryForm:
    return EntryForm.of(RESOURCES[name])


def field(name: str, path: str) -> Field:
    return next(each for each in form(name).every() if each.path == path)


@pytest.mark.parametrize("resource", MANY, ids=lambda each: each.name)
def test_an_entry_that_is_shown_and_read_again_is_the_same(resource: Any) -> None:
    entry = loading.parse_one(resource, dict(examples.of(resource)), US)
    of_it = EntryForm.of(resource)
    read, wrong = of_it.read(of_it.shown(entry.written()))
    assert not wrong
    assert loading.parse_one(resource, read, US) == entry


def test_the_parameters_shown_and_read_again_are_the_same() -> None:
    entry = loading.parse_one(RESOURCES["parameters"], {"country": "GB", "SS_ACCESS_IP_CHECK": 1}, US)
    read, wrong = form("parameters").read(form("parameters").shown(entry.written()))
    assert not wrong
    assert loading.parse_one(RESOURCES["parameters"], read, US) == entry


@pytest.mark.parametrize("resource", RESOURCES.values(), ids=lambda each: each.name)
def test_every_field_says_what_it_means(resource: Any) -> None:
    assert [each.path for each in EntryForm.of(resource).every() if not each.about] == []


def test_a_new_form_shows_the_defaults_as_they_are_written() -> None:
    shown = form("peers").shown({})
    assert (shown["try_next_after"], shown["refuse_with"], shown["tell.verstat"]) == ("5s", "603", "true")


def test_the_numbers_of_a_group_are_no_field_of_it() -> None:
    assert [each.path for each in form("list-groups").every()] == ["name", "memo"]


def test_a_field_left_blank_is_left_out_where_it_has_a_default() -> None:
    read, _ = form("rates").read({"table": "retail", "prefix": "", "per_minute": "1", "increment": " "})
    assert read == {"table": "retail", "prefix": "", "per_minute": "1"}


def test_what_is_no_number_is_kept_for_the_store_to_refuse() -> None:
    read, _ = form("rates").read({"increment": "six"})
    assert read["increment"] == "six"


def test_a_list_is_emptied_where_nothing_stands_in_it() -> None:
    read, _ = form("peers").read({"pass_headers": " \r\n"})
    assert read["pass_headers"] == []


def test_an_optional_table_is_left_out_where_all_of_it_is_as_it_would_be_anyway() -> None:
    read, _ = form("peers").read(
        {"tell.verstat": "true", "tell.remote_party_id": "false", "verification.default": ""}
    )
    assert "tell" not in read
    assert "verification" not in read


def test_an_optional_table_is_there_as_soon_as_it_says_something() -> None:
    read, _ = form("peers").read({"tell.verstat": "false", "verification.replayed": "reject"})
    assert read["tell"]["verstat"] is False
    assert read["verification"]["replayed"] == "reject"


def test_tables_are_read_a_line_each() -> None:
    text = '{ group = "a", party = "caller", kind = "black" }\r\n\r\n{ group = "b", party = "callee", kind = "white" }'
    read, wrong = form("accounts").read({"lists": text})
    assert not wrong
    assert [each["group"] for each in read["lists"]] == ["a", "b"]


def test_a_line_that_is_no_toml_is_named() -> None:
    _, wrong = form("accounts").read({"lists": '{ group = "a", party = "caller", kind = "black" }\nnuisance'})
    assert wrong["lists"].startswith("line 2 is no TOML table")


def test_a_table_that_is_no_toml_is_told_at_its_field() -> None:
    _, wrong = form("peers").read({"tell.display": "A [V]"})
    assert wrong["tell.display"].startswith("not TOML")


def test_complaints_stand_at_their_field_with_their_line() -> None:
    placed, rest = form("accounts").placed(
        [
            ("permits.deny_callees[2]", "no prefix"),
            ("lists[0].kind", "black or white"),
            ("limits", "cannot be"),
            ("geofence.deny_callee_countries", "no country"),
            ("", "it needs a name"),
            ("elsewhere", "unknown"),
        ]
    )
    assert placed == {
        "permits.deny_callees": ["line 3: no prefix"],
        "lists": ["line 1: kind: black or white"],
        "limits": ["cannot be"],
        "geofence.deny_callee_countries": ["no country"],
    }
    assert rest == ["it needs a name", "elsewhere: unknown"]


def test_what_must_be_filled_in_comes_first() -> None:
    assert [each.path for each in form("peers").fields[:2]] == ["name", "role"]
    assert field("peers", "role").choices == ("softswitch", "carrier")
