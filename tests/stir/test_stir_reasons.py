"""Reasons are stable names with one SIP answer each (RFC 8224 §6.2.2)."""

import re

import pytest

from gateway.stir.reasons import PHRASES, UNFETCHED, Reason

ABOUT_NO_CALL = (Reason.PASSED, Reason.REQUEST_MALFORMED)
"""Where there is nothing to refuse."""


@pytest.mark.parametrize("reason", Reason, ids=lambda reason: reason.value)
def test_every_reason_says_what_it_means(reason: Reason) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", reason.value)
    assert reason.name == reason.value.replace("-", "_").upper()
    assert reason.text
    assert (reason.fault is None) == (reason is Reason.PASSED)
    assert (reason.cause is None) == (reason in ABOUT_NO_CALL)
    assert bool(reason.phrase) == (reason.cause in PHRASES)


@pytest.mark.parametrize(
    ("reason", "cause", "phrase"),
    [
        (Reason.IAT_STALE, 403, "Stale Date"),
        (Reason.IAT_IN_FUTURE, 403, "Stale Date"),
        (Reason.NO_IDENTITY, 428, "Use Identity Header"),
        (Reason.PPT_UNSUPPORTED, 428, "Use Supported PASSporT Format"),
        (Reason.CALLER_ANONYMOUS, 433, "Anonymity Disallowed"),
        (Reason.CERTIFICATE_UNREACHABLE, 436, "Bad Identity Info"),
        (Reason.CERTIFICATE_UNTRUSTED, 437, "Unsupported Credential"),
        (Reason.CLAIM_MISSING, 438, "Invalid PASSporT"),
        (Reason.SIGNATURE_INVALID, 438, "Invalid Identity Header"),
        (Reason.PASSED, None, ""),
    ],
)
def test_is_answered_with_the_code_of_its_clause(reason: Reason, cause: int | None, phrase: str) -> None:
    assert (reason.cause, reason.phrase) == (cause, phrase)


def test_what_was_not_judged_is_not_called_failed() -> None:
    """A caller is not to blame for a certificate host, or for us."""
    assert Reason.PASSED.verstat == "TN-Validation-Passed"
    for reason in set(Reason) - {Reason.PASSED}:
        nobody_judged = reason.fault in ("certificate-host", "us") or reason in (
            Reason.NO_IDENTITY,
            Reason.PPT_UNSUPPORTED,
            Reason.CALLER_ANONYMOUS,
        )
        assert reason.verstat == ("No-TN-Validation" if nobody_judged else "TN-Validation-Failed")


def test_436_is_for_credentials_that_could_not_be_had() -> None:
    assert {reason for reason in Reason if reason.cause == 436} == UNFETCHED
