"""A limit is none, nothing, or a number; never less than nothing."""

from collections.abc import Callable

import pytest

from gateway.policy.limits import Limits


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("concurrent", lambda: Limits(concurrent=-1)),
        ("cps", lambda: Limits(cps=-1)),
        ("spend_per_day", lambda: Limits(spend_per_day=-1)),
    ],
)
def test_no_limit_is_negative(name: str, write: Callable[[], Limits]) -> None:
    with pytest.raises(ValueError, match=f"{name} is -1; a limit is 0 or more"):
        write()


def test_what_is_not_written_has_no_bound() -> None:
    assert Limits() == Limits(concurrent=None, cps=None, spend_per_day=None, rates=None)


def test_nothing_may_be_allowed() -> None:
    assert Limits(concurrent=0, cps=0, spend_per_day=0).concurrent == 0
