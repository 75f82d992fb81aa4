"""One line in, one verdict out: the batch form of verification, and never an exception."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certs import extensions, pem, sti_pa
from certs.builders import CRL_URL, NOW, Chain, make_chain
from gateway.stir.chain import Anchors
from gateway.stir.claims import ShakenClaims
from gateway.stir.crl import CrlRefused
from gateway.stir.identity import build
from gateway.stir.passport import Signer
from gateway.stir.reasons import Reason
from gateway.stir.tn import NumberPlan
from gateway.stir.verification import Rules
from gateway.stir.verify_lines import MAX_LINE, Judge, Terms

US = NumberPlan.of("US")
AT = int(NOW.timestamp())
X5U = "https://certificates.example.com/616H.pem"
ORIGID = "123e4567-e89b-12d3-a456-426655440000"
CHAIN = make_chain()
PEM = CHAIN.pem.decode()


def identity(*dest: str, iat: int = AT, chain: Chain = CHAIN, x5u: str = X5U) -> str:
    signer = Signer(chain.leaf_key, x5u)
    return build(signer.sign(ShakenClaims("A", dest or ("12155550123",), iat, "12155550100", ORIGID)), x5u)


VALID: dict[str, Any] = {
    "identity": [identity()],
    "orig": "+1 215-555-0100",
    "dest": "+12155550123",
    "now": AT,
    "certificates": {X5U: PEM},
}


def judge(chain: Chain = CHAIN, **terms: Any) -> Judge:
    anchors = Anchors([chain.root.certificate, chain.sti_pa.certificate])
    return Judge(Terms(anchors, US, Rules(), **terms))


def no_fetch(urls: Sequence[str]) -> Mapping[str, str | Reason]:
    raise AssertionError(f"nothing is to be fetched, not even {urls}")


def verdict(line: bytes, judge: Judge = judge()) -> dict[str, Any]:  # noqa: B008 (a judge may be shared)
    (written,) = judge.verify_lines([line], AT, no_fetch)
    found: dict[str, Any] = json.loads(written)
    return found


def asked(judge: Judge = judge(), **changes: Any) -> dict[str, Any]:  # noqa: B008
    return verdict(json.dumps(VALID | changes).encode(), judge)


def without(name: str) -> bytes:
    return json.dumps({key: value for key, value in VALID.items() if key != name}).encode()


REFUSED: dict[str, Any] = {
    "verstat": "No-TN-Validation",
    "cause": None,
    "reason": "request-malformed",
    "fault": "us",
    "attest": None,
    "origid": None,
    "headers": [],
}


@pytest.mark.parametrize(
    ("line", "detail"),
    [
        pytest.param(b"", "not-json", id="nothing"),
        pytest.param(b"{", "not-json", id="cut-short"),
        pytest.param(b"{} {}", "not-json", id="two-requests"),
        pytest.param(b"\xff", "not-json", id="not-utf8"),
        pytest.param(b"\0", "not-json", id="a-nul"),
        pytest.param(b"[" * 500_000, "not-json", id="half-a-million-brackets"),
        pytest.param(b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "not-json", id="a-hundred-thousand-objects"),
        pytest.param(b"1" * 5_000, "not-json", id="five-thousand-digits"),
        pytest.param(b" " * (MAX_LINE + 1), "too-long", id="longer-than-any"),
        pytest.param(b"[]", "not-an-object", id="an-array"),
        pytest.param(b"NaN", "not-an-object", id="not-a-number"),
        pytest.param(b'{"crl": []}', "crl: unknown-field", id="a-misspelt-field"),
        pytest.param(b'{"\\ud800": 1}', "\ud800: unknown-field", id="half-a-surrogate-pair"),
        pytest.param(without("orig"), "orig: not-a-string", id="no-caller"),
        pytest.param(without("dest"), "dest: not-a-list-of-strings", id="no-callee"),
    ],
)
def test_a_line_that_is_no_request_is_answered(line: bytes, detail: str) -> None:
    assert verdict(line) == REFUSED | {"detail": detail}


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        pytest.param({"identity": 1}, "identity: not-a-list-of-strings", id="a-header-that-is-a-number"),
        pytest.param({"identity": ["", None]}, "identity: not-a-list-of-strings", id="a-header-that-is-null"),
        pytest.param({"orig": 12155550100}, "orig: not-a-string", id="a-caller-that-is-a-number"),
        pytest.param({"dest": []}, "dest: empty", id="an-empty-list-of-callees"),
        pytest.param({"dest": {}}, "dest: not-a-list-of-strings", id="a-callee-that-is-an-object"),
        pytest.param({"now": "1767225600"}, "now: not-a-time", id="a-time-in-quotes"),
        pytest.param({"now": True}, "now: not-a-time", id="a-time-of-true"),
        pytest.param(
            {"dest": [str(n) for n in range(101)]}, "dest: too-many", id="a-hundred-and-one-callees"
        ),
        pytest.param({"now": float("nan")}, "now: not-a-time", id="a-time-that-is-no-number"),
        pytest.param({"now": float("-inf")}, "now: not-a-time", id="the-beginning-of-time"),
        pytest.param({"now": 10**400}, "now: not-a-time", id="a-time-beyond-all-time"),
        pytest.param(
            {"certificates": []}, "certificates: not-an-object-of-strings", id="certificates-in-a-list"
        ),
        pytest.param(
            {"certificates": {X5U: 1}}, "certificates: not-an-object-of-strings", id="one-is-a-number"
        ),
        pytest.param({"crls": {}}, "crls: not-a-list-of-strings", id="lists-in-an-object"),
        pytest.param({"crls": ["nonsense"]}, "crls: unreadable", id="a-list-that-is-none"),
        pytest.param({"crls": [PEM]}, "crls: unreadable", id="certificates-for-lists"),
        pytest.param({"crls": ["\ud800"]}, "crls: unreadable", id="a-list-without-bytes"),
    ],
)
def test_a_field_at_fault_is_told(changes: dict[str, Any], detail: str) -> None:
    assert asked(**changes) == REFUSED | {"detail": detail}


def test_null_is_as_good_as_nothing() -> None:
    assert asked(crls=None) == asked(crls=[])


def test_several_values_on_one_line_are_judged_each_on_its_own() -> None:
    """As a header may carry them (RFC 3261 §7.3.1)."""
    answer = asked(identity=f"nonsense, {identity()}")
    assert (answer["reason"], len(answer["headers"])) == ("passed", 2)


def test_a_call_that_passes_is_told_with_what_its_token_says() -> None:
    assert asked() == {
        "verstat": "TN-Validation-Passed",
        "cause": None,
        "reason": "passed",
        "fault": None,
        "detail": "",
        "attest": "A",
        "origid": ORIGID,
        "headers": [
            {
                "cause": None,
                "reason": "passed",
                "fault": None,
                "detail": "",
                "ppt": "shaken",
                "attest": "A",
                "origid": ORIGID,
                "orig": "12155550100",
                "dest": ["12155550123"],
                "div": None,
                "iat": AT,
                "x5u": X5U,
                "subject": "CN=SHAKEN 616H,O=TEST ONLY lab service provider,C=US",
                "spc": "616H",
            }
        ],
    }


@pytest.mark.parametrize(
    ("changes", "reason", "cause", "verstat"),
    [
        pytest.param({"identity": []}, "no-identity", 428, "No-TN-Validation", id="no-header"),
        pytest.param(
            {"identity": ""}, "identity-malformed", 438, "TN-Validation-Failed", id="an-empty-header"
        ),
        pytest.param({"identity": "\0"}, "identity-malformed", 438, "TN-Validation-Failed", id="a-nul"),
        pytest.param(
            {"identity": "\ud800"}, "identity-malformed", 438, "TN-Validation-Failed", id="half-a-pair"
        ),
        pytest.param({"orig": "anonymous"}, "caller-anonymous", 433, "No-TN-Validation", id="anonymous"),
        pytest.param({"orig": "\ud800"}, "caller-unreadable", 438, "TN-Validation-Failed", id="no-caller"),
        pytest.param(
            {"orig": "+12155550101"}, "orig-mismatch", 438, "TN-Validation-Failed", id="another-caller"
        ),
        pytest.param(
            {"dest": "+12155550124"}, "dest-mismatch", 438, "TN-Validation-Failed", id="another-callee"
        ),
        pytest.param({"dest": "x"}, "callee-unreadable", 438, "TN-Validation-Failed", id="no-callee"),
        pytest.param({"now": AT + 61}, "iat-stale", 403, "TN-Validation-Failed", id="a-minute-late"),
        pytest.param({"now": AT - 11}, "iat-in-future", 403, "TN-Validation-Failed", id="too-early"),
        pytest.param({"now": -1e300}, "iat-in-future", 403, "TN-Validation-Failed", id="before-all-time"),
        pytest.param(
            {"certificates": {X5U: ""}},
            "certificate-unreadable",
            437,
            "TN-Validation-Failed",
            id="empty-chain",
        ),
        pytest.param(
            {"certificates": {X5U: "\ud800"}},
            "certificate-unreadable",
            437,
            "TN-Validation-Failed",
            id="no-bytes",
        ),
        pytest.param(
            {"certificates": {X5U: make_chain().pem.decode()}},
            "certificate-untrusted",
            437,
            "TN-Validation-Failed",
            id="a-stranger-s-chain",
        ),
    ],
)
def test_a_call_that_fails_is_told_why(
    changes: dict[str, Any], reason: str, cause: int, verstat: str
) -> None:
    found = asked(**changes)
    assert (found["reason"], found["cause"], found["verstat"]) == (reason, cause, verstat)
    assert (found["attest"], found["origid"]) == (None, None)


def test_a_line_without_headers_is_a_call_without_headers() -> None:
    assert verdict(without("identity"))["reason"] == "no-identity"


def test_a_line_without_time_is_judged_now() -> None:
    assert verdict(without("now"))["reason"] == "passed"


def test_each_header_is_told_of_in_order() -> None:
    found = asked(identity=["nonsense", identity(), identity("12155550199")])
    assert found["verstat"] == "TN-Validation-Passed"
    assert [each["reason"] for each in found["headers"]] == ["identity-malformed", "passed", "dest-mismatch"]


@pytest.mark.parametrize(
    ("dest", "reason"),
    [
        pytest.param(["+12155550123"], "passed", id="one-of-two"),
        pytest.param(["+12155550199", "+12155550123"], "passed", id="both-in-another-order"),
        pytest.param(["+12155550123", "+12155550124"], "dest-mismatch", id="one-that-is-not-signed-for"),
    ],
)
def test_the_call_is_signed_for_everybody_called(dest: list[str], reason: str) -> None:
    assert asked(identity=identity("12155550123", "12155550199"), dest=dest)["reason"] == reason


def test_what_is_missing_is_fetched_once_for_all_lines() -> None:
    requests: list[Sequence[str]] = []

    def fetch(urls: Sequence[str]) -> Mapping[str, str | Reason]:
        requests.append(urls)
        return {X5U: PEM}

    answers = judge().verify_lines([without("certificates")] * 3, AT, fetch)
    assert [json.loads(each)["reason"] for each in answers] == ["passed"] * 3
    assert requests == [(X5U,)]


def test_nothing_is_fetched_for_a_line_that_cannot_pass_or_has_it_all() -> None:
    lost = json.dumps({"identity": [identity()], "orig": "+12155550101", "dest": "+12155550123"}).encode()
    lines = [lost, json.dumps(VALID).encode(), b"?"]
    reasons = [json.loads(each)["reason"] for each in judge().verify_lines(lines, AT, no_fetch)]
    assert reasons == ["orig-mismatch", "passed", "request-malformed"]


@pytest.mark.parametrize(
    ("fetched", "reason"),
    [
        pytest.param({X5U: Reason.CERTIFICATE_TIMEOUT}, "certificate-timeout", id="told-why-not"),
        pytest.param({}, "certificate-unreachable", id="told-nothing"),
        pytest.param({X5U: "nonsense"}, "certificate-unreadable", id="brought-nonsense"),
    ],
)
def test_what_cannot_be_fetched_is_the_verdict(fetched: dict[str, str | Reason], reason: str) -> None:
    (answer,) = judge().verify_lines([without("certificates")], AT, lambda _: fetched)
    assert json.loads(answer)["reason"] == reason


def test_a_certificate_known_beforehand_stands_for_any_url() -> None:
    assert verdict(without("certificates"), judge(certificate=PEM))["reason"] == "passed"


def test_the_line_s_certificate_counts_before_the_one_known_beforehand() -> None:
    assert asked(judge(certificate=PEM), certificates={X5U: "nonsense"})["reason"] == "certificate-unreadable"


def test_a_chain_that_has_expired_is_judged_again_at_another_time() -> None:
    end = int((NOW + timedelta(days=10)).timestamp())
    chain = make_chain(leaf=lambda leaf: replace(leaf, not_after=NOW + timedelta(days=10)))
    own, pems = judge(chain), {X5U: chain.pem.decode()}

    def reason(at: int) -> str:
        value = identity(iat=at, chain=chain)
        found: str = asked(own, identity=value, certificates=pems, now=at)["reason"]
        return found

    assert [reason(end + 1), reason(end), reason(end + 1), reason(AT)] == [
        "certificate-expired",
        "passed",
        "certificate-expired",
        "passed",
    ]


def crl(*revoked: Any, chain: Chain = CHAIN) -> str:
    return pem.crl(chain.crl(*revoked)).decode()


@pytest.mark.parametrize(
    ("crls", "reason"),
    [
        pytest.param([crl()], "passed", id="a-list-of-nobody"),
        pytest.param([crl(CHAIN.leaf)], "certificate-revoked", id="a-list-with-the-leaf"),
        pytest.param(
            [crl(), crl(CHAIN.intermediate.certificate)], "certificate-revoked", id="in-the-second-list"
        ),
        pytest.param([crl(chain=make_chain())], "crl-untrusted", id="a-stranger-s-list"),
    ],
)
def test_a_line_s_revocation_lists_count(crls: list[str], reason: str) -> None:
    own = judge()
    assert [asked(own, crls=crls)["reason"] for _ in range(2)] == [reason] * 2  # and again, from memory


def test_the_lists_known_beforehand_count_on_every_line() -> None:
    assert asked(judge(crls=(crl(CHAIN.leaf),)))["reason"] == "certificate-revoked"
    with pytest.raises(CrlRefused):
        judge(crls=("nonsense",))


def test_a_list_that_the_chain_s_own_ca_signed_is_trusted() -> None:
    chain = make_chain(
        intermediate=lambda ca: ca.having(extensions.key_usage("key_cert_sign", "crl_sign"), critical=True)
    )
    entries = [sti_pa.Revoked(chain.leaf.issuer, chain.leaf.serial_number, NOW)]
    lists = [pem.crl(sti_pa.make_crl(chain.intermediate, CRL_URL, 1, entries, NOW)).decode()]
    found = asked(
        judge(chain),
        identity=identity(chain=chain),
        certificates={X5U: chain.pem.decode()},
        crls=lists,
    )
    assert found["reason"] == "certificate-revoked"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.sampled_from([*VALID, "crls", "other"])
KEYS = ["verstat", "cause", "reason", "fault", "detail", "attest", "origid", "headers"]


@given(
    st.lists(
        st.binary()
        | st.dictionaries(FIELDS, JSON).map(lambda request: json.dumps(VALID | request).encode())
        | st.text().map(lambda value: json.dumps(VALID | {"identity": [value]}).encode()),
        max_size=4,
    )
)
def test_any_bytes_get_one_line_of_json_each(lines: list[bytes]) -> None:
    answers = judge().verify_lines(lines, AT, lambda _: {})
    assert len(answers) == len(lines)
    for answer in answers:
        assert b"\n" not in answer and answer.isascii()
        assert list(json.loads(answer)) == KEYS
