"""What the sidecar's resources share: the credential, the edge's status and the clock, each given from
outside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gateway.metrics import EdgeStatus
from gateway.stir.passport import Signer
from gateway.trust.credential import Credential


@dataclass(frozen=True, slots=True)
class Sidecar:
    """The sidecar's world: `edge` answers the edge's status if it is fresh, `now` the epoch seconds."""

    credential: Credential | None
    signer: Signer | None
    edge: Callable[[], EdgeStatus | None]
    now: Callable[[], float]

    @classmethod
    def of(
        cls, credential: Credential | None, edge: Callable[[], EdgeStatus | None], now: Callable[[], float]
    ) -> Sidecar:
        """The sidecar that signs with `credential`."""
        return cls(credential, credential.signer if credential else None, edge, now)

    def credential_problem(self, at: float) -> str | None:
        """Why nothing can be signed at this time, as a rule id, or None."""
        if self.credential is None:
            return "certificate.none"
        reason = self.credential.usable(at)
        return f"certificate.{reason}" if reason else None
