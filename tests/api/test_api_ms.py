"""The same paths speak the 3GPP dialect to whoever writes it (TS 24.229 Annex V)."""

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from stir_carrier import NOW, ORIGID, Broken, Silent, Trusting, application, div, shaken

from gateway.api.app import create_app
from gateway.api.ms import is_spoken
from gateway.api.sidecar import Sidecar
from gateway.trust.credential import Credential
from tests.everybody import EVERYBODY

SIGNING, VERIFICATION = "/stir/v1/signing", "/stir/v1/verification"
JSON = {"Content-Type": "application/json"}
CALLER, CALLEE, NEXT, LAST = "12155550100", "12155550123", "12155550124", "12155550125"
CALL = {"from": {"tn": CALLER}, "to": {"tn": CALLEE}, "time": NOW}
CLAIMS = {"dest": {"tn": [CALLEE]}, "iat": NOW, "orig": {"tn": CALLER}}

CLIENT = TestClient(application(Trusting()), raise_server_exceptions=False)


def call(**changed: object) -> dict[str, Any]:
    fields = {**CALL, "identityHeader": shaken(), **changed}
    return {"verificationRequest": {name: value for name, value in fields.items() if value is not ...}}


def to_sign(**changed: object) -> dict[str, Any]:
    fields = {"attest": "A", **CLAIMS, "origid": ORIGID, "requestId": "r-1", **changed}
    return {"signingRequest": {name: value for name, value in fields.items() if value is not ...}}


def told(sent: object) -> dict[str, Any]:
    response = CLIENT.post(VERIFICATION, json=sent)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()["verificationResponse"]
    return found


def results(sent: object) -> list[tuple[str, str, int | None, str]]:
    each = [entry["verifyResult"] for entry in told(sent)["verifyResults"]]
    return [
        (one["ppt"], one["status"], one.get("reasonCode"), one.get("reasonDescription", "").partition(":")[0])
        for one in each
    ]


def complaint(response: Any) -> tuple[int, str]:
    assert list(response.json()) == ["error"]
    return response.status_code, response.json()["error"]


SPOKEN = {
    "identityHeader": ({"verificationRequest": {"identityHeader": ""}}, True),
    "identityHeaders": ({"verificationRequest": {"identityHeaders": []}}, True),
    "requestId": ({"signingRequest": {"requestId": "1"}}, True),
    "profileId": ({"signingRequest": {"profileId": "1"}}, True),
    "div": ({"signingRequest": {"div": {}}}, True),
    "a-request-uri": ({"verificationRequest": {"dest": {}}}, True),
    "a-callee-that-is-no-list": ({"verificationRequest": {"to": {"tn": CALLEE}}}, True),
    "a-uri": ({"signingRequest": {"orig": {"uri": "sip:a@b"}}}, True),
    "atis-verification": ({"verificationRequest": {**CALL, "to": {"tn": [CALLEE]}, "identity": ""}}, False),
    "either-signing": ({"signingRequest": {**CLAIMS, "attest": "A", "ppt": "shaken"}}, False),
    "outside-the-request": ({"requestId": "1"}, False),
    "no-object": ([{"identityHeader": ""}], False),
    "no-request": ({"verificationRequest": ["identityHeader"]}, False),
}


@pytest.mark.parametrize(("body", "spoken"), SPOKEN.values(), ids=SPOKEN)
def test_the_dialect_is_known_by_what_only_it_has(body: object, spoken: bool) -> None:
    assert is_spoken(body) is spoken


# Verification

REFUSED = {
    "to": (call(to=...), "Missing mandatory parameter 'verificationRequest.to'"),
    "from": (call(**{"from": ...}), "Missing mandatory parameter 'verificationRequest.from'"),
    "time": (call(time=...), "Missing mandatory parameter 'verificationRequest.time'"),
    "nobody": (call(to={}), "Invalid 'verificationRequest.to' parameter value: must have a tn or a uri"),
    "letters": (
        call(**{"from": {"tn": "alice"}}),
        "Invalid 'verificationRequest.from.tn.0' parameter value: must be",
    ),
    "empty-list": (call(dest={"tn": []}), "Invalid 'verificationRequest.dest.tn' parameter value: "),
    "long-uri": (call(to={"uri": "s" * 2000}), "Invalid 'verificationRequest.to.uri.0' parameter value: "),
    "unknown": (call(rcd={}), "Invalid 'verificationRequest.rcd' parameter value: "),
    "elsewhere": (
        {"signingRequest": {"requestId": "1"}},
        "Missing mandatory parameter 'verificationRequest'",
    ),
}


