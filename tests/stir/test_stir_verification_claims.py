"""A claim that is missing, or not of its type, is no claim; nothing is fetched for it."""

from typing import Any

import pytest
from builders import (
    CALLEE,
    CALLER,
    DIVERTED,
    NEXT,
    NOW,
    ORIGID,
    Case,
    assert_refused_unfetched,
    carried,
    diverted,
    identity,
    judged,
    refused,
    signed,
)

from gateway.stir.reasons import Reason

HEADER = {"alg": "ES256", "ppt": "shaken", "typ": "passport", "x5u": "https://cert.example.org/passport.cer"}
IAT, PARTIES, ATTEST, UUID, DIV = "RFC 8225 5.1.1", "RFC 8225 5.2.1", "RFC 8588 4", "RFC 8588 5", "RFC 8946 3"


def missing(claim: str, clause: str) -> Any:
    value = identity(without=claim)
    return refused(f"no-{claim}", clause, Reason.CLAIM_MISSING, value, detail=claim)


def malformed(id: str, claim: str, value: object, clause: str = PARTIES) -> Any:
    return refused(id, clause, Reason.CLAIM_MALFORMED, identity(claims={claim: value}), detail=claim)


def attest(id: str, value: object) -> Any:
    return refused(id, ATTEST, Reason.ATTEST_INVALID, identity(claims={"attest": value}), detail="attest")


def origid(id: str, value: object) -> Any:
    return refused(id, UUID, Reason.ORIGID_INVALID, identity(claims={"origid": value}), detail="origid")


def number(text: str) -> str:
    """A token whose iat is this JSON text."""
    payload = f'{{"attest":"A","dest":{{"tn":["{CALLEE}"]}},"iat":{text},"orig":{{"tn":"{CALLER}"}},"origid":"{ORIGID}"}}'
    return carried(signed(HEADER, payload.encode()))


REFUSED = [
    missing("orig", PARTIES),
    missing("dest", PARTIES),
    missing("iat", IAT),
    missing("attest", ATTEST),
    missing("origid", UUID),
    malformed("orig-null", "orig", None),
    malformed("orig-a-string", "orig", CALLER),
    malformed("orig-a-list", "orig", [{"tn": CALLER}]),
    malformed("orig-of-nobody", "orig", {}),
    malformed("orig-a-uri", "orig", {"uri": "sip:alice@example.com"}),
    malformed("orig-twice", "orig", {"tn": CALLER, "uri": "sip:alice@example.com"}),
    malformed("orig-tn-a-list", "orig", {"tn": [CALLER]}),
    malformed("orig-tn-a-number", "orig", {"tn": int(CALLER)}),
    malformed("orig-tn-empty", "orig", {"tn": ""}),
    malformed("orig-tn-with-plus", "orig", {"tn": "+" + CALLER}),
    malformed("orig-tn-with-a-line-end", "orig", {"tn": CALLER + "\n"}),
    malformed("orig-tn-in-another-script", "orig", {"tn": "١٢١٥٥٥٥١٢١٢"}),
    malformed("dest-null", "dest", None),
    malformed("dest-a-list", "dest", [CALLEE]),
    malformed("dest-true", "dest", True),
    malformed("dest-of-nobody", "dest", {}),
    malformed("dest-tn-a-string", "dest", {"tn": CALLEE}),
    malformed("dest-tn-empty", "dest", {"tn": []}),
    malformed("dest-uris-alone", "dest", {"uri": ["sip:alice@example.com"]}),
    malformed("dest-one-of-them-no-number", "dest", {"tn": [CALLEE, "+12155551214"]}),
    malformed("dest-one-of-them-null", "dest", {"tn": [CALLEE, None]}),
    malformed("dest-of-a-hundred-and-one", "dest", {"tn": [CALLEE] * 101}),
    malformed("iat-null", "iat", None, IAT),
    malformed("iat-a-string-as-in-RFC-8588-6", "iat", str(NOW), IAT),
    malformed("iat-true", "iat", True, IAT),
    malformed("iat-a-list", "iat", [NOW], IAT),
    malformed("iat-beyond-all-time", "iat", 10**400, IAT),
    refused(
        "iat-of-five-thousand-digits", IAT, Reason.PASSPORT_MALFORMED, number("1" * 5000), detail="not-json"
    ),
    refused("iat-infinite-by-exponent", IAT, Reason.PASSPORT_MALFORMED, number("1e400"), detail="not-json"),
    refused("iat-not-a-number", IAT, Reason.PASSPORT_MALFORMED, number("NaN"), detail="not-json"),
    refused("iat-infinite", IAT, Reason.PASSPORT_MALFORMED, number("-Infinity"), detail="not-json"),
    refused("iat-with-a-leading-zero", IAT, Reason.PASSPORT_MALFORMED, number("01"), detail="not-json"),
    refused(
        "iat-twice", PARTIES, Reason.PASSPORT_MALFORMED, number(f'{NOW},"iat":1'), detail="duplicate-key"
    ),
    attest("attest-z", "Z"),
    attest("attest-small", "a"),
    attest("attest-empty", ""),
    attest("attest-two", "AB"),
    attest("attest-null", None),
    attest("attest-in-a-list", ["A"]),
    attest("attest-in-an-object", {"A": 1}),
    attest("attest-a-number", 65),
    origid("origid-no-uuid", "1"),
    origid("origid-empty", ""),
    origid("origid-in-braces", f"{{{ORIGID}}}"),
    origid("origid-without-hyphens", ORIGID.replace("-", "")),
    origid("origid-with-a-line-end", ORIGID + "\n"),
    origid("origid-null", None),
    origid("origid-in-a-list", [ORIGID]),
    origid("origid-a-number", 1),
]


