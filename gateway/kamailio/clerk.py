"""The clerk: one process of Kamailio's that serves no SIP of its own, and does for the others what takes time or one hand.

It counts calls and blocks who misbehaves, keeps the book of running calls, writes records and the node's status, looks for
changes that Kamailio itself has to know, fetches certificates, and decides the calls that waited for one. Its event loop
runs inside `serve`, which Kamailio calls again and again.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from gateway import log
from gateway.kamailio import native
from gateway.kamailio.calls import Calls, News
from gateway.kamailio.deciding import Decided, Deciding, Waiting, fault, told
from gateway.kamailio.line import Due, Line, Suspended, Told, Word
from gateway.sip import records

NEWS_SECONDS = 0.02
"""Between two looks for what dialogs have told."""
AGAIN_SECONDS = 1.0
"""Until work that has failed begins again."""

_log = log.get("clerk")


class Counted(Protocol):
    """Who counts: `gateway.kamailio.books`."""

    def judged(self, told: Told) -> None:
        """A call was decided."""
        ...

    def changed(self, peer: str, owners: tuple[str, ...]) -> None:
        """A call of this peer, which counts for these owners, has begun or gone on."""
        ...

    def post(self) -> None:
        """Let the SIP processes see what has changed."""
        ...


@dataclass(frozen=True, slots=True)
class Work:
    """What the clerk does beside the calls: tasks that run for ever, and how one chain is fetched again."""

    tasks: tuple[Callable[[], Awaitable[None]], ...]
    fetch: Callable[[str], Awaitable[object]]


class Clerk:
    """`tell` hears of each call that is over."""

    def __init__(
        self,
        line: Line,
        deciding: Deciding,
        calls: Calls,
        counted: Counted,
        tell: Callable[[dict[str, Any]], None],
        work: Callable[[], Work],
    ) -> None:
        self._line, self._deciding, self._calls = line, deciding, calls
        self._counted, self._tell, self._work = counted, tell, work
        self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)
        self._waiting: set[asyncio.Task[Any]] = set()
        self._decided: deque[tuple[Suspended, Decided]] = deque()
        self._something = asyncio.Event()
        self._current: tuple[Suspended, Decided] | None = None
        self._loop.run_until_complete(self._begin())

    async def _begin(self) -> None:
        self._doing = self._work()
        self._loop.add_reader(self._line.fileno(), self._hear)
        for each in (*self._doing.tasks, self._listen):
            self._start(_kept_up(each))

    def _start(self, work: Awaitable[Any]) -> None:
        task = asyncio.ensure_future(work)
        self._waiting.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._waiting.discard(task)
        if not task.cancelled() and task.exception():
            _log.error("clerk.task-failed", exc_info=task.exception())

    def serve(self) -> int:
        """Work until a suspended call is decided; names its transaction and returns 1."""
        if self._current:  # Kamailio did not go on with it: its caller has given up
            self._given_up(*self._current)
        self._loop.run_until_complete(self._next())
        self._current = self._decided.popleft()
        native.name_transaction(*self._current[0].transaction)
        return 1

    async def _next(self) -> None:
        while not self._decided:
            self._something.clear()
            await self._something.wait()

    def taken(self) -> Decided | None:
        """The call that Kamailio goes on with now."""
        if self._current is None:
            return None
        (_, decided), self._current = self._current, None
        self._took(told(decided))
        self._counted.post()
        return decided

    def _given_up(self, suspended: Suspended, decided: Decided) -> None:
        self._current = None
        record = {**decided.record, "code": 487, "ended_by": "cancelled", "concluded_ms": 0.0}
        self._counted.judged(told(decided)._replace(hold=None))
        self._counted.post()
        self._tell(records.of_call(suspended.token, record))

    # What the SIP processes say

    def _hear(self) -> None:
        for word in self._line.heard():
            self._take(word)
        self._counted.post()

    def _take(self, word: Word) -> None:
        if isinstance(word, Told):
            self._took(word)
        elif isinstance(word, Suspended):
            self._start(self._decide(word))
        elif isinstance(word, Due):
            self._start(self._doing.fetch(word.url))

    def _took(self, call: Told) -> None:
        self._counted.judged(call)
        if call.peers:
            self._calls.began(call.token, call.record, call.hold, call.peers)
            self._counted.changed(*self._calls.counted_for(call.token))
        else:
            self._tell(records.of_call(call.token, call.record))

    async def _decide(self, suspended: Suspended) -> None:
        """A call whose certificates have to be awaited."""
        try:
            found = self._deciding.decide(suspended.data, suspended.source, suspended.token, suspended.at)
            if isinstance(found, Waiting):
                verdict = await found.pending.verdict()
                found = self._deciding.judged(found.asked, found.wanted, verdict)
        except Exception:  # whatever it is, the caller must not wait for ever
            _log.exception("call.not-decided")
            found = None
        self._decided.append((suspended, found or fault(suspended.token, suspended.at)))
        self._something.set()

    # What dialogs say

    async def _listen(self) -> None:
        while True:
            if found := native.news():
                while found:
                    self._heard(*found)
                    found = native.news()
                self._counted.post()
            await asyncio.sleep(NEWS_SECONDS)

    def _heard(self, token: str, text: str) -> None:
        try:
            news = News.read(text)
        except ValueError:
            _log.error("news.unreadable", text=text)
            return
        peer, owners = self._calls.counted_for(token)
        self._calls.heard(token, news)
        self._counted.changed(peer, owners)


async def _kept_up(work: Callable[[], Awaitable[None]]) -> None:
    """Work that must not end: a mistake of ours in it is logged, and it begins again."""
    while True:
        try:
            await work()
        except Exception:
            _log.exception("clerk.task-failed")
        await asyncio.sleep(AGAIN_SECONDS)
