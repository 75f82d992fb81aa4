"""The description of the API: complete, self-contained, and its examples work."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from gateway.api.app import create_app
from gateway.api.examples import ENTRIES
from gateway.api.sidecar import Sidecar
from gateway.store.resources import RESOURCES
from tests.everybody import EVERYBODY

DESCRIPTION: dict[str, Any] = (
    TestClient(create_app(Sidecar.of(None, edge=lambda: None, now=lambda: 0.0, access=EVERYBODY)))
    .get("/openapi.json")
    .json()
)
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, methods in DESCRIPTION["paths"].items()
    for method, operation in methods.items()
    if path.startswith("/v1/")
}


def references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for each in node.values():
            yield from references(each)
    elif isinstance(node, list):
        for each in node:
            yield from references(each)


def test_every_reference_leads_somewhere() -> None:
    known = {f"#/components/schemas/{name}" for name in DESCRIPTION["components"]["schemas"]}
    assert set(references(DESCRIPTION)) <= known


def test_every_kind_of_entry_is_described() -> None:
    paths = DESCRIPTION["paths"]
    for name in RESOURCES.keys() - {"parameters"}:
        assert {"get", "post"} <= paths[f"/v1/{name}"].keys()
        assert {"get", "put", "delete"} <= paths[f"/v1/{name}/{{key}}"].keys()
    assert RESOURCES.keys() - {"parameters"} == ENTRIES.keys()


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_an_operation_says_what_it_does_and_how_it_fails(operation: dict[str, Any]) -> None:
    assert operation["summary"]
    assert operation["tags"]
    statuses = operation["responses"].keys()
    assert any(status.startswith("2") for status in statuses)
    failures = [operation["responses"][status] for status in statuses if status[0] in "45"]
    assert all(list(each["content"]) == ["application/problem+json"] for each in failures)


WITHOUT_A_BODY = {"POST /v1/certificates/{name}/check", "POST /v1/logout", "POST /v1/me/totp"}


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in OPERATIONS
        if name.startswith(("POST", "PUT", "PATCH")) and "{number}" not in name and name not in WITHOUT_A_BODY
    ],
)
def test_what_takes_a_body_shows_one(name: str) -> None:
    body = OPERATIONS[name]["requestBody"]
    assert body["required"]
    assert all({"schema", "example"} <= content.keys() for content in body["content"].values())


def test_filters_are_described_as_parameters() -> None:
    names = {each["name"] for each in OPERATIONS["GET /v1/calls"]["parameters"]}
    assert {"limit", "after", "number", "rule", "since"} <= names
