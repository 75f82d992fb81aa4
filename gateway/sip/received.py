"""A request from outside and the way back to whoever sent it. This file does no I/O."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.sip import answers
from gateway.sip.leg import response
from gateway.sip.message import Message
from gateway.sip.values import Hop, response_hop, stamped, via


@dataclass(frozen=True, slots=True)
class Received:
    """A request from outside, with what is needed to answer it: its Via lines, stamped, and where answers go."""

    message: Message
    vias: list[str]
    branch: str
    reply_to: Hop

    def answer(
        self, code: int, headers: list[str], body: bytes = b"", phrase: str = "", tag: str = ""
    ) -> bytes:
        return response(self.message, self.vias, code, phrase or answers.phrase(code), tag, headers, body)


def receive(message: Message, source: Hop) -> Received:
    """A request with what answers need; raises BadMessage for a Via that cannot be read."""
    top = via(message.first["via"])
    vias = message.all("via")
    vias[0] = stamped(vias[0], source)
    return Received(message, vias, top.branch, response_hop(top, source))
