"""The editors of the number policy: every kind of entry listed, added, changed and taken away by forms."""

from typing import Any
from urllib.parse import quote

import pytest
from doors import Door
from pages import Somebody, elements, field

from gateway.api import examples
from gateway.api.console.entry_form import EntryForm
from gateway.stir.tn import NumberPlan
from gateway.store import loading
from gateway.store.resources import RESOURCES

HOSTILE = "</textarea><script>alert(1)</script>\"'<img src=x onerror=alert(1)>"
US = NumberPlan.of("US")
ORDER = [each for each in RESOURCES.values() if each.name != "parameters"]
AREA = {"prefix": "1215", "name": "Philadelphia"}


def filled(resource: Any) -> dict[str, str]:
    """The form of the example of a kind of entry."""
    entry = loading.parse_one(resource, dict(examples.of(resource)), US)
    return EntryForm.of(resource).shown(entry.written())


def add_area(somebody: Somebody, **other: str) -> str:
    return somebody.stores("/console/policy/areas/new", AREA | other)


def test_one_of_every_kind_is_added_listed_and_shown_again_as_it_was(door: Door, operator: Somebody) -> None:
    for resource in ORDER:
        fields = filled(resource)
        place = operator.stores(f"/console/policy/{resource.name}/new", fields)
        (stored,) = door.opened.store.page(resource.name).entries
        assert EntryForm.of(resource).shown(stored.entry.written()) == fields
        assert "Added." in operator.sees(place)
        assert f"/console/policy/{resource.name}/entry?" in operator.sees(f"/console/policy/{resource.name}")


def test_the_parameters_are_changed_and_were_never_written_before(door: Door, operator: Somebody) -> None:
    fields = EntryForm.of(RESOURCES["parameters"]).shown({}) | {"SS_ACCESS_IP_CHECK": "1"}
    revision = field(operator.sees("/console/policy/parameters"), "revision")
    assert revision == "0"
    operator.stores("/console/policy/parameters", fields | {"revision": revision})
    stored = door.opened.store.get("parameters", "parameters")
    assert stored and stored.entry.written()["SS_ACCESS_IP_CHECK"] == 1


def test_what_is_wrong_is_told_at_its_field_and_what_was_filled_in_stays(operator: Somebody) -> None:
    answer = operator.sends("/console/policy/areas/new", {"prefix": "12x", "name": "Somewhere"})
    assert answer.status_code == 422
    (prefix,) = [each for each in elements(answer.text, "input") if each.get("name") == "prefix"]
    assert (prefix["value"], prefix["aria-invalid"]) == ("12x", "true")
    assert 'id="f-prefix-wrong"' in answer.text
    assert field(answer.text, "name") == "Somewhere"


def test_what_the_whole_policy_will_not_have_is_told_above_the_form(operator: Somebody) -> None:
    section = {"name": "acme-1", "begin": "+12155550100", "end": "+12155550199", "account": "nobody"}
    answer = operator.sends("/console/policy/number-sections/new", section)
    assert answer.status_code == 422
    assert "Nothing was stored." in answer.text
    assert "nobody" in answer.text


def test_an_entry_of_that_key_is_not_overwritten_by_a_new_one(door: Door, operator: Somebody) -> None:
    add_area(operator)
    answer = operator.sends("/console/policy/areas/new", AREA | {"name": "Elsewhere"})
    assert answer.status_code == 409
    stored = door.opened.store.get("areas", "1215")
    assert stored and stored.entry.written()["name"] == "Philadelphia"


def test_of_two_who_change_an_entry_the_second_is_told_and_decides(door: Door, operator: Somebody) -> None:
    place = add_area(operator).replace("&said=added", "")
    revision = field(operator.sees(place), "revision")
    operator.stores(place, AREA | {"name": "First", "revision": str(revision)})
    answer = operator.sends(place, AREA | {"name": "Second", "revision": str(revision)})
    assert answer.status_code == 409
    assert "Somebody has changed this" in answer.text
    assert "<code>First</code>" in answer.text
    assert field(answer.text, "name") == "Second"
    again = field(answer.text, "revision")
    operator.stores(place, AREA | {"name": "Second", "revision": str(again)})
    stored = door.opened.store.get("areas", "1215")
    assert stored and stored.entry.written()["name"] == "Second"


def test_an_entry_that_somebody_took_away_meanwhile_can_be_added_again(operator: Somebody) -> None:
    place = add_area(operator).replace("&said=added", "")
    revision = str(field(operator.sees(place), "revision"))
    operator.stores("/console/policy/areas/remove?key=1215", {"revision": revision})
    answer = operator.sends(place, AREA | {"revision": revision})
    assert answer.status_code == 409
    assert 'action="/console/policy/areas/new"' in answer.text


