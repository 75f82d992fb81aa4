"""What the policy costs a call: the engine decides calls of every account by the largest policy, and signs them.

Signing is measured alone between any two calls, so policy is what is left of a decision without it. Each call is of
another account, from another address and between other numbers than the one before: what a cache finds is what it would
find in the field. All by the clock: medians bear a machine that is shared.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median
from time import perf_counter_ns

from cryptography.hazmat.primitives.asymmetric import ec

from gateway.engine import OUTBOUND, Common, Forward, OutboundCall, Refuse, decide_outbound
from gateway.ledger import Ledger
from gateway.origid import new_origid
from gateway.outbound import Outbound
from gateway.policy.blocks import Block, BlockType
from gateway.policy.rates import Rate
from gateway.policy.snapshot import Snapshot
from gateway.policy.usage import Hold, Usage
from gateway.stir import identity
from gateway.stir.claims import ShakenClaims
from gateway.stir.passport import Signer
from scenarios.bench import full_policy
from scenarios.bench.figure import Figure, most
from scenarios.bench.length import Length

CALLS = 20_000
FEW = 50  # accounts whose terms stay in the processor's cache
NOW = 1_800_000_000.0  # a Friday morning: some windows are open
BLOCKED = 10_000  # subjects of each type on the dynamic black list
RUNNING = 5_000  # calls that are up
X5U = "https://certificates.example.com/616H.pem"


@dataclass(frozen=True, slots=True)
class Credential:
    """A certificate that is always good."""

    signer: Signer
    x5u: str = X5U

    def usable(self, _now: float) -> str | None:
        """It is."""
        return None


def deciding(snapshot: Snapshot, length: Length) -> Iterator[Figure]:
    """Of one decision: policy on top of the signature, and what each check has of it."""
    calls = list(calls_of_all(snapshot, round(length.of(CALLS))))
    decider = _Decider(snapshot, busy_usage())
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 1000)  # all as the edge
    cold = decider.first(calls[: full_policy.ACCOUNTS])  # none of them has called by this snapshot yet
    few = decider.run(calls[:FEW] * (len(calls) // FEW))
    times = decider.run(calls)
    signing = median(times.signing)
    yield Figure("policy of a call, p50", median(times.policy), "µs", most(40, 20), f"{len(calls):,} calls")
    yield Figure("policy of a call, p99", _percentile(times.policy, 99), "µs")
    yield Figure("policy of a call / its signature", median(times.policy) / signing, note=f"{signing:.1f} µs")
    yield Figure("  where few accounts call, p50", median(few.policy), "µs", note=f"{FEW} of them")
    yield Figure("  an account's first call after a swap, p50", median(cold) - signing, "µs")
    yield Figure(
        "  counted (Ledger.decided), p50", median(decider.counted(calls)), "µs", note="not in the above"
    )
    yield from (Figure(f"  check: {check}", took, "µs") for check, took in decider.by_check(calls).items())


def calls_of_all(snapshot: Snapshot, count: int) -> Iterator[OutboundCall]:
    """Calls through the trunk, each of another account: most from an own number, some from a lent one or one of nobody's."""
    trunk = snapshot.by_name["trunk"]
    for place in range(count):
        account = place * 7919 % full_policy.ACCOUNTS
        caller, callee = _caller(account, place), full_policy.far_number(account, place)
        dialled = f"88{place % 40:02}{callee}" if place % 2 else f"+{callee}"
        source = full_policy.source(account)
        yield OutboundCall(
            trunk, f"sip:+{caller}@{source};user=phone", f"sip:{dialled}@192.0.2.1", (), source, "US"
        )


def decide_each(snapshot: Snapshot, usage: Usage, calls: Iterable[OutboundCall]) -> None:
    """Decide calls one after the other; RuntimeError for one that is not signed."""
    decider = _Decider(snapshot, usage)
    for call in calls:
        _claims(decider.decide(call, new_origid()))


def _caller(account: int, place: int) -> str:
    match place % 10:
        case 0:
            return full_policy.lent_number(account)
        case 1:
            return f"16045{place % 1_000_000:06}"
        case _:
            return full_policy.own_number(account, place)


