"""VOS3000's parameters over HTTP, under their names and with their defaults."""

import pytest
from policy_api import Api, mistakes

PATH = "/v1/parameters"

DEFAULTS = {
    "SS_BLACK_LIST_CALLER_MALICIOUS_CALL_LIMIT": 1000,
    "SS_BLACK_LIST_CALLER_MALICIOUS_CALL_EXPIRE": 3600,
    "SS_BLACK_LIST_NO_ANSWER_LIMIT": 100,
    "SS_BLACK_LIST_NO_ANSWER_EXPIRE": 3600,
    "SS_CALLERALLOWLENGTH": 15,
    "SS_ACCESS_IP_CHECK": 0,
    "SS_REG_FAIL_BLACKLIST_COUNT": 5,
    "SS_REG_FAIL_BLACKLIST_TIME": 3600,
    "SS_SIP_DYNAMIC_BLACKLIST_EXPIRE": 3600,
}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SS_BLACK_LIST_NO_ANSWER_LIMIT", -1),
        ("SS_ACCESS_IP_CHECK", 2),
        ("SS_CALLERALLOWLENGTH", "15"),
        ("time_zone", "Mars/Olympus"),
        ("country", "XX"),
        ("SS_NO_SUCH_PARAMETER", 1),
    ],
)
def test_a_parameter_that_cannot_be_is_refused_by_name(api: Api, name: str, value: object) -> None:
    response = api.client.put(PATH, json={name: value})
    assert (response.status_code, list(mistakes(response))) == (422, [name])


@pytest.mark.parametrize("tag", ['"1"', '"99"', "x"])
def test_parameters_that_were_never_written_have_no_other_revision(api: Api, tag: str) -> None:
    assert api.client.put(PATH, json={}, headers={"If-Match": tag}).status_code == 412


def test_a_query_is_refused(api: Api) -> None:
    assert api.client.get(f"{PATH}?name=x").status_code == 400


def test_the_defaults_are_vos3000s(api: Api) -> None:
    assert api.client.get(PATH).json().items() >= DEFAULTS.items()


def test_what_is_left_out_has_its_default(api: Api) -> None:
    api.client.put(PATH, json={"SS_ACCESS_IP_CHECK": 1, "SS_CALLERALLOWLENGTH": 18})
    response = api.client.put(PATH, json={"SS_ACCESS_IP_CHECK": 1})
    assert response.status_code == 200
    assert response.json() == api.client.get(PATH).json()
    assert (response.json()["SS_ACCESS_IP_CHECK"], response.json()["SS_CALLERALLOWLENGTH"]) == (1, 15)


def test_of_two_who_change_the_defaults_the_second_is_told(api: Api) -> None:
    seen = {"If-Match": api.client.get(PATH).headers["etag"]}
    statuses = [
        api.client.put(PATH, json={"malicious_window": seconds}, headers=seen).status_code
        for seconds in (60, 90)
    ]
    assert statuses == [200, 412]


def test_whoever_has_them_already_is_told_so(api: Api) -> None:
    tag = api.client.put(PATH, json={}).headers["etag"]
    assert api.client.get(PATH, headers={"If-None-Match": tag}).status_code == 304
