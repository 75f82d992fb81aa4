"""What was spent today outlives the edge that counted it."""

from pathlib import Path

import pytest

from gateway.policy.holds import Hold
from gateway.policy.parameters import Parameters
from gateway.policy.rates import Rate
from gateway.policy.usage import Usage
from gateway.store.kept import Kept, read, usage_path

NOW = 1_800_000_000.0
OWNER = "account/acme"
CALL = Hold((OWNER,), "12155550100", "14045550123", ((OWNER, Rate("retail", "1", 60_000_000, 60)),))


def spending() -> Usage:
    """One answered minute, which cost 60."""
    usage = Usage()
    usage.began(CALL, NOW)
    usage.answered(CALL, NOW)
    usage.ended(CALL, "answered", NOW, Parameters(), NOW + 60)
    return usage


@pytest.mark.parametrize(
    "content",
    [b"", b"[1]", b'{"day": 1}', b"\xff", b"[" * 100_000],
    ids=["empty", "list", "half", "no-text", "deep"],
)
def test_what_is_no_file_of_ours_is_left_alone(tmp_path: Path, content: bytes) -> None:
    usage_path(tmp_path).parent.mkdir()
    usage_path(tmp_path).write_bytes(content)
    usage = Usage()
    Kept(tmp_path, usage).restore(NOW)
    assert usage.spent(OWNER, NOW) == 0


def test_the_next_edge_goes_on_where_the_last_one_stopped(tmp_path: Path) -> None:
    Kept(tmp_path, spending()).save(NOW + 60)
    usage = Usage()
    Kept(tmp_path, usage).restore(NOW + 90)
    assert usage.spent(OWNER, NOW + 90) == 60_000_000


def test_a_new_day_begins_at_nothing(tmp_path: Path) -> None:
    Kept(tmp_path, spending()).save(NOW + 60)
    usage = Usage()
    Kept(tmp_path, usage).restore(NOW + 86_400)
    assert usage.spent(OWNER, NOW + 86_400) == 0


def test_it_is_saved_now_and_then_and_at_the_end(tmp_path: Path) -> None:
    usage = Usage()
    kept = Kept(tmp_path, usage)
    kept.save_in_time(NOW)
    usage.began(CALL, NOW)
    kept.save_in_time(NOW + 1)
    assert "owners" in (read(usage_path(tmp_path)) or {})
    assert (read(usage_path(tmp_path)) or {})["owners"] == {}
    kept.save_in_time(NOW + 5)
    assert OWNER in (read(usage_path(tmp_path)) or {})["owners"]


def test_a_disk_that_refuses_takes_nothing_down_and_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("in the way")
    kept = Kept(tmp_path, spending())
    kept.save(NOW)
    (tmp_path / "run").unlink()
    kept.save(NOW)
    assert read(usage_path(tmp_path))
