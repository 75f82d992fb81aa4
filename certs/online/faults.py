"""What the lab does wrong on purpose: each fault by name, so many times or until it is taken away."""

from __future__ import annotations

from collections.abc import Mapping

FAULTS: dict[str, str] = {
    "bad-nonce": "ACME requests are refused for their nonce (RFC 8555 §6.5)",
    "unavailable": "the ACME server answers 503 with Retry-After",
    "garbage": "the ACME server answers 200 with text that is no JSON",
    "challenge-pending": "an answered challenge is looked at for ever",
    "challenge-invalid": "an answered challenge is found wrong, whatever the token",
    "order-processing": "a finalized order is worked on for ever",
    "certificate-of-another-key": "the chain that is issued is for a key nobody has",
    "certificate-of-another-spc": "the chain that is issued is another service provider's",
    "sti-pa-unavailable": "the STI-PA answers 503 with Retry-After",
    "sti-pa-garbage": "the STI-PA answers 200 with text that is no JSON",
    "sti-pa-refuses": "the STI-PA knows no such user",
    "wrong-fingerprint": "SPC tokens are for another account key",
    "expired-token": "SPC tokens have expired already",
    "forged-token": "SPC tokens are signed by a stranger",
}
"""Every fault there is, and what it does."""

RETRY_AFTER = 7
"""Seconds that a 503 of the lab asks for."""


class UnknownFault(LookupError):
    """There is no fault of that name."""


class Faults:
    """The faults that are switched on: how many times each will still happen, None for every time."""

    def __init__(self) -> None:
        self._left: dict[str, int | None] = {}

    def set(self, wanted: Mapping[str, int | None]) -> None:
        """These faults and no others; raises UnknownFault."""
        unknown = sorted(set(wanted) - set(FAULTS))
        if unknown:
            raise UnknownFault(f"no fault is named {', '.join(unknown)}; there are: {', '.join(FAULTS)}")
        self._left = dict(wanted)

    def happens(self, name: str) -> bool:
        """Whether this fault is on, and one time less from now on; KeyError for one that does not exist."""
        _ = FAULTS[name]
        if name not in self._left:
            return False
        left = self._left[name]
        if left is None:
            return True
        self._left[name] = left - 1
        return left > 0

    def as_json(self) -> dict[str, int | None]:
        """What is on."""
        return {name: left for name, left in self._left.items() if left is None or left > 0}
