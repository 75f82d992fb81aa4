"""POST /stir/v1/verification answers in the form of ATIS-1000082: a verdict for every call, an error for none."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from stir_carrier import NOW, Broken, Silent, Trusting, application, shaken

from gateway.api.stir_http import LONGEST_BODY, parse

PATH = "/stir/v1/verification"
JSON = {"Content-Type": "application/json"}
CALL = {"from": {"tn": "12155550100"}, "to": {"tn": ["12155550123"]}, "time": NOW}

CLIENT = TestClient(application(Trusting()), raise_server_exceptions=False)


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(application(Trusting())) as client:
        yield client


def body(**changed: object) -> dict[str, Any]:
    fields = {**CALL, "identity": shaken(), **changed}
    return {"verificationRequest": {name: value for name, value in fields.items() if value is not ...}}


def fault(response: Any) -> tuple[int, str, list[str]]:
    (found,) = response.json()["requestError"].values()
    return response.status_code, found["messageId"], found["variables"]


def told(response: Any) -> tuple[int, int | None, str, str, str]:
    found = response.json()["verificationResponse"]
    reason = found.get("reasondesc", "").partition(":")[0]
    return (
        response.status_code,
        found.get("reasoncode"),
        found.get("reasontext", ""),
        reason,
        found["verstat"],
    )


MISSING = {
    "request": ({}, "verificationRequest"),
    "from": (body(**{"from": ...}), "verificationRequest.from"),
    "from.tn": (body(**{"from": {}}), "verificationRequest.from.tn"),
    "to": (body(to=...), "verificationRequest.to"),
    "to.tn": (body(to={}), "verificationRequest.to.tn"),
    "time": (body(time=...), "verificationRequest.time"),
}


@pytest.mark.parametrize(("sent", "name"), MISSING.values(), ids=MISSING)
def test_what_is_missing_is_named(client: TestClient, sent: object, name: str) -> None:
    assert fault(client.post(PATH, json=sent)) == (400, "SVC4001", [name])


WRONG = {
    "from-letters": (body(**{"from": {"tn": "alice"}}), "verificationRequest.from.tn"),
    "from-empty": (body(**{"from": {"tn": ""}}), "verificationRequest.from.tn"),
    "from-separators": (body(**{"from": {"tn": "+-"}}), "verificationRequest.from.tn"),
    "from-other-digits": (body(**{"from": {"tn": "١٢٣"}}), "verificationRequest.from.tn"),
    "from-long": (body(**{"from": {"tn": "1" * 65}}), "verificationRequest.from.tn"),
    "from-number": (body(**{"from": {"tn": 12155550100}}), "verificationRequest.from.tn"),
    "from-list": (body(**{"from": {"tn": ["12155550100"]}}), "verificationRequest.from.tn"),
    "to-empty": (body(to={"tn": []}), "verificationRequest.to.tn"),
    "to-many": (body(to={"tn": ["12155550123"] * 101}), "verificationRequest.to.tn"),
    "to-letters": (body(to={"tn": ["12155550123", "bob"]}), "verificationRequest.to.tn.1"),
    "time-text": (body(time="1800000000"), "verificationRequest.time"),
    "time-fraction": (body(time=NOW + 0.5), "verificationRequest.time"),
    "time-zero": (body(time=0), "verificationRequest.time"),
    "time-bool": (body(time=True), "verificationRequest.time"),
    "identity-null": (body(identity=None), "verificationRequest.identity"),
    "identity-list": (body(identity=[shaken()]), "verificationRequest.identity"),
    "unknown": (body(rcd={}), "verificationRequest.rcd"),
    "two-requests": ({**body(), "signingRequest": {}}, "signingRequest"),
    "array": ([], "body"),
    "null": (None, "body"),
}


@pytest.mark.parametrize(("sent", "name"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_named_with_why(client: TestClient, sent: object, name: str) -> None:
    status, message_id, variables = fault(client.post(PATH, content=json.dumps(sent), headers=JSON))
    assert (status, message_id, variables[0]) == (400, "SVC4005", name)
    assert variables[1]


UNPARSABLE = {
    "cut": b'{"verificationRequest": {',
    "bytes": b"\xff",
    "deep": b"[" * 60_000,
    "deep-object": b'{"a":' * 10_000,
    "nan": b'{"verificationRequest": {"time": NaN}}',
    "long-number": b'{"verificationRequest": {"time": ' + b"1" * 10_000 + b"}}",
    "half-a-character": rb'{"verificationRequest": {"identity": "\ud800"}}',
    "half-a-name": rb'{"\ud800": 1}',
    "utf-16": json.dumps(body()).encode("utf-16"),
    "time-twice": b'{"verificationRequest": {"time": 1, "time": 2}}',
    "request-twice": b'{"verificationRequest": {}, "verificationRequest": {}}',
}


@pytest.mark.parametrize("content", UNPARSABLE.values(), ids=UNPARSABLE)
def test_what_has_no_meaning_or_two_does_not_parse(client: TestClient, content: bytes) -> None:
    response = client.post(PATH, content=content, headers=JSON)
    assert fault(response)[:2] == (400, "SVC4006")


def test_the_headers_are_judged_before_the_body(client: TestClient) -> None:
    assert fault(client.post(PATH, content=b"", headers=JSON)) == (400, "SVC4000", [])
    html = {"Content-Type": "text/html"}
    assert fault(client.post(PATH, content=b"{", headers=html)) == (415, "SVC4004", ["application/json"])
    assert fault(client.post(PATH, content=b"{", headers={**JSON, "Accept": "text/html"}))[:2] == (
        406,
        "SVC4002",
    )
    assert fault(client.post(PATH, content=iter([b"{}"]), headers=JSON)) == (411, "SVC4007", [])
    assert fault(client.post(PATH, content=b" " * (LONGEST_BODY + 1), headers=JSON))[:2] == (400, "SVC4005")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_another_method(client: TestClient, method: str) -> None:
    assert fault(client.request(method, PATH)) == (405, "POL4050", [])


@pytest.mark.parametrize("length", ["", "-1", "1e3", "²", "9" * 5000])
def test_a_length_that_is_none(client: TestClient, length: str) -> None:
    headers = {**JSON, "Content-Length": length.encode("latin-1")}
    assert fault(client.post(PATH, content=b"{}", headers=headers)) == (411, "SVC4007", [])


def test_a_call_that_passes_has_no_reason(client: TestClient) -> None:
    response = client.post(PATH, json=body())
    assert response.status_code == 200
    assert response.json() == {"verificationResponse": {"verstat": "TN-Validation-Passed"}}


FAILED, UNJUDGED = "TN-Validation-Failed", "No-TN-Validation"
INVALID, PPT = "Invalid Identity Header", "Use Supported PASSporT Format"
VERDICTS = {
    "unsigned": ({"identity": ...}, 428, "Use Identity Header", "no-identity", UNJUDGED),
    "empty": ({"identity": " "}, 428, "Use Identity Header", "no-identity", UNJUDGED),
    "garbage": ({"identity": "\0" * 10_000}, 438, INVALID, "identity-malformed", FAILED),
    "100-kB": ({"identity": "a" * 100_000}, 438, INVALID, "identity-malformed", FAILED),
    "many": ({"identity": "," * 200_000}, 438, INVALID, "identity-malformed", FAILED),
    "another-kind": ({"identity": shaken("rcd")}, 428, PPT, "ppt-unsupported", UNJUDGED),
    "attest": ({"identity": shaken(attest="Z")}, 438, INVALID, "attest-invalid", FAILED),
    "stale": ({"identity": shaken(iat=NOW - 61)}, 403, "Stale Date", "iat-stale", FAILED),
    "future": ({"identity": shaken(iat=NOW + 11)}, 403, "Stale Date", "iat-in-future", FAILED),
    "caller": ({"from": {"tn": "12155550199"}}, 438, INVALID, "orig-mismatch", FAILED),
    "callee": ({"to": {"tn": ["12155550199"]}}, 438, INVALID, "dest-mismatch", FAILED),
    "unreachable": (
        {"identity": shaken(x5u="https://other.example.test/x")},
        *(436, "Bad Identity Info", "certificate-unreachable", UNJUDGED),
    ),
    "signature": ({"identity": shaken().replace(".", ".e", 1)}, 438, INVALID, "passport-malformed", FAILED),
}


@pytest.mark.parametrize(("changed", "code", "text", "reason", "verstat"), VERDICTS.values(), ids=VERDICTS)
def test_a_failed_verification_is_an_answer(
    client: TestClient, changed: dict[str, object], code: int, text: str, reason: str, verstat: str
) -> None:
    assert told(client.post(PATH, json=body(**changed))) == (200, code, text, reason, verstat)


def test_the_description_says_what_exactly_was_wrong(client: TestClient) -> None:
    response = client.post(PATH, json=body(identity=shaken(iat=...)))
    assert response.json()["verificationResponse"]["reasondesc"] == "claim-missing: a claim is missing (iat)"


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(
            {"from": {"tn": "+1.215.555.0100"}, "to": {"tn": ["(215)555-0123"]}}, id="as-people-write"
        ),
        pytest.param({"to": {"tn": ["12155550123", "12155550199"]}}, id="the-first-callee-is-the-one"),
        pytest.param({"identity": f"garbage,{shaken()}"}, id="one-of-several-values"),
        pytest.param({"time": 1}, id="a-date-long-ago"),
        pytest.param({"time": 10**18}, id="a-date-beyond-time"),
    ],
)
def test_what_does_not_keep_a_call_from_passing(client: TestClient, changed: dict[str, object]) -> None:
    assert told(client.post(PATH, json=body(**changed)))[-1] == "TN-Validation-Passed"


def test_a_right_date_does_not_save_an_old_token(client: TestClient) -> None:
    sent = body(identity=shaken(iat=NOW - 3600), time=NOW - 3600)
    assert told(client.post(PATH, json=sent))[3] == "iat-stale"


def test_without_trust_anchors_nobody_is_believed() -> None:
    client = TestClient(application(None))
    signed, unsigned = client.post(PATH, json=body()), client.post(PATH, json=body(identity=...))
    assert told(signed) == (200, 437, "Unsupported Credential", "no-trust-anchors", UNJUDGED)
    assert told(unsigned)[3] == "no-identity"


def test_a_verdict_on_the_call_alone_will_do() -> None:
    response = TestClient(application(Silent())).post(PATH, json=body())
    assert told(response) == (200, 436, "Bad Identity Info", "fetch-overloaded", UNJUDGED)


def test_an_internal_error_has_the_standard_s_form_and_no_secret() -> None:
    broken = TestClient(application(Broken()), raise_server_exceptions=False)
    response = broken.post(PATH, json=body())
    assert fault(response) == (500, "POL5000", ["RuntimeError"])
    assert "secret" not in response.text


def test_the_request_s_id_comes_back(client: TestClient) -> None:
    response = client.post(PATH, json=body(), headers={"X-RequestID": "abc"})
    assert response.headers["x-requestid"] == "abc"


def test_verifications_are_counted_by_reason(client: TestClient) -> None:
    for sent in (body(), body(), body(identity=...), {}):
        client.post(PATH, json=sent)
    lines = client.get("/metrics").text.splitlines()
    assert 'stirgw_rest_verifications_total{reason="passed"} 2.0' in lines
    assert 'stirgw_rest_verifications_total{reason="no-identity"} 1.0' in lines


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
FIELDS = st.sampled_from(
    ["from", "to", "time", "identity", "identityHeader", "identityHeaders", "dest", "requestId", "tn", "uri"]
)
SHAPES = st.dictionaries(FIELDS, JSON_VALUES | st.dictionaries(FIELDS, JSON_VALUES, max_size=3), max_size=6)


@given(st.one_of(JSON_VALUES, st.builds(lambda shape: {"verificationRequest": shape}, SHAPES)))
def test_any_json_is_an_answer_or_the_client_s_error(sent: object) -> None:
    response = CLIENT.post(PATH, content=json.dumps(sent), headers=JSON)
    assert response.status_code in (200, 400)
    assert response.json()


@given(st.binary(max_size=200))
def test_any_bytes_are_the_client_s_error(sent: bytes) -> None:
    assert CLIENT.post(PATH, content=sent, headers=JSON).status_code == 400


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])) | st.text(alphabet='.;,=<>"\\ aeyJ'))
def test_any_identity_gets_a_verdict(identity: str) -> None:
    status, _, _, _, verstat = told(CLIENT.post(PATH, json=body(identity=identity)))
    assert (status, verstat in (FAILED, UNJUDGED)) == (200, True)


@given(JSON_VALUES)
def test_what_is_written_is_read(sent: object) -> None:
    text = json.dumps(sent)
    if not any(constant in text for constant in ("NaN", "Infinity")):
        assert parse(text.encode()) == sent
