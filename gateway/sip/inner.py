"""The SIP the edge writes for a worker: small, always of the same shape, with nothing of a stranger in it.

A worker's leg A is a call from us (we are its UAC), its leg B a call to us (we are its UAS). Both carry the call's token
as Call-ID, with the leg's letter behind it, and as our tag. The body is always the same neutral offer or answer; the real
one stays at the edge. This file does no I/O.
"""

from __future__ import annotations

from gateway.sip.leg import BRANCH
from gateway.sip.message import Message, write
from gateway.sip.values import bracketed

_SDP = b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
_SDP_TYPE = "Content-Type: application/sdp"


class InnerCall:
    """The messages of one call's two inner legs, and what was learnt to write them."""

    __slots__ = ("_edge", "_token", "a_tag", "b_answered", "b_invite", "worker")

    def __init__(self, token: str, edge: tuple[str, int], worker: tuple[str, int]) -> None:
        self._token = token
        self._edge = f"{bracketed(edge[0])}:{edge[1]}"
        self.worker = f"{bracketed(worker[0])}:{worker[1]}"
        self.a_tag = ""
        self.b_invite: Message | None = None
        self.b_answered = False

    def invite(self) -> bytes:
        """Open leg A."""
        return self._a("INVITE", "i", 1, [f"Contact: <sip:e@{self._edge}>", _SDP_TYPE], _SDP)

    def ack(self, answer: Message) -> bytes:
        """Acknowledge leg A's final answer: a refusal in the INVITE's own transaction, an answer in a new one."""
        self.a_tag = answer.get("to").rpartition(";tag=")[2]
        return self._a("ACK", "i" if answer.status >= 300 else "k", 1)

    def cancel(self) -> bytes:
        """Take leg A back."""
        return self._a("CANCEL", "i", 1)

    def bye_a(self) -> bytes:
        """End leg A."""
        return self._a("BYE", "y", 2)

    def bye_b(self) -> bytes:
        """End leg B, which the worker opened."""
        assert self.b_invite
        return self._request(
            "BYE", "z", 1, self.b_invite.get("to") + f";tag={self._token}", self.b_invite.get("from"), "b"
        )

    def reply(self, request: Message, code: int) -> bytes:
        """Answer a request of the worker."""
        return reply(request, code, self._token)

    def answer(self) -> bytes:
        """Answer leg B's INVITE with 200."""
        assert self.b_invite
        self.b_answered = True
        return reply(self.b_invite, 200, self._token, [f"Contact: <sip:e@{self._edge}>", _SDP_TYPE], _SDP)

    def _a(
        self, method: str, key: str, cseq: int, headers: list[str] | None = None, body: bytes = b""
    ) -> bytes:
        to = f"<sip:w@{self.worker}>"
        if self.a_tag:
            to += f";tag={self.a_tag}"
        return self._request(
            method, key, cseq, f"<sip:e@{self._edge}>;tag={self._token}", to, "a", headers, body
        )

    def _request(
        self,
        method: str,
        key: str,
        cseq: int,
        sender: str,
        to: str,
        side: str,
        headers: list[str] | None = None,
        body: bytes = b"",
    ) -> bytes:
        lines = [
            f"Via: SIP/2.0/UDP {self._edge};branch={BRANCH}{self._token}.{key}",
            "Max-Forwards: 70",
            f"From: {sender}",
            f"To: {to}",
            f"Call-ID: {self._token}{side}",
            f"CSeq: {cseq} {method}",
            *(headers or ()),
        ]
        return write(f"{method} sip:w@{self.worker} SIP/2.0", lines, body)


def reply(
    request: Message, code: int, tag: str, headers: list[str] | None = None, body: bytes = b""
) -> bytes:
    """An answer to a worker's request, of a call or of none."""
    first = request.first
    to = first["to"]
    lines = [
        f"Via: {first['via']}",
        f"From: {first['from']}",
        f"To: {to if ';tag=' in to or code == 100 else f'{to};tag={tag}'}",
        f"Call-ID: {first['call-id']}",
        f"CSeq: {first['cseq']}",
        *(headers or ()),
    ]
    return write(f"SIP/2.0 {code} .", lines, body)
