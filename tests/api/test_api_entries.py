"""Every kind of entry is read and changed in the same way over HTTP."""

from typing import Any

import pytest
from policy_api import ACCOUNT, Api, mistakes

from gateway.api.examples import ENTRIES
from gateway.store.resources import RESOURCES

IN_ORDER = [name for name in RESOURCES if name in ENTRIES]
"""What is referred to comes first."""
NEEDED = ("accounts", "rates", "list-groups", "peers")
RATES_FIRST = ["rates", "list-groups", *(n for n in IN_ORDER if n not in ("rates", "list-groups"))]
KEYS = {
    "accounts": "acme",
    "number-sections": "acme-1",
    "authorisations": "letter-7",
    "areas": "1215",
    "list-groups": "nuisance",
    "system-whitelist": "12155550911",
    "rates": "standard:44",
    "address-ranges": "tor-exits:198.51.100.0/24",
    "peers": "vos3000",
    "number-transforms": "vos3000:callee:011",
    "routes": "home",
}


@pytest.fixture
def filled(api: Api) -> Api:
    for name in RATES_FIRST:
        api.add(name, ENTRIES[name])
    return api


# Refusals


def test_every_mistake_in_an_entry_is_told_with_its_place(api: Api) -> None:
    entry = {
        "id": "a b",
        "name": "Acme",
        "limits": {"cps": -1, "spend_per_day": 100},
        "permits": {"deny_callees": ["x"]},
        "kindd": "transit",
    }
    response = api.client.post("/v1/accounts", json=entry)
    found = mistakes(response)
    assert response.status_code == 422
    assert set(found) == {"id", "limits.cps", "limits.spend_per_day", "permits.deny_callees[0]", "kindd"}
    assert found["kindd"] == "unknown key; did you mean 'kind'?"
    assert response.json()["detail"] == "5 mistakes"


def test_an_entry_that_would_spoil_the_policy_is_refused(api: Api) -> None:
    response = api.client.post("/v1/peers", json=ENTRIES["peers"])
    assert (response.status_code, mistakes(response)) == (
        422,
        {"": "peer 'vos3000': account 'acme' does not exist"},
    )
    assert api.client.get("/v1/peers").json()["items"] == []


@pytest.mark.parametrize(
    ("query", "path", "says"),
    [
        pytest.param("rolle=carrier", "rolle", "unknown parameter; known here: ", id="unknown"),
        pytest.param("limit=0", "limit", "greater than or equal to 1", id="no-limit"),
        pytest.param("limit=1001", "limit", "less than or equal to 1000", id="large-limit"),
        pytest.param("limit=x", "limit", "integer", id="limit-no-number"),
    ],
)
def test_a_query_that_is_not_understood_is_no_query_for_everything(
    api: Api, query: str, path: str, says: str
) -> None:
    response = api.client.get(f"/v1/peers?{query}")
    assert response.status_code == 400
    assert says in mistakes(response)[path]


def test_an_unknown_filter_names_the_known_ones(api: Api) -> None:
    response = api.client.get("/v1/peers?colour=red")
    assert response.json()["detail"] == ("colour: unknown parameter; known here: account, after, limit, role")


def test_a_parameter_that_stands_twice_is_refused(api: Api) -> None:
    assert api.client.get("/v1/peers?role=carrier&role=softswitch").status_code == 400


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        pytest.param({"content": b"{", "headers": {"Content-Type": "application/json"}}, 400, id="no-json"),
        pytest.param(
            {"content": b'{"id":"a","id":"b"}', "headers": {"Content-Type": "application/json"}},
            400,
            id="a-name-twice",
        ),
        pytest.param({"content": b"{}", "headers": {"Content-Type": "text/plain"}}, 415, id="text"),
        pytest.param({"content": b"{}"}, 415, id="no-type"),
        pytest.param(
            {"content": b" " * 1_048_577, "headers": {"Content-Type": "application/json"}},
            413,
            id="more-than-a-megabyte",
        ),
        pytest.param({"json": []}, 422, id="a-list"),
        pytest.param({"json": "acme"}, 422, id="a-text"),
    ],
)
def test_a_body_that_is_no_entry_is_a_problem(api: Api, sent: dict[str, Any], status: int) -> None:
    response = api.client.post("/v1/accounts", **sent)
    assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json")


def test_what_is_not_there_is_a_problem(api: Api) -> None:
    for response in (
        api.client.get("/v1/accounts/acme"),
        api.client.delete("/v1/accounts/acme"),
        api.client.get("/v1/nothing"),
    ):
        assert (response.status_code, response.json()["status"]) == (404, 404)


def test_an_entry_is_not_added_twice(api: Api) -> None:
    api.add("accounts", ACCOUNT)
    response = api.client.post("/v1/accounts", json={**ACCOUNT, "name": "Other"})
    assert response.status_code == 409
    assert api.client.get("/v1/accounts/acme").json()["name"] == "Acme Corporation"


def test_an_entry_goes_to_its_own_address_alone(api: Api) -> None:
    response = api.client.put("/v1/accounts/other", json=ACCOUNT)
    assert (response.status_code, mistakes(response)) == (
        422,
        {"id": "the entry is 'acme', the address names 'other'"},
    )


def test_what_others_need_stays_and_they_are_named(filled: Api) -> None:
    response = filled.client.delete("/v1/accounts/acme")
    assert response.status_code == 409
    assert [each["text"].partition(":")[0] for each in response.json()["errors"]] == [
        "peer 'vos3000'",
        "number-section 'acme-1'",
        "authorisation 'letter-7'",
    ]
    assert filled.client.get("/v1/accounts/acme").status_code == 200


