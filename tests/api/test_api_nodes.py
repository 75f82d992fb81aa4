"""`/v1/nodes`: the nodes of one database, listed, drained and forgotten through any of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from policy_api import NOW, Api, open_api

from gateway.store.nodes import MISSED, Nodes, Report

EVERY = 2.0


@pytest.fixture
def api(tmp_path: Path) -> Api:
    return open_api(tmp_path)


def report(api: Api, name: str, ago: float = 0.0, *, ready: bool = True) -> None:
    """A node as it reported some seconds ago."""
    said = Report(
        "machine-1", "kamailio", ("udp:192.0.2.10:5060",), "0.1.0", NOW - 60, EVERY,
        revision="7", credentials_revision=3, calls=5, workers=4, slots_free=9, ready=ready, alarms=("disk-full: 0 bytes",),
    )  # fmt: skip
    Nodes(api.opened.store.engine, lambda: NOW - ago).report(name, said, name, None)


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("DELETE", ""), ("POST", "/drain"), ("POST", "/serve")],
)
@pytest.mark.parametrize("name", ["none", "no%00ne", "%F0%9F%92%A9"])
def test_a_node_that_never_reported_is_404(api: Api, method: str, path: str, name: str) -> None:
    answer = api.client.request(method, f"/v1/nodes/{name}{path}")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_a_parameter_that_nobody_knows_is_400(api: Api) -> None:
    assert api.client.get("/v1/nodes?up=true").status_code == 400


def test_a_node_is_told_as_it_reported_last(api: Api) -> None:
    report(api, "east", ago=1)
    assert api.client.get("/v1/nodes/east").json() == {
        "name": "east",
        "standing": "serving",
        "up": True,
        "ready": True,
        "draining": False,
        "drained": None,
        "host": "machine-1",
        "door": "kamailio",
        "addresses": ["udp:192.0.2.10:5060"],
        "version": "0.1.0",
        "started": "2027-01-15T07:59:00Z",
        "seen": "2027-01-15T07:59:59Z",
        "policy_revision": "7",
        "credentials_revision": 3,
        "calls": 5,
        "workers": 4,
        "slots_free": 9,
        "alarms": ["disk-full: 0 bytes"],
    }


def test_a_list_says_who_is_up_and_comes_in_pages(api: Api) -> None:
    report(api, "west", ready=False)
    report(api, "east")
    report(api, "north", ago=MISSED * EVERY)
    first = api.client.get("/v1/nodes?limit=2").json()
    assert [(each["name"], each["standing"]) for each in first["items"]] == [
        ("east", "serving"),
        ("north", "gone"),
    ]
    rest = api.client.get("/v1/nodes", params={"after": first["next"]}).json()
    assert [(each["name"], each["standing"]) for each in rest["items"]] == [("west", "not-ready")]
    assert rest["next"] is None


def test_the_wish_stands_until_it_is_taken_back_and_both_are_on_record(api: Api) -> None:
    report(api, "east")
    for _ in range(2):
        told = api.client.post("/v1/nodes/east/drain").json()["drained"]
        assert told["since"] == "2027-01-15T08:00:00Z"
    assert api.client.get("/v1/nodes/east").json()["drained"] == told
    for _ in range(2):
        assert api.client.post("/v1/nodes/east/serve").json()["drained"] is None
    found = api.client.get("/v1/audit?resource=nodes").json()["items"]
    assert [(each["action"], each["key"]) for each in found] == [("served", "east"), ("drained", "east")]
    assert {each["who"] for each in found} == {told["who"]}


def test_only_a_node_that_is_gone_is_forgotten(api: Api) -> None:
    report(api, "east")
    refused = api.client.delete("/v1/nodes/east")
    assert (refused.status_code, "do: stop it" in refused.json()["detail"]) == (409, True)
    report(api, "west", ago=MISSED * EVERY)
    assert api.client.delete("/v1/nodes/west").status_code == 204
    assert [each["name"] for each in api.client.get("/v1/nodes").json()["items"]] == ["east"]
