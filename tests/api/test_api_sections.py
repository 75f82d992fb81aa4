"""VOS3000's Number Section Query: by number, by range, by account; it says whose a section is."""

import pytest
from policy_api import ACCOUNT, Api, mistakes

PATH = "/v1/number-sections"


@pytest.fixture
def sections(api: Api) -> Api:
    api.add("accounts", ACCOUNT, {"id": "beta", "name": "Beta Limited"})
    rows = [("a", "0100", "0199", "acme"), ("b", "0200", "0299", "beta"), ("c", "0300", "0399", "acme")]
    for name, begin, end, account in rows:
        section = {"name": name, "begin": f"+1215555{begin}", "end": f"+1215555{end}", "account": account}
        api.add("number-sections", section)
    return api


@pytest.mark.parametrize(
    ("query", "path", "says"),
    [
        pytest.param("number=alice", None, "not a number", id="no-number"),
        pytest.param("begin=1", None, "not a number", id="too-short"),
        pytest.param("number=2155550100&begin=2155550100", "query", "goes without", id="number-and-range"),
        pytest.param("owner=acme", "owner", "known here: account, after", id="unknown"),
    ],
)
def test_a_query_that_is_none_is_refused(sections: Api, query: str, path: str | None, says: str) -> None:
    response = sections.client.get(f"{PATH}?{query}")
    assert response.status_code == 400
    assert says in (mistakes(response)[path] if path else response.json()["detail"])


@pytest.mark.parametrize(
    ("query", "names"),
    [
        pytest.param("", ["a", "b", "c"], id="all"),
        pytest.param("number=+12155550150", ["a"], id="number"),
        pytest.param("number=(215)%20555-0150", ["a"], id="number-as-people-write-it"),
        pytest.param("number=2155550150", ["a"], id="number-without-its-country"),
        pytest.param("number=12155550400", [], id="nobody's-number"),
        pytest.param("begin=12155550150&end=12155550250", ["a", "b"], id="range"),
        pytest.param("begin=12155550250", ["b", "c"], id="from-a-number-on"),
        pytest.param("end=12155550250", ["a", "b"], id="up-to-a-number"),
        pytest.param("account=acme", ["a", "c"], id="account"),
        pytest.param("account=acme&end=12155550250", ["a"], id="account-and-range"),
        pytest.param("account=nobody", [], id="unknown-account"),
    ],
)
def test_sections_are_found(sections: Api, query: str, names: list[str]) -> None:
    items = sections.client.get(f"{PATH}?{query}").json()["items"]
    assert [item["name"] for item in items] == names


def test_the_owner_is_told_by_id_and_name(sections: Api) -> None:
    (item,) = sections.client.get(f"{PATH}?number=12155550201").json()["items"]
    assert item == {
        "name": "b",
        "begin": "+12155550200",
        "end": "+12155550299",
        "account": "beta",
        "account_name": "Beta Limited",
    }


def test_the_sections_are_read_in_pages(sections: Api) -> None:
    first = sections.client.get(f"{PATH}?limit=2").json()
    second = sections.client.get(f"{PATH}?limit=2&after={first['next']}").json()
    assert [item["name"] for item in first["items"] + second["items"]] == ["a", "b", "c"]
    assert second["next"] is None


def test_overlapping_sections_are_refused_with_both_named(sections: Api) -> None:
    section = {"name": "d", "begin": "+12155550190", "end": "+12155550209", "account": "acme"}
    response = sections.client.post(PATH, json=section)
    assert response.status_code == 422
    assert "overlaps" in mistakes(response)[""]
    assert "'d'" in mistakes(response)[""]
