"""When a party called or was called last, as far as the call log goes back."""

from sqlalchemy import Engine

from gateway.store.calls import CallLog
from gateway.store.last_calls import last_calls

NOW = 1_800_000_000.0


def test_who_never_called_is_not_there(engine: Engine) -> None:
    assert last_calls(engine, [("caller", "12155550100")]) == {}
    assert last_calls(engine, []) == {}


def test_each_side_of_a_call_is_asked_for_by_itself(engine: Engine) -> None:
    CallLog(engine).add(
        [
            {"id": "1", "at": NOW, "caller": "12155550100", "callee": "12155550101", "account": "acme"},
            {"id": "2", "at": NOW + 1, "caller": "12155550101", "callee": "12155550100"},
            {"id": "3", "at": NOW - 1, "caller": "12155550100", "callee": "12155550101"},
        ]
    )
    asked = [("caller", "12155550100"), ("callee", "12155550100"), ("account", "acme"), ("account", "other")]
    assert last_calls(engine, asked) == {  # type: ignore[arg-type]
        ("caller", "12155550100"): NOW,
        ("callee", "12155550100"): NOW + 1,
        ("account", "acme"): NOW,
    }


def test_a_thousand_numbers_are_asked_for_at_once(engine: Engine) -> None:
    numbers = [f"1215555{number:04}" for number in range(1000)]
    CallLog(engine).add({"id": each, "at": NOW, "callee": each} for each in numbers)
    assert len(last_calls(engine, [("callee", each) for each in numbers])) == 1000