def test_an_entry_changed_meanwhile_is_not_taken_away(door: Door, operator: Somebody) -> None:
    add_area(operator)
    answer = operator.sends("/console/policy/areas/remove?key=1215", {"revision": "0"})
    assert answer.status_code == 409
    assert door.opened.store.get("areas", "1215")


def test_an_entry_that_another_needs_stays(door: Door, operator: Somebody) -> None:
    operator.stores("/console/policy/accounts/new", {"id": "acme", "name": "Acme"})
    operator.stores("/console/policy/number-sections/new", filled(RESOURCES["number-sections"]))
    revision = field(operator.sees("/console/policy/accounts/entry?key=acme"), "revision")
    answer = operator.sends("/console/policy/accounts/remove?key=acme", {"revision": str(revision)})
    assert answer.status_code == 422
    assert door.opened.store.get("accounts", "acme")


def test_a_key_cannot_be_changed_into_another(operator: Somebody) -> None:
    place = add_area(operator).replace("&said=added", "")
    revision = str(field(operator.sees(place), "revision"))
    answer = operator.sends(place, AREA | {"prefix": "1999", "revision": revision})
    assert answer.status_code == 422
    assert "another area" in answer.text


def test_a_form_without_its_revision_is_not_understood(operator: Somebody) -> None:
    place = add_area(operator).replace("&said=added", "")
    assert operator.sends(place, AREA).status_code == 400


@pytest.mark.parametrize(
    "path", ["/console/policy/nonsense", "/console/policy/areas/entry?key=99", "/console/x"]
)
def test_what_is_not_there_is_a_page_that_says_so(operator: Somebody, path: str) -> None:
    assert "It is not there" in operator.sees(path, 404)


def test_there_is_one_set_of_parameters(operator: Somebody) -> None:
    operator.sees("/console/policy/parameters/new", 404)


def test_hostile_text_stays_text_wherever_it_is_shown(operator: Somebody) -> None:
    place = add_area(operator, name=HOSTILE)
    wrong = operator.sends("/console/policy/areas/new", {"prefix": HOSTILE, "name": HOSTILE}).text
    pages = [operator.sees(path) for path in ("/console/policy/areas", "/console/audit", place)]
    pages.append(operator.sees("/console/calls?rule=" + quote(HOSTILE)))
    for text in (
        *pages,
        wrong,
        operator.sends("/console/blacklist", {"type": "access", "subject": HOSTILE}).text,
    ):
        assert [each for each in elements(text, "script") if "src" not in each] == []
        assert all(str(each["src"]).startswith("/console/static/") for each in elements(text, "img"))


def test_an_auditor_sees_entries_and_no_way_to_change_them(
    door: Door, operator: Somebody, auditor: Somebody
) -> None:
    place = add_area(operator).replace("&said=added", "")
    text = auditor.sees(place)
    assert [each.get("class") for each in elements(text, "button")] == ["quiet"]  # log out
    assert "New area" not in auditor.sees("/console/policy/areas")


def test_a_list_is_told_in_pages_and_filtered(door: Door, operator: Somebody) -> None:
    for digit in range(3):
        add_area(operator, prefix=f"121{digit}", name=f"Area {digit}")
    first = operator.sees("/console/policy/areas?limit=2")
    assert "Next page" in first and "Area 2" not in first
    assert "Area 2" in operator.sees("/console/policy/areas?limit=2&after=1211")
    assert "Area 1" not in operator.sees("/console/policy/areas?name=Area+2")


def test_a_filter_that_nobody_knows_is_told(operator: Somebody) -> None:
    assert "nonsense" in operator.sees("/console/policy/areas?nonsense=1", 400)


def test_a_number_section_is_found_by_a_number_in_it(operator: Somebody) -> None:
    operator.stores("/console/policy/accounts/new", {"id": "acme", "name": "Acme"})
    operator.stores("/console/policy/number-sections/new", filled(RESOURCES["number-sections"]))
    assert "acme-1" in operator.sees("/console/policy/number-sections?number=2155550150")
    assert "acme-1" not in operator.sees("/console/policy/number-sections?number=2155550200")
    assert "not a number" in operator.sees("/console/policy/number-sections?number=alice", 400)


def test_while_the_database_is_away_the_page_says_so(door: Door, operator: Somebody) -> None:
    door.gone = True
    answer = operator.client.get("/console/policy/peers")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "the database is away" in answer.text
    assert "The database is away: calls go on" in operator.sees("/console")
