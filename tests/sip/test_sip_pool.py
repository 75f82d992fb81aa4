"""Who has room: slots are given once, come back whatever happens, and workers are started and let go as calls need them."""

import pytest

from gateway.sip.pool import BACK_OFF, GRACE, IDLE, ONE_STROKE, SILENT, SPARE, STUCK, WORN, Pool

HOST = "127.0.0.1"


class Said(list[str]):
    """What the pool process was told since it was last asked."""

    def take(self) -> list[str]:
        taken, self[:] = list(self), []
        return taken


def pool(least: int = 2, slots: int = 2, max_calls: int = 100) -> tuple[Pool, Said]:
    said = Said()
    return Pool(slots, least, max_calls, HOST, said.append), said


def serving(least: int = 2, slots: int = 2, max_calls: int = 100, now: float = 0.0) -> tuple[Pool, Said]:
    """A pool whose first workers serve, on ports from 7000."""
    made, said = pool(least, slots, max_calls)
    made.grow(now)
    for number in range(least):
        made.ready(number, 7000 + number, now)
    said.take()
    return made, said


def report_all(made: Pool, now: float, workers: int = 2) -> None:
    for number in range(workers):
        made.live(number, 7000 + number, set(), now)


def test_nobody_serves_before_it_says_so() -> None:
    made, said = pool()
    made.grow(0.0)
    assert said == ["fork 0", "fork 1"]
    assert (len(made), made.free_slots) == (0, 0)
    assert made.acquire("t", 0.0) is None
    assert made.address_of(0) is None


def test_the_worker_longest_unused_comes_first_and_each_holds_its_slots() -> None:
    made, _ = serving()
    taken = [made.acquire(f"t{n}", 1.0) for n in range(5)]
    assert [found and found[0] for found in taken] == [0, 1, 0, 1, None]
    assert taken[0] == (0, (HOST, 7000))
    assert made.free_slots == 0


def test_a_slot_given_back_serves_again_and_once() -> None:
    made, _ = serving(least=1, slots=1)
    assert made.acquire("t", 1.0)
    made.release(0, "t", refused=False)
    made.release(0, "t", refused=False)
    made.release(0, "stranger", refused=False)
    made.release(9, "t", refused=False)
    assert made.free_slots == 1
    assert made.acquire("u", 2.0)
    assert made.acquire("v", 2.0) is None


def test_no_more_calls_than_allowed_though_there_is_room() -> None:
    made, _ = serving(max_calls=3)
    assert [bool(made.acquire(f"t{n}", 1.0)) for n in range(4)] == [True, True, True, False]
    made.release(0, "t0", refused=False)
    assert made.acquire("t4", 1.0)


def test_a_worker_that_refused_is_left_alone_until_it_reports() -> None:
    made, _ = serving(least=1)
    assert made.acquire("t", 1.0)
    made.release(0, "t", refused=True)
    assert made.acquire("u", 1.0) is None
    made.live(0, 7000, set(), 1.5)
    assert made.acquire("u", 2.0)


# Reports


def test_a_call_the_worker_has_lost_is_told_once_and_its_slot_is_free() -> None:
    made, _ = serving(least=1, max_calls=2)
    made.acquire("t", 1.0)
    made.acquire("u", 1.0)
    assert made.live(0, 7000, {"u"}, 1.0 + GRACE) == []
    assert made.live(0, 7000, {"u"}, 1.1 + GRACE) == ["t"]
    assert made.live(0, 7000, {"u"}, 1.2 + GRACE) == []
    assert made.free_slots == 1
    assert made.acquire("v", 4.0)


def test_a_call_only_the_worker_knows_takes_room() -> None:
    made, _ = serving(least=1)
    made.live(0, 7000, {"old", "older"}, 1.0)
    assert made.acquire("t", 1.0) is None
    made.live(0, 7000, {"old"}, 2.0)
    assert made.acquire("t", 2.0)
    assert made.acquire("u", 2.0) is None


def test_a_report_of_nobody_is_nothing() -> None:
    made, _ = serving()
    assert made.live(9, 7009, {"t"}, 1.0) == []
    assert made.worker_at((HOST, 7009)) is None


def test_messages_are_told_by_the_address_they_come_from() -> None:
    made, _ = serving()
    assert made.worker_at((HOST, 7001)) == 1
    assert made.worker_at((HOST, 6999)) is None
    made.died(1, 1.0)
    assert made.worker_at((HOST, 7001)) is None


def test_a_port_taken_over_is_the_new_workers() -> None:
    """The system may give a dead worker's port to the next one before the death is told."""
    made, _ = serving(least=1)
    made.tick(1.0)
    made.ready(1, 7000, 1.0)
    made.died(0, 1.0)
    assert made.worker_at((HOST, 7000)) == 1


# Growth


