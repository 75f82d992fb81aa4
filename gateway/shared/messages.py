"""What nodes say to each other through Redis, and how it is written. What comes in is a stranger's until it was read here.

This file does no I/O.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from math import isfinite
from typing import Annotated, Any, NamedTuple

from pydantic import Field, TypeAdapter

from gateway.policy.blocks import Block
from gateway.policy.elsewhere import Figures
from gateway.policy.incidents import Incident

PREFIX = "stirgw:"
CHANNEL = f"{PREFIX}news"

LONGEST = 1 << 20
"""Bytes of a message; longer ones are none of ours."""

MOST_OWNERS = 65_536
"""Of one node."""

MOST_INCIDENTS = 1000
"""In one message; what is more comes in the next."""

HEAD = "@"
"""The field of a node's hash that says whose figures these are; owners' names have a stroke."""

_Node = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
_Instance = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
_Owner = Annotated[str, Field(pattern=r"^(peer|account)/", max_length=300)]
_Count = Annotated[int, Field(strict=True, ge=0, le=1 << 53)]
_Incident = Annotated[Incident, Field(discriminator="kind")]
_Host = Annotated[str, Field(min_length=1, max_length=300)]

LONGEST_TEXT = 300
"""Characters of a number, an address, a rule or an account in an incident or a block."""


class Told(NamedTuple):
    """What a node uses of one owner: calls at once; money running and settled, in micro-units; calls begun since the last
    message."""

    concurrent: _Count
    running: _Count
    settled: _Count
    begun: _Count = 0

    def figures(self, day: date) -> Figures:
        """The same as the counters have it."""
        return Figures(self.concurrent, self.running, self.settled, day)


@dataclass(frozen=True, slots=True)
class Message:
    """What one node says. `instance` is another one each time its process begins, `number` counts its messages from 1.

    `day` is the one whose money was settled. `figures` are those that changed; `hosts` those of certificates that have
    answered (true) or failed.
    """

    node: _Node
    instance: _Instance
    number: Annotated[int, Field(strict=True, ge=1, le=1 << 53)]
    day: date
    figures: Annotated[dict[_Owner, Told], Field(max_length=MOST_OWNERS)] = field(default_factory=dict)
    incidents: Annotated[tuple[_Incident, ...], Field(max_length=MOST_INCIDENTS)] = ()
    blocks: Annotated[tuple[Block, ...], Field(max_length=MOST_INCIDENTS)] = ()
    hosts: Annotated[tuple[tuple[_Host, bool], ...], Field(max_length=MOST_INCIDENTS)] = ()


@dataclass(frozen=True, slots=True)
class Head:
    """Whose figures a node's hash holds: those up to the message with this number."""

    instance: _Instance
    number: Annotated[int, Field(strict=True, ge=1)]
    day: date


@dataclass(frozen=True, slots=True)
class Account:
    """A node's hash: all figures it has told."""

    head: Head
    figures: Mapping[str, Told]


_MESSAGE, _HEAD, _TOLD, _OWNER = (
    TypeAdapter(Message),
    TypeAdapter(Head),
    TypeAdapter(Told),
    TypeAdapter(_Owner),
)
_SETTLED = TypeAdapter(Annotated[int, Field(ge=0, le=1 << 53)])
_NODE = TypeAdapter(_Node)


def write(message: Message) -> bytes:
    """As it goes over the channel."""
    return _MESSAGE.dump_json(message)


def read(text: bytes) -> Message:
    """The message; ValueError for what is none."""
    if len(text) > LONGEST:
        raise ValueError("too long")
    message = _MESSAGE.validate_json(text)
    texts = (
        value
        for each in (*message.incidents, *message.blocks)
        for value in (getattr(each, name) for name in each.__slots__)
    )
    for each in texts:
        if isinstance(each, str) and len(each) > LONGEST_TEXT:
            raise ValueError("a text is too long")
        if isinstance(each, float) and not isfinite(each):
            raise ValueError("no time")
    return message


def node_key(node: str) -> str:
    """Where a node keeps all its figures."""
    return f"{PREFIX}node:{node}"


def day_key(day: date) -> str:
    """Where all nodes keep what they have settled in a day."""
    return f"{PREFIX}day:{day.isoformat()}"


def fields(message: Message) -> Mapping[Any, bytes]:
    """What a message changes of its node's hash."""
    head = Head(message.instance, message.number, message.day)
    told = {owner: _TOLD.dump_json(each._replace(begun=0)) for owner, each in message.figures.items()}
    return {HEAD: _HEAD.dump_json(head), **told}


def settled_fields(message: Message) -> Mapping[Any, int]:
    """What a message changes of the hash of its day."""
    return {
        f"{message.node} {owner}": each.settled for owner, each in message.figures.items() if each.settled
    }


def account(found: Mapping[bytes, bytes]) -> Account:
    """A node's hash as it was read; ValueError for what is none."""
    if HEAD.encode() not in found or len(found) > MOST_OWNERS:
        raise ValueError("no node's figures")
    head = _HEAD.validate_json(found[HEAD.encode()])
    figures = {
        _OWNER.validate_python(name.decode()): _TOLD.validate_json(value)
        for name, value in found.items()
        if name != HEAD.encode()
    }
    return Account(head, figures)


def settled(name: bytes, value: bytes) -> tuple[str, str, int]:
    """Node, owner and money of a field of a day's hash; ValueError for what is none."""
    node, _, owner = name.decode().partition(" ")
    return _NODE.validate_python(node), _OWNER.validate_python(owner), _SETTLED.validate_json(value)