@pytest.mark.parametrize(("sent", "error"), REFUSED.values(), ids=REFUSED)
def test_what_is_wrong_with_a_verification_is_one_sentence(sent: object, error: str) -> None:
    status, text = complaint(CLIENT.post(VERIFICATION, json=sent))
    assert status == 400
    assert text.startswith(error)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({"Content-Type": "text/plain"}, 415, id="another-type"),
        pytest.param({**JSON, "Accept": "text/html"}, 406, id="another-answer"),
    ],
)
def test_headers_are_complained_of_in_the_dialect_of_the_body(headers: dict[str, str], status: int) -> None:
    response = CLIENT.post(VERIFICATION, content=json.dumps(call()), headers=headers)
    assert complaint(response)[0] == status


def test_a_body_that_does_not_parse_is_complained_of_the_other_way() -> None:
    response = CLIENT.post(
        VERIFICATION, content=b'{"verificationRequest": {"identityHeader": ""', headers=JSON
    )
    assert response.json()["requestError"]["serviceException"]["messageId"] == "SVC4006"


@pytest.mark.parametrize("path", ["/divSigning", "/rphSigning", "/divVerification", "/rphVerification"])
def test_paths_of_older_releases_are_not_there(path: str) -> None:
    assert complaint(CLIENT.post(f"/stir/v1{path}", json={})) == (404, "Requested resource was not found")


def test_an_internal_error_is_a_sentence_without_a_secret() -> None:
    broken = TestClient(application(Broken()), raise_server_exceptions=False)
    response = broken.post(VERIFICATION, json=call())
    assert complaint(response) == (500, "Internal error: RuntimeError")


def test_a_call_that_passes_shows_its_claims() -> None:
    assert told(call(requestId="r-1")) == {
        "verstatValue": "TN-Validation-Passed",
        "verifyResults": [
            {
                "verifyResult": {
                    "ppt": "shaken",
                    "status": "pass",
                    "validClaims": {**CLAIMS, "attest": "A", "origid": ORIGID},
                }
            }
        ],
        "requestId": "r-1",
    }


def test_a_call_that_fails_shows_its_reason_and_token() -> None:
    identity = shaken(attest="Z")
    (entry,) = told(call(identityHeader=identity))["verifyResults"]
    assert entry["verifyResult"] == {
        "ppt": "shaken",
        "status": "fail",
        "reasonCode": 438,
        "reasonText": "Invalid Identity Header",
        "reasonDescription": "attest-invalid: attest is not A, B or C (attest)",
        "passport": identity.partition(";")[0],
    }


def test_what_is_no_token_is_not_sent_back() -> None:
    (entry,) = told(call(identityHeader="<b>;</b>"))["verifyResults"]
    assert "passport" not in entry["verifyResult"]
    assert "<b>" not in str(entry)


def test_an_unsigned_call_is_a_verdict_without_results() -> None:
    found = told(call(identityHeader=..., identityHeaders=["", " "]))
    assert found == {"verstatValue": "No-TN-Validation", "verifyResults": []}


def test_a_call_that_was_diverted_twice_shows_who_diverted() -> None:
    headers = [div(NEXT, LAST), div(CALLEE, NEXT)]
    found = told(call(identityHeaders=headers, to={"tn": LAST}, dest={"tn": LAST}))
    assert found["verstatValue"] == "TN-Validation-Passed"
    assert found["divResult"] == [
        {"div": NEXT, "verstatValue": "TN-Validation-Passed"},
        {"div": CALLEE, "verstatValue": "TN-Validation-Passed"},
    ]
    claims = found["verifyResults"][1]["verifyResult"]["validClaims"]
    assert claims == {"dest": {"tn": [LAST]}, "div": {"tn": NEXT}, "iat": NOW, "orig": {"tn": CALLER}}


def test_a_diversion_that_leads_nowhere_fails_alone() -> None:
    sent = call(identityHeaders=[div(NEXT, LAST)])
    assert results(sent) == [("shaken", "pass", None, ""), ("div", "fail", 438, "div-broken")]
    assert told(sent)["divResult"] == [{"div": NEXT, "verstatValue": "TN-Validation-Failed"}]


def test_the_request_uri_is_where_the_call_goes() -> None:
    assert results(call(dest={"tn": NEXT})) == [("shaken", "fail", 438, "retargeted")]
    assert results(call(to={"tn": NEXT}, dest={"tn": CALLEE})) == [("shaken", "pass", None, "")]


ADDRESSES = {
    "uris": {"from": {"uri": f"sip:+{CALLER}@example.com;user=phone"}, "to": {"uri": f"tel:+{CALLEE}"}},
    "lists": {"from": {"tn": [CALLER]}, "to": {"tn": [CALLEE]}},
    "number-and-uri": {"from": {"tn": CALLER, "uri": "sip:alice@example.com"}},
    "written": {"from": {"tn": "+1(215)555-0100"}},
    "not-used": {
        "protectedHeaders": {"div": {"tn": NEXT, "hi": None}},
        "displayName": "Al",
        "profileId": "p",
    },
}


@pytest.mark.parametrize("changed", ADDRESSES.values(), ids=ADDRESSES)
def test_other_ways_to_say_the_same(changed: dict[str, object]) -> None:
    assert told(call(**changed))["verstatValue"] == "TN-Validation-Passed"


