"""The wire between the nodes: Redis, in the event loop of the process that counts.

What this node tells goes into its hash and over the channel in one go: all that has gathered in some hundredths of a second,
or at once where a bound is nearly used up, for then the others' next calls depend on it. One flush is under way at a time,
so a Redis that is slow or hangs costs the loop nothing: what changes meanwhile is one more owner in a set. The connection
that listens hears our own messages too: if it does not, it is dead, whatever TCP says.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from time import monotonic
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from gateway import log
from gateway.policy.usage import Usage
from gateway.shared import messages
from gateway.shared.hearing import SILENT, Hearing
from gateway.shared.opening import Unreachable, Way, reason
from gateway.shared.status import SharedStatus
from gateway.shared.telling import Telling

GATHER_SECONDS = 0.002
"""Between two flushes at the least, however urgent."""

CALM_SECONDS = 0.02
"""What is not urgent gathers for so long: a flush costs every node a tenth of a millisecond and more, and a call three or four
events."""

BEAT_SECONDS = 1.0
"""Between two signs of life."""

WATCH_SECONDS = 0.25

BACK_OFF = (0.1, 0.5, 1.0, 2.0)
"""Seconds until Redis is tried again, after so many failures in a row."""

NODE_TTL = 60
"""Seconds for which a node's figures lie in Redis after its last word; who reads them has heard it just before."""

DAY_TTL = 2 * 86_400
"""Seconds for which a day's money is remembered: over its midnight in any time zone."""

PIECE = 500
"""Fields of a day's hash that are read at once."""

_log = log.get("shared")

_Away = (RedisError, OSError, TimeoutError, Unreachable)


