"""What the sidecar's resources share: the credential, the verifier, the edge's status and the clock, each given from
outside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.metrics import EdgeStatus
from gateway.stir.passport import Signer
from gateway.stir.path import Anchors
from gateway.stir.reasons import Reason
from gateway.stir.revocation import Revocations
from gateway.stir.signalled import Signalled
from gateway.stir.tn import NumberPlan
from gateway.stir.verdict import Verdict
from gateway.stir.verification import Rules, begin
from gateway.trust.credential import Credential
from gateway.trust.trust_list import TrustList

AMERICAN = NumberPlan.of("US")


class Verifier(Protocol):
    """Whatever judges the Identity headers of a call, certificates and all."""

    async def verify(self, headers: Sequence[str], call: Signalled) -> Verdict:
        """The verdict on a call, with one on each of its Identity values in order; raises for none of them."""


class TrustInForce(Protocol):
    """What a verifier goes by, as far as an alarm needs it."""

    @property
    def anchors(self) -> Anchors: ...

    @property
    def revocations(self) -> Revocations: ...

    @property
    def trust_list(self) -> TrustList | None: ...

    @property
    def problems(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Sidecar:
    """The sidecar's world: `edge` answers the edge's status if it is fresh, `now` the epoch seconds.

    verifier: None where nobody is trusted. plan: how numbers that lack their country are read in a verification. trust:
    what the verifier goes by, for the metrics.
    """

    credential: Credential | None
    signer: Signer | None
    edge: Callable[[], EdgeStatus | None]
    now: Callable[[], float]
    verifier: Verifier | None = None
    plan: NumberPlan = AMERICAN
    trust: TrustInForce | None = None

    @classmethod
    def of(
        cls,
        credential: Credential | None,
        edge: Callable[[], EdgeStatus | None],
        now: Callable[[], float],
        verifier: Verifier | None = None,
        plan: NumberPlan = AMERICAN,
        trust: TrustInForce | None = None,
    ) -> Sidecar:
        """The sidecar that signs with `credential`."""
        signer = credential.signer if credential else None
        return cls(credential, signer, edge, now, verifier, plan, trust)

    def credential_problem(self, at: float) -> str | None:
        """Why nothing can be signed at this time, as a rule id, or None."""
        if self.credential is None:
            return "certificate.none"
        reason = self.credential.usable(at)
        return f"certificate.{reason}" if reason else None

    async def verify(self, headers: Sequence[str], call: Signalled) -> Verdict:
        """The verdict on a call; without a verifier there is no trust anchor either, and no certificate is believed."""
        if self.verifier is not None:
            return await self.verifier.verify(headers, call)
        found = begin(headers, call, self.now(), Rules())
        if isinstance(found, Verdict):
            return found
        return found.finish(dict.fromkeys(found.urls, Reason.NO_TRUST_ANCHORS), Revocations())
