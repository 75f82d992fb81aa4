"""When a host is left alone, and when it is tried again."""

from gateway.trust.breaker import FAILURES, MOST_HOSTS, PAUSE, Breaker

HOST, OTHER = "certs.example.test", "certs.example.test:8443"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def broken(clock: Clock) -> Breaker:
    breaker = Breaker(clock)
    for _ in range(FAILURES):
        breaker.failed(HOST)
    return breaker


def test_a_host_that_failed_too_often_is_left_alone_and_no_other() -> None:
    breaker = broken(Clock())
    assert not breaker.allows(HOST)
    assert breaker.allows(OTHER)


def test_one_failure_less_changes_nothing() -> None:
    breaker = Breaker(Clock())
    for _ in range(FAILURES - 1):
        breaker.failed(HOST)
    assert breaker.allows(HOST)


def test_an_answer_in_between_starts_the_count_anew() -> None:
    breaker = Breaker(Clock())
    for _ in range(FAILURES):
        breaker.failed(HOST)
        breaker.answered(HOST)
    assert breaker.allows(HOST)


def test_after_the_pause_one_attempt_is_made_and_only_one() -> None:
    clock = Clock()
    breaker = broken(clock)
    clock.now += PAUSE
    assert [breaker.allows(HOST) for _ in range(3)] == [True, False, False]


def test_an_attempt_that_fails_costs_another_pause() -> None:
    clock = Clock()
    breaker = broken(clock)
    clock.now += PAUSE
    assert breaker.allows(HOST)
    breaker.failed(HOST)
    clock.now += PAUSE - 1
    assert not breaker.allows(HOST)
    clock.now += 1
    assert breaker.allows(HOST)


def test_an_attempt_whose_end_is_never_told_blocks_nothing_for_ever() -> None:
    clock = Clock()
    breaker = broken(clock)
    for _ in range(3):
        clock.now += PAUSE
        assert breaker.allows(HOST)


def test_an_attempt_that_succeeds_opens_the_host_for_all() -> None:
    clock = Clock()
    breaker = broken(clock)
    clock.now += PAUSE
    assert breaker.allows(HOST)
    breaker.answered(HOST)
    assert breaker.allows(HOST) and breaker.allows(HOST)


def test_names_without_end_take_no_memory_without_end() -> None:
    breaker = Breaker(Clock())
    for number in range(MOST_HOSTS + 100):
        breaker.failed(f"h{number}.example.test")
    assert len(breaker._failing) == MOST_HOSTS


def test_what_fails_elsewhere_alone_keeps_nobody_from_asking() -> None:
    clock = Clock()
    cut_off, well = Breaker(clock), Breaker(clock)
    cut_off.tell, well.tell = well.learn, cut_off.learn
    for _ in range(4 * round(PAUSE)):
        clock.now += 1
        while cut_off.allows(HOST):
            cut_off.failed(HOST)
        assert well.allows(HOST)
        well.answered(HOST)
    assert not cut_off.allows(HOST)


def test_a_host_that_failed_here_once_is_asked_again_though_another_goes_on_to_fail() -> None:
    clock = Clock()
    cut_off, well = Breaker(clock), Breaker(clock)
    cut_off.tell, well.tell = well.learn, cut_off.learn
    well.failed(HOST)
    for _ in range(round(PAUSE) + 1):
        while cut_off.allows(HOST):
            cut_off.failed(HOST)
        clock.now += 1
    assert well.allows(HOST)
    well.answered(HOST)
    cut_off.failed(HOST)
    assert well.allows(HOST)
