"""What is old goes, the oldest first and a portion at a time; what is in force or younger stays; on both databases."""

import pytest
from conftest import NOW
from policies import WHO
from sqlalchemy import Engine

from gateway.policy.blocks import Block
from gateway.store.calls import CallFilters, CallLog
from gateway.store.retention import forget
from gateway.store.store import Store

DAY = 86_400.0


def calls(engine: Engine) -> list[str]:
    return [each["id"] for each in CallLog(engine).page(CallFilters()).calls]


def subjects(store: Store) -> set[str]:
    return {held.block.subject for held in store.blocks(in_force=False).entries}


def test_old_calls_go_in_portions_the_oldest_first(engine: Engine) -> None:
    CallLog(engine).add({"id": str(n), "at": NOW + n} for n in range(9))
    assert forget(engine, NOW + 5, 0, most=3)
    assert calls(engine) == list("876543")
    assert not forget(engine, NOW + 5, 0, most=3)
    assert calls(engine) == list("8765")


@pytest.mark.parametrize("until", [None, NOW + DAY], ids=["for-ever", "for-a-day"])
def test_a_block_in_force_stays_however_old_it_is(engine: Engine, store: Store, until: float | None) -> None:
    store.add_block(Block("malicious-call", "12155550100", NOW - 99 * DAY, until, "by-hand"), WHO)
    forget(engine, NOW, NOW)
    assert subjects(store) == {"12155550100"}


def test_blocks_that_are_over_go_by_their_end(engine: Engine, store: Store) -> None:
    for number, until in (("1", NOW - 2), ("2", NOW - 1), ("3", NOW)):
        store.add_block(Block("malicious-call", number, NOW - DAY, until, "attempts"), WHO, "node")
    forget(engine, NOW - 1, 0)
    assert subjects(store) == {"2", "3"}


def test_a_released_block_goes_by_its_release(engine: Engine, store: Store) -> None:
    held = store.add_block(Block("malicious-call", "12155550100", NOW - DAY, None, "by-hand"), WHO)
    store.release_block(held.id, WHO)
    forget(engine, NOW, 0)
    assert subjects(store) == {"12155550100"}
    forget(engine, NOW + 1, 0)
    assert subjects(store) == set()


def test_changes_are_kept_for_their_own_time(engine: Engine) -> None:
    for at, number in ((NOW - 2, "+12155550100"), (NOW, "+12155550101")):
        store = Store(engine, lambda at=at: at)
        store.put("system-whitelist", store.parse("system-whitelist", {"number": number}), WHO)
    forget(engine, NOW + DAY, NOW - 1)
    assert [change.at for change in store.audit().entries] == [NOW]
