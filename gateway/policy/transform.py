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
from dataclasses import dataclass, field
from typing import NamedTuple

from gateway.policy.lists import Party

_is_original = re.compile(r"(?=.)\+?[0-9#?]*\*?").fullmatch
_is_target = re.compile(r"\+?[0-9#]*\*?[0-9#]*").fullmatch

_DIGITS = frozenset("0123456789")
_SIGNS = _DIGITS | frozenset("+#*")
"""What a number may begin with as it was dialled."""


@dataclass(frozen=True, slots=True)
class Transform:
    """Numbers of a peer's calls that match `original` become `target`; ValueError for a pattern that means nothing.

    stem: the original without its `*`. open: whether it ends in one.
    """

    peer: str
    party: Party
    original: str
    target: str
    stem: str = field(init=False, repr=False, compare=False)
    open: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "stem", self.original.removesuffix("*"))
        object.__setattr__(self, "open", self.original.endswith("*"))
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
    by_stem: dict[str, Transform]

    @classmethod
    def of(cls, shape: _Shape, by_stem: dict[str, Transform]) -> _Rules:
        return cls(len(shape.mask), shape.open, shape.mask if "?" in shape.mask else None, by_stem)


class Rewriter:
    """The transforms of one peer and party, those that are asked first in front.

    Most numbers match none of them, and nearly all of those show it by their first sign.
    """

    __slots__ = ("_begins", "_rules")

    def __init__(self, shapes: dict[_Shape, dict[str, Transform]]) -> None:
        self._rules = tuple(_Rules.of(shape, shapes[shape]) for shape in sorted(shapes))
        stems = (stem for rules in self._rules for stem in rules.by_stem)
        self._begins = frozenset().union(*map(_begins, stems))

    def find(self, number: str) -> Transform | None:
        """The transform that a number matches; an empty one matches none."""
        if number[:1] not in self._begins:
            return None
        given = len(number)
        for length, open, mask, by_stem in self._rules:
            if given == length or (given > length and open):
                stem = number[:length] if mask is None else _blanked(number, mask)
                rule = None if stem is None else by_stem.get(stem)
                if rule is not None:
                    return rule
        return None


class TransformTable:
    """Rewrites numbers by the transforms of their peer and party; no two may match alike (see `clashes`)."""

    def __init__(self, transforms: Iterable[Transform]) -> None:
        rules: dict[tuple[str, Party], dict[_Shape, dict[str, Transform]]] = {}
        for each in transforms:
            shapes = rules.setdefault((each.peer, each.party), {})
            shapes.setdefault(_Shape.of(each), {})[each.stem] = each
        self._rewriters = {whose: Rewriter(shapes) for whose, shapes in rules.items()}

    def of(self, peer: str, party: Party) -> Rewriter | None:
        """What rewrites this party's numbers in the peer's calls; None where it has no transforms for it."""
        return self._rewriters.get((peer, party))

    def has(self, peer: str, party: Party) -> bool:
        """Whether the peer has transforms for this party at all."""
        return (peer, party) in self._rewriters

    def apply(self, peer: str, party: Party, number: str) -> Transformed:
        """The number of a call from `peer` as it is from here on; an empty one stays empty."""
        rewriter = self.of(peer, party)
        rule = rewriter.find(number) if rewriter else None
        return Transformed(rule.rewrite(number) if rule else number, rule)


def _begins(stem: str) -> frozenset[str]:
    """The first signs of the numbers that begin with a stem."""
    if not stem:
        return _SIGNS
    return _DIGITS if stem[0] == "?" else frozenset(stem[0])


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
    if any(kept == "?" and sign not in _DIGITS for sign, kept in pairs):
        return None
    return "".join("?" if kept == "?" else sign for sign, kept in pairs)
