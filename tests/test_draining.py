"""A node takes no new calls for two reasons, and neither takes the other away."""

from __future__ import annotations

from pathlib import Path

from gateway import draining


def test_a_node_that_nobody_touched_is_not_draining(tmp_path: Path) -> None:
    assert not draining.is_draining(tmp_path)


def test_a_wish_holds_until_it_is_taken_back_however_often_it_is_noted(tmp_path: Path) -> None:
    for wanted in (True, True, False, False):
        draining.note(tmp_path, wanted)
        assert (draining.is_wanted(tmp_path), draining.is_draining(tmp_path)) == (wanted, wanted)


def test_what_stops_goes_on_stopping_though_nobody_wants_it_drained(tmp_path: Path) -> None:
    draining.note(tmp_path, True)
    draining.stop_path(tmp_path).touch()
    draining.note(tmp_path, False)
    assert draining.is_draining(tmp_path)
    assert not draining.is_wanted(tmp_path)
