"""Number transforms: how the operator rewrites the numbers of a peer's calls before anything else looks at them.

An original pattern is made of the signs a number is dialled with: digits, `#`, a `+` in front; `?` is exactly one
digit and a `*` at the end is all that follows, or nothing.

    without `?` and `*`   what the number begins with: the target takes its place and the rest is kept
    with `?`              the whole number, of that many signs: the target takes its place
    with `*`              the whole number: the target takes its place, and a `*` in it stands for what `*` matched

The longest original that matches wins, `*` alone being the shortest; of two that are equally long the one with a
digit where the other has `?` first; of `12?` and `12?*` the former. A number is rewritten once: the result is not
looked up again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from gateway.policy.lists import Party

_is_original = re.compile(r"(?=.)\+?[0-9#?]*\*?").fullmatch
_is_target = re.compile(r"\+?[0-9#]*\*?[0-9#]*").fullmatch


@dataclass(frozen=True, slots=True)
class Transform:
    """Numbers of a peer's calls that match `original` become `target`; ValueError for a pattern that means nothing."""

    peer: str
    party: Party
    original: str
    target: str

    def __post_init__(self) -> None:
        if not _is_original(self.original):
            raise ValueError(
                f"original {self.original[:40]!r} is no pattern: write digits and # (a + only in front), "
                "? for one digit, * only at the end; * alone matches every number"
            )
        if not _is_target(self.target):
            raise ValueError(
                f"target {self.target[:40]!r} is no replacement: write digits and # (a + only in front) "
                "and at most one *; ? stands in originals only"
            )
        if "*" in self.target and not self.open:
            raise ValueError(
                f"target {self.target!r} has a * but original {self.original!r} has none for it to repeat"
            )

    @property
    def stem(self) -> str:
        """The original without its `*`."""
        return self.original.removesuffix("*")

    @property
    def open(self) -> bool:
        """Whether the original ends in `*`."""
        return self.original.endswith("*")

    def rewrite(self, number: str) -> str:
        """What becomes of a number that matches."""
        rest = number[len(self.stem) :]
        if self.open:
            return self.target.replace("*", rest)
        return self.target + rest


class Transformed(NamedTuple):
    """A number after its transform, and the rule that made it so (None: no rule matched)."""

    number: str
    rule: Transform | None


@dataclass(frozen=True, slots=True, order=True)
class _Shape:
    """What originals have in common that one look-up finds; of two shapes the lesser is asked first.

    `rank` is the length of the stem, negated; `mask` the stem with `0` for every sign but `?`; `open` says that more
    may follow the stem.
    """

    rank: int
    mask: str
    open: bool

    @classmethod
    def of(cls, transform: Transform) -> _Shape:
        stem = transform.stem
        return cls(-len(stem), re.sub("[^?]", "0", stem), transform.open or "?" not in stem)


class _Rules(NamedTuple):
    """The transforms of one shape by their stem; `mask` only where there is a `?` in it."""

    length: int
    open: bool
    mask: str | None
    by_stem: dict[str | None, Transform]

    @classmethod
    def of(cls, shape: _Shape, by_stem: dict[str | None, Transform]) -> _Rules:
        return cls(len(shape.mask), shape.open, shape.mask if "?" in shape.mask else None, by_stem)


class TransformTable:
    """Rewrites numbers by the transforms of their peer and party; no two may match alike (see `clashes`)."""

    def __init__(self, transforms: Iterable[Transform]) -> None:
        rules: dict[tuple[str, Party], dict[_Shape, dict[str | None, Transform]]] = {}
        for each in transforms:
            shapes = rules.setdefault((each.peer, each.party), {})
            shapes.setdefault(_Shape.of(each), {})[each.stem] = each
        self._rules = {
            whose: tuple(_Rules.of(shape, shapes[shape]) for shape in sorted(shapes))
            for whose, shapes in rules.items()
        }

    def has(self, peer: str, party: Party) -> bool:
        """Whether the peer has transforms for this party at all."""
        return (peer, party) in self._rules

    def apply(self, peer: str, party: Party, number: str) -> Transformed:
        """The number of a call from `peer` as it is from here on; an empty one stays empty."""
        given = len(number)
        for length, open, mask, by_stem in self._rules.get((peer, party), ()) if number else ():
            if given == length or (given > length and open):
                rule = by_stem.get(number[:length] if mask is None else _blanked(number, mask))
                if rule is not None:
                    return Transformed(rule.rewrite(number), rule)
        return Transformed(number, None)


def clashes(transforms: Iterable[Transform]) -> list[tuple[Transform, Transform]]:
    """Every transform, paired with the earlier one of its peer and party that matches the very same numbers."""
    found = []
    seen: dict[tuple[str, Party, _Shape, str], Transform] = {}
    for each in transforms:
        earlier = seen.setdefault((each.peer, each.party, _Shape.of(each), each.stem), each)
        if earlier is not each:
            found.append((earlier, each))
    return found


def _blanked(number: str, mask: str) -> str | None:
    """The beginning of the number with `?` for the digits where the mask has it; None where that is no digit."""
    pairs = tuple(zip(number, mask, strict=False))
    if any(kept == "?" and sign not in "0123456789" for sign, kept in pairs):
        return None
    return "".join("?" if kept == "?" else sign for sign, kept in pairs)
