"""Compares what was heard of a call with what was expected of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scenarios.demo.calls import Call
from scenarios.demo.play import Heard
from scenarios.demo.verifiers import Passport, Refused, Verifier


@dataclass(frozen=True, slots=True)
class Verdict:
    """A call's outcome: what its Identity says, if the verifiers accept it, and everything that is not as expected."""

    passport: Passport | None
    wrong: tuple[str, ...]


def judge(call: Call, heard: Heard, verifier: Verifier) -> Verdict:
    """Judge one call."""
    wrong = (*heard.failures, *_wrong_ways(call, heard))
    try:
        passport = _passport(call, heard, verifier)
    except Refused as refused:
        return Verdict(None, (*wrong, str(refused)))
    return Verdict(passport, (*wrong, *(_wrong_claims(call, passport) if passport else ())))


def _passport(call: Call, heard: Heard, verifier: Verifier) -> Passport | None:
    """What the carrier's one Identity says; None where it should have none of ours; raises Refused."""
    if call.attest == "untouched":
        if heard.identities != heard.sent_identities:
            raise Refused("the Identity header changed on its way")
        return None
    expected = int(call.by is not None and call.attest != "unsigned")
    if len(heard.identities) != expected:
        raise Refused(f"the carrier got {len(heard.identities)} Identity headers, not {expected}")
    return verifier.verify(heard.identities[0]) if expected else None


def _wrong_ways(call: Call, heard: Heard) -> Iterator[str]:
    """Where the call did not go as it should."""
    final = heard.codes[-1] if heard.codes else None
    if final != call.code:
        yield f"the caller saw {final}, not {call.code}"
    if heard.carrier != call.by:
        yield f"the call went to {heard.carrier}, not {call.by}"
    if heard.rule != call.rule:
        yield f"the gateway's reason is {heard.rule!r}, not {call.rule!r}"


def _wrong_claims(call: Call, passport: Passport) -> Iterator[str]:
    expected = (call.attest, call.caller.lstrip("+"), (call.called.lstrip("+"),))
    found = (passport.attest, passport.orig, passport.dest)
    if found != expected:
        yield f"the token says {found}, not {expected}"
