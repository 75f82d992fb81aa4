"""An address that says who calls (From, P-Asserted-Identity, Remote-Party-ID), taken apart and written anew.

What is read is somebody else's text; what is written holds nothing that was not understood. Read are sip:, sips: and tel:
URIs; everything else is refused, and its reader leaves it out. This file does no I/O.

verstat (3GPP TS 24.229 §7.2A.20) is a parameter of a tel: URI, and in a SIP URI it stands in the user part, where the
parameters of a number belong (RFC 3261 §19.1.6):

    <tel:+12155550100;verstat=TN-Validation-Passed>
    <sip:+12155550100;verstat=TN-Validation-Passed@host;user=phone>

Many write it behind the host of a SIP URI instead; it is found and taken away in both places, escaped or not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from urllib.parse import unquote

from gateway.sip.message import BadMessage
from gateway.sip.values import name_addr, quoted
from gateway.stir.tn import InvalidNumber, written_digits

_PARAMETERS = r"(?:;[!#-+\--:=A-\[\]-~]+)*"  # what can be seen but " , ; < > ? @ \
_URI = re.compile(
    r"(?P<scheme>sips?):(?:(?P<user>[!#-9;=?A-\[\]-~]+)(?::[^@\s]*)?@)?"
    r"(?P<host>(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?)"
    rf"(?P<parameters>{_PARAMETERS})(?:\?.*)?",
    re.IGNORECASE | re.DOTALL,
)
_TEL = re.compile(rf"tel:(?P<user>[0-9A-F*#+().-]+)(?P<parameters>{_PARAMETERS})", re.IGNORECASE)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_is_number = re.compile(r"\+?[0-9*#().-]*[0-9][0-9*#().-]*").fullmatch
_PHONE = "user=phone"


@dataclass(frozen=True, slots=True)
class Address:
    """A display name and a URI.

    display: the name itself, without quotes and escapes, empty where there is none. user: the number or name alone.
    of_user: the parameters in the user part, or a tel: URI's own. host: with its port, empty for tel:. of_uri: the
    parameters behind the host.
    """

    display: str
    scheme: str
    user: str
    of_user: tuple[str, ...] = ()
    host: str = ""
    of_uri: tuple[str, ...] = ()

    @property
    def uri(self) -> str:
        user = ";".join((self.user, *self.of_user))
        if self.scheme == "tel":
            return f"tel:{user}"
        return f"{self.scheme}:{user}@{';'.join((self.host, *self.of_uri))}"

    def __str__(self) -> str:
        return f"{quoted(self.display)} <{self.uri}>" if self.display else f"<{self.uri}>"

    @property
    def is_number(self) -> bool:
        """Whether the user part is written as a telephone number."""
        return _is_number(self.user) is not None

    @property
    def has_verstat(self) -> bool:
        return any(map(_mentions_verstat, (*self.of_user, *self.of_uri)))

    def without_verstat(self) -> Address:
        if not self.has_verstat:
            return self
        return replace(
            self,
            of_user=tuple(each for each in self.of_user if not _mentions_verstat(each)),
            of_uri=tuple(each for each in self.of_uri if not _mentions_verstat(each)),
        )

    def with_verstat(self, verstat: str) -> Address:
        """With this verstat and no other."""
        bare = self.as_phone().without_verstat()
        return replace(bare, of_user=(*bare.of_user, f"verstat={verstat}"))

    def as_phone(self) -> Address:
        """Said to be a telephone number, if it is one in a SIP URI."""
        if self.scheme == "tel" or not self.is_number or _PHONE in self.of_uri:
            return self
        return replace(self, of_uri=(*self.of_uri, _PHONE))

    def named(self, prefix: str) -> Address:
        """With text before its display name; a number without name is shown as its own."""
        return replace(self, display=f"{prefix}{self.display or self.user}") if prefix else self

    def renumbered(self, dialled: str, sent: str) -> Address:
        """With the number `sent`, where its own is the one that was dialled; parameters of the old number go with it.

        Where nothing is left of the number, it is withheld.
        """
        number = _digits(dialled)
        if number is None:
            return self
        display = sent if _digits(self.display) == number else self.display
        if _digits(self.user) != number:
            return replace(self, display=display)
        if not sent:
            return Address(display, "sip", WITHHELD, (), self.host or ANONYMOUS.host)
        return replace(self, display=display, user=sent, of_user=())

    def prefixed(self, digits: str) -> Address:
        """With digits before its number, which loses its leading +; a name stays."""
        if not digits or not self.is_number:
            return self
        return replace(self, user=f"{digits}{self.user.removeprefix('+')}")

    def at(self, host: str) -> Address:
        """The same caller as a sip: URI at another host; one that is withheld (RFC 3323 §4.1) keeps its own."""
        if self.host.lower().startswith("anonymous.invalid"):
            return self
        phone = self.scheme == "tel" or any(each.lower() == _PHONE for each in self.of_uri)
        return Address(self.display, "sip", self.user, self.of_user, host, (_PHONE,) if phone else ())


def _digits(text: str) -> str | None:
    try:
        return written_digits(text)
    except InvalidNumber:
        return None


WITHHELD = "anonymous"
ANONYMOUS = Address("", "sip", WITHHELD, (), "anonymous.invalid")
"""RFC 3323 §4.1: stands where a caller must be named and cannot be."""


def read(value: str) -> Address:
    """One address value, its header's own parameters left out; raises BadMessage where it is not understood.

    A SIP URI without a user part says no more than where the call came from: its caller is anonymous.
    """
    outer = name_addr(value)
    sip, tel = _URI.fullmatch(outer.uri), _TEL.fullmatch(outer.uri)
    found = sip or tel
    if found is None:
        raise BadMessage("bad-address")
    user, _, of_user = (found["user"] or WITHHELD).partition(";")
    if not user or _mentions_verstat(user):
        raise BadMessage("bad-address")
    display, behind = _display(outer.display), _parts(found["parameters"])
    if sip:
        return Address(display, sip["scheme"].lower(), user, _parts(of_user), sip["host"], behind)
    return Address(display, "tel", user, behind)


def _parts(parameters: str) -> tuple[str, ...]:
    return tuple(each for each in parameters.split(";") if each)


def _display(text: str) -> str:
    """A display name as it is meant: unquoted, without what no quoted string can hold (RFC 3261 §25.1)."""
    found = _QUOTED.fullmatch(text)
    said = _ESCAPED.sub(r"\1", found[1]) if found else text
    return _CONTROL.sub("", said).strip()


def _mentions_verstat(text: str) -> bool:
    return "verstat" in unquote(text).lower()
