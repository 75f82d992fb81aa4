"""The call log over HTTP: filtered, in pages, as CSV, and one call with everything that is known about it."""

import csv
import io
from typing import Any

import pytest
from policy_api import NOW, Api, mistakes

from gateway.api.call_record import CallRecord
from gateway.store.call_tables import calls

PATH = "/v1/calls"
ORIGID = "7a1f2a9e-0d0b-4d5e-9c55-0c4c2d1f7b10"
SIGNED = {
    "id": "1",
    "at": NOW - 300,
    "ended_at": NOW - 200,
    "direction": "outbound",
    "peer": "vos3000",
    "account": "acme",
    "caller_dialled": "2155550100",
    "caller": "12155550100",
    "callee": "12155550123",
    "rule": "attest.section:acme-1",
    "attest": "A",
    "origid": ORIGID,
    "code": 200,
    "duration_ms": 60_000.0,
}
REFUSED = {
    "id": "2",
    "at": NOW - 100,
    "direction": "outbound",
    "peer": "vos3000",
    "caller": "12155550101",
    "callee": "12425550123",
    "callee_country": "BS",
    "rule": "geofence.callee-country:account/acme/BS",
    "code": 603,
}
RECEIVED = {
    "id": "3",
    "at": NOW - 50,
    "direction": "inbound",
    "peer": "carrier",
    "caller": "12155550123",
    "callee": "12155550100",
    "verstat": "TN-Validation-Failed",
    "code": 438,
}


@pytest.fixture
def logged(api: Api) -> Api:
    api.opened.calls.add([SIGNED, REFUSED, RECEIVED])
    return api


def ids(api: Api, query: str = "") -> list[str]:
    return [item["id"] for item in api.client.get(f"{PATH}{query}").json()["items"]]


def table(api: Api, query: str = "") -> list[dict[str, str]]:
    response = api.client.get(f"{PATH}.csv{query}")
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(response.text)))


# Refusals


@pytest.mark.parametrize(
    ("query", "path"),
    [
        pytest.param("?direction=up", "direction", id="direction"),
        pytest.param("?code=42", "code", id="code"),
        pytest.param("?attest=D", "attest", id="attest"),
        pytest.param("?since=yesterday", "since", id="no-time"),
        pytest.param("?since=2027-01-15T08:00:00", "since", id="no-zone"),
        pytest.param("?form=1", "form", id="unknown"),
    ],
)
def test_a_query_that_is_not_understood_is_refused(logged: Api, query: str, path: str) -> None:
    for address in (PATH, f"{PATH}.csv"):
        response = logged.client.get(f"{address}{query}")
        assert (response.status_code, list(mistakes(response))) == (400, [path])


@pytest.mark.parametrize("query", ["?number=alice", "?caller=%20", "?after=nowhere"])
def test_what_is_no_number_and_no_place_is_refused(logged: Api, query: str) -> None:
    assert logged.client.get(f"{PATH}{query}").status_code == 400


@pytest.mark.parametrize(
    "query",
    ["", f"?origid={ORIGID}&number=12155550100", "?at=2027-01-15T08:00:00Z", "?number=alice", "?id=1"],
)
def test_a_trace_is_of_one_call(logged: Api, query: str) -> None:
    assert logged.client.get(f"/v1/traceback{query}").status_code == 400


def test_a_call_that_is_not_kept_has_no_trace(logged: Api) -> None:
    response = logged.client.get("/v1/traceback?origid=unknown")
    assert (response.status_code, "keep_calls" in response.json()["detail"]) == (404, True)


# The list


def test_a_record_has_the_columns_of_the_log() -> None:
    assert list(CallRecord.model_fields) == list(calls.columns.keys())