CALLERS = {
    "anonymous": ("sip:anonymous@anonymous.invalid", 433, "caller-anonymous"),
    "a-name": ("sip:alice@example.com", 438, "caller-unreadable"),
    "no-uri": ("\0<<>", 438, "caller-unreadable"),
}


@pytest.mark.parametrize(("uri", "code", "reason"), CALLERS.values(), ids=CALLERS)
def test_a_caller_without_a_number_is_a_verdict(uri: str, code: int, reason: str) -> None:
    assert results(call(**{"from": {"uri": uri}})) == [("shaken", "fail", code, reason)]


def test_without_trust_anchors_nobody_is_believed() -> None:
    response = TestClient(application(None)).post(VERIFICATION, json=call())
    found = response.json()["verificationResponse"]
    assert found["verstatValue"] == "No-TN-Validation"
    assert found["verifyResults"][0]["verifyResult"]["reasonCode"] == 437


def test_a_verdict_on_the_call_alone_is_told_of_each_header() -> None:
    response = TestClient(application(Silent())).post(VERIFICATION, json=call(identityHeaders=["x"]))
    codes = [
        entry["verifyResult"]["reasonCode"]
        for entry in response.json()["verificationResponse"]["verifyResults"]
    ]
    assert codes == [436, 436]


def test_no_more_headers_are_answered_for_than_are_looked_at() -> None:
    found = results(call(identityHeaders=["x"] * 1000))
    assert len(found) == 17
    assert found[-1] == ("shaken", "fail", 438, "too-many-identities")


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])), st.text(alphabet="sipтel:@+;<>0123 \0"))
def test_any_text_is_a_verdict(identity: str, uri: str) -> None:
    found = told(call(identityHeader=identity, **{"from": {"uri": uri}}))
    assert found["verstatValue"] != "TN-Validation-Passed"


# Signing


@pytest.fixture
def signing(credential: Credential) -> TestClient:
    return TestClient(
        create_app(Sidecar.of(credential, edge=lambda: None, now=lambda: NOW, access=EVERYBODY))
    )


UNSERVED = "only shaken PASSporTs with telephone numbers are signed here"
NOT_SIGNED = {
    "div": (to_sign(ppt="div", div={"tn": NEXT}, attest=..., origid=...), "ppt", UNSERVED),
    "div-unnamed": (to_sign(div={"tn": NEXT}), "div", UNSERVED),
    "rph": (to_sign(ppt="rph", rph={"auth": ["ets.0"]}, attest=...), "ppt", UNSERVED),
    "sph": (to_sign(sph="psap-callback"), "sph", UNSERVED),
    "ppt-number": (to_sign(ppt=1), "ppt", UNSERVED),
    "orig-uri": (to_sign(orig={"uri": "sip:alice@example.com"}), "orig.uri", UNSERVED),
    "dest-uri": (to_sign(dest={"tn": [CALLEE], "uri": ["sip:bob@example.com"]}), "dest.uri", UNSERVED),
    "unknown": (to_sign(rcd={}), "rcd", "Extra inputs are not permitted"),
}


@pytest.mark.parametrize(("sent", "name", "why"), NOT_SIGNED.values(), ids=NOT_SIGNED)
def test_what_is_not_signed_is_said(signing: TestClient, sent: object, name: str, why: str) -> None:
    error = f"Invalid 'signingRequest.{name}' parameter value: {why}"
    assert complaint(signing.post(SIGNING, json=sent)) == (400, error)


@pytest.mark.parametrize("name", ["attest", "dest", "iat", "orig", "origid"])
def test_what_is_missing_is_said(signing: TestClient, name: str) -> None:
    error = f"Missing mandatory parameter 'signingRequest.{name}'"
    assert complaint(signing.post(SIGNING, json=to_sign(**{name: ...}))) == (400, error)


def test_without_a_certificate() -> None:
    error = "Internal error: nothing can be signed, certificate.none"
    assert complaint(CLIENT.post(SIGNING, json=to_sign())) == (500, error)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({}, id="no-ppt"),
        pytest.param({"ppt": ""}, id="empty-ppt"),
        pytest.param({"ppt": "shaken"}, id="shaken"),
        pytest.param({"div": None, "rph": [], "profileId": "p"}, id="nothing-of-another-kind"),
    ],
)
def test_signs_and_names_the_request(signing: TestClient, changed: dict[str, object]) -> None:
    found = signing.post(SIGNING, json=to_sign(**changed)).json()["signingResponse"]
    assert set(found) == {"identityHeader", "requestId"}
    assert found["requestId"] == "r-1"


def test_a_request_of_either_dialect_is_answered_in_both(signing: TestClient) -> None:
    found = signing.post(SIGNING, json=to_sign(requestId=...)).json()["signingResponse"]
    assert set(found) == {"identity", "identityHeader"}
    assert found["identity"] == found["identityHeader"]
