"""The parameters of the whole gateway: VOS3000's, under its names and with its defaults, and a few of our own.

In the code a parameter has a short name, outside (files, REST, console) its public one: VOS3000's `SS_...`
where VOS3000 has it, else the short one. `NAMES` maps the first to the second. A limit of 0 is off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from typing import Literal, TypeVar, get_args
from zoneinfo import ZoneInfo

NoAnswerParty = Literal["callee", "caller", "both"]

LARGEST = 2**31 - 1
"""Of a count or of seconds: what an INTEGER of any database holds."""

_Value = TypeVar("_Value")


class InvalidParameters(ValueError):
    """Parameters that cannot be; `errors` holds every reason, each beginning with the public name."""

    def __init__(self, errors: Iterable[str]) -> None:
        self.errors = tuple(errors)
        super().__init__("\n".join(self.errors))


def _parameter(default: _Value, complaint: Callable[[object], str | None], public: str | None) -> _Value:
    return field(default=default, metadata={"complaint": complaint, "public": public})


def _number(default: int, public: str | None = None, *, least: int = 0, most: int = LARGEST) -> int:
    def complaint(value: object) -> str | None:
        if isinstance(value, bool) or not isinstance(value, int):
            return f"{_shown(value)} is not a whole number"
        return None if least <= value <= most else f"{_shown(value)} is not between {least} and {most}"

    return _parameter(default, complaint, public)


def _seconds(default: int, public: str | None = None) -> int:
    return _number(default, public, least=1)


def _percent(default: int) -> int:
    return _number(default, most=100)


def _switch(default: bool, public: str) -> bool:
    def complaint(value: object) -> str | None:
        return None if isinstance(value, bool) else f"{_shown(value)} is not 0 or 1"

    return _parameter(default, complaint, public)


def _party(default: NoAnswerParty) -> NoAnswerParty:
    def complaint(value: object) -> str | None:
        choices = get_args(NoAnswerParty)
        return None if value in choices else f"{_shown(value)} is not one of {', '.join(choices)}"

    return _parameter(default, complaint, None)


def _zone(default: str) -> str:
    def complaint(value: object) -> str | None:
        if not isinstance(value, str):
            return f"{_shown(value)} is not the name of a time zone"
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):  # OSError: the name of a folder of zones, "America"
            return f"there is no time zone {_shown(value)}; write one like Europe/Berlin"
        return None

    return _parameter(default, complaint, None)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


@dataclass(frozen=True, slots=True)
class Parameters:
    """One value for each parameter; InvalidParameters, a ValueError, if one cannot be.

    malicious_limit, malicious_window: attempts of one caller within so many seconds that block the caller, for
    malicious_expire seconds. malicious_concurrent: calls of one caller at the same time that block it as well.
    malicious_premium_share: percent of its attempts in the window that go to premium numbers (judged from 20
    attempts on).
    no_answer_limit, no_answer_expire: calls in a row without answer that block the no_answer_party of them, and
    for how many seconds.
    caller_length: longest caller number, in digits; a peer or an account can only ask for less.
    access_ip_check: accounts that have addresses are held to them.
    reg_fail_count, reg_fail_time: refused accesses that block an address, and for how many seconds.
    sip_blacklist_expire: seconds that an address stays blocked which was blocked without an end of its own.
    invalid_count: invalid calls in a row that lock an account.
    max_concurrent: calls at the same time of an account without a bound of its own.
    time_zone: whose midnight begins the day of the daily spend.
    """

    malicious_limit: int = _number(1000, "SS_BLACK_LIST_CALLER_MALICIOUS_CALL_LIMIT")
    malicious_expire: int = _seconds(3600, "SS_BLACK_LIST_CALLER_MALICIOUS_CALL_EXPIRE")
    no_answer_limit: int = _number(100, "SS_BLACK_LIST_NO_ANSWER_LIMIT")
    no_answer_expire: int = _seconds(3600, "SS_BLACK_LIST_NO_ANSWER_EXPIRE")
    caller_length: int = _number(15, "SS_CALLERALLOWLENGTH")
    access_ip_check: bool = _switch(False, "SS_ACCESS_IP_CHECK")
    reg_fail_count: int = _number(5, "SS_REG_FAIL_BLACKLIST_COUNT")
    reg_fail_time: int = _seconds(3600, "SS_REG_FAIL_BLACKLIST_TIME")
    sip_blacklist_expire: int = _seconds(3600, "SS_SIP_DYNAMIC_BLACKLIST_EXPIRE")
    invalid_count: int = _number(0, "SS_CALLAUTH_INVALID_COUNT")
    max_concurrent: int = _number(0, "SS_MAXCONCURRENTCALL")
    malicious_window: int = _seconds(3600)
    malicious_concurrent: int = _number(0)
    malicious_premium_share: int = _percent(0)
    no_answer_party: NoAnswerParty = _party("callee")  # noqa: RUF009  # a field, as _number
    time_zone: str = _zone("UTC")

    def __post_init__(self) -> None:
        errors = tuple(_complaints({name: getattr(self, name) for name in NAMES}))
        if errors:
            raise InvalidParameters(errors)

    @classmethod
    def of(cls, public: Mapping[str, object]) -> Parameters:
        """Parameters from their public names; those left out have their defaults.

        InvalidParameters with every error at once: unknown names, values of a wrong type or out of range.
        """
        known = {_SHORT[name]: _read(name, value) for name, value in public.items() if name in _SHORT}
        unknown = (_unknown(name) for name in public if name not in _SHORT)
        errors = (*unknown, *_complaints(known))
        if errors:
            raise InvalidParameters(errors)
        return cls(**known)  # type: ignore[arg-type]  # each was just found to be what its field wants

    def public(self) -> dict[str, int | str]:
        """All of them under their public names, as `of` takes them; a switch is 0 or 1."""
        values = {public: getattr(self, name) for name, public in NAMES.items()}
        return {name: int(value) if isinstance(value, bool) else value for name, value in values.items()}


NAMES: Mapping[str, str] = {each.name: each.metadata["public"] or each.name for each in fields(Parameters)}
"""Public name of each parameter, by its name in the code."""

_SHORT = {public: name for name, public in NAMES.items()}
_COMPLAINTS: Mapping[str, Callable[[object], str | None]] = {
    each.name: each.metadata["complaint"] for each in fields(Parameters)
}
_SWITCHES = frozenset(each.name for each in fields(Parameters) if isinstance(each.default, bool))


def _complaints(values: Mapping[str, object]) -> Iterator[str]:
    for name, value in values.items():
        complaint = _COMPLAINTS[name](value)
        if complaint:
            yield f"{NAMES[name]}: {complaint}"


def _read(public: str, value: object) -> object:
    """The value as the field holds it: VOS3000 writes its switches 0 and 1."""
    is_digit = isinstance(value, int) and value in (0, 1)
    return bool(value) if _SHORT[public] in _SWITCHES and is_digit else value


def _unknown(name: str) -> str:
    near = NAMES.get(name) or next(iter(get_close_matches(name.upper(), _SHORT, 1)), None)
    near = near or next(iter(get_close_matches(name.lower(), _SHORT, 1)), None)
    hint = f"; did you mean {near}?" if near else ""
    return f"{_shown(name)}: there is no such parameter{hint}"
