"""The call table: every call the edge knows, by its token and by its INVITE transaction.

A token stands in all we write about a call: in our tags, branches and Contacts outside, in the Call-ID inside. So any
message finds its call by one look-up.
"""

from __future__ import annotations

import os
import re

from gateway.sip.call import Call
from gateway.sip.leg import BRANCH, Leg

TOKEN_LENGTH = 16  # 64 random bits: a tag must not be guessed (RFC 3261 §19.3)
_OUR_BRANCH = re.compile(
    rf"[^,]*;\s*branch\s*=\s*{BRANCH}([a-z0-9]{{{TOKEN_LENGTH}}})\.([a-z0-9]+)", re.IGNORECASE
)


def new_token() -> str:
    """A name for a new call: lower-case letters and digits."""
    return os.urandom(TOKEN_LENGTH // 2).hex()


class CallTable:
    """Calls by token and by (branch, Call-ID) of the INVITE that made them."""

    def __init__(self) -> None:
        self._by_token: dict[str, Call] = {}
        self._by_invite: dict[tuple[str, str], Call] = {}

    def __len__(self) -> int:
        return len(self._by_token)

    def add(self, call: Call) -> None:
        self._by_token[call.token] = self._by_invite[call.invite_key] = call

    def remove(self, call: Call) -> None:
        self._by_token.pop(call.token, None)
        self._by_invite.pop(call.invite_key, None)

    def all(self) -> list[Call]:
        """Every call, as it stands now."""
        return list(self._by_token.values())

    def by_token(self, token: str) -> Call | None:
        return self._by_token.get(token)

    def by_invite(self, branch: str, call_id: str) -> Call | None:
        """The call an INVITE made: for its repetitions, its CANCEL, the ACK of its refusal."""
        return self._by_invite.get((branch, call_id))

    def by_via(self, value: str) -> tuple[Call, str] | None:
        """The call and the key of the request of ours that a response answers, by its topmost Via."""
        found = _OUR_BRANCH.match(value)
        call = self._by_token.get(found[1]) if found else None
        return (call, found[2]) if call and found else None

    def by_tag(self, tag: str, call_id: str, remote_tag: str) -> tuple[Call, Leg] | None:
        """The call and the leg of a request within a dialog (RFC 3261 §12.2.2)."""
        call = self._by_token.get(tag[:TOKEN_LENGTH])
        if call is None:
            return None
        leg = call.a if tag == call.a.local_tag else call.b
        if leg is None or leg.local_tag != tag or leg.call_id != call_id:
            return None
        if leg.remote_tag and leg.remote_tag != remote_tag:
            return None
        return call, leg
