"""The HTTP door over a database of its own: what its tests share."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from databases import database_in
from fastapi.testclient import TestClient
from shared import asked_in

from gateway.api.sidecar import Sidecar
from gateway.store.opening import Opened, Opening
from tests.everybody import EVERYBODY

NOW = 1_800_000_000.0
ACCOUNT = {"id": "acme", "name": "Acme Corporation"}
CSV = {"Content-Type": "text/csv"}


@dataclass
class Api:
    """A client, and the database behind what it talks to."""

    client: TestClient
    opened: Opened
    sidecar: Sidecar

    def add(self, resource: str, *entries: Mapping[str, Any]) -> None:
        """Add entries; the test stops where one is refused."""
        for entry in entries:
            response = self.client.post(f"/v1/{resource}", json=entry)
            assert response.status_code == 201, response.text


def open_api(folder: Path) -> Api:
    opening = Opening(database_in(folder), lambda: NOW)
    sidecar = Sidecar.of(None, edge=lambda: None, now=lambda: NOW, database=opening, access=EVERYBODY)
    return Api(TestClient(asked_in(sidecar), raise_server_exceptions=False), opening(), sidecar)


def mistakes(response: Any) -> dict[str, str]:
    """What a problem says is wrong, by place; the form of the answer is checked on the way."""
    assert response.headers["content-type"] == "application/problem+json", response.text
    assert response.json()["status"] == response.status_code
    return {each["path"]: each["text"] for each in response.json()["errors"]}
