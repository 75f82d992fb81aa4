"""The record of changes over HTTP: who, when, what, before and after."""

import pytest
from policy_api import ACCOUNT, Api

PATH = "/v1/audit"


@pytest.fixture
def changed(api: Api) -> Api:
    api.add("accounts", ACCOUNT)
    api.client.put("/v1/accounts/acme", json={**ACCOUNT, "name": "Acme Limited"})
    api.add("areas", {"prefix": "1215", "name": "Philadelphia"})
    api.client.delete("/v1/areas/1215")
    return api


@pytest.mark.parametrize("query", ["?after=x", "?before=1", "?limit=0"])
def test_a_query_that_is_not_understood_is_refused(api: Api, query: str) -> None:
    assert api.client.get(f"{PATH}{query}").status_code == 400


def test_a_refused_change_leaves_no_record(changed: Api) -> None:
    count = len(changed.client.get(PATH).json()["items"])
    changed.client.post("/v1/accounts", json=ACCOUNT)
    changed.client.put("/v1/accounts/acme", json={**ACCOUNT, "kind": "x"})
    assert len(changed.client.get(PATH).json()["items"]) == count


def test_a_change_is_told_with_what_was_there_before(changed: Api) -> None:
    told = changed.client.get(f"{PATH}?resource=accounts&action=changed").json()["items"]
    assert told == [
        {
            "id": 2,
            "at": "2027-01-15T08:00:00Z",
            "who": "user:everybody",
            "action": "changed",
            "resource": "accounts",
            "key": "acme",
            "revision": 2,
            "before": {"id": "acme", "name": "Acme Corporation"},
            "after": {"id": "acme", "name": "Acme Limited"},
        }
    ]


def test_what_came_and_went_has_one_side(changed: Api) -> None:
    removed, added = changed.client.get(f"{PATH}?key=1215").json()["items"]
    assert (added["before"], removed["after"]) == (None, None)
    assert added["after"] == removed["before"] == {"prefix": "1215", "name": "Philadelphia"}


def test_the_record_is_read_in_pages_newest_first(changed: Api) -> None:
    first = changed.client.get(f"{PATH}?limit=3").json()
    second = changed.client.get(f"{PATH}?limit=3&after={first['next']}").json()
    assert [each["id"] for each in first["items"] + second["items"]] == [4, 3, 2, 1]


def test_an_upload_is_one_line_with_its_counts(changed: Api) -> None:
    changed.add("list-groups", {"name": "nuisance"})
    headers = {"Content-Type": "text/csv"}
    changed.client.put("/v1/list-groups/nuisance/numbers", content=b"12155550100\n", headers=headers)
    (told,) = changed.client.get(f"{PATH}?action=numbers-replace").json()["items"]
    numbers = ["+12155550100"]
    assert (told["key"], told["after"]) == ("nuisance", {"added": 1, "removed": 0, "numbers": numbers})


def test_who_took_one_number_off_a_list_is_told_with_the_number(changed: Api) -> None:
    changed.add("list-groups", {"name": "nuisance", "numbers": ["12155550100", "12155550101"]})
    changed.client.delete("/v1/list-groups/nuisance/numbers/12155550100")
    (told,) = changed.client.get(f"{PATH}?action=numbers-remove").json()["items"]
    assert told["before"] == {"numbers": ["+12155550100"]}
    assert told["after"] == {"added": 0, "removed": 1, "numbers": []}


def test_of_a_long_list_the_record_has_counts_alone(changed: Api) -> None:
    changed.add(
        "list-groups", {"name": "nuisance", "numbers": [str(12155550100 + each) for each in range(21)]}
    )
    (told,) = changed.client.get(f"{PATH}?action=numbers-replace").json()["items"]
    assert (told["before"], told["after"]) == (None, {"added": 21, "removed": 0})
