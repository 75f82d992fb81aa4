"""The clerk's book: what is counted and written down of each call, in whatever order its news arrive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from gateway.kamailio.calls import EARLY_SECONDS, Calls, News
from gateway.policy.holds import Hold

AT = 1_800_000_000.0
HOLD = Hold(("peer/vos3000", "account/acme"), "12155550100", "13035550123")


class Counted:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.events: list[str] = []

    def began(self, hold: Hold | None) -> None:
        self.events.append("began")

    def answered(self, hold: Hold | None) -> None:
        self.events.append("answered")

    def ended(self, hold: Hold | None, record: Mapping[str, Any], answered_at: float | None) -> None:
        self.events.append(f"ended {answered_at and answered_at - AT}")


class Clock:
    """Stands still until it is set."""

    now = AT

    def __call__(self) -> float:
        return self.now


class Book:
    """A book, what it counted, what it wrote down, and its clock."""

    def __init__(self) -> None:
        self.counted, self.written, self.clock = Counted(), list[dict[str, Any]](), Clock()
        self.calls = Calls(self.counted, self.written.append, self.clock)

    def began(self, token: str = "a") -> None:
        self.calls.began(token, {"at": AT, "peer": "vos3000"}, HOLD, ("carrier", "backup"))

    def heard(self, *texts: str, token: str = "a") -> None:
        for text in texts:
            self.calls.heard(token, News.read(text))


@pytest.fixture
def book() -> Book:
    return Book()


@pytest.mark.parametrize("text", ["", "answered", "answered 200 x 1.5", "answered 200 0 soon", "a b c d e"])
def test_what_is_no_news_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        News.read(text)


def test_news_of_a_call_that_never_began_count_nothing(book: Book) -> None:
    book.heard(f"ended caller 0 {AT + 9}")
    assert (book.counted.events, book.written, len(book.calls)) == ([], [], 0)


def test_an_answered_call_is_written_down_with_its_times(book: Book) -> None:
    book.began()
    book.heard(f"progress 180 0 {AT + 1}", f"answered 200 0 {AT + 2}", f"ended callee 0 {AT + 12.5}")
    assert book.counted.events == ["began", "answered", "ended 2.0"]
    (record,) = book.written
    assert {key: record[key] for key in ("call", "code", "carrier", "ended_by", "progress", "duration_ms")} == {
        "call": "a", "code": 200, "carrier": "carrier", "ended_by": "callee", "progress": 180, "duration_ms": 10_500.0,
    }  # fmt: skip
    assert len(book.calls) == 0


def test_a_refused_call_is_the_refusal_of_the_last_hop(book: Book) -> None:
    book.began()
    book.heard(f"failed 486 1 {AT + 3}")
    (record,) = book.written
    assert (record["code"], record["carrier"], record["ended_by"]) == (486, "backup", "callee")
    assert "duration_ms" not in record


def test_a_call_given_up_is_cancelled(book: Book) -> None:
    book.began()
    book.heard(f"progress 180 0 {AT + 1}", f"failed 487 0 {AT + 3}")
    assert book.written[0]["ended_by"] == "cancelled"


def test_the_first_progress_and_the_first_answer_count(book: Book) -> None:
    book.began()
    book.heard(f"progress 183 0 {AT + 1}", f"progress 180 0 {AT + 2}")
    book.heard(f"answered 200 0 {AT + 3}", f"answered 200 0 {AT + 4}", f"ended caller 0 {AT + 5}")
    assert book.counted.events.count("answered") == 1
    assert (book.written[0]["progress"], book.written[0]["answered_ms"]) == (183, 3000.0)


def test_a_call_ends_once(book: Book) -> None:
    book.began()
    book.heard(f"failed 486 0 {AT + 1}", f"failed 486 0 {AT + 1}")
    assert len(book.written) == 1


def test_news_that_are_quicker_than_their_call_wait_for_it(book: Book) -> None:
    book.heard(f"answered 200 0 {AT + 1}", f"ended caller 0 {AT + 2}")
    book.began()
    assert book.counted.events == ["began", "answered", "ended 1.0"]
    assert len(book.calls) == 0


def test_news_do_not_wait_for_ever(book: Book) -> None:
    book.heard(f"ended caller 0 {AT + 1}")
    book.clock.now += EARLY_SECONDS + 1
    book.began()
    assert book.counted.events == ["began"]


def test_a_complaint_is_kept_with_the_call(book: Book) -> None:
    book.began()
    book.heard(f"complaint 437 0 {AT + 1}", f"failed 486 0 {AT + 2}")
    assert book.written[0]["complaint"] == 437


def test_calls_in_set_up_are_counted_by_peer(book: Book) -> None:
    book.began("a")
    book.began("b")
    assert book.calls.setups["vos3000"] == 2
    book.heard(f"answered 200 0 {AT + 1}", token="a")
    book.heard(f"failed 503 0 {AT + 1}", token="b")
    assert book.calls.setups["vos3000"] == 0
