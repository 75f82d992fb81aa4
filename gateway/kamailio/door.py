"""What Kamailio calls: the object that its `mod_init` is given, one for all processes and then forked with them.

    child_init   in every process, once
    invite       in a SIP process, for an initial INVITE: what is to become of it
    suspended    there too, once its transaction is suspended: the clerk shall go on with it
    complained   in a SIP process, for an answer with a Reason about our signature
    serve        in the clerk's process, for ever; it returns when the native route is to go on with a suspended call
    resumed      in the clerk's process, in the route of that call
    again        for such a call, before it goes to a further hop

A mistake of ours costs the call it happens in a 503, and is logged; Kamailio never sees an exception.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from time import sleep, time
from typing import Any

from gateway import log
from gateway.kamailio import native
from gateway.kamailio.clerk import AGAIN_SECONDS, Clerk
from gateway.kamailio.deciding import Decided, Deciding, Waiting, told
from gateway.kamailio.line import Line, Suspended
from gateway.kamailio.steps import Answer, Hop, Onward
from gateway.sip.message import parse
from gateway.stir.reason_header import sift

_log = log.get("kamailio")


class Door:
    """deciding: for the SIP processes. following: has what is in force followed, in passing. clerk: makes the clerk."""

    def __init__(
        self,
        line: Line,
        deciding: Deciding,
        following: Callable[[float], None],
        clerk: Callable[[], Clerk],
        clerk_is_there: Callable[[float], bool],
    ) -> None:
        self._line, self._deciding, self._following = line, deciding, following
        self._make_clerk, self._clerk_is_there = clerk, clerk_is_there
        self._clerk: Clerk | None = None
        self._waiting: Suspended | None = None
        self._prefix, self._count = "", count()

    def child_init(self, rank: int) -> int:
        """A process that serves SIP opens what only one process may hold, before its first call needs it."""
        self._prefix = os.urandom(6).hex()
        try:
            if rank > 0:
                self._following(time())
        except Exception:
            _log.exception("process.not-ready")
        return 0

    def invite(self, _message: Any) -> int:
        """One of the words of `native`, for the route to branch on."""
        try:
            return self._invited(time())
        except Exception:
            _log.exception("call.not-decided")
            return native.FAULT

    def _invited(self, now: float) -> int:
        self._following(now)
        data, source, token = native.message(), native.source(), self._new_token()
        found = self._deciding.decide(data, source, token, now)
        if found is None:
            return native.UNKNOWN
        if isinstance(found, Waiting):
            if self._clerk_is_there(now):
                self._waiting = Suspended((0, 0), token, data, source, now)
                return native.WAITS
            found = self._deciding.judged(found.asked, found.wanted, found.pending.at_once())
        self._line.say(told(found))
        return carried_out(found)

    def _new_token(self) -> str:
        """A name for a new call: of this process, and of this call of it."""
        return f"{self._prefix}{next(self._count):x}"

    def suspended(self, _message: Any) -> int:
        """Hand over the INVITE that `invite` said waits."""
        waiting, self._waiting = self._waiting, None
        if waiting is None:
            return native.FAULT
        self._line.say(waiting._replace(transaction=native.transaction()))
        return 1

    def complained(self, _message: Any) -> int:
        """An answer that speaks of the PASSporT we made: that is for us to know, and goes no further (RFC 9410 §6)."""
        try:
            complaints, others = sift(parse(native.message()).all("reason"), native.signature())
            if complaints:
                native.say_reasons(others)
                native.tell("complaint", str(complaints[0].cause or 0))
        except Exception:
            _log.exception("complaint.not-read")
        return 1

    def serve(self, _message: Any) -> int:
        """Be the clerk; 1 when the native route is to go on with the transaction that `native` names."""
        try:
            if self._clerk is None:
                self._clerk = self._make_clerk()
            return self._clerk.serve()
        except Exception:
            _log.exception("clerk.stumbled")
            sleep(AGAIN_SECONDS)
            return -1

    def resumed(self, _message: Any) -> int:
        """As `invite`, of a call that the clerk has decided."""
        try:
            found = self._clerk.taken() if self._clerk else None
            if found and isinstance(found.steps, Onward):
                native.keep(found.steps)
            return carried_out(found) if found else native.FAULT
        except Exception:
            _log.exception("call.not-resumed")
            return native.FAULT

    def again(self, _message: Any) -> int:
        """In whatever process a call that was resumed goes to a further hop: the message as it went to the first."""
        try:
            native.change_again()
        except Exception:
            _log.exception("call.not-changed-again")
            return native.FAULT
        return native.GOES_ON


def carried_out(found: Decided) -> int:
    """Prepare the message, or say what to answer."""
    steps = found.steps
    if isinstance(steps, Answer):
        native.answer(steps)
        return native.ANSWERED
    if len(steps.hops) > 1:
        steps = replace(steps, hops=_live_first(steps.hops))
    native.go_on(found.token, steps)
    return native.GOES_ON


def _live_first(hops: tuple[Hop, ...]) -> tuple[Hop, ...]:
    """Those that answer probes before those that do not; all of them, for a probe may be wrong."""
    return tuple(sorted(hops, key=lambda hop: not native.is_active(hop.uri)))
