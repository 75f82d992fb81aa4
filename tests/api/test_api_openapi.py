"""The description of the API: complete, self-contained, and its examples work."""

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
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
OPERATIONS: dict[str, dict[str, Any]] = {
    f"{method.upper()} {path}": operation
    for path, methods in DESCRIPTION["paths"].items()
    for method, operation in methods.items()
}
SHOWN = [
    pytest.param(content, id=f"{name} {where}")
    for name, operation in OPERATIONS.items()
    for where, holder in [("takes", operation.get("requestBody", {})), *operation["responses"].items()]
    for content in holder.get("content", {}).values()
    if where == "takes" or where[0] == "2"
]
every_operation = pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)


def nodes(node: object) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    for each in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from nodes(each)


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with every model at hand, as a validator wants it."""
    return {**schema, "components": DESCRIPTION["components"]}


def shown(content: dict[str, Any]) -> list[object]:
    """The examples of one body."""
    several = [each["value"] for each in content.get("examples", {}).values()]
    return [content["example"]] if "example" in content else several


def test_every_reference_leads_somewhere_and_every_model_is_referred_to() -> None:
    references = {each["$ref"] for each in nodes(DESCRIPTION) if "$ref" in each}
    assert references == {f"#/components/schemas/{name}" for name in DESCRIPTION["components"]["schemas"]}


def test_no_model_stands_inside_an_operation() -> None:
    assert not [each for each in nodes(DESCRIPTION) if "$defs" in each]


def test_operations_have_names_of_their_own_that_are_words() -> None:
    names = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(set(names)) == len(names)
    assert all(name.replace("_", "").islower() and "v1" not in name for name in names)


def test_every_tag_is_described_and_every_described_tag_is_used() -> None:
    used = {tag for operation in OPERATIONS.values() for tag in operation["tags"]}
    assert {each["name"] for each in DESCRIPTION["tags"] if each["description"]} == used


def test_every_kind_of_entry_is_described() -> None:
    paths = DESCRIPTION["paths"]
    for name in RESOURCES.keys() - {"parameters"}:
        assert {"get", "post"} <= paths[f"/v1/{name}"].keys()
        assert {"get", "put", "delete"} <= paths[f"/v1/{name}/{{key}}"].keys()
    assert RESOURCES.keys() - {"parameters"} == ENTRIES.keys()


@every_operation
def test_an_operation_says_what_it_does_and_what_it_answers(operation: dict[str, Any]) -> None:
    assert operation["summary"]
    assert operation["tags"]
    assert all(each["description"] for each in operation["responses"].values())
    assert any(status.startswith("2") for status in operation["responses"])


@pytest.mark.parametrize("name", sorted(OPERATIONS.keys() - {"GET /healthz"}))
def test_an_operation_that_can_fail_says_how(name: str) -> None:
    responses = OPERATIONS[name]["responses"]
    failures = {status: each for status, each in responses.items() if status[0] in "45"}
    assert failures
    if name.partition(" ")[2].startswith("/v1/"):
        assert all(list(each["content"]) == ["application/problem+json"] for each in failures.values())


@every_operation
def test_another_try_is_offered_where_it_makes_sense(operation: dict[str, Any]) -> None:
    for status in operation["responses"].keys() & {"429", "503"}:
        if "application/problem+json" in operation["responses"][status]["content"]:
            assert "Retry-After" in operation["responses"][status]["headers"]


@every_operation
def test_every_parameter_is_described_once(operation: dict[str, Any]) -> None:
    listed = [(each["name"], each["in"]) for each in operation.get("parameters", [])]
    assert len(set(listed)) == len(listed)
    assert all(each["description"] for each in operation.get("parameters", []))


@pytest.mark.parametrize("content", SHOWN)
def test_what_is_sent_and_answered_is_shown_by_examples_that_fit(content: dict[str, Any]) -> None:
    assert shown(content)
    for example in shown(content):
        jsonschema_rs.validate(resolved(content["schema"]), example)


WITHOUT_A_BODY = {
    "POST /v1/certificates/{name}/check",
    "POST /v1/logout",
    "POST /v1/me/totp",
    "POST /v1/nodes/{name}/drain",
    "POST /v1/nodes/{name}/serve",
}


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in OPERATIONS
        if name.startswith(("POST", "PUT", "PATCH")) and "{number}" not in name and name not in WITHOUT_A_BODY
    ],
)
def test_what_takes_a_body_demands_it(name: str) -> None:
    assert OPERATIONS[name]["requestBody"]["required"]


def test_filters_are_described_as_parameters() -> None:
    names = {each["name"] for each in OPERATIONS["GET /v1/calls"]["parameters"]}
    assert {"limit", "after", "number", "rule", "since"} <= names
    asked = {each["name"] for each in OPERATIONS["GET /v1/number-sections"]["parameters"]}
    assert {"number", "begin", "end", "account"} <= asked
