"""The verification service (STI-VS) of one process: the pure procedure of `gateway.stir.verification`, the certificates it
asks for, and the tokens it has seen.

A call whose certificates are at hand is judged at once. Any other leaves a `Pending`: the caller decides how long it waits,
and nothing else waits with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from gateway.stir.chain import TrustedChain
from gateway.stir.reasons import Reason
from gateway.stir.signalled import Signalled
from gateway.stir.verdict import HeaderVerdict, Verdict, main
from gateway.stir.verification import DIVERTED_AGE, NeedCertificates, Rules, begin
from gateway.trust.replay import Replay
from gateway.trust.trust import Trust


class Certificates(Protocol):
    """Where chains come from: `gateway.trust.cache.Chains`, or `gateway.trust.warm.WarmChains` where nobody may wait."""

    def known(self, url: str) -> TrustedChain | Reason | None: ...

    async def get(self, url: str, budget: float) -> TrustedChain | Reason: ...


class Verifier:
    """Judges Identity headers with the trust in force.

    budget: seconds a call waits at most for its certificates; fetching goes on after that, for the next one.
    """

    def __init__(
        self,
        chains: Certificates,
        trust: Trust,
        replay: Replay,
        rules: Rules,
        budget: float,
        now: Callable[[], float],
    ) -> None:
        self._chains, self._trust, self._replay = chains, trust, replay
        self._rules, self._budget, self._now = rules, budget, now

    def judge(self, headers: Sequence[str], call: Signalled, call_id: str) -> Verdict | Pending:
        """The verdict, or what is still to be awaited for it.

        headers: one Identity value each. call_id: what retransmissions, forks and spirals of this call have in common
        and no other call has.
        """
        found = begin(headers, call, self._now(), self._rules)
        if isinstance(found, Verdict):
            return found
        chains = self.known(found)
        use = Use(call_id, call.target or call.to or "")
        pending = Pending(self, found, use)
        if len(chains) == len(found.urls):
            return pending.conclude(chains)
        if chains:  # one valid token is enough (RFC 8224 §6.2.1): the others need not be waited for
            early = self._at_once(headers, call, use)
            if early.passed:
                return early
        return pending

    def _at_once(self, headers: Sequence[str], call: Signalled, use: Use) -> Verdict:
        found = begin(headers, call, self._now(), self._rules)
        return found if isinstance(found, Verdict) else Pending(self, found, use).at_once()

    async def verify(self, headers: Sequence[str], call: Signalled) -> Verdict:
        """The verdict on a call that another element asks about; without its Call-ID a replay cannot be told."""
        found = begin(headers, call, self._now(), self._rules)
        if isinstance(found, Verdict):
            return found
        return found.finish(await self.fetched(found), self._trust.revocations)

    def known(self, needed: NeedCertificates) -> dict[str, TrustedChain | Reason]:
        """What is at hand of the chains that are needed."""
        if not self._trust.anchors:
            return dict.fromkeys(needed.urls, Reason.NO_TRUST_ANCHORS)
        found = {url: self._chains.known(url) for url in needed.urls}
        return {url: chain for url, chain in found.items() if chain is not None}

    async def fetched(self, needed: NeedCertificates) -> dict[str, TrustedChain | Reason]:
        """All chains that are needed, side by side, within the budget."""
        found = self.known(needed)
        missing = [url for url in needed.urls if url not in found]
        chains = await asyncio.gather(*(self._chains.get(url, self._budget) for url in missing))
        return found | dict(zip(missing, chains, strict=True))

    def concluded(
        self, needed: NeedCertificates, chains: dict[str, TrustedChain | Reason], use: Use
    ) -> Verdict:
        """The verdict with these chains; a token that another call has used is none (RFC 8224 §6.2.1 for the others)."""
        verdict = needed.finish(chains, self._trust.revocations)
        if not verdict.passed:
            return verdict
        headers = tuple(self._unless_used(each, use) for each in verdict.headers)
        valid = any(each.passed for each in main(headers))
        return Verdict(Reason.PASSED if valid else Reason.REPLAYED, headers)

    def _unless_used(self, header: HeaderVerdict, use: Use) -> HeaderVerdict:
        if not header.passed or header.iat is None or header.ppt == "div":
            return header
        until = header.iat + max(self._rules.max_iat_age, DIVERTED_AGE)
        used = self._replay.seen(header.signature, use.call_id, self._now(), until, use.target)
        return header._replace(reason=Reason.REPLAYED) if used else header


class Use(NamedTuple):
    """What a token is used for: one call, by what all its requests share, and the number it goes to."""

    call_id: str
    target: str


class Pending:
    """A call that waits for certificates."""

    def __init__(self, verifier: Verifier, needed: NeedCertificates, use: Use) -> None:
        self._verifier, self._needed, self._use = verifier, needed, use

    def conclude(self, chains: dict[str, TrustedChain | Reason]) -> Verdict:
        """The verdict with these chains."""
        return self._verifier.concluded(self._needed, chains, self._use)

    def at_once(self) -> Verdict:
        """The verdict with what is at hand: for a call that must not wait."""
        missing: dict[str, TrustedChain | Reason] = dict.fromkeys(
            self._needed.urls, Reason.CERTIFICATE_TIMEOUT
        )
        return self.conclude(missing | self._verifier.known(self._needed))

    async def verdict(self) -> Verdict:
        """The verdict, within the budget."""
        return self.conclude(await self._verifier.fetched(self._needed))
