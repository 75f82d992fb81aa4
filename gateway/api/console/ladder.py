"""One call as a ladder: who sent what to whom, as far as the call log knows it, and when. This file does no I/O."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Party = Literal["peer", "gateway", "carrier"]


@dataclass(frozen=True, slots=True)
class Step:
    """One message, or what the gateway did by itself (`sender` is then `receiver`). after: milliseconds since the INVITE."""

    sender: Party
    receiver: Party
    what: str
    after: float | None
    tone: str = ""

    @property
    def is_own(self) -> bool:
        """Whether no message was sent."""
        return self.sender == self.receiver


@dataclass(frozen=True, slots=True)
class Ladder:
    """A call: the names of its parties, and its steps in order."""

    peer: str
    carrier: str | None
    steps: tuple[Step, ...]


def ladder(call: Mapping[str, Any]) -> Ladder:
    """The ladder of a row of the call log."""
    return Ladder(call["peer"] or call["source"] or "?", call["carrier"], tuple(_steps(call)))


def _steps(call: Mapping[str, Any]) -> Iterator[Step]:
    yield Step("peer", "gateway", f"INVITE {call['callee_dialled'] or call['callee'] or ''}".strip(), 0)
    yield from _decided(call)
    if call["carrier"] is None:
        if call["code"]:
            yield Step("gateway", "peer", str(call["code"]), call["answered_ms"], _tone(call["code"]))
        return
    yield Step("gateway", "carrier", _onward(call), None)
    if call["progress_ms"] is not None:
        yield from _both("carrier", "it rings (18x)", call["progress_ms"])
    if call["ended_by"] == "cancelled":
        yield from _both("peer", "CANCEL", None, "warn")
    if call["code"]:
        yield from _both("carrier", str(call["code"]), call["answered_ms"], _tone(call["code"]))
    yield from _ended(call)


def _decided(call: Mapping[str, Any]) -> Iterator[Step]:
    """What was judged, and by which rule it was decided."""
    if call["direction"] == "inbound" and call["reason"]:
        passed = call["verstat"] == "TN-Validation-Passed"
        yield Step("gateway", "gateway", f"verified: {call['reason']}", None, "good" if passed else "bad")
    if call["rule"]:
        refused = call["carrier"] is None and (call["code"] or 0) >= 400
        yield Step("gateway", "gateway", call["rule"], None, "bad" if refused else "")


def _onward(call: Mapping[str, Any]) -> str:
    if call["direction"] == "inbound":
        return f"INVITE, {call['verstat']}" if call["verstat"] else "INVITE"
    return f"INVITE + Identity {call['attest']}" if call["attest"] else "INVITE, unsigned"


def _ended(call: Mapping[str, Any]) -> Iterator[Step]:
    """Who hung up; what else ended a call is the gateway's own doing."""
    if call["duration_ms"] is None:
        return
    after = (call["answered_ms"] or 0) + call["duration_ms"]
    match call["ended_by"]:
        case "caller":
            yield from _both("peer", "BYE", after)
        case "callee":
            yield from _both("carrier", "BYE", after)
        case other:
            yield Step("gateway", "gateway", f"ended: {other or 'nobody knows why'}", after, "warn")


def _both(origin: Party, what: str, after: float | None, tone: str = "") -> Iterator[Step]:
    """A message that goes through."""
    yield Step(origin, "gateway", what, after, tone)
    yield Step("gateway", "peer" if origin == "carrier" else "carrier", what, None, tone)


def _tone(code: int) -> str:
    return "good" if 200 <= code < 300 else "bad"