def test_a_call_is_told_with_times_for_people(logged: Api) -> None:
    (told,) = logged.client.get(f"{PATH}?origid={ORIGID}").json()["items"]
    assert (told["at"], told["ended_at"]) == ("2027-01-15T07:55:00Z", "2027-01-15T07:56:40Z")
    same = SIGNED.keys() - {"at", "ended_at"}
    assert {name: told[name] for name in same} == {name: SIGNED[name] for name in same}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param("", ["3", "2", "1"], id="all-newest-first"),
        pytest.param("?direction=inbound", ["3"], id="direction"),
        pytest.param("?peer=vos3000", ["2", "1"], id="peer"),
        pytest.param("?account=acme", ["1"], id="account"),
        pytest.param("?caller=2155550100", ["1"], id="caller"),
        pytest.param("?callee=%2B12155550100", ["3"], id="callee"),
        pytest.param("?number=+12155550100", ["3", "1"], id="either-party"),
        pytest.param("?rule=geofence", ["2"], id="kind-of-rule"),
        pytest.param("?code=438", ["3"], id="code"),
        pytest.param("?attest=A", ["1"], id="attest"),
        pytest.param("?verstat=TN-Validation-Failed", ["3"], id="verstat"),
        pytest.param("?since=2027-01-15T07:58:20Z", ["3", "2"], id="since"),
        pytest.param("?until=2027-01-15T08:58:20%2B01:00", ["1"], id="until-with-a-zone"),
        pytest.param("?until=2027-01-15T08:58:20+01:00", ["1"], id="until-with-a-bare-plus"),
        pytest.param("?since=1799999900&until=1799999950", ["2"], id="epoch-seconds"),
        pytest.param("?peer=vos3000&code=200", ["1"], id="two-filters"),
    ],
)
def test_calls_are_filtered(logged: Api, query: str, found: list[str]) -> None:
    assert ids(logged, query) == found
    assert [row["id"] for row in table(logged, query)] == found


def test_calls_are_read_in_pages(logged: Api) -> None:
    first = logged.client.get(f"{PATH}?limit=2").json()
    assert [item["id"] for item in first["items"]] == ["3", "2"]
    second = logged.client.get(PATH, params={"limit": 2, "after": first["next"]}).json()
    assert ([item["id"] for item in second["items"]], second["next"]) == (["1"], None)


# CSV


def test_a_csv_holds_all_calls_however_many(api: Api) -> None:
    api.opened.calls.add({"id": str(n), "at": NOW - n} for n in range(2500))
    assert [row["id"] for row in table(api)] == [str(n) for n in range(2500)]


def test_a_csv_of_no_calls_still_has_its_heading(api: Api) -> None:
    response = api.client.get(f"{PATH}.csv")
    assert response.text.strip().split(",") == list(CallRecord.model_fields)
    assert response.headers["content-disposition"] == 'attachment; filename="calls.csv"'


@pytest.mark.parametrize(
    ("written", "told"),
    [
        pytest.param("=1+1", "'=1+1", id="formula"),
        pytest.param("@SUM(A1)", "'@SUM(A1)", id="function"),
        pytest.param("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0", id="plus-and-command"),
        pytest.param("\t=1", "'\t=1", id="tab"),
        pytest.param("+12155550100", "+12155550100", id="number"),
        pytest.param('a"b,c', 'a"b,c', id="quotes-and-commas"),
    ],
)
def test_what_a_stranger_wrote_is_no_formula_in_a_spreadsheet(api: Api, written: str, told: str) -> None:
    api.opened.calls.add([{"id": "1", "at": NOW, "caller_dialled": written}])
    assert table(api)[0]["caller_dialled"] == told


# Traceback


def test_a_trace_tells_the_call_its_number_s_others_and_what_decided_it(logged: Api) -> None:
    account: dict[str, Any] = {"id": "acme", "name": "Acme Corporation"}
    logged.add("accounts", account)
    told = logged.client.get(f"/v1/traceback?origid={ORIGID}").json()
    assert (told["call"]["id"], [each["id"] for each in told["attempts"]], told["more"]) == (
        "1",
        ["3"],
        False,
    )
    facts = {fact["resource"]: fact for fact in told["facts"]}
    assert facts["accounts"]["key"] == "acme"
    assert facts["number-sections"] == {
        "resource": "number-sections",
        "key": "acme-1",
        "entry": None,
        "changed": False,
    }


@pytest.mark.parametrize(
    ("query", "id"),
    [
        pytest.param("number=12155550100", "3", id="last"),
        pytest.param("number=12155550100&at=2027-01-15T07:54:00Z", "1", id="nearest"),
    ],
)
def test_a_trace_by_number_is_of_the_call_nearest_in_time(logged: Api, query: str, id: str) -> None:
    assert logged.client.get(f"/v1/traceback?{query}").json()["call"]["id"] == id
