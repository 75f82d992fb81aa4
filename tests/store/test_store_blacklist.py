"""A subject is blocked once; what was made by hand stays; a release is on record, and the policy has no part in it."""

import pytest
from conftest import NOW
from policies import WHO
from sqlalchemy import Engine

from gateway.policy.blocks import Block
from gateway.store.errors import NotThere
from gateway.store.store import Store

SPAMMER = Block("malicious-call", "12155550100", NOW, NOW + 3600, "attempts")
BY_HAND = Block("malicious-call", "12155550100", NOW, None, "by-hand")
ADDRESS = Block("access", "192.0.2.1", NOW, NOW + 3600, "failed-access")


def subjects(store: Store, **asked: str) -> list[str]:
    return [held.block.subject for held in store.blocks(asked).entries]


@pytest.mark.parametrize("id", [0, 1, 99, 10**30])
def test_a_block_that_is_not_there_cannot_be_released(store: Store, id: int) -> None:
    with pytest.raises(NotThere, match=f"there is no block {id} in force"):
        store.release_block(id, WHO)


def test_a_block_is_kept_with_the_node_that_made_it(store: Store) -> None:
    held = store.add_block(SPAMMER, "recorder", "node-1")
    assert (held.block, held.node, held.released_at) == (SPAMMER, "node-1", None)
    assert store.blocks_in_force() == [held]


def test_a_block_runs_out_by_itself(engine: Engine) -> None:
    Store(engine, lambda: NOW).add_block(SPAMMER, WHO)
    later = Store(engine, lambda: NOW + 3600)
    assert later.blocks_in_force() == []
    assert len(later.blocks(in_force=False).entries) == 1


def test_a_later_block_takes_the_place_of_an_earlier_one(store: Store) -> None:
    first = store.add_block(SPAMMER, WHO)
    longer = Block("malicious-call", "12155550100", NOW, NOW + 7200, "premium-share")
    second = store.add_block(longer, WHO)
    assert second.id == first.id
    assert [held.block for held in store.blocks_in_force()] == [longer]


def test_what_was_made_by_hand_is_not_replaced_by_what_was_not(store: Store) -> None:
    store.add_block(BY_HAND, WHO)
    assert store.add_block(SPAMMER, "recorder", "node-1").block == BY_HAND
    assert [held.block for held in store.blocks_in_force()] == [BY_HAND]


def test_a_release_ends_a_block_and_is_told(store: Store) -> None:
    held = store.add_block(SPAMMER, WHO)
    released = store.release_block(held.id, "the operator")
    assert (released.released_at, released.released_by) == (NOW, "the operator")
    assert store.blocks_in_force() == []
    assert store.released_since(NOW) == [released]
    assert store.released_since(NOW + 1) == []
    with pytest.raises(NotThere):
        store.release_block(held.id, WHO)
    assert store.add_block(SPAMMER, WHO).id != held.id


@pytest.mark.parametrize("since", [NOW - 1, NOW - 0.001])
def test_a_block_that_comes_again_after_its_release_is_nothing_new(store: Store, since: float) -> None:
    late = Block("malicious-call", "12155550100", since, NOW + 3600, "attempts")
    store.release_block(store.add_block(late, "recorder", "node-1").id, "the operator")
    store.add_block(late, "recorder", "node-1")
    assert store.blocks_in_force() == []


def test_an_earlier_block_that_comes_late_leaves_a_later_one_as_it_is(store: Store) -> None:
    store.add_block(SPAMMER, "recorder", "node-1")
    late = Block("malicious-call", "12155550100", NOW - 60, NOW + 60, "attempts")
    assert store.add_block(late, "recorder", "node-2").block == SPAMMER
    assert [held.block for held in store.blocks_in_force()] == [SPAMMER]


def test_a_block_by_hand_is_on_record_with_what_it_replaced(store: Store) -> None:
    store.add_block(SPAMMER, "recorder", "node-1")
    store.add_block(BY_HAND, "the operator")
    (change,) = store.audit().entries
    assert change.before is not None
    assert change.after is not None
    assert (change.before["why"], change.after["why"]) == ("attempts", "by-hand")


def test_filters_choose(store: Store) -> None:
    store.add_block(SPAMMER, WHO, "node-1")
    store.add_block(ADDRESS, WHO, "node-2")
    assert subjects(store) == ["192.0.2.1", "12155550100"]
    assert subjects(store, type="access") == ["192.0.2.1"]
    assert subjects(store, subject="12155550100", node="node-1") == ["12155550100"]
    with pytest.raises(ValueError, match="there is no filter 'number'"):
        subjects(store, number="1")


def test_pages_follow_one_another(store: Store) -> None:
    store.add_block(SPAMMER, WHO)
    store.add_block(ADDRESS, WHO)
    first = store.blocks(limit=1)
    second = store.blocks(limit=1, after=first.next)
    assert [held.block for held in (*first.entries, *second.entries)] == [ADDRESS, SPAMMER]
    assert second.next is None


def test_the_list_has_a_revision_of_its_own(store: Store) -> None:
    seen = [store.blocks_revision()]
    held = store.add_block(SPAMMER, WHO)
    seen.append(store.blocks_revision())
    store.release_block(held.id, WHO)
    seen.append(store.blocks_revision())
    assert len(set(seen)) == 3
    assert store.revision() == 0


def test_what_hands_do_is_on_record(store: Store) -> None:
    store.add_block(SPAMMER, "recorder", "node-1")
    held = store.add_block(BY_HAND, "the operator")
    store.release_block(held.id, "the operator")
    record = [(change.who, change.action, change.key) for change in store.audit().entries]
    assert record == [("the operator", "released", str(held.id)), ("the operator", "blocked", str(held.id))]
