"""The dynamic black list as a file: how a block reaches the edges of other nodes, and a release by hand every edge.

The recorder writes it whenever the list in the database changes. It holds what is in force and what was released of
late; an edge that merges it into what it has counted itself loses nothing it knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from gateway.policy.blocks import Block, BlockType
from gateway.store.files import replace

FILE_NAME = "blocks.json"

TOLD_FOR = 3600.0
"""Seconds for which a release stands in the file."""


@dataclass(frozen=True, slots=True)
class Release:
    """A block that was taken away by hand at this time (epoch seconds): what was found since counts, nothing earlier."""

    type: BlockType
    subject: str
    at: float


@dataclass(frozen=True, slots=True)
class BlocksFile:
    """The dynamic black list: `released` comes first where both speak of one subject."""

    released: tuple[Release, ...] = ()
    blocks: tuple[Block, ...] = ()

    def beyond(self, earlier: BlocksFile) -> BlocksFile:
        """What this list says that an earlier one did not."""
        released, blocks = set(earlier.released), set(earlier.blocks)
        return BlocksFile(
            tuple(each for each in self.released if each not in released),
            tuple(each for each in self.blocks if each not in blocks),
        )

    def __bool__(self) -> bool:
        return bool(self.released or self.blocks)


_FORM = TypeAdapter(BlocksFile)


def write(path: Path, blocks: BlocksFile) -> None:
    """Put the list in place as one step; OSError if the disk does not take it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    replace(path, _FORM.dump_json(blocks), durable=False)


def read(path: Path) -> BlocksFile:
    """The list of a file; ValueError if it is none, OSError if it is not there."""
    try:
        return _FORM.validate_json(path.read_bytes())
    except ValidationError as error:
        raise ValueError(f"{path} is damaged: {error.errors()[0]['msg']}") from None
