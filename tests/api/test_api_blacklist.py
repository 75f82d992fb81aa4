"""The dynamic black list over HTTP: as VOS3000 shows it, searched, blocked and released by hand."""

from typing import Any

import pytest
from policy_api import ACCOUNT, NOW, Api, mistakes

from gateway.policy.blocks import Block

PATH = "/v1/dynamic-blacklist"
CALLER = {"type": "malicious-call", "subject": "+12155550100"}


def block(api: Api, **asked: Any) -> Any:
    return api.client.post(PATH, json=asked)


def subjects(api: Api, query: str = "") -> list[str]:
    return [item["subject"] for item in api.client.get(f"{PATH}{query}").json()["items"]]


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        pytest.param({"type": "spam", "subject": "12155550100"}, "type", id="type"),
        pytest.param({"type": "malicious-call", "subject": "alice"}, "subject", id="no-number"),
        pytest.param({"type": "no-answer", "subject": "1215*"}, "subject", id="wildcard"),
        pytest.param({"type": "access", "subject": "192.0.2.0/24"}, "subject", id="range"),
        pytest.param({"type": "access", "subject": "example.com"}, "subject", id="name"),
        pytest.param({"type": "account", "subject": "nobody"}, "subject", id="unknown-account"),
        pytest.param({**CALLER, "until": "2020-01-01T00:00:00Z"}, "until", id="over-already"),
        pytest.param({**CALLER, "until": "2030-01-01T00:00:00"}, "until", id="no-zone"),
        pytest.param({**CALLER, "why": "attempts"}, "why", id="why"),
        pytest.param({"type": "access"}, "subject", id="nobody"),
    ],
)
def test_what_cannot_be_blocked_is_refused(api: Api, asked: dict[str, str], path: str) -> None:
    response = block(api, **asked)
    assert (response.status_code, list(mistakes(response))) == (422, [path])
    assert subjects(api, "?active=false") == []


@pytest.mark.parametrize(
    "query", ["?type=spam", "?number=alice", "?after=x", "?active=perhaps", "?numbr=1", "?limit=0"]
)
def test_a_query_that_is_not_understood_is_refused(api: Api, query: str) -> None:
    assert api.client.get(f"{PATH}{query}").status_code == 400


@pytest.mark.parametrize("id", [1, 2**31, 10**30])
def test_a_block_that_is_not_there(api: Api, id: int) -> None:
    assert api.client.get(f"{PATH}/{id}").status_code == 404
    assert api.client.delete(f"{PATH}/{id}").status_code == 404


def test_a_block_by_hand_is_told_as_vos3000_shows_it(api: Api) -> None:
    response = block(api, type="malicious-call", subject="(215) 555-0100", until="2027-02-01T00:00:00+01:00")
    assert response.status_code == 201
    told = api.client.get(response.headers["location"]).json()
    assert told == response.json()
    assert told == {
        "id": 1,
        "type": "malicious-call",
        "type_name": "Malicious Call",
        "subject": "12155550100",
        "number": "+12155550100",
        "why": "by-hand",
        "active": True,
        "effective": "2027-01-15T08:00:00Z",
        "expires": "2027-01-31T23:00:00Z",
        "last_call": None,
        "node": None,
        "released": None,
        "released_by": None,
    }


def test_a_number_is_blocked_until_it_is_released_where_nobody_says_how_long(api: Api) -> None:
    assert block(api, **CALLER).json()["expires"] is None


def test_an_address_is_blocked_for_the_time_that_the_parameter_says(api: Api) -> None:
    api.client.put("/v1/parameters", json={"SS_SIP_DYNAMIC_BLACKLIST_EXPIRE": 60})
    told = block(api, type="access", subject="::ffff:192.0.2.7").json()
    assert (told["subject"], told["expires"]) == ("192.0.2.7", "2027-01-15T08:01:00Z")


def test_an_account_is_locked_by_its_id(api: Api) -> None:
    api.add("accounts", ACCOUNT)
    told = block(api, type="account", subject="acme").json()
    assert (told["type_name"], told["number"]) == ("Account Lock", None)


def test_the_list_is_searched_by_number_and_type(api: Api) -> None:
    block(api, **CALLER)
    block(api, type="no-answer", subject="+12155550101")
    block(api, type="access", subject="192.0.2.7")
    assert subjects(api) == ["192.0.2.7", "12155550101", "12155550100"]
    assert subjects(api, "?number=+12155550100") == ["12155550100"]
    assert subjects(api, "?number=2155550101&type=no-answer") == ["12155550101"]
    assert subjects(api, "?number=2155550101&type=malicious-call") == []
    assert subjects(api, "?subject=192.0.2.7") == ["192.0.2.7"]


def test_the_list_is_read_in_pages(api: Api) -> None:
    for last in range(3):
        block(api, type="no-answer", subject=f"+1215555010{last}")
    first = api.client.get(f"{PATH}?limit=2").json()
    assert [each["id"] for each in first["items"]] == [3, 2]
    assert subjects(api, f"?limit=2&after={first['next']}") == ["12155550100"]


def test_a_released_block_is_over_and_stays_on_record(api: Api) -> None:
    block(api, **CALLER)
    assert api.client.delete(f"{PATH}/1").status_code == 204
    assert subjects(api) == []
    (told,) = api.client.get(f"{PATH}?active=false").json()["items"]
    assert (told["active"], told["released_by"]) == (False, "user:everybody")
    assert api.client.delete(f"{PATH}/1").status_code == 404


def test_what_an_edge_blocked_says_where_and_why(api: Api) -> None:
    store = api.opened.store
    store.add_block(Block("no-answer", "12155550101", NOW - 9, NOW + 9, "no-answer-streak"), "x", node="gw-2")
    (told,) = api.client.get(f"{PATH}?node=gw-2").json()["items"]
    assert (told["node"], told["why"], told["type_name"]) == ("gw-2", "no-answer-streak", "No Answer")


def test_a_block_that_has_run_out_is_not_active(api: Api) -> None:
    api.opened.store.add_block(Block("no-answer", "12155550101", NOW - 9, NOW - 1, "no-answer-streak"), "x")
    assert subjects(api) == []
    assert api.client.get(f"{PATH}?active=false").json()["items"][0]["active"] is False


def test_the_last_call_is_the_latest_of_either_side(api: Api) -> None:
    api.opened.calls.add(
        [
            {"id": "1", "at": NOW - 300, "caller": "12155550100"},
            {"id": "2", "at": NOW - 200, "callee": "12155550100"},
            {"id": "3", "at": NOW - 100, "caller": "12155550101"},
        ]
    )
    assert block(api, **CALLER).json()["last_call"] == "2027-01-15T07:56:40Z"