def test_workers_are_started_while_little_room_is_left() -> None:
    made, said = serving(least=2)
    made.grow(1.0)
    assert said.take() == [f"fork {n}" for n in range(2, 2 + SPARE // 2)]
    made.grow(1.0)
    assert said.take() == []


def test_no_more_workers_than_the_calls_allowed_need() -> None:
    made, said = pool(least=2, slots=2, max_calls=5)
    for now in range(5):
        made.grow(float(now))
        for number in range(made.most):
            made.ready(number, 7000 + number, float(now))
    assert said == ["fork 0", "fork 1", "fork 2"]


def test_more_at_rest_than_allowed_is_not_asked_for() -> None:
    made, said = pool(least=50, slots=2, max_calls=6)
    made.grow(0.0)
    assert len(said) == 3


# Death


def test_a_worker_that_dies_takes_its_calls_and_is_replaced() -> None:
    made, said = serving()
    made.acquire("t", 1.0)
    assert made.died(0, 10.0) == ["t"]
    assert said.take()[0] == "fork 2"
    assert made.died(0, 10.0) == []
    assert made.acquire("u", 10.0) == (1, (HOST, 7001))


def test_workers_that_die_before_they_serve_are_started_more_and_more_slowly() -> None:
    made, said = pool(least=1, max_calls=2)
    now = 0.0
    made.grow(now)
    for number, wait in enumerate([*BACK_OFF, BACK_OFF[-1]]):
        assert said.take() == [f"fork {number}"]
        now += 2 * ONE_STROKE
        made.died(number, now)
        made.grow(now + wait - 0.001)
        if wait:
            assert said == []
        now += wait
        made.grow(now)


def test_workers_that_die_at_one_stroke_count_once() -> None:
    made, said = pool(least=4, max_calls=8)
    made.grow(0.0)
    assert len(said.take()) == 4
    for number in range(4):
        made.died(number, 1.0 + number / 100)
    assert len(said.take()) == 4


def test_a_worker_that_lived_well_is_replaced_at_once() -> None:
    made, said = pool(least=1, max_calls=2)
    made.grow(0.0)
    for number, now in enumerate([100.0, 200.0, 300.0]):
        assert said.take() == [f"fork {number}"]
        made.died(number, now)
    assert said == ["fork 3"]


def test_all_workers_gone_at_once_leave_nothing() -> None:
    made, _ = serving(max_calls=2)
    made.acquire("t", 1.0)
    made.acquire("u", 1.0)
    assert sorted(made.gone()) == ["t", "u"]
    assert (len(made), made.free_slots, made.worker_at((HOST, 7000))) == (0, 0, None)
    made.grow(2.0)
    made.ready(1, 7001, 2.0)
    assert made.acquire("v", 2.0) == (1, (HOST, 7001))


# Let go


@pytest.mark.parametrize("holds_calls", [False, True], ids=["idle", "with-calls"])
def test_a_worker_that_reports_no_more_is_stopped(holds_calls: bool) -> None:
    made, said = serving(least=1, max_calls=2)
    if holds_calls:
        made.acquire("t", 0.0)
    made.tick(SILENT)
    assert "stop 0" not in said.take()
    made.tick(SILENT + 0.1)
    assert "stop 0" in said.take()
    assert made.acquire("u", 6.0) is None
    made.tick(SILENT + 1.0)
    assert "stop 0" not in said


def test_a_worker_that_never_serves_is_stopped() -> None:
    made, said = pool(least=1, max_calls=2)
    made.grow(0.0)
    made.tick(SILENT + 0.1)
    assert "stop 0" in said


def test_a_worker_stuck_with_calls_nobody_knows_is_replaced() -> None:
    made, said = serving(least=1, max_calls=2)
    for second in range(int(STUCK) + 2):
        assert "stop 0" not in said.take()
        made.live(0, 7000, {"lost"}, float(second))
        made.tick(float(second))
    assert "stop 0" in said


def test_a_worker_whose_strangers_come_and_go_is_not_stuck() -> None:
    made, said = serving(least=1, max_calls=2)
    for second in range(100):
        made.live(0, 7000, {"lost"} if second % 10 else set(), float(second))
        made.tick(float(second))
    assert "stop 0" not in said


def test_workers_beyond_those_that_stand_ready_are_let_go_when_idle_and_not_started_again() -> None:
    made, said = serving(least=SPARE + 4)
    made.least = 2
    for second in range(3 * int(IDLE)):
        report_all(made, float(second), workers=SPARE + 4)
        made.tick(float(second))
        for number in range(SPARE + 4):
            if f"stop {number}" in said:
                made.died(number, float(second))
    assert len(said) == 4
    assert len(made) == SPARE


def test_a_worn_worker_is_replaced_when_idle() -> None:
    made, said = serving(least=1, slots=1, max_calls=1)
    for number in range(WORN):
        assert made.acquire(f"t{number}", 1.0)
        if number == WORN - 1:
            made.tick(1.0)
            assert said.take() == []
        made.release(0, f"t{number}", refused=False)
    made.tick(1.0)
    assert said.take() == ["stop 0"]
    made.died(0, 1.0)
    assert said.take() == ["fork 1"]


# Another edge's workers


def test_adopted_workers_have_room_once_they_report() -> None:
    made, said = pool()
    made.adopt([4, 5], 0.0)
    assert made.acquire("t", 0.0) is None
    made.live(4, 7004, {"old"}, 1.0)
    assert made.acquire("t", 1.0) == (4, (HOST, 7004))
    made.grow(1.0)
    assert "fork 6" in said


def test_a_call_of_another_edge_keeps_its_worker() -> None:
    made, _ = pool(max_calls=2)
    made.adopt([4], 0.0)
    assert made.give_back(4, "old", (HOST, 7004), 0.0)
    assert not made.give_back(5, "older", (HOST, 7005), 0.0)
    assert made.worker_at((HOST, 7004)) == 4
    made.live(4, 7004, {"old"}, 1.0)
    assert made.acquire("t", 1.0)
    assert made.acquire("u", 1.0) is None
    made.release(4, "old", refused=False)
    assert made.acquire("u", 1.0)
