"""Where a certificate may be: the rules for the URL in `x5u` and `info` (ATIS-1000074 §5.3.1, grammar of RFC 3986).

https on port 443 or 8443, without userinfo, query or fragment. Rules that a lab needs may be wider; what is malformed
never passes. Which addresses a host stands for is not to be seen in a URL: that is judged when it is connected to.
"""

import re
from collections.abc import Container
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address

LONGEST = 2048
"""Characters of a URL; the longest seen in the field is far below."""

_DEFAULT_PORT = {"https": 443, "http": 80}

# RFC 3986 §3, a group for each part; §3.2.2 for the host, of which the letters, digits and length are RFC 1035 §2.3
_URL = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://"
    r"(?:(?P<userinfo>[A-Za-z0-9._~!$&'()*+,;=:%-]*)@)?"
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|(?:[A-Za-z0-9_-]{1,63}\.)*[A-Za-z0-9_-]{1,63})"
    r"(?::(?P<port>[0-9]*))?"
    r"(?P<path>/(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*)"
    r"(?:\?(?P<query>[^#\s]*))?"
    r"(?:#(?P<fragment>[^\s]*))?"
)
_LONGEST_NAME = 253
_NUMERIC = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")


@dataclass(frozen=True, slots=True)
class Rules:
    """What is allowed beyond the grammar. ports: the ports, `range(1, 65536)` for any."""

    ports: Container[int] = (443, 8443)
    allow_http: bool = False


@dataclass(frozen=True, slots=True)
class X5u:
    """A URL that keeps the rules, in its parts: `host` a name in lower case or an address in its
    shortest form, without brackets; `path` as it was written."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """The host as HTTP names it (RFC 9110 §7.2), with its port unless that is the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORT[self.scheme] else f"{host}:{self.port}"


class X5uRefused(ValueError):
    """A URL that nothing may be fetched from; `problem` is stable kebab-case."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


def problem(url: str, rules: Rules) -> str | None:
    """What is wrong with a URL, None if nothing is.

    One of: too-long, malformed, not-https, userinfo, port, query, fragment.
    """
    try:
        read(url, rules)
    except X5uRefused as refused:
        return refused.problem
    return None


def read(url: str, rules: Rules) -> X5u:
    """A URL in its parts; raises X5uRefused where it breaks a rule."""
    if len(url) > LONGEST:
        raise X5uRefused("too-long")
    parts = _URL.fullmatch(url)
    host = _host(parts["host"]) if parts else None
    if parts is None or host is None:
        raise X5uRefused("malformed")
    scheme = parts["scheme"].lower()
    if scheme != "https" and not (scheme == "http" and rules.allow_http):
        raise X5uRefused("not-https")
    if parts["userinfo"] is not None:
        raise X5uRefused("userinfo")
    port = int(parts["port"] or _DEFAULT_PORT[scheme])
    if port not in rules.ports:
        raise X5uRefused("port")
    for part in ("query", "fragment"):
        if parts[part] is not None:
            raise X5uRefused(part)
    return X5u(scheme, host, port, parts["path"])


def _host(text: str) -> str | None:
    """A name, or an address in the one form everybody reads alike: never 127.1, 2130706433 or 0x7f.0.0.1."""
    try:
        if text.startswith("["):
            return str(IPv6Address(text[1:-1]))
        if _NUMERIC.fullmatch(text.rpartition(".")[2]):
            return str(IPv4Address(text))
    except AddressValueError:
        return None
    return text.lower() if len(text) <= _LONGEST_NAME else None