# Conditions


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({"If-Match": '"99"'}, 412, id="another-revision"),
        pytest.param({"If-Match": 'W/"1"'}, 412, id="a-weak-tag"),
        pytest.param({"If-Match": "1"}, 412, id="no-tag"),
        pytest.param({"If-None-Match": "*"}, 412, id="create-only"),
        pytest.param({"If-None-Match": '"1"'}, 400, id="unless-this-one"),
        pytest.param({"If-Match": '"1"', "If-None-Match": "*"}, 400, id="contradiction"),
        pytest.param({"If-Match": '"1"'}, 200, id="this-revision"),
        pytest.param({"If-Match": "*"}, 200, id="any-revision"),
        pytest.param({}, 200, id="no-condition"),
    ],
)
def test_a_change_is_made_under_its_conditions_alone(api: Api, headers: dict[str, str], status: int) -> None:
    api.add("accounts", ACCOUNT)
    response = api.client.put("/v1/accounts/acme", json={**ACCOUNT, "name": "New"}, headers=headers)
    assert response.status_code == status
    name = api.client.get("/v1/accounts/acme").json()["name"]
    assert name == ("New" if status == 200 else "Acme Corporation")


def test_what_is_not_there_matches_no_condition(api: Api) -> None:
    for condition in ('"1"', "*"):
        response = api.client.put("/v1/accounts/acme", json=ACCOUNT, headers={"If-Match": condition})
        assert response.status_code == 412


def test_of_two_who_change_what_they_read_the_second_is_told(api: Api) -> None:
    api.add("accounts", ACCOUNT)
    seen = {"If-Match": api.client.get("/v1/accounts/acme").headers["etag"]}
    first = api.client.put("/v1/accounts/acme", json={**ACCOUNT, "name": "First"}, headers=seen)
    second = api.client.put("/v1/accounts/acme", json={**ACCOUNT, "name": "Second"}, headers=seen)
    removal = api.client.delete("/v1/accounts/acme", headers=seen)
    assert (first.status_code, second.status_code, removal.status_code) == (200, 412, 412)
    assert api.client.get("/v1/accounts/acme").json()["name"] == "First"


def test_whoever_has_an_entry_already_is_told_so(api: Api) -> None:
    api.add("accounts", ACCOUNT)
    tag = api.client.get("/v1/accounts/acme").headers["etag"]
    response = api.client.get("/v1/accounts/acme", headers={"If-None-Match": f'"0", W/{tag}'})
    assert (response.status_code, response.content, response.headers["etag"]) == (304, b"", tag)


# What is stored


@pytest.mark.parametrize("name", IN_ORDER)
def test_an_entry_of_every_kind_goes_in_and_comes_out(filled: Api, name: str) -> None:
    response = filled.client.get(f"/v1/{name}/{KEYS[name]}")
    assert response.status_code == 200
    again = filled.client.put(f"/v1/{name}/{KEYS[name]}", json=response.json())
    assert (again.status_code, again.headers["etag"]) == (200, response.headers["etag"])
    assert filled.client.get(f"/v1/{name}").json()["items"][0].items() >= response.json().items()


@pytest.mark.parametrize("name", [name for name in IN_ORDER if name not in NEEDED])
def test_where_a_new_entry_is_told_it_is(filled: Api, name: str) -> None:
    entry = filled.client.get(f"/v1/{name}/{KEYS[name]}").json()
    assert filled.client.delete(f"/v1/{name}/{KEYS[name]}").status_code == 204
    response = filled.client.post(f"/v1/{name}", json=entry)
    assert response.status_code == 201
    assert filled.client.get(response.headers["location"]).json() == entry


def test_put_says_whether_it_added_or_replaced(api: Api) -> None:
    statuses = [api.client.put("/v1/accounts/acme", json={**ACCOUNT, "name": n}).status_code for n in "ab"]
    assert statuses == [201, 200]


def test_a_number_may_be_written_with_its_plus_in_an_address(api: Api) -> None:
    api.add("system-whitelist", {"number": "2155550100"})
    response = api.client.get("/v1/system-whitelist/+12155550100")
    assert response.json() == {"number": "+12155550100", "memo": ""}


def test_a_key_may_hold_what_an_address_has_to_escape(filled: Api) -> None:
    transform = {"peer": "vos3000", "party": "caller", "original": "12345?", "target": "7899999999"}
    filled.add("number-transforms", transform)
    address = "/v1/number-transforms/vos3000:caller:12345%3F"
    assert filled.client.get(address).json() == transform
    assert filled.client.delete(address).status_code == 204


def test_a_list_is_read_in_pages(api: Api) -> None:
    api.add("areas", *({"prefix": str(prefix), "name": "Somewhere"} for prefix in range(40, 47)))
    pages, after = [], ""
    while after is not None:
        page = api.client.get(f"/v1/areas?limit=3{after and f'&after={after}'}").json()
        pages.append([item["prefix"] for item in page["items"]])
        after = page["next"]
    assert pages == [["40", "41", "42"], ["43", "44", "45"], ["46"]]


def test_a_list_is_filtered(api: Api) -> None:
    api.add("accounts", ACCOUNT, {"id": "off", "name": "Off", "enabled": False})
    for wanted, ids in (("true", ["acme"]), ("false", ["off"])):
        items = api.client.get(f"/v1/accounts?enabled={wanted}").json()["items"]
        assert [item["id"] for item in items] == ids
    assert api.client.get("/v1/accounts?enabled=yes").status_code == 400


def test_every_change_names_the_client(api: Api) -> None:
    api.add("accounts", ACCOUNT)
    api.client.delete("/v1/accounts/acme")
    told = api.opened.store.audit({"resource": "accounts"}).entries
    assert [(change.who, change.action) for change in told] == [
        ("user:everybody", "removed"),
        ("user:everybody", "added"),
    ]
