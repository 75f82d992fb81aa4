"""What must hold of the messages of a scenario: what the scenario asks for, and what holds of every call.

Each check yields one line for each thing that is wrong. Identity headers are judged by PyJWT and cryptography on
the lab leaf, so that a mistake of ours cannot excuse itself. This file reads messages; it does no I/O.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from .deliveries import wrong_deliveries, wrong_reasons
from .refusals import wrong_refusals
from .scenario import Relayed, Scenario, Seen
from .trace import Message, without_retransmissions
from .world import GATEWAY_HOST, host_of

# What only the gateway's workers would say: their library's name in a banner.
BANNER = re.compile(rb"pjsip|pjsua|pjmedia|pjproject|^server[ \t]*:", re.IGNORECASE | re.MULTILINE)
LOOPBACK = re.compile(rb"(?<![\d.])127\.\d+\.\d+\.\d+(?!\d)")
IDENTITY = re.compile(r"(?P<token>[\w-]+\.[\w-]+\.[\w-]+);info=<(?P<info>[^>]+)>;alg=ES256;ppt=\"?shaken\"?")
UUID_FORM = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
FRESH = 60  # seconds, ATIS-1000074 §5.3


@dataclass(frozen=True, slots=True)
class Signer:
    """The key calls should be signed with, and the time the scenario ended (Unix seconds)."""

    key: EllipticCurvePublicKey
    now: int


def wrong(scenario: Scenario, messages: Sequence[Message], signer: Signer) -> list[str]:
    """Everything that is wrong with the messages of a scenario."""
    once = without_retransmissions(messages)
    told = (*wrong_deliveries(scenario, once), *wrong_reasons(scenario, once)) if scenario.inbound else ()
    return [
        *told,
        *(line for check in scenario.relayed for line in not_relayed(check, once)),
        *(line for check in scenario.seen for line in not_seen(check, once)),
        *leaks(once),
        *unacknowledged_provisionals(once),
        *wrong_identities(scenario, once, signer),
        *wrong_refusals(scenario, once),
    ]


def not_relayed(check: Relayed, messages: Sequence[Message]) -> Iterator[str]:
    """How what arrived differs from what was sent."""
    sent = _kind(messages, check.by, "sent", check.message)
    received = _kind(messages, check.to, "received", check.message)
    if min(len(sent), len(received)) < check.nth:
        yield f"{check.message} no. {check.nth}: {check.by} sent {len(sent)}, {check.to} got {len(received)}"
        return
    before, after = sent[check.nth - 1], received[check.nth - 1]
    for part in check.same:
        left, arrived = _part(before, part), _part(after, part)
        if left != arrived:
            yield f"{check.message}: {part} left {check.by} as {left!r}, reached {check.to} as {arrived!r}"
    yield from _present(after, check.absent)


def not_seen(check: Seen, messages: Sequence[Message]) -> Iterator[str]:
    """Why a leg did not receive what it should."""
    found = _kind(messages, check.leg, "received", check.message)
    if check.times is not None and len(found) != check.times:
        yield f"{check.leg} received {check.message} {len(found)} times, not {check.times}"
    elif not found and check.times is None:
        yield f"{check.leg} received no {check.message}"
    for message in found if check.nth is None else found[check.nth - 1 : check.nth]:
        if check.start is not None and not re.fullmatch(check.start, message.start):
            yield f"{check.leg} received {message.start!r}, not {check.start!r}"
        if check.phrase is not None and message.phrase != check.phrase:
            yield f"{check.leg} received {message.start!r}, not the phrase {check.phrase!r}"
        for name, pattern in check.headers.items():
            if not any(re.fullmatch(pattern, value) for value in message.headers(name)):
                yield f"{check.leg}: {name} of {message.start!r} is {message.headers(name)}, not {pattern!r}"
        yield from _present(message, check.absent)


def leaks(messages: Iterable[Message]) -> Iterator[str]:
    """What a leg saw that it should not: an address that is not the gateway's or its own, a worker's banner."""
    for message in messages:
        if message.direction == "sent":
            continue
        known = {GATEWAY_HOST.encode(), host_of(message.leg).encode()}
        for seen in {*LOOPBACK.findall(message.raw)} - known | {*BANNER.findall(message.raw)}:
            yield f"{message.leg} saw {seen.decode()!r} in {message.start!r}"


def unacknowledged_provisionals(messages: Iterable[Message]) -> Iterator[str]:
    """PRACKs that name no reliable provisional the leg sent (RFC 3262 §7.2)."""
    reliable: set[tuple[str, str]] = set()
    for message in messages:
        if message.direction == "sent" and message.header("RSeq"):
            reliable.add((message.leg, f"{message.header('RSeq')} {message.header('CSeq')}"))
        elif message.direction == "received" and message.is_a("PRACK"):
            named = message.header("RAck")
            if (message.leg, named) not in reliable:
                yield f"{message.leg} received a PRACK for {named!r}, which it never sent"


def wrong_identities(scenario: Scenario, messages: Iterable[Message], signer: Signer) -> Iterator[str]:
    """What is wrong with the Identity headers received: one valid one on each new call to a carrier, none elsewhere."""
    for message in messages:
        if message.direction == "sent" or not message.is_request:
            continue
        found = message.headers("Identity")
        expected = _expected_identities(scenario, message)
        if len(found) != expected:
            yield f"{message.leg} received {len(found)} Identity headers in {message.start!r}, not {expected}"
        elif expected and scenario.attest != "untouched":
            yield from wrong_identity(found[0], scenario, signer)


def _expected_identities(scenario: Scenario, message: Message) -> int:
    return int(message.opens_dialog and not scenario.inbound and scenario.attest != "unsigned")


def wrong_identity(value: str, scenario: Scenario, signer: Signer) -> Iterator[str]:
    """What a verifier that is not ours finds wrong with an Identity header (RFC 8224, RFC 8588)."""
    form = IDENTITY.fullmatch(value)
    if form is None:
        yield f"not an Identity header in full form: {value!r}"
        return
    try:
        passport = jwt.decode_complete(
            form["token"],
            signer.key,
            algorithms=["ES256"],
            options={"verify_iat": False},  # judged below: PyJWT would read the clock itself
        )
    except jwt.InvalidTokenError as error:
        yield f"PyJWT refuses the PASSporT: {error}"
        return
    expected = {"alg": "ES256", "ppt": "shaken", "typ": "passport", "x5u": form["info"]}
    if passport["header"] != expected:
        yield f"PASSporT header {passport['header']} is not {expected}"
    yield from wrong_claims(passport["payload"], scenario, signer.now)


def wrong_claims(claims: Mapping[str, Any], scenario: Scenario, now: int) -> Iterator[str]:
    """What is wrong with the claims of a call from ``orig`` to ``dest`` (RFC 8588 §4)."""
    expected = {
        "attest": scenario.attest,
        "dest": {"tn": [scenario.values["dest"].lstrip("+")]},
        "orig": {"tn": scenario.values["orig"].lstrip("+")},
    }
    if {name: claims.get(name) for name in expected} != expected:
        yield f"claims {claims} are not {expected}"
    if claims.keys() != {*expected, "iat", "origid"}:
        yield f"claims are {sorted(claims)}"
        return
    if UUID_FORM.fullmatch(claims["origid"]) is None:
        yield f"origid {claims['origid']!r} is not a UUID"
    if abs(now - claims["iat"]) > FRESH:
        yield f"iat {claims['iat']} is more than {FRESH} s from now"


def _kind(messages: Iterable[Message], leg: str, direction: str, kind: str) -> list[Message]:
    return [m for m in messages if (m.leg, m.direction) == (leg, direction) and m.is_a(kind)]


def _part(message: Message, part: str) -> object:
    match part:
        case "body":
            return message.body
        case "phrase":
            return message.phrase
    return message.headers(part)


def _present(message: Message, names: Iterable[str]) -> Iterator[str]:
    for name in names:
        if message.headers(name):
            yield f"{message.leg} received {name}: {message.headers(name)} in {message.start!r}"
