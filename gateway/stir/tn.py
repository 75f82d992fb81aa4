"""Telephone numbers, canonical as RFC 8224 §8.3 wants them: digits of E.164 without "+".

`canonical` reads whatever a switch writes (name-addr, SIP or tel URI, user part, digits) and refuses what
can be read in two ways: a guessed number would be signed, and then believed. It refuses by raising
InvalidNumber with one of the reasons below; it never raises anything else. This file does no I/O.

Reading the text
    sip:, sips:     the user part, without password; no user part -> anonymous
    tel:            the number before the parameters (RFC 3966)
    no scheme       the text is the user part
    parameters      all dropped (tgrp, trunk-context, rn, npdi, cic, isub, ext, verstat ...): they describe
                    the route or an extension behind the number; only phone-context takes part in it
    %HH             decoded, after the URI was taken apart
    - . ( ) space   dropped; any other letter or sign -> not-a-number
    anonymous, unavailable, restricted ... or host anonymous.invalid (RFC 3323 §4.1) -> anonymous

Reading the digits: the first row that applies decides
    an emergency number of the plan, 112, 911       stays, with or without "+", in any context
    "*" or "#" in front                             stays: a service code has no E.164 form
    "*" or "#" elsewhere                            ambiguous: perhaps a dial string with a prefix
    "+"                                             E.164, taken at its word: see "explicit E.164"
    phone-context "+N" (N the plan's own code)      as without context
    phone-context "+N..." (any other)               N... put in front, if that is E.164; else ambiguous
    phone-context of a domain in plan.contexts      as without context
    any other phone-context                         unknown-context
    a short code of the plan (N11, 988, 933, 116000)   stays
    an international prefix (011, 00) in front      removed; the rest is explicit E.164
    national prefix and a national number           country code and the national number
    a national number, bare                         country code and the number, unless it also is E.164 ...
        of the plan's own country                   ... then ambiguous
        of another country                          ... then ambiguous, unless plan.written_bare
    country code and a number that fits it          E.164 already (442071838750, 12155551212)
    anything else                                   too-short, too-long or ambiguous

Explicit E.164: the country code is assigned (else no-such-country), 7 digits to plan.max_length (else
too-short, too-long), in North America exactly 11, and no national prefix was left inside (4402071838750 ->
ambiguous). Beyond that the digits are believed, for numbering plans grow faster than the tables of them.
"""

import re
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import unquote

from gateway.stir.numberplan import NANP, NumberPlan, country_code, fits, is_e164, keeps_trunk_prefix

__all__ = [
    "InvalidNumber", "NumberPlan", "TelephoneNumber", "canonical", "canonical_digits", "written", "written_digits",
]  # fmt: skip

SHORTEST_E164 = 7
"""Tokelau: three digits of country code and four of number."""

WITHHELD = frozenset(
    {"anonymous", "unavailable", "restricted", "unknown", "private", "withheld", "blocked", "unidentified"}
)
"""User parts by which switches say that there is no number, besides RFC 3323's "anonymous"."""

_is_canonical = re.compile(r"[0-9#*]+").fullmatch
_nanp_in_full = re.compile(
    r"(sips?:)?(\+?)(1[2-9][0-9]{9})(?(1)@(?!anonymous\.invalid)[a-z0-9.:;=-]+)"
).fullmatch
_plain_uri = re.compile(r"sips?:(\+?[0-9]+)@(?!anonymous\.invalid)[a-z0-9.:;=-]+").fullmatch
_is_written = re.compile(r"\+?[0-9#*]+").fullmatch
_SEPARATORS = str.maketrans("", "", "-.() \t")
_new, _set = object.__new__, object.__setattr__
_NAME_ADDR = re.compile(r'\s*+(?:"(?:[^"\\]++|\\.)*+"\s*+|[^"<]*+)<([^<>]*+)>', re.DOTALL)


