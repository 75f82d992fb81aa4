"""Reason headers of RFC 9410: what is told of a failed Identity header, and what a carrier tells of ours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.stir.reason_header import STIR_CODES, Complaint, about_ours, lines, parse, sift
from gateway.stir.reasons import Reason
from gateway.stir.verdict import HeaderVerdict, Verdict

OURS = "rq3pjT1hoRwakEGjHCnWSwUnshd0-zJ6F1VOgFWSjHBr8Qjpjlk-cpFYpFYsojNCpTzO3QfPOlckGaS6hEck7w"
FULL = f"eyJhbGciOiJFUzI1NiJ9.eyJpYXQiOjF9.{OURS}"


def of(*headers: tuple[Reason, str], reason: Reason | None = None) -> Verdict:
    failed = tuple(HeaderVerdict(each, signature=signature) for each, signature in headers)
    return Verdict(reason or headers[0][0], failed)


UNTOLD = {
    "no-header": Verdict(Reason.NO_IDENTITY),
    "no-header-and-no-number": Verdict(Reason.CALLER_ANONYMOUS),
    "passed": of((Reason.PASSED, "s")),
    "another-kind-beside-one-that-passed": of(
        (Reason.PPT_UNSUPPORTED, "s"), (Reason.PASSED, "t"), reason=Reason.PASSED
    ),
}


@pytest.mark.parametrize("verdict", UNTOLD.values(), ids=UNTOLD)
def test_nothing_is_told_where_no_header_failed(verdict: Verdict) -> None:
    assert lines(verdict) == ()


TOLD = {
    "with-its-signature": (
        of((Reason.CERTIFICATE_TIMEOUT, OURS)),
        f'STIR ;cause=436 ;text="Bad Identity Info" ;ppi="..{OURS}"',
    ),
    "unreadable": (of((Reason.IDENTITY_MALFORMED, "")), 'STIR ;cause=438 ;text="Invalid Identity Header"'),
    "signature-too-long-to-be-one": (
        of((Reason.SIGNATURE_INVALID, "s" * 129)),
        'STIR ;cause=438 ;text="Invalid Identity Header"',
    ),
    "signature-with-other-signs": (
        of((Reason.SIGNATURE_INVALID, 's"\r\nX: y')),
        'STIR ;cause=438 ;text="Invalid Identity Header"',
    ),
    "claim-missing": (
        of((Reason.CLAIM_MISSING, "s")),
        'STIR ;cause=438 ;text="Invalid PASSporT" ;ppi="..s"',
    ),
    "nothing-but-another-kind": (
        of((Reason.PPT_UNSUPPORTED, "s")),
        'STIR ;cause=428 ;text="Use Supported PASSporT Format" ;ppi="..s"',
    ),
    "withheld-number-is-no-stir-code": (
        of((Reason.CALLER_ANONYMOUS, "s")),
        'STIR ;cause=438 ;text="Invalid Identity Header" ;ppi="..s"',
    ),
}


@pytest.mark.parametrize(("verdict", "value"), TOLD.values(), ids=TOLD)
def test_a_failed_header_is_told_of(verdict: Verdict, value: str) -> None:
    assert lines(verdict) == (f"Reason: {value}",)


def test_each_failed_header_is_told_of_once() -> None:
    verdict = of(
        (Reason.IAT_STALE, "a"),
        (Reason.IDENTITY_MALFORMED, ""),
        (Reason.IDENTITY_MALFORMED, ""),
        (Reason.CERTIFICATE_REVOKED, "b"),
        (Reason.PASSED, "c"),
        reason=Reason.PASSED,
    )
    assert lines(verdict) == (
        'Reason: STIR ;cause=403 ;text="Stale Date" ;ppi="..a"',
        'Reason: STIR ;cause=438 ;text="Invalid Identity Header"',
        'Reason: STIR ;cause=437 ;text="Unsupported Credential" ;ppi="..b"',
    )


@pytest.mark.parametrize(
    "reason", [reason for reason in Reason if reason is not Reason.PASSED], ids=lambda reason: reason.value
)
def test_only_stir_codes_are_told(reason: Reason) -> None:
    (line,) = lines(of((reason, "s")))
    told = parse(line.removeprefix("Reason: "))
    assert told is not None
    assert told.cause in STIR_CODES


NOT_OURS = {
    "another-protocol": 'SIP ;cause=200 ;text="Call completed elsewhere"',
    "a-protocol-that-begins-alike": f'STIRRED ;cause=436 ;ppi="..{OURS}"',
    "another-passport": 'STIR ;cause=436 ;ppi="..abc"',
    "no-passport": "STIR ;cause=436",
    "empty-passport": 'STIR ;cause=436 ;ppi=""',
    "in-the-text": f'STIR ;cause=436 ;text=";ppi=..{OURS}"',
    "unreadable": f'STIR ;cause=436 ;ppi="..{OURS}" and more',
    "open-quote": f'STIR ;cause=436 ;ppi="..{OURS}',
    "empty": "",
}


@pytest.mark.parametrize("value", NOT_OURS.values(), ids=NOT_OURS)
def test_what_does_not_name_our_passport_goes_on(value: str) -> None:
    assert not about_ours(value, OURS)
    assert sift([value], OURS) == ([], [value])


@pytest.mark.parametrize("signature", ["", "another"])
def test_an_unsigned_call_has_nothing_to_be_complained_of(signature: str) -> None:
    assert not about_ours('STIR ;cause=436 ;ppi=""', signature)
    assert not about_ours(f'STIR ;cause=436 ;ppi="..{OURS}"', signature)


ABOUT_OURS = {
    "compact": f'STIR ;cause=436 ;text="Bad Identity Info" ;ppi="..{OURS}"',
    "full": f'STIR;cause=436;text="Bad Identity Info";ppi="{FULL}"',
    "other-order-and-case": f'stir ; PPI = "..{OURS}" ; Text="Bad \\"Identity\\" Info" ; cause = 436',
    "unquoted": f"STIR ;cause=436 ;ppi=..{OURS}",
    "other-parameters": f'STIR ;cause=436 ;location=RLN ;ppi="..{OURS}"',
}


@pytest.mark.parametrize("value", ABOUT_OURS.values(), ids=ABOUT_OURS)
def test_what_names_our_passport_is_known(value: str) -> None:
    assert about_ours(value, OURS)
    found = parse(value)
    assert found is not None
    assert (found.cause, found.signature) == (436, OURS)


def test_complaints_about_us_are_taken_out_of_a_line_of_several() -> None:
    ours, other = f'STIR ;cause=437 ;text="a, b" ;ppi="..{OURS}"', 'Q.850;cause=16;text="x, y"'
    complaints, rest = sift([f"{other}, {ours}", "SIP;cause=200"], OURS)
    assert complaints == [Complaint(437, "a, b", OURS)]
    assert rest == [other, "SIP;cause=200"]


@pytest.mark.parametrize("cause", ["x", "4360", "-1", "٤٣٦"])
def test_a_cause_that_is_no_code_is_none(cause: str) -> None:
    assert parse(f"STIR;cause={cause};ppi=..x") == Complaint(None, "", "x")


@given(st.lists(st.text(max_size=60), max_size=4))
def test_nothing_that_comes_back_makes_the_reader_fail(values: list[str]) -> None:
    complaints, _ = sift(values, OURS)
    assert complaints == []
