"""The ring of the edge's samples: what it counts when an edge dies, is silent, or says too much."""

from gateway.api import history
from gateway.api.history import History
from gateway.metrics import CounterRow, EdgeStatus

NOW = 1_800_000_000.0


def status(at: float, *counters: CounterRow, calls: int = 0) -> EdgeStatus:
    return EdgeStatus(at, True, False, calls, 4, 20, counters=counters)


def decided(value: int, rule: str = "attest.section", peer: str = "vos3000") -> CounterRow:
    return "decisions", {"peer": peer, "attest": "A", "rule": rule}, value


def test_the_first_sample_has_no_rate() -> None:
    kept = History()
    kept.take(status(NOW, decided(500)))
    assert [point.rate for point in kept.points()] == [None]
    assert not kept.counted("decisions", NOW)


def test_a_rate_is_what_was_decided_since_the_sample_before() -> None:
    kept = History()
    kept.take(status(NOW, decided(500)))
    kept.take(status(NOW + 5, decided(550), calls=9))
    assert kept.points()[-1] == history.Point(NOW + 5, 9, 10.0)
    assert kept.counted("decisions", NOW + 5) == {("A", "attest.section"): 50}


def test_a_new_edge_is_counted_from_nothing() -> None:
    kept = History()
    kept.take(status(NOW, decided(500)))
    kept.take(status(NOW + 5, decided(20)))
    assert kept.points()[-1].rate == 4.0


def test_nothing_is_counted_across_a_silence() -> None:
    kept = History()
    kept.take(status(NOW, decided(500)))
    kept.take(None)
    kept.take(status(NOW + 60, decided(900)))
    assert kept.points()[-1].rate is None
    assert not kept.counted("decisions", NOW + 60)


def test_a_status_that_was_seen_already_is_no_sample() -> None:
    kept = History()
    kept.take(status(NOW, decided(1)))
    kept.take(status(NOW, decided(1)))
    assert len(kept.points()) == 1


def test_peers_are_counted_together() -> None:
    kept = History()
    kept.take(status(NOW))
    kept.take(status(NOW + 5, decided(1, peer="a"), decided(2, peer="b")))
    assert kept.counted("decisions", NOW + 5) == {("A", "attest.section"): 3}


def test_what_is_more_than_an_hour_old_is_forgotten() -> None:
    kept = History()
    kept.take(status(NOW))
    kept.take(status(NOW + 5, decided(1)))
    assert kept.counted("decisions", NOW + 3500)
    assert not kept.counted("decisions", NOW + 3700)


def test_the_ring_is_bounded_in_time_and_in_names() -> None:
    kept = History()
    kept.take(status(NOW))
    many = [decided(1, rule=f"rule-{n}") for n in range(1000)]
    kept.take(status(NOW + 1, *many))
    for second in range(2, 3000):
        kept.take(status(NOW + second))
    found = kept.counted("decisions", NOW + 2)
    assert len(kept.points()) == history.MOST_POINTS
    assert len(found) <= 201
    assert sum(found.values()) == 1000
