"""What is written down of a call, under the names that the log, the call log and the README have for it.

A call collects its record while it lasts: `at` is when its INVITE came (epoch seconds), `NAME_ms` what came how long after
that. This file does no I/O.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any

from gateway.decision import Parties
from gateway.policy.peers import Peer
from gateway.sip.message import BadMessage, Message
from gateway.sip.values import name_addr

_DIALLED, _CALL_ID = 64, 255
"""Characters of a stranger's text that a record takes."""


def invited(message: Message, peer: Peer, source: str) -> dict[str, Any]:
    """Of an INVITE that nobody has decided yet: who calls whom as it has it, and where it came from."""
    caller, callee = _user(message.first["from"]), _user(message.uri)
    return {
        "direction": "outbound" if peer.role == "softswitch" else "inbound",
        "peer": peer.name,
        "source": source,
        "call_id": message.first["call-id"][:_CALL_ID],
        "caller": caller,
        "callee": callee,
        "caller_dialled": caller,
        "callee_dialled": callee,
    }


def parties(found: Parties | None) -> dict[str, Any]:
    """What the checks found out of who calls whom, as far as they came."""
    if found is None:
        return {}
    known = {
        "account": found.account,
        "caller_dialled": _user(found.caller_dialled),
        "callee_dialled": _user(found.callee_dialled),
        "caller": found.caller,
        "callee": found.callee,
    }
    return {name: value for name, value in known.items() if value is not None}


def was_answered(record: Mapping[str, Any]) -> bool:
    """Whether somebody took the call."""
    code: int = record.get("code", 0)
    return 200 <= code < 300


def answered_at(record: Mapping[str, Any]) -> float | None:
    """Since when the call is or was up, in epoch seconds."""
    if not was_answered(record) or "concluded_ms" not in record:
        return None
    return float(record["at"] + record["concluded_ms"] / 1000)


def of_call(token: str, record: Mapping[str, Any]) -> dict[str, Any]:
    """The record of a call that is over. answered_ms: to the final answer; duration_ms: of the time it was up."""
    written = {name: value for name, value in record.items() if name not in ("concluded_ms", "ended_ms")}
    concluded, ended = record.get("concluded_ms"), record.get("ended_ms")
    if concluded is not None:
        written["answered_ms"] = concluded
    if was_answered(record) and concluded is not None and ended is not None:
        written["duration_ms"] = round(ended - concluded, 1)
    if ended is not None:
        written["ended_at"] = record["at"] + ended / 1000
    return {"call": token, **written}


@lru_cache(256)
def _user(text: str) -> str:
    """The user part of an address, or the whole text where it is none, as far as a record needs it."""
    with suppress(BadMessage):
        text = name_addr(text).uri
    _, colon, rest = text.partition(":")
    return (rest if colon else text).partition("@")[0][:_DIALLED]
