"""The verification service (STI-VS) of one process: the pure procedure of `gateway.stir.verification`, the certificates it
asks for, and the tokens it has seen.

A call whose certificates are at hand is judged at once. Any other leaves a `Pending`: the caller decides how long it waits,
and nothing else waits with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from gateway.stir.chain import TrustedChain
from gateway.stir.reasons import Reason
from gateway.stir.signalled import Signalled
from gateway.stir.verdict import Verdict
from gateway.stir.verification import DIVERTED_AGE, NeedCertificates, Rules, begin
from gateway.trust.cache import Chains
from gateway.trust.replay import Replay
from gateway.trust.trust import Trust


class Verifier:
    """Judges Identity headers with the trust in force.

    budget: seconds a call waits at most for its certificates; fetching goes on after that, for the next one.
    """

    def __init__(
        self,
        chains: Chains,
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
        pending = Pending(self, found, call_id)
        if len(chains) == len(found.urls):
            return pending.conclude(chains)
        if chains:  # one valid token is enough (RFC 8224 §6.2.1): the others need not be waited for
            early = self._at_once(headers, call, call_id)
            if early.passed:
                return early
        return pending

    def _at_once(self, headers: Sequence[str], call: Signalled, call_id: str) -> Verdict:
        found = begin(headers, call, self._now(), self._rules)
        return found if isinstance(found, Verdict) else Pending(self, found, call_id).at_once()

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
        self, needed: NeedCertificates, chains: dict[str, TrustedChain | Reason], call_id: str
    ) -> Verdict:
        """The verdict with these chains, unless another call has used the token."""
        verdict = needed.finish(chains, self._trust.revocations)
        header = verdict.decisive
        if not verdict.passed or header is None or header.iat is None:
            return verdict
        until = header.iat + max(self._rules.max_iat_age, DIVERTED_AGE)
        if not self._replay.seen(header.signature, call_id, self._now(), until):
            return verdict
        headers = tuple(
            each._replace(reason=Reason.REPLAYED) if each is header else each for each in verdict.headers
        )
        return Verdict(Reason.REPLAYED, headers)


class Pending:
    """A call that waits for certificates."""

    def __init__(self, verifier: Verifier, needed: NeedCertificates, call_id: str) -> None:
        self._verifier, self._needed, self._call_id = verifier, needed, call_id

    def conclude(self, chains: dict[str, TrustedChain | Reason]) -> Verdict:
        """The verdict with these chains."""
        return self._verifier.concluded(self._needed, chains, self._call_id)

    def at_once(self) -> Verdict:
        """The verdict with what is at hand: for a call that must not wait."""
        missing: dict[str, TrustedChain | Reason] = dict.fromkeys(
            self._needed.urls, Reason.CERTIFICATE_TIMEOUT
        )
        return self.conclude(missing | self._verifier.known(self._needed))

    async def verdict(self) -> Verdict:
        """The verdict, within the budget."""
        return self.conclude(await self._verifier.fetched(self._needed))
