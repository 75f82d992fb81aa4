"""What all pages have: headers that leave a browser nothing to guess, a way in, and files of their own."""

import re

import pytest
from doors import Door
from jinja2.defaults import DEFAULT_FILTERS
from pages import Somebody, elements

from gateway.api.console import shown, static
from gateway.api.console.pages import HEADERS

PAGES = ("/console", "/console/policy/peers", "/console/nothing", "/console/policy/areas/entry")


@pytest.mark.parametrize("path", [*PAGES, "/login"])
def test_every_page_forbids_scripts_styles_and_frames_of_others(operator: Somebody, path: str) -> None:
    answer = operator.client.get(path)
    assert {name: answer.headers[name] for name in HEADERS} == dict(HEADERS)
    assert "unsafe" not in answer.headers["content-security-policy"]


@pytest.mark.parametrize("path", PAGES)
def test_no_page_holds_a_script_a_style_or_an_address_of_another_host(operator: Somebody, path: str) -> None:
    text = operator.client.get(path).text
    assert all("src" in each for each in elements(text, "script"))
    assert not elements(text, "style")
    assert not re.search(r"\s(style|on[a-z]+)=", text)
    assert not re.search(r"""(?:src|href|action)=["'](?:https?:|//)""", text)


def test_the_way_in_leads_to_the_overview(operator: Somebody) -> None:
    answer = operator.client.get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/console")


def test_a_stranger_comes_back_to_where_they_wanted_to_go(door: Door) -> None:
    answer = door.client().get("/console/audit?who=user%3Aada")
    assert answer.headers["location"] == "/login?next=%2Fconsole%2Faudit%3Fwho%3Duser%253Aada"


@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_the_log_in_leads_to_no_other_host(door: Door, target: str) -> None:
    text = door.client().get("/login", params={"next": target}).text
    (following,) = [each["value"] for each in elements(text, "input") if each.get("name") == "next"]
    assert following == "/"


def test_a_reason_that_nobody_gave_is_not_shown(door: Door) -> None:
    text = door.client().get("/login?failed=<b>&said=<b>&wait=<b>").text
    assert "<b>" not in text and "&lt;b&gt;" not in text


def test_a_session_that_is_over_is_told(door: Door, operator: Somebody) -> None:
    door.clock.now += 86_400
    answer = operator.client.get("/console")
    assert answer.headers["location"] == "/login?said=timed-out&next=%2Fconsole"
    assert "Your session has ended" in door.client().get("/login?said=timed-out").text


def test_a_page_that_refreshes_itself_keeps_no_session_alive(door: Door, operator: Somebody) -> None:
    for _ in range(12):
        door.clock.now += 300
        answer = operator.client.get("/console", headers={"X-Refresh": "1"})
    assert answer.status_code == 401
    assert "location" not in answer.headers


def test_a_form_keeps_a_session_alive_whatever_it_says_of_itself(door: Door, operator: Somebody) -> None:
    for _ in range(3):
        door.clock.now += 1000
        answer = operator.client.post(
            "/console/explain", data={"csrf": operator.csrf, "source": "x"}, headers={"X-Refresh": "1"}
        )
        assert answer.status_code == 422


def test_a_file_may_be_kept_for_a_year_and_has_another_name_when_it_changes(door: Door) -> None:
    answer = door.client().get(static.url("console.css"))
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert "immutable" in answer.headers["cache-control"]
    assert door.client().get("/console/static/pages.py").status_code == 404


def test_words_of_the_console_replace_none_of_the_templates_own() -> None:

    assert not shown.FILTERS.keys() & DEFAULT_FILTERS.keys()


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (59, "59 s"), (60, "1 min"), (3725, "1 h 2 min"), (90_000, "1 d 1 h")]
)
def test_a_length_of_time_is_told_by_its_two_largest_units(seconds: float, text: str) -> None:
    assert shown.span(seconds) == text


@pytest.mark.parametrize(
    ("left", "text", "tone"),
    [
        (-1, "expired", "bad"),
        (3600, "1 h", "bad"),
        (8 * 86_400, "8 days", "warn"),
        (31 * 86_400, "31 days", "good"),
    ],
)
def test_the_time_that_is_left_is_told_with_its_urgency(left: float, text: str, tone: str) -> None:
    assert (shown.days(left), shown.urgency(left)) == (text, tone)
