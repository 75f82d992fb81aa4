"""The parameters as one entry, of which there is exactly one: the policy's country, and VOS3000's parameters under their
public names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field, create_model

from gateway.policy.parameters import NAMES, Parameters
from gateway.rim import Country
from gateway.store.entry import Entry

KEY = "parameters"


class ParametersValues(Entry):
    """The country; `ParametersEntry` has a field for each parameter beside it."""

    country: Country = "US"
    """Whose numbering plan numbers are read in where no entry says otherwise (ISO 3166)."""

    @property
    def key(self) -> str:
        """There is one."""
        return KEY

    def value(self) -> Parameters:
        """The parameters it describes."""
        return Parameters.of(self.model_dump(by_alias=True, exclude={"country"}))


_ABOUT: Mapping[str, str] = {
    "malicious_limit": "Calls of one caller within `malicious_window` that block it.",
    "malicious_expire": "Seconds it stays blocked.",
    "no_answer_limit": "Unanswered calls in a row that block a number.",
    "no_answer_expire": "Seconds it stays blocked.",
    "caller_length": "Longest caller, in digits.",
    "access_ip_check": "1: an account with addresses calls from those alone (recommended).",
    "reg_fail_count": "Refused accesses that block an address.",
    "reg_fail_time": "Seconds it stays blocked.",
    "sip_blacklist_expire": "Seconds of an address blocked by hand, or a feed's range, without an end of its own.",
    "invalid_count": "Invalid calls in a row that lock an account until it is released; 0: off, 5 recommended.",
    "max_concurrent": "Concurrent calls of an account without a bound of its own; 0: no bound.",
    "malicious_window": "Seconds over which a caller's attempts are counted.",
    "malicious_concurrent": "Concurrent calls of one caller that block it; 0: off.",
    "malicious_premium_share": "Per cent of a caller's attempts to premium numbers that block it, from 20 on; 0: off.",
    "no_answer_party": "Whose unanswered calls are counted: callee, caller or both.",
    "time_zone": "Whose midnight ends the day of `spend_per_day`.",
}


def _field(short: str) -> tuple[Any, Any]:
    """The field of one parameter, which its own rule checks."""
    public = NAMES[short]
    default = Parameters().public()[public]
    checked = AfterValidator(_check(public))
    return Annotated[type(default), Field(strict=True), checked], Field(
        default=default, alias=public, description=_ABOUT[short]
    )


def _check(public: str) -> Callable[[object], object]:
    def check(value: object) -> object:
        try:
            Parameters.of({public: value})
        except ValueError as error:
            raise ValueError(str(error).removeprefix(f"{public}: ")) from None
        return value

    return check


_FIELDS: dict[str, Any] = {short: _field(short) for short in NAMES}

ParametersEntry = create_model(
    "ParametersEntry",
    __base__=ParametersValues,
    __doc__="`[parameters]`, and the `country` that numbers are read in where no entry says otherwise.",
    **_FIELDS,
)
