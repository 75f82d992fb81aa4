"""A block keeps its subject out until it has run out, and whoever provokes blocks fills no memory."""

from dataclasses import replace

from gateway.policy.blocks import BY_HAND, Block, Blocks

CALLER = Block("malicious-call", "12155550100", since=100.0, until=3700.0, why="attempts")


def test_a_subject_without_a_block_is_not_blocked() -> None:
    assert Blocks().find("malicious-call", "12155550100", 100.0) is None


def test_a_block_is_of_its_type_alone() -> None:
    blocks = Blocks()
    blocks.put(CALLER)
    assert blocks.find("no-answer", CALLER.subject, 100.0) is None
    assert blocks.find("malicious-call", CALLER.subject, 100.0) == CALLER


def test_a_block_runs_out_by_itself() -> None:
    blocks = Blocks()
    blocks.put(CALLER)
    assert blocks.find("malicious-call", CALLER.subject, 3699.9) == CALLER
    assert blocks.find("malicious-call", CALLER.subject, 3700.0) is None
    assert blocks.in_force(3700.0) == []


def test_a_block_without_an_end_lasts() -> None:
    lock = Block("account", "acme", since=0.0, until=None, why="invalid-calls")
    blocks = Blocks()
    blocks.put(lock)
    assert blocks.find("account", "acme", 1e12) == lock


def test_a_block_counts_when_the_clock_was_set_back() -> None:
    blocks = Blocks()
    blocks.put(CALLER)
    assert blocks.find("malicious-call", CALLER.subject, 50.0) == CALLER


def test_a_later_block_takes_the_place_of_an_earlier_one_by_hand_or_not() -> None:
    longer = replace(CALLER, until=9999.0, why=BY_HAND)
    blocks = Blocks()
    for block in (CALLER, longer):
        blocks.put(block)
        assert blocks.in_force(100.0) == [block]
    blocks.put(CALLER)
    assert blocks.in_force(100.0) == [CALLER]


def test_a_block_taken_away_is_gone_and_may_be_gone_before() -> None:
    blocks = Blocks()
    blocks.put(CALLER)
    blocks.remove(CALLER.type, CALLER.subject)
    blocks.remove(CALLER.type, CALLER.subject)
    assert blocks.find(CALLER.type, CALLER.subject, 100.0) is None


def test_a_full_table_gives_up_its_oldest_block_but_none_made_by_hand() -> None:
    blocks = Blocks(most=2)
    by_hand = replace(CALLER, subject="0", why=BY_HAND)
    blocks.put(by_hand)
    made = [replace(CALLER, subject=str(number)) for number in range(1, 5)]
    for block in made:
        blocks.put(block)
    assert blocks.in_force(100.0) == [by_hand, *made[2:]]
