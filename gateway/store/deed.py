"""What the record of changes says of one of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Deed:
    """Who did what to what, at what time (epoch seconds), and what was there before and after; None for nothing.

    revision: of what was changed, with the change in it: the policy's, or that of the keys and certificates.
    """

    at: float
    who: str
    action: str
    resource: str
    key: str
    revision: int
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
