"""A call as SIP signals it, for comparing with what a token says (RFC 8224 §6.2.4: never the other way round).

Numbers are canonical where that is possible. One that can be read in two ways, or fits no plan, stands as it was
written: the token says which number it is, and only equality is asked.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.stir.tn import InvalidNumber, NumberPlan, canonical_digits, written_digits


@dataclass(frozen=True, slots=True)
class Signalled:
    """Who calls whom, by the signalling.

    callers: the numbers the caller is presented by. More than one where P-Asserted-Identity gives two (a sip: and a tel:
    URI, RFC 3325 §9.1) that differ; empty where there is none, and then `anonymous` says whether that is on purpose.
    to: the number first called. target: the number the call goes to now, another one where it was retargeted. Each None
    where it is no number.
    """

    callers: frozenset[str]
    to: str | None
    target: str | None
    anonymous: bool = False


def signalled(asserted: Iterable[str], sender: str, to: str, target: str, plan: NumberPlan) -> Signalled:
    """Read the addresses of a request, as URIs or numbers, under the peer's numbering plan.

    asserted: of P-Asserted-Identity, which counts before From (ATIS-1000074 §5.2.1, RFC 8224 §8); sender: From;
    to: To; target: Request-URI. Never raises for anything they hold.
    """
    reasons: list[str] = []
    callers = [number for address in asserted if (number := _number(address, plan, reasons))]
    if not callers and (number := _number(sender, plan, reasons)):
        callers = [number]
    called = _number(to, plan, [])
    return Signalled(
        callers=frozenset(callers),
        to=called,
        target=called if target == to else _number(target, plan, []),
        anonymous=not callers and "anonymous" in reasons,
    )


def number_of(address: str, plan: NumberPlan) -> str | None:
    """The number that one address counts as in a comparison; None where it is none."""
    return _number(address, plan, [])


def _number(address: str, plan: NumberPlan, reasons: list[str]) -> str | None:
    try:
        return canonical_digits(address, plan)
    except InvalidNumber as error:
        reasons.append(error.reason)
    try:
        return written_digits(address)
    except InvalidNumber:
        return None
