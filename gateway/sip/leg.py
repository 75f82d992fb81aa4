"""One side of a call as the outside sees it: a dialog (RFC 3261 §12) and how to write messages in it.

Leg A faces the caller's side, leg B the called side. A leg shows the outside one address, one tag and one Contact of
ours; nothing of the inside is ever in it. This file does no I/O.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from email.utils import formatdate
from functools import cache, lru_cache

from gateway.sip import answers
from gateway.sip.message import BadMessage, Message, write
from gateway.sip.values import Hop, bracketed, hop_of, name_addr, options, split_list, tag_of

# Headers whose meaning both ends share, in any message within a call. The numbers' headers are each peer's own list.
SHARED = frozenset(
    {
        "content-type", "content-encoding", "content-disposition", "content-language", "mime-version", "session-expires",
        "min-se", "rseq", "reason", "retry-after", "info-package", "recv-info", "accept", "subject", "p-early-media",
    }
)  # fmt: skip
# What this hop writes itself; no peer's list can pass it on.
_NEVER = frozenset(
    {
        "via", "from", "to", "call-id", "cseq", "contact", "route", "record-route", "max-forwards", "content-length",
        "allow", "supported", "require", "proxy-require", "identity", "date", "rack",
    }
)  # fmt: skip
_SPELLING = {"rseq": "RSeq", "min-se": "Min-SE", "mime-version": "MIME-Version", "rack": "RAck"}
BRANCH = "z9hG4bK"


@dataclass(frozen=True, slots=True)
class Local:
    """How we name ourselves on one transport: `host` as it stands in SIP, brackets and all."""

    transport: str
    host: str
    port: int

    @property
    def via(self) -> str:
        return f"SIP/2.0/{self.transport.upper()} {self.host}:{self.port}"

    def contact(self, user: str) -> str:
        parameter = "" if self.transport == "udp" else f";transport={self.transport}"
        return f"<sip:{user}@{self.host}:{self.port}{parameter}>"


@dataclass(slots=True)
class Leg:
    """A dialog with one party. `local` and `remote` are From/To values without their tags."""

    side: str  # "a" or "b"
    token: str
    own: Local
    hop: Hop
    call_id: str
    local: str
    local_tag: str
    remote: str
    remote_tag: str = ""
    target: str = ""
    routes: tuple[str, ...] = ()
    cseq: int = 0
    remote_cseq: int = -1  # of the last request heard: the first may have 0

    def request(
        self,
        method: str,
        key: str,
        headers: list[str] | None = None,
        body: bytes = b"",
        cseq: int = 0,
        max_forwards: int = 70,
    ) -> bytes:
        """A request of ours in this dialog; without a `cseq` it takes the next one. `key` names the transaction."""
        if not cseq:
            self.cseq += 1
            cseq = self.cseq
        tag = f";tag={self.remote_tag}" if self.remote_tag else ""
        lines = [
            f"Via: {self.own.via};branch={BRANCH}{self.token}.{key};rport",
            *[f"Route: {route}" for route in self.routes],
            f"Max-Forwards: {max_forwards}",
            f"From: {self.local};tag={self.local_tag}",
            f"To: {self.remote}{tag}",
            f"Call-ID: {self.call_id}",
            f"CSeq: {cseq} {method}",
            *(headers or ()),
        ]
        return write(f"{method} {self.target} SIP/2.0", lines, body)

    def contact(self) -> str:
        """Our Contact header in this dialog."""
        return f"Contact: {self.own.contact(self.token)}"

    def learn(self, message: Message, reverse: bool) -> None:
        """Take the remote target and the route set from what made the dialog (RFC 3261 §12.1)."""
        routes = [route for line in message.all("record-route") for route in split_list(line)]
        self.routes = tuple(reversed(routes)) if reverse else tuple(routes)
        self.refresh(message)

    def refresh(self, message: Message) -> None:
        """Take the remote target from a Contact (RFC 3261 §12.2); one that leads nowhere we can go is left."""
        contact = message.get("contact")
        if not contact:
            return
        try:
            target = name_addr(contact).uri
            hop = hop_of(target, self.hop)
            if self.routes:
                hop = hop_of(name_addr(self.routes[0]).uri, self.hop)
        except BadMessage:
            return
        self.target, self.hop = target, hop

    def fork(self, message: Message) -> Leg:
        """The dialog another branch of the same INVITE made by answering too (RFC 3261 §13.2.2.4)."""
        other = replace(self, remote_tag=tag_of(message.get("to")))
        other.learn(message, reverse=True)
        return other


def response(
    request: Message,
    vias: list[str],
    code: int,
    phrase: str,
    to_tag: str,
    headers: list[str],
    body: bytes = b"",
) -> bytes:
    """The answer to a request (RFC 3261 §8.2.6): `vias` are the request's own, the first stamped with its source."""
    first = request.first
    to = first["to"]
    lines = [
        *[f"Via: {via}" for via in vias],
        f"From: {first['from']}",
        f"To: {to if not to_tag or tag_of(to) else f'{to};tag={to_tag}'}",
        f"Call-ID: {first['call-id']}",
        f"CSeq: {first['cseq']}",
        *headers,
    ]
    return write(f"SIP/2.0 {code} {phrase}", lines, body)


