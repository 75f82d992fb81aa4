"""The Identity header field of SIP (RFC 8224 §4): a PASSporT and where its certificate is.

    Identity               = signed-identity-digest SEMI ident-info *( SEMI ident-info-params )
    signed-identity-digest = 1*(base64url-char / ".")                  (RFC 8224 erratum 6499)
    ident-info             = "info" EQUAL "<" absoluteURI ">"
    ident-info-params      = "alg" EQUAL token / "ppt" EQUAL token / generic-param

What is read here is a field value whose folding the SIP parser has undone. Departures from the grammar, all
towards what is met in the field: parameters stand in any order, and values may be quoted strings (the example
of RFC 8946 quotes ppt). What is written follows the grammar to the letter. The token stays closed: `passport`
opens it.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple, NoReturn

MAX_VALUE = 20_480
"""Characters in one value: the longest token that `passport` takes, and room for its parameters."""

_WORD = r"[A-Za-z0-9.!%*_+`'~-]++"  # RFC 3261 §25.1
_SPACE = r"[ \t]*+"
_DIGEST = re.compile(rf"{_SPACE}([A-Za-z0-9_.-]++){_SPACE}")
_PARAMETER = re.compile(
    rf";{_SPACE}(?P<name>{_WORD}){_SPACE}"
    rf'(?:={_SPACE}(?:(?P<word>{_WORD})|"(?P<quoted>(?:[^"\\]++|\\.)*+)"|<(?P<uri>[^<>]*+)>){_SPACE})?+',
    re.DOTALL,
)
_common = re.compile(
    r"([A-Za-z0-9_.-]++);info=<([A-Za-z][A-Za-z0-9+.-]*+:[!-;=?-~]++)>;alg=([A-Za-z0-9]++);ppt=([a-z]++)"
).fullmatch
_ABSOLUTE_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]+")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
# A quote or bracket that is never closed takes the rest of the line, which makes one bad value.
_VALUES = re.compile(r'(?:\A|,)((?:[^,"<]++|"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|<[^<>]*+>?)*+)', re.DOTALL)


class InvalidIdentity(ValueError):
    """The text is no Identity value.

    reason: too-long, no-token, bad-token, bad-parameter, duplicate-parameter, no-info or bad-info.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class IdentityHeader(NamedTuple):
    """One Identity value.

    token: the PASSporT, closed. info: URL of the certificate chain. alg, ppt: as given beside the token, None
    if absent (the token's own header is what counts). parameters: every other one in order of appearance,
    its name in lower case, None for the value it does not have.
    """

    token: str
    info: str
    alg: str | None
    ppt: str | None
    parameters: tuple[tuple[str, str | None], ...] = ()

    @property
    def is_compact(self) -> bool:
        """Whether header and claims were left out (`..signature`, RFC 8225 §7); SHAKEN forbids it."""
        return self.token.startswith("..")


def build(token: str, x5u: str) -> str:
    """The value that carriers expect for a shaken PASSporT whose certificate chain is at `x5u`."""
    return f"{token};info=<{x5u}>;alg=ES256;ppt=shaken"


def parse(value: str) -> IdentityHeader:
    """One Identity value taken apart; InvalidIdentity if it is not one."""
    if len(value) > MAX_VALUE:
        _refuse("too-long")
    if common := _common(value):  # what the grammar below would say, in a quarter of the time
        return IdentityHeader(common[1], common[2], common[3], common[4])
    digest = _DIGEST.match(value) or _refuse("bad-token" if value.strip() else "no-token")
    given = _parameters(value, digest.end())
    info = _info(given.pop("info", None))
    words = {name: _word(found) for name, found in given.items()}
    if None in (words.get("alg", ""), words.get("ppt", "")):
        _refuse("bad-parameter")
    return IdentityHeader(
        digest[1], info, words.pop("alg", None), words.pop("ppt", None), tuple(words.items())
    )


def split(line: str) -> list[str]:
    """The values of one header line, which commas separate outside quotes and angle brackets; never fails."""
    if "," not in line:
        return [line.strip(" \t")]
    return [found[1].strip(" \t") for found in _VALUES.finditer(line)]


def split_all(lines: Iterable[str]) -> list[str]:
    """The values of every Identity header line of a message, in order; each is judged on its own."""
    return [value for line in lines for value in split(line)]


def _parameters(value: str, start: int) -> dict[str, re.Match[str]]:
    given: dict[str, re.Match[str]] = {}
    while start < len(value):
        found = _PARAMETER.match(value, start) or _refuse("bad-parameter")
        name = found["name"].lower()
        if name in given:
            _refuse("duplicate-parameter")
        given[name] = found
        start = found.end()
    return given


def _info(found: re.Match[str] | None) -> str:
    if found is None:
        _refuse("no-info")
    uri: str | None = found["uri"]
    if uri is None or _ABSOLUTE_URI.fullmatch(uri) is None:
        _refuse("bad-info")
    return uri


def _word(found: re.Match[str]) -> str | None:
    """The value of a parameter other than info: a token or what a quoted string says, None without value."""
    if found["uri"] is not None:
        _refuse("bad-parameter")
    word: str | None = found["word"]
    return word if found["quoted"] is None else _ESCAPED.sub(r"\1", found["quoted"])


def _refuse(reason: str) -> NoReturn:
    raise InvalidIdentity(reason)
