"""A block that an operator asks for: what may be blocked, how its subject is written, and how long it lasts."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from gateway.api.problems import Mistake, Unfit
from gateway.api.query import Moment
from gateway.policy.blocks import BY_HAND, Block, BlockType
from gateway.policy.lists import listed_number
from gateway.policy.networks import plain_address
from gateway.policy.parameters import Parameters
from gateway.rim import Strict
from gateway.store.parameters_entry import KEY, ParametersValues
from gateway.store.store import Store

TYPE_NAMES: dict[BlockType, str] = {
    "malicious-call": "Malicious Call",
    "no-answer": "No Answer",
    "access": "Address",
    "account": "Account Lock",
}
"""The first two are VOS3000's, the others what it does elsewhere."""


class Blocking(Strict):
    """What is to be blocked, and until when; without `until`, until it is released, but an address for
    SS_SIP_DYNAMIC_BLACKLIST_EXPIRE."""

    type: BlockType
    subject: Annotated[
        str,
        Field(
            min_length=1,
            max_length=64,
            description="A number, an address (access) or an account's id (account).",
        ),
    ]
    until: Moment | None = None

    def block(self, store: Store, now: float) -> Block:
        """The block; raises Unfit (422) for a subject that is none, or an end that is over."""
        until = self.until
        if until is not None and until <= now:
            raise _unfit("until", "it is over already")
        if until is None and self.type == "access":
            until = now + _parameters(store).sip_blacklist_expire
        return Block(self.type, self._subject(store), now, until, BY_HAND)

    def _subject(self, store: Store) -> str:
        if is_number(self.type):
            return _number(self.subject, store)
        return _address(self.subject) if self.type == "access" else _account(self.subject, store)


def is_number(type: BlockType) -> bool:
    """Whether blocks of this type are of telephone numbers."""
    return type in ("malicious-call", "no-answer")


def _number(text: str, store: Store) -> str:
    try:
        return listed_number(text, store.plan())
    except ValueError as error:
        raise _unfit("subject", str(error)) from None


def _address(text: str) -> str:
    found = plain_address(text)
    if found is None:
        raise _unfit("subject", f"{text!r} is no address; a range is blocked under /v1/address-ranges")
    return str(found)


def _account(id: str, store: Store) -> str:
    if store.get("accounts", id) is None:
        raise _unfit("subject", f"there is no account {id!r}")
    return id


def _parameters(store: Store) -> Parameters:
    stored = store.get(KEY, KEY)
    written = stored.entry if stored else None
    return written.value() if isinstance(written, ParametersValues) else Parameters()


def _unfit(path: str, text: str) -> Unfit:
    return Unfit(422, f"{path}: {text}", [Mistake(path=path, text=text)])
