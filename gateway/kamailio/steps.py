"""What Kamailio is to do with an INVITE, in words that its native route understands. This file does no I/O.

A proxy leaves a message as it is but for what is said here: which headers go, which come, who calls whom by which names.
Messages hold text as Latin-1, Kamailio takes UTF-8: `as_utf8` is the bridge.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gateway.policy.hops import NextHop
from gateway.policy.peers import Peer
from gateway.sip.leg import OWN_HOST
from gateway.sip.message import Message
from gateway.sip.plan import Plan
from gateway.sip.values import bracketed, name_addr

PROXYS = frozenset(
    {
        "via", "from", "to", "call-id", "cseq", "contact", "record-route", "max-forwards", "content-length",
        "allow", "supported", "require", "proxy-require", "rack", "th",
    }
)  # fmt: skip
"""Headers that Kamailio itself looks after (`th` is the mark of its topology hiding), or that the ends settle themselves."""

_COMPACT = {"identity": "y"}
"""Headers we take away that may come by a shorter name; Kamailio matches names as they are written."""


@dataclass(frozen=True, slots=True)
class Hop:
    """Where to try: `uri` as Kamailio dials it, `patience` the milliseconds to wait for a first word, whose it is."""

    uri: str
    patience: int
    peer: str

    @property
    def host(self) -> str:
        """Host and port, as they stand in a Request-URI."""
        return self.uri.removeprefix("sip:").partition(";")[0]


@dataclass(frozen=True, slots=True)
class Onward:
    """The INVITE goes on.

    user: of the Request-URI. display, sender: From's name as it is written, and its URI. called: To's URI where it is not to
    stay as it is. remove: names of headers. add:
    header lines. upstream: header lines for the next thing the caller is told. signature: that of the PASSporT we made.
    """

    user: str
    hops: tuple[Hop, ...]
    display: str
    sender: str
    called: str
    remove: tuple[str, ...]
    add: tuple[str, ...]
    upstream: tuple[str, ...]
    signature: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """The INVITE is answered here, with these header lines."""

    code: int
    phrase: str
    lines: tuple[str, ...]


def onward(message: Message, plan: Plan, own_host: str) -> Onward:
    """What a plan means to a proxy. own_host: what we call ourselves, in brackets where it is IPv6."""
    sender = name_addr(plan.caller)
    takes = plan.passing.takes
    gone = [name for name in message.first if name not in PROXYS and not takes(name)]
    return Onward(
        user=as_utf8(plan.callee),
        hops=tuple(hop for target in plan.targets for hop in hops_of(target.peer)),
        display=as_utf8(sender.display),
        sender=as_utf8(sender.uri.replace(OWN_HOST, own_host)),
        called=_called(message, plan, own_host),
        remove=(*gone, *(_COMPACT[name] for name in gone if name in _COMPACT)),
        add=tuple(as_utf8(line.replace(OWN_HOST, own_host)) for line in plan.headers),
        upstream=tuple(as_utf8(line) for line in plan.upstream),
        signature=plan.signature,
    )


def _called(message: Message, plan: Plan, own_host: str) -> str:
    """To's URI, if it names another host than ours: the inside of one side is not the other's business."""
    return "" if f"@{own_host}" in message.first["to"] else as_utf8(f"sip:{plan.callee}@{own_host}")


def redirect(steps: Onward) -> Answer:
    """The same for a caller that wants to place the call itself: where to, and with which headers (RFC 3261 §21.3.3).

    Of the headers it gets those that the gateway made; its own it has.
    """
    several = len(steps.hops) > 1
    contacts = [
        f"Contact: <sip:{steps.user}@{hop.uri.removeprefix('sip:')}>;q={1 - place / 100:.2f}"
        for place, hop in enumerate(steps.hops)
    ]
    return Answer(
        300 if several else 302,
        "Multiple Choices" if several else "Moved Temporarily",
        (*contacts, *steps.add),
    )


def hops_of(peer: Peer) -> tuple[Hop, ...]:
    """A peer's next hops, best first; a name is left to Kamailio, which looks it up as RFC 3263 says."""
    return tuple(Hop(dialled(hop), int(peer.try_next_after * 1000), peer.name) for hop in peer.next_hops)


def dialled(hop: NextHop) -> str:
    """A next hop as a URI."""
    port = "" if hop.port is None else f":{hop.port}"
    transport = "" if hop.transport == "udp" else f";transport={hop.transport}"
    return f"sip:{bracketed(hop.host)}{port}{transport}"


def word(name: str) -> str:
    """A peer's name as one word, for Kamailio's files and variables."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", name)


def as_utf8(text: str) -> str:
    """Text of a message as the characters it means; a byte that means none is lost."""
    if text.isascii():
        return text
    return text.encode("latin-1", "replace").decode("utf-8", "replace")
