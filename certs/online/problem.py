"""How the lab's ACME server says no: the problem documents of RFC 8555 §6.7."""

from __future__ import annotations

from typing import Any

_PREFIX = "urn:ietf:params:acme:error:"


class Refused(Exception):
    """A request that is refused. kind: the last part of its URN, such as badNonce."""

    def __init__(self, kind: str, detail: str, status: int = 400) -> None:
        super().__init__(detail)
        self.kind, self.detail, self.status = kind, detail, status

    def as_json(self) -> dict[str, Any]:
        """The problem document; also what an order or a challenge that failed carries as its error."""
        return {"type": f"{_PREFIX}{self.kind}", "detail": f"TEST ONLY: {self.detail}", "status": self.status}
