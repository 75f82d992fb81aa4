"""Without a database, what needs one says so and everything else goes on; when it is back, it is found."""

from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from policy_api import ACCOUNT, CSV, NOW
from shared import asked_in

from gateway.api.sidecar import Sidecar
from gateway.store import opening
from gateway.store.database import open_database
from gateway.store.errors import StoreGone
from gateway.store.opening import Opening
from tests.everybody import EVERYBODY

NEEDY = {
    "page": ("GET", "/v1/peers", {}),
    "entry": ("GET", "/v1/peers/x", {}),
    "create": ("POST", "/v1/accounts", {"json": ACCOUNT}),
    "replace": ("PUT", "/v1/accounts/acme", {"json": ACCOUNT}),
    "delete": ("DELETE", "/v1/accounts/acme", {}),
    "sections": ("GET", "/v1/number-sections?number=12155550100", {}),
    "numbers": ("GET", "/v1/list-groups/x/numbers", {}),
    "numbers-csv": ("GET", "/v1/list-groups/x/numbers.csv", {}),
    "upload": ("PUT", "/v1/list-groups/x/numbers", {"content": b"1\n", "headers": CSV}),
    "blacklist": ("GET", "/v1/dynamic-blacklist", {}),
    "block": ("POST", "/v1/dynamic-blacklist", {"json": {"type": "access", "subject": "192.0.2.1"}}),
    "release": ("DELETE", "/v1/dynamic-blacklist/1", {}),
    "parameters": ("GET", "/v1/parameters", {}),
    "audit": ("GET", "/v1/audit", {}),
    "nodes": ("GET", "/v1/nodes", {}),
    "node": ("GET", "/v1/nodes/east", {}),
    "node-drain": ("POST", "/v1/nodes/east/drain", {}),
    "node-serve": ("POST", "/v1/nodes/east/serve", {}),
    "node-forget": ("DELETE", "/v1/nodes/east", {}),
    "calls": ("GET", "/v1/calls", {}),
    "calls-csv": ("GET", "/v1/calls.csv", {}),
    "trace": ("GET", "/v1/traceback?origid=x", {}),
}


def client(database: Opening | None) -> TestClient:
    sidecar = Sidecar.of(None, edge=lambda: None, now=lambda: NOW, database=database, access=EVERYBODY)
    return TestClient(asked_in(sidecar), raise_server_exceptions=False)


@pytest.mark.parametrize(("method", "path", "sent"), NEEDY.values(), ids=NEEDY)
def test_what_needs_the_database_is_unavailable(
    tmp_path: Path, method: str, path: str, sent: dict[str, Any]
) -> None:
    away = Opening(f"sqlite:///{tmp_path}/nowhere/gateway.db", lambda: NOW)
    response = client(away).request(method, path, **sent)
    assert response.headers["content-type"] == "application/problem+json"
    assert (response.status_code, response.headers["retry-after"]) == (503, "5")
    assert "nowhere" in response.json()["detail"]


def test_a_process_without_a_database_says_so() -> None:
    response = client(None).get("/v1/peers")
    assert (response.status_code, response.json()["detail"]) == (503, "this process has no database")


@pytest.mark.parametrize("path", ["/healthz", "/metrics", "/openapi.json", "/v1/uploads"])
def test_what_needs_no_database_goes_on(path: str) -> None:
    assert client(None).get(path).status_code == 200


def test_a_password_is_never_told() -> None:
    away = Opening("postgresql://gateway:hunter2@127.0.0.1:1/gateway", lambda: NOW)
    response = client(away).get("/v1/peers")
    assert response.status_code == 503
    assert "hunter2" not in response.text


def test_a_database_that_comes_back_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "RETRY_SECONDS", 0.0)
    folder = tmp_path / "later"
    asked = client(Opening(f"sqlite:///{folder}/gateway.db", lambda: NOW))
    assert asked.get("/v1/peers").status_code == 503
    folder.mkdir()
    open_database(f"sqlite:///{folder}/gateway.db")
    assert asked.get("/v1/peers").status_code == 200


def test_a_database_that_is_away_is_not_tried_by_everybody(tmp_path: Path) -> None:
    folder = tmp_path / "later"
    away = Opening(f"sqlite:///{folder}/gateway.db", lambda: NOW)
    with pytest.raises(StoreGone) as first:
        away()
    folder.mkdir()
    open_database(f"sqlite:///{folder}/gateway.db")
    with pytest.raises(StoreGone) as second:
        away()
    assert str(first.value) == str(second.value)


def test_a_database_is_opened_once(tmp_path: Path) -> None:
    open_database(f"sqlite:///{tmp_path}/gateway.db")
    found = Opening(f"sqlite:///{tmp_path}/gateway.db", lambda: NOW)
    assert found() is found()


def test_a_database_that_is_not_there_is_not_made_anew(tmp_path: Path) -> None:
    with pytest.raises(StoreGone, match="begin anew with `gateway import FILE`"):
        Opening(f"sqlite:///{tmp_path}/gateway.db", lambda: NOW)()
    assert not list(tmp_path.iterdir())


def test_what_is_written_after_the_file_has_gone_is_refused_and_not_lost(tmp_path: Path) -> None:
    path = tmp_path / "gateway.db"
    open_database(f"sqlite:///{path}")
    asked = client(Opening(f"sqlite:///{path}", lambda: NOW))
    area = {"prefix": "1215", "name": "Philadelphia"}
    assert asked.put("/v1/areas/1215", json=area).status_code == 201
    path.rename(tmp_path / "away")
    assert [asked.put("/v1/areas/1215", json=area).status_code for _ in range(2)] == [503, 503]
    (tmp_path / "away").rename(path)
    assert asked.get("/v1/areas/1215").json() == area