def busy_usage() -> Usage:
    """Counters of an edge in the middle of its day."""
    usage = Usage()
    types: tuple[BlockType, ...] = ("malicious-call", "no-answer", "access", "account")
    for type in types:
        for place in range(BLOCKED):
            usage.block(Block(type, f"1242{place:07}", NOW, None if place % 2 else NOW + 3600, "attempts"))
    for place in range(RUNNING):
        account = f"account/a{place * 3 % full_policy.ACCOUNTS:05}"
        rate = Rate(f"rates-{place % full_policy.RATE_TABLES}", "1", 10_000, 6)
        hold = Hold(("peer/trunk", account), f"1604555{place:04}", f"1303555{place:04}", ((account, rate),))
        usage.began(hold, NOW)
        usage.answered(hold, NOW)
    return usage


@dataclass(frozen=True, slots=True)
class _Times:
    """Microseconds of each call: its signing alone (claims, token, header), and what its decision took beyond that."""

    signing: list[float]
    policy: list[float]


class _Decider:
    def __init__(self, snapshot: Snapshot, usage: Usage) -> None:
        self._snapshot, self._usage = snapshot, usage
        self._credential = Credential(Signer(ec.generate_private_key(ec.SECP256R1()), X5U))
        self._credentials = Common(self._credential)

    def decide(self, call: OutboundCall, origid: str) -> Refuse | Forward:
        return decide_outbound(call, self._snapshot, self._credentials, NOW, origid, self._usage)

    def first(self, calls: Iterable[OutboundCall]) -> list[float]:
        """Microseconds of each decision, signature and all."""
        return [self._decide(call, new_origid()) for call in calls]

    def run(self, calls: Sequence[OutboundCall]) -> _Times:
        """Decide each call, and sign the same; RuntimeError for a call that is not signed.

        Signing goes first and last in turn, so that neither always finds the processor's caches as the other left them.
        """
        origids = [
            new_origid() for _ in calls
        ]  # made before: asking the system for chance costs what comes after
        claims = [_claims(self.decide(call, origid)) for call, origid in zip(calls, origids, strict=True)]
        signing, policy = [], []
        for place, call in enumerate(calls):
            if place % 2:
                signed, decided = self._sign(claims[place]), self._decide(call, origids[place])
            else:
                decided, signed = self._decide(call, origids[place]), self._sign(claims[place])
            signing.append(signed)
            policy.append(decided - signed)
        return _Times(signing, policy)

    def _decide(self, call: OutboundCall, origid: str) -> float:
        """Microseconds of a decision."""
        begun = perf_counter_ns()
        self.decide(call, origid)
        return (perf_counter_ns() - begun) / 1000

    def _sign(self, claims: ShakenClaims) -> float:
        """Microseconds of claims, token and header of one call."""
        begun = perf_counter_ns()
        again = replace(claims)  # checks them, as making them does
        identity.build(self._credential.signer.sign(again), self._credential.x5u)
        return (perf_counter_ns() - begun) / 1000

    def counted(self, calls: Iterable[OutboundCall]) -> Iterator[float]:
        """Microseconds of what the edge does with each decision."""
        ledger = Ledger(lambda: self._snapshot, lambda: NOW, lambda _: None)
        for call in calls:
            decision = self.decide(call, new_origid())
            begun = perf_counter_ns()
            ledger.decided(decision)
            yield (perf_counter_ns() - begun) / 1000

    def by_check(self, calls: Iterable[OutboundCall]) -> dict[str, float]:
        """Median microseconds of every check, in their order, and of what is before and after them."""
        names = ("reading the call", *(check.name for check in OUTBOUND), "writing the outcome")
        rows = [self._checked(call) for call in calls]
        return dict(zip(names, map(median, zip(*rows, strict=True)), strict=True))

    def _checked(self, call: OutboundCall) -> list[float]:
        origid = new_origid()
        at = [perf_counter_ns()]
        outbound = Outbound.of(call, self._snapshot, self._credentials, NOW, origid, self._usage)
        at.append(perf_counter_ns())
        for check in OUTBOUND:
            check.run(outbound)
            at.append(perf_counter_ns())
        outbound.outcome()
        at.append(perf_counter_ns())
        return [(stop - start) / 1000 for start, stop in pairwise(at)]


def _claims(decision: Refuse | Forward) -> ShakenClaims:
    if not isinstance(decision, Forward) or decision.attest is None or decision.caller is None:
        raise RuntimeError(f"a call that was to be signed was not: {decision}")
    return ShakenClaims(
        attest=decision.attest,
        dest=(decision.callee.digits,),
        iat=int(NOW),
        orig=decision.caller.digits,
        origid=decision.origid or "",
    )


def _percentile(values: Sequence[float], share: int) -> float:
    return sorted(values)[len(values) * share // 100]
