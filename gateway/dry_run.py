"""A call explained without being placed: what every check would see and decide. Nothing is counted."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.engine import Credentials, InboundCall, OutboundCall, explain_inbound, explain_outbound
from gateway.explained import Explained, explained
from gateway.policy.peers import Peer
from gateway.policy.snapshot import Snapshot
from gateway.policy.usage import Reading
from gateway.stir.verdict import Verdict


@dataclass(frozen=True, slots=True)
class DryRun:
    """A call to be explained. country: where the source is at home; at: epoch seconds at which it would come."""

    peer: Peer
    source: str
    country: str | None
    caller: str
    callee: str
    at: float

    def outbound(
        self,
        identity: tuple[str, ...],
        snapshot: Snapshot,
        credentials: Credentials,
        usage: Reading,
        origid: str,
    ) -> Explained:
        """The call as one of a softswitch, with these Identity values in it."""
        call = OutboundCall(
            self.peer, self.caller, self.callee, identity, source=self.source, country=self.country
        )
        return explained(explain_outbound(call, snapshot, credentials, usage, self.at, origid))

    def inbound(self, verdict: Verdict, snapshot: Snapshot, usage: Reading) -> Explained:
        """The call as one of a carrier, of which the verdict is known."""
        call = InboundCall(self.peer, self.caller, self.callee, source=self.source, country=self.country)
        return explained(explain_inbound(call, verdict, snapshot, usage, self.at))
