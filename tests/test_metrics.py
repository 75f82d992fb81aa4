"""What the edge writes is what the sidecar exports, under names that stay."""

from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from gateway.metrics import (
    FRESH,
    Counters,
    EdgeStatus,
    EdgeStatusCollector,
    fresh_status,
    read_status,
    status_path,
    write_status,
)

NOW = 1_800_000_000.0


def status(**changed: object) -> EdgeStatus:
    counters = Counters()
    counters.inc("calls", "vos3000", "200")
    counters.inc("calls", "vos3000", "200", by=2)
    counters.inc("messages_refused", "unreadable")
    fields = {"at": NOW, "ready": True, "draining": False, "calls": 3, "workers": 4, "slots_free": 5}
    return EdgeStatus(**{**fields, "counters": counters.rows(), **changed})  # type: ignore[arg-type]


def exported(found: EdgeStatus | None) -> list[str]:
    registry = CollectorRegistry()
    registry.register(EdgeStatusCollector(lambda: found))
    return generate_latest(registry).decode().splitlines()


@pytest.mark.parametrize(
    ("name", "labels"),
    [("misspelt", ("a",)), ("calls", ("vos3000",)), ("calls", ("vos3000", "200", "more"))],
    ids=["name", "too-few", "too-many"],
)
def test_a_counter_nobody_documented_is_an_error(name: str, labels: tuple[str, ...]) -> None:
    counters = Counters()
    counters.inc(name, *labels)
    with pytest.raises((KeyError, ValueError)):
        counters.rows()


@pytest.mark.parametrize("content", [None, b"", b"{}", b"nonsense", b'{"at": "x"}'])
def test_a_status_that_cannot_be_read_is_none(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "edge.json"
    if content is not None:
        path.write_bytes(content)
    assert read_status(path) is None


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    path = status_path(tmp_path)
    write_status(path, status())
    assert read_status(path) == status()


@pytest.mark.parametrize(("age", "fresh"), [(0, True), (FRESH - 0.1, True), (FRESH, False), (-FRESH, False)])
def test_an_old_status_says_nothing(tmp_path: Path, age: float, fresh: bool) -> None:
    path = status_path(tmp_path)
    write_status(path, status())
    assert (fresh_status(path, NOW + age) is not None) is fresh


def test_families_have_their_names_and_labels() -> None:
    lines = exported(status())
    assert 'stirgw_calls_total{code="200",peer="vos3000"} 3.0' in lines
    assert 'stirgw_messages_refused_total{reason="unreadable"} 1.0' in lines
    for line in ("edge_up 1.0", "edge_ready 1.0", "edge_draining 0.0", "calls_active 3.0", "workers 4.0"):
        assert f"stirgw_{line}" in lines
    assert "stirgw_slots_free 5.0" in lines


@pytest.mark.parametrize(
    ("seconds", "bound"),
    [(0.0, "0.05"), (0.05, "0.05"), (0.051, "0.1"), (20.0, "20.0"), (20.1, "+Inf")],
)
def test_a_duration_counts_in_the_first_bucket_that_holds_it_and_in_all_above(
    seconds: float, bound: str
) -> None:
    counters = Counters()
    counters.setup.observe(seconds)
    lines = exported(status(setup=counters.setup.value()))
    counted = [
        line
        for line in lines
        if line.startswith("stirgw_call_setup_seconds_bucket") and line.endswith(" 1.0")
    ]
    assert counted[0] == f'stirgw_call_setup_seconds_bucket{{le="{bound}"}} 1.0'
    assert counted[-1] == 'stirgw_call_setup_seconds_bucket{le="+Inf"} 1.0'
    assert f"stirgw_call_setup_seconds_sum {seconds}" in lines


def test_a_silent_edge_exports_that_it_is_down_and_nothing_else() -> None:
    lines = exported(None)
    assert [line for line in lines if not line.startswith("#")] == ["stirgw_edge_up 0.0"]