class Wire:
    """What `telling` has to say, to the others; what they say, to `hearing`. `now`: epoch seconds."""

    def __init__(
        self, way: Way, name: str, telling: Telling, hearing: Hearing, usage: Usage, now: Callable[[], float]
    ) -> None:
        self._way, self._name = way, name
        self._telling, self._hearing, self._usage, self._now = telling, hearing, usage, now
        self._something, self._urgent = asyncio.Event(), asyncio.Event()
        self._to_read: asyncio.Queue[str] = asyncio.Queue()
        self._reading: set[str] = set()
        self._is_written = self._up = False
        self._problem: str | None = "not connected yet"
        self._dropped = 0
        self._failures = 0
        telling.wake = self._wake

    @property
    def status(self) -> SharedStatus:
        """How it stands."""
        problems = [f"{self._way.place}: {self._problem}; calls are counted by this node alone"]
        namesake = f"another node is called {self._name} too: give each [node] name of its own"
        return SharedStatus(
            self._up,
            self._hearing.nodes,
            (
                *(problems if self._problem else ()),
                *((namesake,) if self._hearing.has_namesake(monotonic()) else ()),
            ),
            self._dropped,
        )

    async def run(self) -> None:
        """Until cancelled; no failure of Redis, and no mistake of ours, ends it."""
        await _first_failure(self._watch(), self._keep_connected())

    async def _watch(self) -> None:
        while True:
            try:
                self._hearing.watch(monotonic())
            except Exception:
                _log.exception("shared.failed")
            await asyncio.sleep(WATCH_SECONDS)

    async def _keep_connected(self) -> None:
        while True:
            try:
                await self._connected()
            except _Away as error:
                self._down(reason(error))
            except Exception:
                _log.exception("shared.failed")
                self._down("a mistake of ours: the log has it")
            await asyncio.sleep(BACK_OFF[min(self._failures, len(BACK_OFF)) - 1])

    def _down(self, problem: str) -> None:
        if self._up or self._failures == 0:
            _log.warning("shared.away", redis=self._way.place, error=problem)
        self._up, self._problem = False, problem
        self._failures += 1

    async def _connected(self) -> None:
        """One connection's life; raises what ends it."""
        redis = self._way.waiting()
        subscription = redis.pubsub(ignore_subscribe_messages=True)
        try:
            await subscription.subscribe(
                messages.CHANNEL
            )  # first, so that nothing is missed after what is read
            await self._recall(redis)
            await redis.delete(messages.node_key(self._name))
            self._is_written = False
            self._telling.again(self._usage.asked())
            await _first_failure(self._listen(subscription), self._tell(redis), self._read(redis))
        finally:
            with contextlib.suppress(*_Away):
                await subscription.aclose()  # type: ignore[no-untyped-call]
            with contextlib.suppress(*_Away):
                await redis.aclose()

    # What this node tells

    async def _tell(self, redis: Redis) -> None:
        day, beat_at = self._usage.day(self._now()), 0.0
        while True:
            if monotonic() >= beat_at:
                beat_at = monotonic() + BEAT_SECONDS
                today = self._usage.day(self._now())
                self._telling.grown(self._usage.growing() if today == day else self._usage.asked())
                day = today
            self._something.clear()
            self._urgent.clear()
            await self._flush(redis)
            if self._telling.something:  # more than goes into one message
                self._wake(True)
            await asyncio.sleep(GATHER_SECONDS)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, beat_at - monotonic())):
                    await self._something.wait()
                async with asyncio.timeout(CALM_SECONDS):
                    await self._urgent.wait()

    def _wake(self, urgent: bool) -> None:
        self._something.set()
        if urgent:
            self._urgent.set()

    async def _flush(self, redis: Redis) -> None:
        message = self._telling.take(self._usage.day(self._now()))
        key = messages.node_key(self._name)
        told = redis.pipeline(transaction=False)
        told.expire(key, NODE_TTL)
        told.hset(key, mapping=messages.fields(message))
        if settled := messages.settled_fields(message):
            told.hset(messages.day_key(message.day), mapping=settled)
            told.expire(messages.day_key(message.day), DAY_TTL)
        told.publish(messages.CHANNEL, messages.write(message))
        was_there, *_ = await told.execute()
        if (
            message.number > 1 and not was_there
        ):  # Redis has lost it, or this process was stopped for too long
            self._telling.again(self._usage.asked())
        if not self._up:
            _log.info("shared.up", redis=self._way.place)
        self._up, self._problem, self._failures = True, None, 0

    # What the others tell

    async def _listen(self, subscription: PubSub) -> None:
        heard_at = monotonic()
        while monotonic() - heard_at < SILENT:
            found = await subscription.get_message(timeout=SILENT)
            if found is not None:
                heard_at = monotonic()
                self._heard(found["data"])
            await asyncio.sleep(0)  # many messages in one packet: calls go between them
        raise TimeoutError("nothing is heard, not even our own messages")

    def _heard(self, text: bytes) -> None:
        try:
            message = messages.read(text)
            if self._hearing.is_echo(message, monotonic()):
                return
            to_read = self._hearing.hear(message, monotonic())
        except ValueError:
            self._drop()
            return
        if to_read and message.node not in self._reading:
            self._reading.add(message.node)
            self._to_read.put_nowait(message.node)

    def _drop(self) -> None:
        """It may hold telephone numbers, so the log says no more."""
        self._dropped += 1
        if self._dropped == 1:
            _log.warning("shared.not-understood", redis=self._way.place)

    async def _read(self, redis: Redis) -> None:
        while True:
            node = await self._to_read.get()
            self._reading.discard(node)
            key = messages.node_key(node)
            try:
                if await _answer(redis.hlen(key)) <= messages.MOST_OWNERS:
                    self._hearing.read(node, messages.account(await _answer(redis.hgetall(key))))
            except ValueError:
                self._drop()

    async def _recall(self, redis: Redis) -> None:
        """What was settled today: by nodes that are gone, and by this one before it lost its own record of that."""
        day = self._usage.day(self._now())
        cursor = 0
        while True:
            cursor, found = await _answer(redis.hscan(messages.day_key(day), cursor, count=PIECE))
            for name, value in found.items():
                try:
                    node, owner, amount = messages.settled(name, value)
                except ValueError:
                    self._drop()
                    continue
                if node == self._name:
                    self._usage.recall(owner, amount, day, self._now())
                else:
                    self._hearing.settled(node, owner, amount, day)
            if not cursor:
                return


async def _answer(asked: Awaitable[Any] | Any) -> Any:
    """What Redis answers; the library's types speak of its blocking client as well."""
    return await asked


async def _first_failure(*works: Coroutine[Any, Any, None]) -> None:
    """All of them at once, until the first one fails: raises that, and nothing is left running."""
    tasks = [asyncio.create_task(each) for each in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await _ended(tasks)
    for task in done:
        task.result()


async def _ended(tasks: list[asyncio.Task[None]]) -> None:
    """Cancel these until they have ended: the client was seen to swallow a cancellation that came with an answer."""
    while running := [task for task in tasks if not task.done()]:
        for task in running:
            task.cancel()
        await asyncio.wait(running, timeout=0.05)
    for task in tasks:
        if not task.cancelled():
            task.exception()  # seen, or the event loop would tell of it
