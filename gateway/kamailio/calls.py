"""The calls that are up at this Kamailio, and what is written down of each: the clerk's book. This file does no I/O.

Kamailio's dialogs tell of a call by its token, in the order things happened; what a SIP process says of the same call comes
by another way and may come later. News of a call that nobody has heard of yet wait for it, some seconds and in bounded number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from cachetools import TTLCache

from gateway.policy.holds import Hold
from gateway.sip import records

EARLY_SECONDS = 5.0
MOST_EARLY = 10_000


class Counting(Protocol):
    """What counts the calls: `gateway.ledger.Ledger`."""

    def began(self, hold: Hold | None) -> None: ...

    def answered(self, hold: Hold | None) -> None: ...

    def ended(self, hold: Hold | None, record: Mapping[str, Any], answered_at: float | None) -> None: ...


@dataclass(frozen=True, slots=True)
class News:
    """One event of a call: progress, complaint, answered, ended or failed, at `at` (epoch seconds).

    said: the SIP code, or who hung up. place: which of the call's hops it came from, counted from 0.
    """

    event: str
    said: str
    place: int
    at: float

    @classmethod
    def read(cls, text: str) -> News:
        """As the native route writes it: `event said place seconds.micros`; ValueError where it is something else."""
        event, said, place, at = text.split()
        return cls(event, said, int(place or 0), float(at))


@dataclass(slots=True)
class _Call:
    record: dict[str, Any]
    hold: Hold | None
    peers: tuple[str, ...]
    answered_at: float | None = None


@dataclass(slots=True)
class Calls:
    """`tell` hears of each call that is over, as the log and the call log have it; `now` is in epoch seconds."""

    counting: Counting
    tell: Callable[[dict[str, Any]], None]
    now: Callable[[], float]
    _up: dict[str, _Call] = field(default_factory=dict)
    _early: TTLCache[str, list[News]] = field(init=False)
    setups: Counter[str] = field(default_factory=Counter)
    """Calls of each peer that nobody has answered yet."""

    def __post_init__(self) -> None:
        self._early = TTLCache(MOST_EARLY, EARLY_SECONDS, timer=self.now)

    def __len__(self) -> int:
        return len(self._up)

    def counted_for(self, token: str) -> tuple[str, tuple[str, ...]]:
        """The peer a call came from, and the owners for whom it counts."""
        call = self._up.get(token)
        if call is None:
            return "", ()
        return call.record["peer"], call.hold.owners if call.hold else ()

    def began(self, token: str, record: dict[str, Any], hold: Hold | None, peers: tuple[str, ...]) -> None:
        """A call was sent on. record: what is known of it; peers: whose each of its hops is."""
        self._up[token] = _Call(record, hold, peers)
        self.setups[record["peer"]] += 1
        self.counting.began(hold)
        for news in self._early.pop(token, ()):
            self.heard(token, news)

    def heard(self, token: str, news: News) -> None:
        """Something has happened to a call; what has happened before, or to none, changes nothing."""
        call = self._up.get(token)
        if call is None:
            self._early.setdefault(token, []).append(news)
        elif news.event == "progress":
            _noted(call, "progress", news)
        elif news.event == "complaint":
            call.record.setdefault("complaint", int(news.said))
        elif news.event == "answered":
            self._answered(call, news)
        else:
            self._over(token, call, news)

    def _answered(self, call: _Call, news: News) -> None:
        if call.answered_at is None:
            call.answered_at = news.at
            call.record["code"] = 200
            call.record["carrier"] = _peer(call, news)
            call.record["concluded_ms"] = _since(call, news.at)
            self.setups[call.record["peer"]] -= 1
            self.counting.answered(call.hold)

    def _over(self, token: str, call: _Call, news: News) -> None:
        del self._up[token]
        record = call.record
        if call.answered_at is None:
            self.setups[record["peer"]] -= 1
            code = int(news.said) if news.said.isdigit() else 0
            record["code"] = code or 408
            record["carrier"] = _peer(call, news)
            record["concluded_ms"] = _since(call, news.at)
            record["ended_by"] = "cancelled" if code == 487 else "callee"
        else:
            record["ended_by"] = news.said
        record["ended_ms"] = _since(call, news.at)
        self.counting.ended(call.hold, record, call.answered_at)
        self.tell(records.of_call(token, record))


def _noted(call: _Call, name: str, news: News) -> None:
    """The first time counts."""
    if name not in call.record:
        call.record[name] = int(news.said)
        call.record[f"{name}_ms"] = _since(call, news.at)


def _peer(call: _Call, news: News) -> str | None:
    return call.peers[news.place] if news.place < len(call.peers) else None


def _since(call: _Call, at: float) -> float:
    return round(max(0.0, at - float(call.record["at"])) * 1000, 1)