def unsupported(message: Message) -> list[str]:
    """The extensions a request demands and we do not have (RFC 3261 §8.2.2.3)."""
    wanted = [*message.all("require"), *message.all("proxy-require")]
    return [tag for tag in options(wanted) if tag not in answers.OPTION_TAGS] if wanted else []


class Passing:
    """Which headers of one peer's messages go across: the shared ones and the peer's own list.

    An entry of the list that ends in ``*`` is a prefix. Those of `rewritten` never do: somebody writes them anew.
    """

    __slots__ = ("_names", "_never", "_prefixes")

    def __init__(self, own: tuple[str, ...], rewritten: frozenset[str] = frozenset()) -> None:
        names = [entry.lower() for entry in own]
        self._never = _NEVER | rewritten
        self._names = SHARED.union(name for name in names if not name.endswith("*"))
        self._prefixes = tuple(name[:-1] for name in names if name.endswith("*"))

    def takes(self, name: str) -> bool:
        """Whether the header of this lower-case name goes across."""
        return (name in self._names or name.startswith(self._prefixes)) and name not in self._never

    def lines(self, message: Message) -> list[str]:
        """The header lines of a message that go across, with the extensions that both ends keep."""
        names, prefixes, never = self._names, self._prefixes, self._never
        lines = [
            f"{_SPELLING.get(name) or name.title()}: {value}"
            for name, value in message.headers
            if (name in names or name.startswith(prefixes)) and name not in never
        ]
        for name in ("supported", "require"):
            if name in message.first:
                kept = [tag for tag in options(message.all(name)) if tag in answers.OPTION_TAGS]
                if kept:
                    lines.append(f"{name.title()}: {', '.join(kept)}")
        return lines


@cache
def passing_of(names: tuple[str, ...], rewritten: frozenset[str] = frozenset()) -> Passing:
    """The `Passing` of a peer's list; one object a list, for there are as many as peers."""
    return Passing(names, rewritten)


OWN_HOST = "\0"
"""Stands in a From value for our own host, which depends on where the call goes."""


def own_address(value: str) -> str:
    """A From value without tag, its display name and user kept, its host ours (`OWN_HOST`); an anonymous one stays."""
    address = name_addr(value)
    scheme, _, rest = address.uri.partition(":")
    user, at, host = rest.partition("@")
    if host.lower().startswith("anonymous.invalid"):
        return without_parameters(value)
    parameters = ";user=phone" if scheme.lower() == "tel" or ";user=phone" in host.lower() else ""
    if scheme.lower() == "tel":
        user = rest.partition(";")[0]
    elif not at:
        user = "anonymous"
    display = f"{address.display} " if address.display else ""
    return f"{display}<sip:{user.partition(':')[0]}@{OWN_HOST}{parameters}>"


def without_parameters(value: str) -> str:
    """A From or To value without what follows its URI."""
    start = value.find(";", value.rfind(">") + 1)
    return value if start < 0 else value[:start]


@lru_cache(2)
def date(second: int) -> str:
    """A Date header (RFC 3261 §20.17); hundreds of calls share one."""
    return f"Date: {formatdate(second, usegmt=True)}"


def address_of(user: str, hop: Hop) -> str:
    """The URI of a called number at a hop."""
    port = "" if hop.port == 5060 else f":{hop.port}"
    return f"sip:{user}@{bracketed(hop.host)}{port}"
