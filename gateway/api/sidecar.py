"""What the sidecar's resources share: the credentials, the verifier, the database, the policy in force, the edge's status and
the clock, each given from outside."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from gateway.access.people import People
from gateway.access.shown import Doorkeeper
from gateway.acme.renewals import Renewals
from gateway.api.history import History
from gateway.credentials.book import Book
from gateway.credentials.custodian import Custodian
from gateway.credentials.outside import Outside
from gateway.metrics import EdgeStatus
from gateway.policy.snapshot import Snapshot
from gateway.policy.usage import Reading
from gateway.stir.path import Anchors
from gateway.stir.reasons import Reason
from gateway.stir.revocation import Revocations
from gateway.stir.signalled import Signalled
from gateway.stir.tn import NumberPlan
from gateway.stir.verdict import Verdict
from gateway.stir.verification import Rules, begin
from gateway.store.access import AccessStore
from gateway.store.calls import CallLog
from gateway.store.errors import StoreGone
from gateway.store.nodes import Nodes
from gateway.store.recorder_status import RecorderStatus
from gateway.store.store import Store
from gateway.trust.credential import Credential
from gateway.trust.trust_list import TrustList
from gateway.trust.values import FetchRules

T = TypeVar("T")

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


class InForce(Protocol):
    """The policy in force on this node, and what its edge counted; answered from memory, within a second of a change."""

    def snapshot(self) -> Snapshot:
        """The policy."""

    def usage(self) -> Reading:
        """The counters and the dynamic black list, a few seconds old."""

    def country(self, address: str) -> str | None:
        """Where an address is at home (ISO 3166), None where nobody knows."""


class Database(Protocol):
    """What the database holds."""

    @property
    def store(self) -> Store: ...

    @property
    def calls(self) -> CallLog: ...

    @property
    def access(self) -> AccessStore: ...

    @property
    def nodes(self) -> Nodes: ...


class CredentialsInForce(Protocol):
    """What this process signs with, within a second of a change."""

    @property
    def current(self) -> Book:
        """The credentials by account."""

    @property
    def problems(self) -> tuple[str, ...]:
        """What of them could not be read, one line each."""

    @property
    def stores(self) -> Mapping[str, str | None]:
        """What is wrong with each key store, None for nothing; half a minute old."""


@dataclass(frozen=True, slots=True)
class Alone:
    """A credential that the configuration names, without a manifest beside it."""

    current: Book
    problems: tuple[str, ...] = ()
    stores: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sidecar:
    """The sidecar's world: `edge` answers the edge's status if it is fresh, `now` the epoch seconds.

    verifier: None where nobody is trusted. plan: how numbers that lack their country are read in a verification or a
    query. trust: what the verifier goes by, for the metrics. database: opens it where that has not been done, or raises
    StoreGone. in_force: what calls are decided by here. recorder: answers the recorder's status if it is fresh.
    access: knows who a request is from; without it nothing but what is public is answered.
    people: how users log in, and what else is done with sessions; None where nobody can.
    custodian: changes keys and certificates, None where this process may not. outside: looks at their URLs. acme: orders
    certificates, None where none are ordered. history: what the edge counted lately, for people.
    """

    credentials: CredentialsInForce
    edge: Callable[[], EdgeStatus | None]
    now: Callable[[], float]
    verifier: Verifier | None = None
    plan: NumberPlan = AMERICAN
    trust: TrustInForce | None = None
    database: Callable[[], Database] | None = None
    in_force: InForce | None = None
    recorder: Callable[[], RecorderStatus | None] = lambda: None
    access: Doorkeeper | None = None
    people: People | None = None
    custodian: Custodian | None = None
    outside: Outside = field(default_factory=lambda: Outside(FetchRules()))
    acme: Renewals | None = None
    history: History = field(default_factory=History)

    @classmethod
    def of(
        cls,
        credential: Credential | None,
        edge: Callable[[], EdgeStatus | None],
        now: Callable[[], float],
        verifier: Verifier | None = None,
        plan: NumberPlan = AMERICAN,
        trust: TrustInForce | None = None,
        database: Callable[[], Database] | None = None,
        in_force: InForce | None = None,
        recorder: Callable[[], RecorderStatus | None] = lambda: None,
        access: Doorkeeper | None = None,
        people: People | None = None,
    ) -> Sidecar:
        """The sidecar that signs with `credential` and nothing else."""
        alone = Alone(Book.of(credential))
        return cls(alone, edge, now, verifier, plan, trust, database, in_force, recorder, access, people)

    def store(self) -> Store:
        """The policy in the database; raises StoreGone where there is none to be had."""
        return self._opened().store

    def call_log(self) -> CallLog:
        """The call log in the database; raises StoreGone where there is none to be had."""
        return self._opened().calls

    def access_store(self) -> AccessStore:
        """Users and tokens in the database; raises StoreGone where there is none to be had."""
        return self._opened().access

    def nodes(self) -> Nodes:
        """The nodes that share the database; raises StoreGone where there is none to be had."""
        return self._opened().nodes

    async def change_access(self, change: Callable[[AccessStore], T]) -> T:
        """Change users or tokens, and have it take effect here at once; raises what the store does."""

        def changed() -> T:
            answer = change(self.access_store())
            if self.people is not None:
                self.people.look()
            return answer

        return await asyncio.to_thread(changed)

    def logins(self) -> People:
        """How users log in; raises StoreGone where nobody can."""
        if self.people is None:
            raise StoreGone("nobody can log in to this process")
        return self.people

    def _opened(self) -> Database:
        if self.database is None:
            raise StoreGone("this process has no database")
        return self.database()

    def credential_problem(self, at: float) -> str | None:
        """Why nothing can be signed at this time, as a rule id, or None."""
        return self.book.node_problem(at)

    @property
    def book(self) -> Book:
        """What calls are signed with now."""
        return self.credentials.current

    async def verify(self, headers: Sequence[str], call: Signalled) -> Verdict:
        """The verdict on a call; without a verifier there is no trust anchor either, and no certificate is believed."""
        if self.verifier is not None:
            return await self.verifier.verify(headers, call)
        found = begin(headers, call, self.now(), Rules())
        if isinstance(found, Verdict):
            return found
        return found.finish(dict.fromkeys(found.urls, Reason.NO_TRUST_ANCHORS), Revocations())
