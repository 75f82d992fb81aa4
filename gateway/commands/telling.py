"""A verdict for a person at a terminal: what it is, which check decided it, whose fault that is, and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from gateway.stir.reasons import Reason

Answer = Mapping[str, Any]
"""A verdict as `gateway.stir.verdict_json` writes it, read back."""

_BY_REASON = {
    Reason.NO_IDENTITY: "ask the carrier why it sends no Identity header",
    Reason.IAT_STALE: "judge an old call at its own time with --now; else compare this machine's clock",
    Reason.IAT_IN_FUTURE: "compare this machine's clock with the signer's",
    Reason.ORIG_MISMATCH: "compare orig with P-Asserted-Identity and From as they arrived: somebody changed the number, "
    "or the token is another call's",
    Reason.DEST_MISMATCH: "compare dest with To and the Request-URI as they arrived: somebody changed the number, "
    "or the token is another call's",
    Reason.X5U_REFUSED: "tell the signer: https on port 443 or 8443, at a public address; "
    "in a lab, give --allow-http and --allow-private",
    Reason.CERTIFICATE_UNTRUSTED: "see that --anchors holds the root of this chain; if it holds all approved ones, "
    "the signer is not approved",
    Reason.CRL_UNTRUSTED: "add the certificate that signs the list, the STI-PA's, to --anchors",
    Reason.CRL_UNAVAILABLE: "give a current list with --crl",
}

_BY_FAULT = {
    "caller": "ask the peer that passed the call on",
    "signer": "tell the signer, named by the certificate or its URL",
    "certificate-host": "ask the URL with `curl -v` from this machine, and try again",
    "us": "correct what this command was given",
    "unknown": "keep the header and ask the signer",
}


def told(answer: Answer) -> str:
    """Some lines of text; what strangers wrote is shown without the control characters in it."""
    return "\n".join(shown(line) for line in (*_head(answer), *_headers(answer["headers"])))


def _head(answer: Answer) -> Iterator[str]:
    reason = Reason(answer["reason"])
    yield f"{answer['verstat']}: {reason.text}"
    if reason.fault is None:
        yield _row("attest", answer["attest"])
        yield _row("origid", answer["origid"])
        return
    yield _row("reason", _named(answer))
    if reason.cause is not None:
        yield _row("SIP", f"{reason.cause} {reason.phrase}")
    yield _row("fault", reason.fault)
    yield _row("to do", _BY_REASON.get(reason) or _BY_FAULT[reason.fault])


def _headers(headers: list[Answer]) -> Iterator[str]:
    for place, header in enumerate(headers, start=1):
        yield f"header {place}: {_named(header)}"
        if header["orig"] is not None:
            yield _row("call", f"{header['orig']} to {', '.join(header['dest'])}, {_time(header['iat'])}")
        if header["div"] is not None:
            yield _row("diverted", f"by {header['div']}")
        if header["x5u"] is not None:
            yield _row("x5u", header["x5u"])
        if header["subject"] is not None:
            yield _row("signed by", f"{header['subject']}, SPC {header['spc'] or 'none'}")


def _named(part: Answer) -> str:
    detail = part["detail"]
    return f"{part['reason']} ({detail})" if detail else str(part["reason"])


def _row(name: str, value: object) -> str:
    return f"  {name:10} {value}"


def shown(line: str) -> str:
    """A line without the control characters that a stranger may have put into it."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in line)


def _time(iat: float) -> str:
    try:
        return f"{datetime.fromtimestamp(iat, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (ValueError, OverflowError, OSError):
        return f"iat {iat}"
