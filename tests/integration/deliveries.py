"""What must hold of every call that a carrier brings: what the softswitch is told of it, and what the carrier.

Each check yields one line for each thing that is wrong. This file reads messages; it does no I/O.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from .scenario import Scenario
from .trace import Message
from .world import CARRIERS

VERSTAT = re.compile(r"verstat=([^;@>\s]*)", re.IGNORECASE)
IN_ITS_PLACE = re.compile(r"<(?:sips?|tel):[^;@>]+(?:;[^;@>]+)*;verstat=[\w-]+[;@>]")  # TS 24.229 §7.2A.20
STIR = re.compile(r"STIR\b.*")
STIR_REASON = re.compile(r'STIR ;cause=(\d{3}) ;text="([^"]*)"(?: ;ppi="\.\.([\w-]+)")?')  # RFC 9410 §3, §4


def wrong_deliveries(scenario: Scenario, messages: Iterable[Message]) -> Iterator[str]:
    """What a softswitch heard that it should not have, or did not hear of the verification."""
    heard = [each for each in messages if each.direction == "received" and each.leg not in CARRIERS]
    for message in heard:
        yield from _not_for_a_softswitch(message, scenario.verstat)
    for number, invite in enumerate(each for each in heard if each.opens_dialog):
        expected = scenario.verstat[min(number, len(scenario.verstat) - 1)]
        yield from wrong_verstat(invite, expected, scenario.bearer)


def _not_for_a_softswitch(message: Message, verstats: Sequence[str]) -> Iterator[str]:
    """The carrier's Date and what is said to signers; a verstat of somebody else's, in any message."""
    foreign = [value for value in VERSTAT.findall("\n".join(message.head)) if value not in verstats]
    told = [value for value in message.headers("Reason") if STIR.fullmatch(value)]
    for found in (*foreign, *told, *(message.headers("Date") if message.is_request else ())):
        yield f"{message.leg} was told {found!r} in {message.start!r}"


def wrong_verstat(invite: Message, expected: str, bearer: str = "") -> Iterator[str]:
    """How the verstat of an INVITE is not exactly this one, on the address it belongs to."""
    bearer = bearer or ("P-Asserted-Identity" if invite.headers("P-Asserted-Identity") else "From")
    found = VERSTAT.findall("\n".join(invite.head))
    there = [value for value in invite.headers(bearer) if VERSTAT.search(value)]
    if found != ([expected] if expected else []):
        yield f"{invite.leg} was told the verstats {found}, not {expected!r}"
    elif expected and not (there and IN_ITS_PLACE.search(there[0])):
        yield f"{invite.leg} was told {expected}, but not in {bearer}: {invite.headers(bearer)}"


def wrong_reasons(scenario: Scenario, messages: Sequence[Message]) -> Iterator[str]:
    """What the carrier was told of its Identity headers, where it is not what the scenario says, each failure once."""
    heard = [each for each in messages if each.direction == "received" and each.leg in CARRIERS]
    told = [value for each in heard for value in each.headers("Reason") if STIR.fullmatch(value)]
    read = [STIR_REASON.fullmatch(value) for value in told]
    if [f"{found[1]} {found[2]}" if found else "unreadable" for found in read] != list(scenario.reasons):
        yield f"the carrier was told {told}, not {list(scenario.reasons)}"
    sent = {
        signature
        for each in messages
        for value in each.headers("Identity")
        for signature in _signature(value)
    }
    for named in {found[3] for found in read if found and found[3]} - sent:
        yield f"the carrier was told of the token {named!r}, which it never sent"


def _signature(identity: str) -> Iterator[str]:
    yield identity.partition(";")[0].rpartition(".")[2]
