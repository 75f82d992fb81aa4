"""Chains of a process that must not wait: those another process left on disk, judged once, and never fetched."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from certs.builders import NOW, Chain, make_chain
from gateway.stir.chain import Anchors, TrustedChain
from gateway.stir.reasons import Reason
from gateway.trust.shelf import Kept, Shelf
from gateway.trust.warm import LOOK_SECONDS, WarmChains

URL = "https://certs.example.test/616H.pem"
DAY = 86_400.0
START = NOW.timestamp() + 60


class World:
    """A clock, the anchors in force, and what the chains asked for and told of."""

    def __init__(self, folder: Path) -> None:
        self.now, self.chain = START, make_chain()
        self.anchors = Anchors([self.chain.root.certificate])
        self.asked: list[str] = []
        self.trusted: list[TrustedChain] = []
        self.shelf = Shelf(folder, 100)
        self.chains = WarmChains(
            folder, lambda: self.anchors, lambda: self.now, self.trusted.append, self.asked.append
        )

    def keep(self, chain: Chain | None = None, lifetime: float = DAY) -> None:
        self.shelf.write(Kept(URL, (chain or self.chain).pem, self.now, lifetime))

    def known(self) -> TrustedChain:
        found = self.chains.known(URL)
        assert isinstance(found, TrustedChain)
        return found


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "certificates")


def test_what_is_nowhere_is_for_somebody_else_to_fetch(world: World) -> None:
    assert world.chains.known(URL) is None
    assert world.asked == []


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(
            lambda world: world.shelf.write(Kept(URL, b"no PEM", world.now, DAY)), id="no-certificate"
        ),
        pytest.param(lambda world: world.keep(make_chain()), id="of-a-root-nobody-trusts"),
        pytest.param(
            lambda world: world.shelf.write(Kept(URL, world.chain.pem, world.now + 10, DAY)),
            id="from-the-future",
        ),
        pytest.param(lambda world: world.keep(lifetime=-1.0), id="no-longer-fresh"),
    ],
)
def test_what_cannot_be_used_is_as_good_as_nowhere(world: World, spoil: Callable[[World], None]) -> None:
    spoil(world)
    assert world.chains.known(URL) is None


def test_a_chain_on_disk_is_judged_once_and_told_of_once(world: World) -> None:
    world.keep()
    assert world.known() is world.known()
    assert len(world.trusted) == 1


def test_a_chain_that_comes_later_is_found_at_the_next_look(world: World) -> None:
    assert world.chains.known(URL) is None
    world.keep()
    assert world.chains.known(URL) is None
    world.now += LOOK_SECONDS
    assert world.known().spc == "616H"


def test_a_chain_whose_time_is_nearly_over_is_asked_for_once_and_still_used(world: World) -> None:
    world.keep()
    world.known()
    world.now += 0.95 * DAY
    assert world.known() is world.known()
    assert world.asked == [URL]


def test_a_chain_whose_time_is_over_is_not_used(world: World) -> None:
    world.keep()
    world.known()
    world.now += DAY + 1
    assert world.chains.known(URL) is None


def test_what_was_fetched_again_takes_the_place_of_what_was_there(world: World) -> None:
    world.keep()
    first = world.known()
    world.now += 0.95 * DAY
    world.keep()
    assert world.known() is not first
    world.now += 0.5 * DAY
    assert world.chains.known(URL) is not None


def test_other_anchors_judge_anew(world: World) -> None:
    world.keep()
    world.known()
    world.anchors = Anchors([make_chain().root.certificate])
    assert world.chains.known(URL) is None


def test_whoever_would_wait_is_told_at_once_that_it_is_too_late(world: World) -> None:
    assert asyncio.run(world.chains.get(URL, 10.0)) is Reason.CERTIFICATE_TIMEOUT
