"""An order on its way to a certificate: which step is next, given what was answered. A pure machine; `issuing` walks it.

    no order            → OpenOrder
    order unknown       → ReadOrder
    pending             → ReadAuthorization → AskToken → Answer → ReadOrder …, or Wait while the server looks
    ready               → MakeKey → Finalize
    processing          → Wait
    valid               → Download → Install → Activate
    installed           → Activate, whatever has become of the order
    invalid, anything else: AcmeFailed, and the next attempt begins with a new order

A dry run ends where a certificate would be asked for: everything up to there costs nothing (RFC 8555 §7.1.6).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from gateway.acme.answers import Authorization, Challenge, Order
from gateway.acme.failure import AcmeFailed


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """Order the certificate."""


@dataclass(frozen=True, slots=True)
class ReadOrder:
    """See how the order stands."""

    url: str


@dataclass(frozen=True, slots=True)
class ReadAuthorization:
    """See what is wanted before it is worked on."""

    url: str


@dataclass(frozen=True, slots=True)
class AskToken:
    """Ask the STI-PA for an SPC token."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer the challenge with the token."""

    url: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class MakeKey:
    """Make the key of the new certificate."""


@dataclass(frozen=True, slots=True)
class Finalize:
    """Ask for the certificate of this key."""

    url: str
    key_id: str


@dataclass(frozen=True, slots=True)
class Download:
    """Fetch the chain."""

    url: str


@dataclass(frozen=True, slots=True)
class Install:
    """Keep and publish the chain."""

    chain: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Activate:
    """Have it sign, once its URL serves it."""

    name: str


@dataclass(frozen=True, slots=True)
class Wait:
    """The server is at work: look again later."""


@dataclass(frozen=True, slots=True)
class Done:
    """Nothing is left to do."""


Step = (
    OpenOrder | ReadOrder | ReadAuthorization | AskToken | Answer | MakeKey | Finalize | Download | Install
    | Activate | Wait | Done
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Quest:
    """What is known of an order. `order_url`, `key_id` and `installed` outlive the process; the rest is asked again.

    answered: whether the challenge was answered since the authorization was read. done: nothing more is wanted.
    """

    order_url: str | None = None
    key_id: str | None = None
    installed: str | None = None
    order: Order | None = None
    authorization: Authorization | None = None
    answered: bool = False
    token: str | None = field(default=None, repr=False)
    chain: bytes | None = field(default=None, repr=False)
    done: bool = False

    def afresh(self) -> Quest:
        """What outlives the process."""
        return Quest(self.order_url, self.key_id, self.installed)

    def seen(self, order: Order) -> Quest:
        """The order as it stands now; what was known of its authorization is old by now."""
        return replace(self, order=order, authorization=None)


def next_step(quest: Quest, *, activate: bool, dry_run: bool = False) -> Step:
    """What to do next; raises AcmeFailed (order-invalid, authorization-invalid, challenge-missing, bad-answer)."""
    if quest.done:
        return Done()
    if quest.installed:
        return Activate(quest.installed) if activate else Done()
    if quest.order_url is None:
        return OpenOrder()
    if quest.order is None:
        return ReadOrder(quest.order_url)
    match quest.order.status:
        case "pending":
            return _authorize(quest, quest.order)
        case "ready" if dry_run:
            return Done()
        case "ready":
            return Finalize(quest.order.finalize, quest.key_id) if quest.key_id else MakeKey()
        case "processing":
            return Wait()
        case "valid":
            return _collect(quest, quest.order)
        case "invalid":
            raise AcmeFailed("order-invalid", f"the STI-CA gave the order up: {_why(quest)}", ends_order=True)
    raise AcmeFailed("bad-answer", "the order has a status that RFC 8555 does not know", ends_order=True)


def _authorize(quest: Quest, order: Order) -> Step:
    authorization = quest.authorization
    if authorization is None:
        return ReadAuthorization(order.authorizations[0])
    if authorization.status == "valid":
        return Wait()  # the order will say so too
    challenge = authorization.by_token
    if authorization.status != "pending" or (challenge and challenge.status == "invalid"):
        text = f"the STI-CA does not let us have it: {_why(quest)}"
        raise AcmeFailed("authorization-invalid", text, ends_order=True)
    if challenge is None:
        text = "the STI-CA offers no challenge tkauth-01 of type atc: it is none for SHAKEN"
        raise AcmeFailed("challenge-missing", text, ends_order=True)
    return _answer(quest, challenge)


def _answer(quest: Quest, challenge: Challenge) -> Step:
    if challenge.status != "pending" or quest.answered:
        return Wait()
    return AskToken() if quest.token is None else Answer(challenge.url, quest.token)


def _collect(quest: Quest, order: Order) -> Step:
    if quest.chain is not None:
        return Install(quest.chain)
    if order.certificate is None:
        raise AcmeFailed("bad-answer", "the order is valid and names no certificate", ends_order=True)
    return Download(order.certificate)


def _why(quest: Quest) -> str:
    challenge = quest.authorization.by_token if quest.authorization else None
    error = (challenge and challenge.error) or (quest.order and quest.order.error)
    return str(error) if error else "no reason given"