@pytest.mark.parametrize("case", REFUSED)
def test_fails_before_anything_is_fetched(case: Case) -> None:
    assert_refused_unfetched(case)


@pytest.mark.parametrize(
    ("claims", "without", "reason", "detail"),
    [
        pytest.param({}, "div", Reason.CLAIM_MISSING, "div", id="no-div"),
        pytest.param({"div": CALLEE}, "", Reason.CLAIM_MALFORMED, "div", id="div-a-string"),
        pytest.param({"div": {"tn": [CALLEE]}}, "", Reason.CLAIM_MALFORMED, "div", id="div-several"),
        pytest.param({"div": {"uri": "sip:a@b"}}, "", Reason.CLAIM_MALFORMED, "div", id="div-a-uri"),
        pytest.param({"opt": "a.b.c"}, "", Reason.CLAIM_MALFORMED, "opt", id="an-opt-which-is-div-o-only"),
        pytest.param({}, "iat", Reason.CLAIM_MISSING, "iat", id="no-iat"),
    ],
)
def test_a_div_token_is_read_as_strictly(
    claims: dict[str, Any], without: str, reason: Reason, detail: str
) -> None:
    """RFC 8946 §3."""
    sound = {"dest": {"tn": [NEXT]}, "div": {"tn": CALLEE}, "iat": NOW, "orig": {"tn": CALLER}} | claims
    sound.pop(without, None)
    value = carried(signed(HEADER | {"ppt": "div"}, sound))
    verdict = judged(value, identity(), call=DIVERTED)
    assert (verdict.headers[0].reason, verdict.headers[0].detail) == (reason, detail)
    assert verdict.reason is Reason.RETARGETED


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"attest": "B"}, id="attest-b"),
        pytest.param({"attest": "C"}, id="attest-c"),
        pytest.param({"origid": ORIGID.upper()}, id="origid-in-capitals"),
        pytest.param({"dest": {"tn": ["12125551212", CALLEE]}}, id="several-called"),
        pytest.param({"dest": {"tn": [CALLEE] * 100}}, id="a-hundred-called"),
        pytest.param({"dest": {"tn": [CALLEE], "uri": ["sip:a@b"]}}, id="a-uri-beside-the-number"),
        pytest.param({"iat": NOW + 0.5}, id="a-fraction-of-a-second"),
        pytest.param({"iat": float(NOW)}, id="seconds-as-a-float"),
        pytest.param({"mky": [{"alg": "sha-256", "dig": "02"}], "rcd": {"nam": "é"}}, id="other-claims"),
        pytest.param({"x": [[[1e300, -0.0, None]]]}, id="anything-in-a-claim-unknown-here"),
    ],
)
def test_passes_with_claims_as_they_may_be(claims: dict[str, Any]) -> None:
    assert judged(identity(claims=claims)).passed


def test_a_div_token_may_say_which_history_info_it_belongs_to() -> None:
    """RFC 8946 §8."""
    value = diverted(CALLEE, NEXT, claims={"div": {"tn": CALLEE, "hi": "1.2.1"}})
    assert judged(value, identity(), call=DIVERTED).passed


def test_a_verdict_tells_what_was_claimed() -> None:
    told = judged(identity(claims={"attest": "B"})).headers[0]
    assert (told.attest, told.origid, told.orig, told.dest, told.iat) == ("B", ORIGID, CALLER, (CALLEE,), NOW)


def test_a_failed_token_attests_nothing() -> None:
    verdict = judged(identity(claims={"iat": NOW - 61}))
    assert verdict.headers[0].attest == "A"
    assert (verdict.attest, verdict.origid) == (None, None)
