"""POST /stir/v1/signing answers in the form of ATIS-1000082, right or wrong."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import jwt
import pytest
from fastapi.testclient import TestClient
from shared import asked_in
from starlette.types import ASGIApp

from gateway.api.sidecar import Sidecar
from gateway.api.stir_http import LONGEST_BODY
from gateway.stir import identity
from gateway.trust.credential import Credential
from tests.everybody import EVERYBODY

NOW = 1_800_000_000.0
PATH = "/stir/v1/signing"
JSON = {"Content-Type": "application/json"}
REQUEST = {
    "attest": "A",
    "dest": {"tn": ["12155550123"]},
    "iat": int(NOW),
    "orig": {"tn": "12155550100"},
    "origid": "7a1f2a9e-0d0b-4d5e-9c55-0c4c2d1f7b10",
}


def application(credential: Credential | None, now: float = NOW) -> ASGIApp:
    return asked_in(Sidecar.of(credential, edge=lambda: None, now=lambda: now, access=EVERYBODY))


@pytest.fixture
def client(credential: Credential) -> Iterator[TestClient]:
    with TestClient(application(credential)) as client:
        yield client


def body(**changed: object) -> dict[str, Any]:
    fields = {**REQUEST, **changed}
    return {"signingRequest": {name: value for name, value in fields.items() if value is not ...}}


def fault(response: Any) -> tuple[int, str, list[str]]:
    (found,) = response.json()["requestError"].values()
    return response.status_code, found["messageId"], found["variables"]


MISSING = {
    "request": ({}, "signingRequest"),
    "attest": (body(attest=...), "signingRequest.attest"),
    "dest": (body(dest=...), "signingRequest.dest"),
    "dest.tn": (body(dest={}), "signingRequest.dest.tn"),
    "iat": (body(iat=...), "signingRequest.iat"),
    "orig": (body(orig=...), "signingRequest.orig"),
    "orig.tn": (body(orig={}), "signingRequest.orig.tn"),
    "origid": (body(origid=...), "signingRequest.origid"),
}


@pytest.mark.parametrize(("sent", "name"), MISSING.values(), ids=MISSING)
def test_what_is_missing_is_named(client: TestClient, sent: object, name: str) -> None:
    assert fault(client.post(PATH, json=sent)) == (400, "SVC4001", [name])


WRONG = {
    "attest": (body(attest="D"), "signingRequest.attest"),
    "attest-lower": (body(attest="a"), "signingRequest.attest"),
    "dest-empty": (body(dest={"tn": []}), "signingRequest.dest.tn"),
    "dest-many": (body(dest={"tn": ["12155550123"] * 101}), "signingRequest.dest.tn"),
    "dest-text": (body(dest={"tn": "12155550123"}), "signingRequest.dest.tn"),
    "dest-number": (body(dest={"tn": ["alice"]}), "signingRequest.dest.tn.0"),
    "iat-text": (body(iat="1800000000"), "signingRequest.iat"),
    "iat-bool": (body(iat=True), "signingRequest.iat"),
    "iat-zero": (body(iat=0), "signingRequest.iat"),
    "iat-before-the-certificate": (body(iat=1_471_375_418), "signingRequest.iat"),
    "orig-too-long": (body(orig={"tn": "1" * 16}), "signingRequest.orig.tn"),
    "orig-only-separators": (body(orig={"tn": "+-"}), "signingRequest.orig.tn"),
    "orig-other-digits": (body(orig={"tn": "١٢٣"}), "signingRequest.orig.tn"),
    "origid": (body(origid="1"), "signingRequest.origid"),
    "ppt": (body(ppt="div"), "signingRequest.ppt"),
    "unknown": (body(rcd={}), "signingRequest.rcd"),
    "array": ([], "body"),
}


@pytest.mark.parametrize(("sent", "name"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_named_with_why(client: TestClient, sent: object, name: str) -> None:
    status, message_id, variables = fault(client.post(PATH, json=sent))
    assert (status, message_id, variables[0]) == (400, "SVC4005", name)
    assert variables[1]


def test_without_a_body(client: TestClient) -> None:
    assert fault(client.post(PATH, headers=JSON)) == (400, "SVC4000", [])


@pytest.mark.parametrize(
    "content",
    [b"{", b"nonsense", b"\xff", b"[" * 60000, b'{"signingRequest": {}, "signingRequest": {}}'],
    ids=["cut", "text", "bytes", "deep", "one-name-twice"],
)
def test_a_body_that_does_not_parse(client: TestClient, content: bytes) -> None:
    assert fault(client.post(PATH, content=content, headers=JSON))[:2] == (400, "SVC4006")


def test_a_body_too_long_to_be_a_request(client: TestClient) -> None:
    response = client.post(PATH, content=b" " * (LONGEST_BODY + 1), headers=JSON)
    assert fault(response)[:2] == (400, "SVC4005")


def test_a_body_without_length(client: TestClient) -> None:
    response = client.post(PATH, content=iter([json.dumps(body()).encode()]), headers=JSON)
    assert fault(response) == (411, "SVC4007", [])


@pytest.mark.parametrize("given", ["text/plain", "application/xml", ""])
def test_another_type_of_body(client: TestClient, given: str) -> None:
    response = client.post(PATH, content=json.dumps(body()), headers={"Content-Type": given})
    assert fault(response) == (415, "SVC4004", ["application/json"])


def test_another_type_of_answer(client: TestClient) -> None:
    response = client.post(PATH, json=body(), headers={"Accept": "text/html, application/xml"})
    assert fault(response)[:2] == (406, "SVC4002")


@pytest.mark.parametrize(
    "given",
    ["*/*", "application/*", "application/json", "text/html, application/json;q=0.5", "APPLICATION/JSON"],
)
def test_an_answer_in_json_will_do(client: TestClient, given: str) -> None:
    assert client.post(PATH, json=body(), headers={"Accept": given}).status_code == 200


def test_another_resource(client: TestClient) -> None:
    assert fault(client.post("/stir/v1/singing", json=body())) == (404, "SVC4003", [])


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_another_method(client: TestClient, method: str) -> None:
    response = client.request(method, PATH)
    assert fault(response) == (405, "POL4050", [])


def test_an_internal_error_has_the_standard_s_form(credential: Credential) -> None:
    made_at = [NOW]

    def broken() -> float:
        if made_at:
            return made_at.pop()
        raise RuntimeError("secret")

    app = asked_in(Sidecar.of(credential, edge=lambda: None, now=broken, access=EVERYBODY))
    response = TestClient(app, raise_server_exceptions=False).post(PATH, json=body())
    assert fault(response) == (500, "POL5000", ["RuntimeError"])
    assert "secret" not in response.text


@pytest.mark.parametrize(("has_one", "why"), [(False, "certificate.none"), (True, "certificate.expired")])
def test_without_a_usable_certificate(credential: Credential, has_one: bool, why: str) -> None:
    app = application(credential if has_one else None, now=credential.not_after + 1)
    status, message_id, variables = fault(TestClient(app).post(PATH, json=body()))
    assert (status, message_id) == (500, "POL5000")
    assert why in variables[0]


def test_signs_what_was_asked_for(client: TestClient, credential: Credential) -> None:
    response = client.post(PATH, json=body())
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    header = identity.parse(response.json()["signingResponse"]["identity"])
    assert (header.info, header.alg, header.ppt) == (credential.x5u, "ES256", "shaken")
    leaf = credential.chain[0].public_key()
    claims = jwt.decode(header.token, leaf, ["ES256"], options={"verify_iat": False})  # type: ignore[arg-type]
    assert claims == REQUEST


def test_numbers_are_signed_without_their_separators(client: TestClient) -> None:
    sent = body(orig={"tn": "+1 (215) 555-0100".replace(" ", "")}, dest={"tn": ["*67#"]}, ppt="shaken")
    value = client.post(PATH, json=sent).json()["signingResponse"]["identity"]
    claims = jwt.decode(identity.parse(value).token, options={"verify_signature": False})
    assert (claims["orig"]["tn"], claims["dest"]["tn"]) == ("12155550100", ["*67#"])


@pytest.mark.parametrize("sent", [body(), {}], ids=["answer", "error"])
def test_the_request_s_id_comes_back(client: TestClient, sent: object) -> None:
    response = client.post(PATH, json=sent, headers={"X-RequestID": "abc", "X-InstanceID": "sbc-1"})
    assert response.headers["x-requestid"] == "abc"


@pytest.mark.parametrize("given", ["", "x" * 129])
def test_a_request_without_a_usable_id_gets_one(client: TestClient, given: str) -> None:
    response = client.post(PATH, json=body(), headers={"X-RequestID": given})
    assert UUID(response.headers["x-requestid"])
