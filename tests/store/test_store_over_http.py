"""What clients send reaches both databases in the same way, and what one of them cannot hold is no fault of ours."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from gateway.api.app import create_app
from gateway.api.examples import ENTRIES
from gateway.api.sidecar import Sidecar
from gateway.store.access import AccessStore
from gateway.store.calls import CallLog
from gateway.store.nodes import Nodes
from gateway.store.opening import Opened
from gateway.store.store import Store
from tests.everybody import EVERYBODY

NOW = 1_800_000_000.0
NUL = "%00"
CSV = {"Content-Type": "text/csv"}


@pytest.fixture
def client(opened: Callable[[], Engine]) -> Iterator[TestClient]:
    engine = opened()
    database = Opened(
        Store(engine, lambda: NOW),
        CallLog(engine),
        AccessStore(engine, lambda: NOW),
        Nodes(engine, lambda: NOW),
    )
    sidecar = Sidecar.of(
        None, edge=lambda: None, now=lambda: NOW, database=lambda: database, access=EVERYBODY
    )
    with TestClient(create_app(sidecar), raise_server_exceptions=False) as client:
        yield client


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"/v1/accounts/{NUL}"),
        ("DELETE", f"/v1/accounts/{NUL}"),
        ("GET", f"/v1/accounts?name={NUL}"),
        ("GET", f"/v1/accounts?after={NUL}"),
        ("GET", f"/v1/number-sections?account={NUL}"),
        ("GET", f"/v1/list-groups/{NUL}/numbers"),
        ("GET", f"/v1/audit?key={NUL}"),
        ("GET", "/v1/audit?after=999999999"),
        ("GET", f"/v1/dynamic-blacklist?subject={NUL}"),
        ("GET", "/v1/dynamic-blacklist/2147483646"),
        ("GET", f"/v1/nodes?after={NUL}"),
        ("POST", f"/v1/nodes/{NUL}/drain"),
        ("GET", f"/v1/calls?peer={NUL}"),
        ("GET", f"/v1/calls.csv?peer={NUL}"),
        ("GET", f"/v1/traceback?origid={NUL}"),
    ],
)
def test_what_no_database_holds_is_asked_for_in_vain(client: TestClient, method: str, path: str) -> None:
    response = client.request(method, path)
    assert response.status_code in (200, 400, 404), response.text


def test_every_kind_of_entry_is_stored(client: TestClient) -> None:
    first = ("rates", "list-groups", "accounts")
    for name in (*first, *(name for name in ENTRIES if name not in first)):
        sent = dict(ENTRIES[name])
        if name == "number-transforms":
            client.post("/v1/peers", json=ENTRIES["peers"])
        response = client.post(f"/v1/{name}", json=sent)
        assert response.status_code in (201, 409), response.text
        assert client.get(f"/v1/{name}").json()["items"], name


def test_numbers_are_uploaded_and_told(client: TestClient) -> None:
    client.post("/v1/list-groups", json={"name": "nuisance"})
    lines = "number\n" + "".join(f"+1215{number:07}\n" for number in range(2_000_000, 2_020_000))
    response: Any = client.put("/v1/list-groups/nuisance/numbers", content=lines.encode(), headers=CSV)
    assert response.json()["changed"] == 20_000
    assert client.get("/v1/list-groups/nuisance/numbers.csv").text == lines
