"""Whether the Redis that a node shares with others can be used, as `gateway doctor` asks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from redis import Redis
from redis.exceptions import RedisError

from gateway.config import Config
from gateway.shared.messages import CHANNEL
from gateway.shared.opening import WAY_SECONDS, Unreachable, Way, reason

OLDEST = (7, 0)
"""Whose SET takes NX and GET together."""

Found = tuple[Literal["ok", "off", "warning"], str]


def findings(config: Config) -> Iterator[Found]:
    """What there is to say; nothing that keeps a call from going on is among it."""
    way = Way.of(config.store)
    if way is None:
        yield "off", "[store] redis_url is not set: this node counts calls for itself alone"
        return
    try:
        with way.blocking(WAY_SECONDS, WAY_SECONDS) as redis:
            yield from _redis(way, redis)
    except (RedisError, OSError, Unreachable) as error:
        yield "warning", f"{way.place}: {reason(error)}; this node counts calls for itself alone"


def _redis(way: Way, redis: Redis) -> Iterator[Found]:
    version = str(_info(redis, "server")["redis_version"])
    listening = int(dict(redis.pubsub_numsub(CHANNEL)).get(CHANNEL.encode(), 0))
    yield "ok", f"Redis {version} at {way.place}, {listening} nodes listen"
    if tuple(map(int, version.split(".")[:2])) < OLDEST:
        yield "warning", f"Redis {version} is too old: tokens need 7.0, each node knows its own alone"
    policy = _info(redis, "memory").get("maxmemory_policy")
    if policy != "volatile-lru":
        yield "warning", f"its maxmemory-policy is {policy}; volatile-lru keeps what is counted for last"


def _info(redis: Redis, section: str) -> dict[str, object]:
    return dict(redis.info(section))