class InvalidNumber(ValueError):
    """The text is no telephone number, or could be two.

    reason: no-number, anonymous, not-a-number, too-short, too-long, no-such-country, ambiguous or
    unknown-context. The text itself is left out, for errors are logged and numbers may be masked.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class TelephoneNumber:
    """A number in the form that is signed: 1*(digit / "#" / "*"), no "+" (RFC 8224 §8.3).

    Its constructor checks the alphabet alone; whether digits are a number is for `canonical` to say.
    """

    digits: str

    def __post_init__(self) -> None:
        if _is_canonical(self.digits) is None:
            raise InvalidNumber("not-a-number")

    def __str__(self) -> str:
        return self.digits


def canonical(text: str, plan: NumberPlan) -> TelephoneNumber:
    """The one number that `text` means under the numbering plan; InvalidNumber if it is none, or two."""
    number = _new(TelephoneNumber)  # without its check: what can be read is made of its alphabet
    _set(number, "digits", canonical_digits(text, plan))
    return number


def canonical_digits(text: str, plan: NumberPlan) -> str:
    """`canonical` for callers that want no more than the digits."""
    common = _nanp_in_full(text)
    if common and (common[2] or plan.country_code == NANP):
        return common[3]  # what the rules below would say, in a quarter of the time
    return _by_the_rules(text, plan)


def written_digits(text: str) -> str:
    """The number as it is written, decoration dropped and nothing made of it; InvalidNumber if it is none.

    For comparing with a number whose country only its author knew: what has no canonical form is equal to itself.
    """
    return written(text).removeprefix("+")


def written(text: str) -> str:
    """The number as it is written, with its "+" if it has one; InvalidNumber if it is none."""
    common = _plain_uri(text)
    return common[1] if common else _compact(_subscriber(_user_part(text))[0])


def _by_the_rules(text: str, plan: NumberPlan) -> str:
    number, context = _subscriber(_user_part(text))
    return _resolve(_compact(number), context, plan)


def _user_part(text: str) -> str:
    address = _addr_spec(text) if "<" in text else text.strip()
    scheme, colon, rest = address.partition(":")
    if not colon:
        return address
    match scheme.lower():
        case "sip" | "sips":
            return _sip_user(rest)
        case "tel":
            return rest
        case _:
            return _refuse("not-a-number")


def _addr_spec(text: str) -> str:
    found = _NAME_ADDR.match(text)
    return found[1].strip() if found else _refuse("not-a-number")


def _sip_user(rest: str) -> str:
    userinfo, at, host = rest.partition("@")
    user = userinfo.partition(":")[0]
    if not at or not user or host.lower().startswith("anonymous.invalid"):
        _refuse("anonymous")
    if "@" in host:  # "@" must be escaped in a user part: which of the two ends it?
        _refuse("not-a-number")
    return user


def _subscriber(user: str) -> tuple[str, str | None]:
    """The number as written and its phone-context, from a telephone-subscriber (RFC 3966 §3)."""
    number, *parameters = user.split(";")
    contexts = [
        unquote(value)
        for name, _, value in (parameter.partition("=") for parameter in parameters)
        if name.strip().lower() == "phone-context"
    ]
    if len(contexts) > 1:
        _refuse("ambiguous")
    return unquote(number), contexts[0] if contexts else None


def _compact(number: str) -> str:
    """The number without visual separators: digits, "#" and "*", perhaps after a "+"."""
    if _is_written(number):
        return number
    if number.strip().lower() in WITHHELD:
        _refuse("anonymous")
    compact = number.translate(_SEPARATORS)
    if compact in ("", "+"):
        _refuse("no-number")
    if _is_written(compact) is None:
        _refuse("not-a-number")
    return compact


def _resolve(number: str, context: str | None, plan: NumberPlan) -> str:
    digits = number.removeprefix("+")
    if plan.is_emergency(digits):
        return digits
    if "*" in digits or "#" in digits:
        return number if number[0] in "*#" else _refuse("ambiguous")
    if number[0] == "+":
        return _explicit(digits, plan)
    if context is None or context.lower() in plan.contexts:
        return _as_dialled(digits, plan)
    return _in_context(digits, context, plan)


def _in_context(digits: str, context: str, plan: NumberPlan) -> str:
    prefix = context.translate(_SEPARATORS)
    if not prefix.startswith("+") or not prefix[1:].isdecimal() or not prefix.isascii():
        _refuse("unknown-context")
    if prefix[1:] == plan.country_code:
        return _as_dialled(digits, plan)
    number = prefix[1:] + digits
    return number if is_e164(number) else _refuse("ambiguous")


def _as_dialled(digits: str, plan: NumberPlan) -> str:
    if plan.is_short_code(digits):
        return digits
    for prefix in plan.international_prefixes:
        if digits.startswith(prefix):
            return _explicit(digits.removeprefix(prefix), plan)
    if plan.national_prefix and digits.startswith(plan.national_prefix):
        national = digits.removeprefix(plan.national_prefix)
        if plan.is_national(national):
            return plan.country_code + national
    return _bare(digits, plan)


def _bare(digits: str, plan: NumberPlan) -> str:
    national, international = plan.is_national(digits), is_e164(digits)
    if national and international and (digits.startswith(plan.country_code) or not plan.written_bare):
        _refuse("ambiguous")
    if national:
        return plan.country_code + digits
    return digits if international else _refuse(_misfit(digits, plan))


def _explicit(digits: str, plan: NumberPlan) -> str:
    code = country_code(digits)
    if len(digits) < SHORTEST_E164 or len(digits) > plan.max_length:
        _refuse(_misfit(digits, plan))
    if code is None:
        _refuse("no-such-country")
    national = digits.removeprefix(code)
    if fits(code, national):
        return digits
    if code == NANP and len(national) != 10:
        _refuse("too-short" if len(national) < 10 else "too-long")
    return _refuse("ambiguous") if keeps_trunk_prefix(code, national) else digits


def _misfit(digits: str, plan: NumberPlan) -> str:
    if len(digits) < SHORTEST_E164:
        return "too-short"
    return "too-long" if len(digits) > plan.max_length else "ambiguous"


def _refuse(reason: str) -> NoReturn:
    raise InvalidNumber(reason)
