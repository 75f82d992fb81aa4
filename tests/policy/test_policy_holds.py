"""A call that runs is found again by its hold alone, once."""

import pickle

from gateway.policy.holds import Ended, Hold, Running
from gateway.policy.rates import Rate

HOLD = Hold(
    ("peer/vos3000", "account/acme"),
    "12155550100",
    "12125550101",
    (("account/acme", Rate("t", "1", 5)),),
    "acme",
)


def test_a_call_that_never_began_does_not_end() -> None:
    assert Running().end(HOLD, None) is None


def test_a_call_ends_once() -> None:
    running = Running()
    running.begin(HOLD)
    assert running.end(HOLD, None) == Ended(None)
    assert running.end(HOLD, None) is None
    assert len(running) == 0


def test_a_call_that_is_not_there_is_not_answered() -> None:
    running = Running()
    assert running.answer(HOLD, 5.0) is None
    running.begin(HOLD)
    assert running.answer(HOLD, 5.9) == 5
    assert running.answer(HOLD, 7.0) is None


def test_equal_holds_are_as_many_calls() -> None:
    running = Running()
    for _ in range(3):
        running.begin(HOLD)
    running.answer(HOLD, 5.9)
    running.answer(HOLD, 9.0)
    assert [running.end(HOLD, at) for at in (9.0, None, 5.9, 5.9)] == [Ended(9), Ended(None), Ended(5), None]


def test_a_call_ends_though_the_moment_of_its_answer_is_not_the_one_known() -> None:
    running = Running()
    running.begin(HOLD, answered_at=5.0)
    assert running.end(HOLD, None) == Ended(5)
    running.begin(HOLD)
    assert running.end(HOLD, 8.0) == Ended(None)


def test_a_hold_read_from_a_journal_is_the_same() -> None:
    running = Running()
    running.begin(HOLD)
    assert running.end(pickle.loads(pickle.dumps(HOLD)), None) == Ended(None)
