"""Two certificate hosts in trouble, one that hangs and one that sends 30 MB: the calls of all others must not notice.

    alone      100 calls a second whose certificates are at a sound host
    troubled   the same, and 20 calls a second whose certificates are at the other two
    crowded    the same, and 20 calls a second more at the sound host: what so many calls cost each other anyway

The three kinds of run take turns. In each, one certificate of the sound host has yet to be fetched; the hosts in trouble
are new to the gateway, and each troubled call names a file of its own, so that none is answered from memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, cycle, islice
from statistics import median
from typing import NamedTuple

from scenarios.bench.figure import Bound, Figure, most
from scenarios.bench.length import Length
from scenarios.bench.traffic import seen, setups, signed_calls
from scenarios.bench.verifying import BUDGET, Verifying, verifying_node

TENS_A_SECOND = 10  # a ten is ten sound calls, with one at each host in trouble beside them or without
SECONDS = 15
ROUNDS = 5
SOUND, HANGING, HUGE = "12155550123", "12155550124", "12155550125"  # the number called tells the calls apart
SETUP_SECONDS = 0.1  # what a call takes besides waiting for certificates, at the very most

_Call = tuple[str, str]  # its certificate's URL, the number called


@dataclass(frozen=True, slots=True)
class _Run:
    """Milliseconds from INVITE to 200 in ascending order, by the number called; how many calls failed."""

    setup_ms: dict[str, list[float]]
    failed: int

    @property
    def p99(self) -> float:
        sound = self.setup_ms[SOUND]
        return sound[len(sound) * 99 // 100]

    def __str__(self) -> str:
        longest = (f"{called[-3:]}: {times[-1]:.0f}" for called, times in self.setup_ms.items() if times)
        return (
            f"p99 {self.p99:.1f} ms, {self.failed} failed, longest by number called {', '.join(longest)} ms"
        )


class _Round(NamedTuple):
    """One run of each kind."""

    alone: _Run
    crowded: _Run
    troubled: _Run


def trouble(length: Length) -> Iterator[Figure]:
    """p99 of the set-up time of sound calls, with trouble over without; the longest wait of a troubled call."""
    tens = round(max(4.0, length.of(SECONDS)) * TENS_A_SECOND)
    with verifying_node(hostile=2 * ROUNDS) as gateway:
        _run(gateway, [_sound(gateway, "known")] * TENS_A_SECOND)
        rounds = [_round(gateway, number, tens, length) for number in range(ROUNDS)]
        length.tell(f"verdicts: {gateway.verdicts}")
    yield from _figures(rounds)


def _round(gateway: Verifying, number: int, tens: int, length: Length) -> _Round:
    """The hosts in trouble are this round's own."""
    alone = _run(gateway, [_sound(gateway, f"alone{number}")] * tens)
    length.tell(f"alone: {alone}")
    crowd = _sound(gateway, f"crowded{number}")
    crowded = _run(gateway, [crowd + crowd[1:3]] * tens)
    length.tell(f"crowded: {crowded}")
    sound = _sound(gateway, f"troubled{number}")
    troubled = _run(gateway, [sound + _troubled(gateway, number, f"{ten}") for ten in range(tens)])
    length.tell(f"troubled: {troubled}")
    return _Round(alone, crowded, troubled)


def _sound(gateway: Verifying, name: str) -> list[_Call]:
    """Ten calls; the certificate of the first was not fetched before under this name, the others' are known."""
    known = islice(cycle(gateway.sound_urls("known")), 9)
    return [(url, SOUND) for url in (gateway.sound_urls(name)[0], *known)]


def _troubled(gateway: Verifying, number: int, name: str) -> list[_Call]:
    hanging, huge = gateway.hanging_url(2 * number, name), gateway.huge_url(2 * number + 1, name)
    return [(hanging, HANGING), (huge, HUGE)]


def _run(gateway: Verifying, tens: list[list[_Call]]) -> _Run:
    calls = gateway.signed(chain.from_iterable(tens))
    outcome = signed_calls(gateway.node, len(tens[0]) * TENS_A_SECOND, calls)
    times: dict[str, list[float]] = {SOUND: [], HANGING: [], HUGE: []}
    for each in setups(seen(gateway.node, "caller")):
        times[each.start.partition("sip:+")[2][: len(SOUND)]].append(each.ms)
    if not times[SOUND]:
        raise RuntimeError(f"no call was answered: {outcome}")
    gateway.node.settle()  # the next run begins with nothing left of this one
    return _Run({called: sorted(each) for called, each in times.items()}, outcome.failed)


def _figures(rounds: list[_Round]) -> Iterator[Figure]:
    alone, crowded, troubled = ([run.p99 for run in runs] for runs in zip(*rounds, strict=True))
    yield _ratio("hosts in trouble: p99 of other calls, with / without", troubled, alone, most(1.1))
    yield _ratio("as many calls and no trouble: the same", crowded, alone)
    waits = [ms for each in rounds for called in (HANGING, HUGE) for ms in each.troubled.setup_ms[called]]
    wait = max(waits, default=float("inf")) / 1000
    longest, budget = most(BUDGET + SETUP_SECONDS), f"INVITE→200; the budget is {BUDGET:g} s"
    yield Figure("hosts in trouble: longest wait of a troubled call", wait, "s", longest, budget)
    failed = sum(run.failed for each in rounds for run in each)
    yield Figure("hosts in trouble: calls failed", failed, "", most(0))


def _ratio(what: str, ones: list[float], others: list[float], bound: Bound | None = None) -> Figure:
    """The median over all rounds; milliseconds."""
    ratios = sorted(one / other for one, other in zip(ones, others, strict=True))
    spread = f"{ratios[0]:.2f} to {ratios[-1]:.2f} in {len(ratios)} rounds"
    note = f"{median(ones):.1f} / {median(others):.1f} ms; {spread}"
    return Figure(what, median(ratios), "", bound, note)
