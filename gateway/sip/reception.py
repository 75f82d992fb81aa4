"""Whether an INVITE becomes a call: is it one, may its sender, what does the engine say. A refusal costs nothing to keep but
its own bytes, for the caller that asks again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import time
from typing import Any

from cachetools import TTLCache

from gateway.config import Sip
from gateway.engine import Forward, OutboundCall, Refuse
from gateway.metrics import Counters
from gateway.policy.peers import Peer
from gateway.sip import answers
from gateway.sip.call import Call
from gateway.sip.invited import leg_of_caller
from gateway.sip.leg import unsupported
from gateway.sip.message import BadMessage, Message
from gateway.sip.network import Network
from gateway.sip.outbound import plan, read_call
from gateway.sip.received import Received
from gateway.sip.screen import Screen
from gateway.sip.table import new_token
from gateway.sip.values import Hop, hop_of, name_addr, tag_of, uri

REMEMBERED = 32.0  # seconds a refusal is repeated to a repeated INVITE
MOST_REMEMBERED = 20_000
NOWHERE = Hop("udp", "", 0)


class Reception:
    """Where new calls come in. `decide` is the engine with this node's policy and credential in force."""

    def __init__(
        self,
        sip: Sip,
        network: Network,
        decide: Callable[[OutboundCall], Refuse | Forward],
        counters: Counters,
        log_call: Callable[[dict[str, Any]], None],
    ) -> None:
        self.screen = Screen()
        self.draining = False
        self._sip, self._network, self._decide = sip, network, decide
        self._counters, self._log_call = counters, log_call
        self._refused: TTLCache[tuple[str, str], bytes] = TTLCache(MOST_REMEMBERED, REMEMBERED)
        self._loop = asyncio.get_running_loop()

    def invited(
        self, received: Received, source: Hop, peer: Peer, edge: tuple[str, int], behind: bool
    ) -> Call | None:
        """An INVITE that belongs to no call yet: a new one, or None if it was refused.

        `edge` is our inner address; `behind` says that this node cannot keep up: a call refused now costs a tenth of one
        taken, and those that are up do not suffer. Raises BadMessage for what is not an INVITE anybody could answer otherwise.
        """
        message = received.message
        if known := self._refused.get((received.branch, message.first["call-id"])):
            self._network.send(received.reply_to, known)
            return None
        problem = unacceptable(message)
        _dialog_made_by(message)
        if problem:
            self._refuse(received, peer, *problem)
        elif self.draining:
            self._refuse(received, peer, 503, "node.draining")
        elif behind:
            self._refuse(received, peer, 503, "node.overloaded")
        elif peer.role == "carrier":
            self._refuse(received, peer, 403, "inbound.not-served")
        elif limit := self.screen.admit(peer, self._loop.time()):
            self._refuse(received, peer, 503, limit)
        else:
            return self._admitted(received, source, peer, edge)
        return None

    def _admitted(self, received: Received, source: Hop, peer: Peer, edge: tuple[str, int]) -> Call | None:
        """Decide a call that counts as in set-up; if it does not become one, it counts no more."""
        call = None
        try:
            call = self._decided(received, source, peer, edge)
        finally:
            if call is None:
                self.screen.concluded(peer.name)
        return call

    def _decided(self, received: Received, source: Hop, peer: Peer, edge: tuple[str, int]) -> Call | None:
        asked = read_call(received.message, peer)
        decision = self._decide(asked)
        if isinstance(decision, Refuse):
            self._count(peer, None, decision.rule)
            self._refuse(received, peer, decision.code, decision.rule, decision.phrase, decision.retry_after)
            return None
        self._count(peer, decision.attest, decision.rule)
        made = plan(received.message, asked, decision, time(), self._sip.probe_after, self._network.targets)
        if not made.targets:
            self._refuse(received, peer, 503, "route.no-address")
            return None
        token = new_token()
        return Call(token, received, leg_of_caller(token, received, self._network.local(source)), made, edge)

    def _count(self, peer: Peer, attest: str | None, rule: str) -> None:
        """By the kind of rule: a series for every number section would be too many."""
        self._counters.inc("decisions", peer.name, attest or "", rule.partition(":")[0])

    def _refuse(
        self,
        received: Received,
        peer: Peer,
        code: int,
        rule: str,
        phrase: str = "",
        retry_after: int | None = None,
    ) -> None:
        """A final answer before anything was allocated; a repeated INVITE gets the same again (RFC 3261 §8.2.7)."""
        headers = [f'Reason: X.int;text="{rule}"', *about(code, rule)]
        if code == 503:
            headers.append(f"Retry-After: {retry_after or answers.RETRY_AFTER}")
        data = received.answer(code, headers, phrase=phrase, tag=new_token())
        self._refused[received.branch, received.message.first["call-id"]] = data
        self._network.send(received.reply_to, data)
        self._counters.inc("calls", peer.name, str(code))
        self._log_call(
            {
                "peer": peer.name,
                "caller": _user(received.message.first["from"]),
                "callee": _user(received.message.uri),
                "rule": rule,
                "code": code,
            }
        )


def unacceptable(message: Message) -> tuple[int, str] | None:
    """Why a request is not for us, whoever sends it: code and rule (RFC 3261 §8.2, §16.3)."""
    hops = message.get("max-forwards")
    if hops and not (hops.isascii() and hops.isdigit() and len(hops) <= 3 and int(hops) <= 255):
        raise BadMessage("bad-max-forwards")
    scheme = message.uri.partition(":")[0].lower()
    if scheme in ("sip", "sips"):
        uri(message.uri)
    elif scheme != "tel":
        return 416, "uri-scheme"
    if hops and int(hops) == 0 and message.method == "INVITE":
        return 483, "max-forwards"
    unknown = unsupported(message)
    return (420, f"unsupported.{', '.join(unknown)}") if unknown else None


def _dialog_made_by(message: Message) -> None:
    """An INVITE must bring what a dialog is made of (RFC 3261 §12.1.1)."""
    if not tag_of(message.first["from"]):
        raise BadMessage("no-from-tag")
    name_addr(message.first["to"])
    try:
        hop_of(name_addr(message.get("contact")).uri, NOWHERE)
    except BadMessage:
        raise BadMessage("bad-contact") from None


def about(code: int, rule: str) -> list[str]:
    """The header that a code asks for."""
    return [f"Unsupported: {rule.partition('.')[2]}"] if code == 420 else []


def _user(address: str) -> str:
    """The user part of an address, as far as a log line needs it."""
    return address.partition(":")[2].partition("@")[0].strip("<>")[:64]
