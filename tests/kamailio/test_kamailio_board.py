"""The board: what the clerk writes, every process of Kamailio reads."""

from __future__ import annotations

import os
from math import inf

import pytest

from gateway.kamailio.board import SILENT, Board, Readings
from gateway.policy.blocks import Block
from gateway.policy.cps import Bucket
from gateway.policy.limits import Limits

NOW = 1_800_000_000.0
OWNER = "account/acme"


@pytest.fixture
def board() -> Board:
    made = Board()
    made.sign(NOW)
    return made


def block(subject: str = "12155550100", until: float | None = NOW + 60) -> Block:
    return Block("malicious-call", subject, NOW - 1, until, "attempts")


# Bounds


def test_an_owner_of_whom_nothing_is_written_breaks_no_bound(board: Board) -> None:
    assert Readings(board).over(OWNER, Limits(concurrent=1, cps=1, spend_per_day=1), NOW) is None


def test_a_bound_of_nothing_lets_nobody_in(board: Board) -> None:
    assert Readings(board).over(OWNER, Limits(concurrent=0), NOW) == "concurrent"


@pytest.mark.parametrize(("up", "over"), [(4, None), (5, "concurrent"), (6, "concurrent")])
def test_calls_at_once_are_held_to_their_bound(board: Board, up: int, over: str | None) -> None:
    board.put_owner(OWNER, up, 0, None)
    assert Readings(board).over(OWNER, Limits(concurrent=5), NOW) == over


@pytest.mark.parametrize(("spent", "over"), [(99, None), (100, "spend")])
def test_money_is_held_to_its_bound(board: Board, spent: int, over: str | None) -> None:
    board.put_owner(OWNER, 0, spent, None)
    assert Readings(board).over(OWNER, Limits(spend_per_day=100, rates="r"), NOW) == over


def test_calls_a_second_come_back_with_time(board: Board) -> None:
    board.put_owner(OWNER, 0, 0, Bucket(0.0, NOW))
    readings = Readings(board)
    assert readings.over(OWNER, Limits(cps=2), NOW) == "cps"
    assert readings.over(OWNER, Limits(cps=2), NOW + 0.6) is None


def test_asking_changes_no_answer(board: Board) -> None:
    board.put_owner(OWNER, 0, 0, Bucket(1.0, NOW))
    readings = Readings(board)
    assert [readings.over(OWNER, Limits(cps=1), NOW) for _ in range(3)] == [None] * 3


def test_while_the_clerk_is_silent_a_bound_that_was_reached_refuses_nobody(board: Board) -> None:
    board.put_owner(OWNER, 5, 100, None)
    limits = Limits(concurrent=5, spend_per_day=100, rates="r")
    assert Readings(board).over(OWNER, limits, NOW + SILENT + 1) is None


def test_while_the_clerk_is_silent_each_process_counts_calls_a_second_by_itself(board: Board) -> None:
    readings, later = Readings(board), NOW + SILENT + 1
    assert [readings.over(OWNER, Limits(cps=2), later) for _ in range(3)] == [None, None, "cps"]


def test_owners_do_not_mix(board: Board) -> None:
    for number in range(2000):
        board.put_owner(f"account/{number}", number, 0, None)
    readings = Readings(board)
    assert [readings.concurrent(f"account/{number}") for number in range(2000)] == list(range(2000))


# The dynamic black list


def test_nobody_is_blocked_at_first(board: Board) -> None:
    assert Readings(board).blocked("malicious-call", "12155550100", NOW) is None


def test_a_block_holds_until_its_end_and_for_its_type_alone(board: Board) -> None:
    board.put_block(block(), NOW)
    readings = Readings(board)
    assert readings.blocked("malicious-call", "12155550100", NOW + 59)
    assert readings.blocked("malicious-call", "12155550100", NOW + 60) is None
    assert readings.blocked("no-answer", "12155550100", NOW) is None


def test_a_block_without_an_end_holds(board: Board) -> None:
    board.put_block(block(until=None), NOW)
    found = Readings(board).blocked("malicious-call", "12155550100", NOW + 1e9)
    assert found is not None
    assert found.until is None


def test_a_released_subject_is_let_in_and_can_be_blocked_again(board: Board) -> None:
    readings = Readings(board)
    board.put_block(block(), NOW)
    board.remove_block("malicious-call", "12155550100")
    assert readings.blocked("malicious-call", "12155550100", NOW) is None
    board.put_block(block(), NOW)
    assert readings.blocked("malicious-call", "12155550100", NOW)


def test_releasing_who_is_not_blocked_changes_nothing(board: Board) -> None:
    board.remove_block("malicious-call", "12155550100")
    assert board.blocks == 0


def test_places_of_blocks_that_are_over_are_used_again(board: Board) -> None:
    for number in range(3000):
        board.put_block(block(f"1{number}", NOW + 1), NOW)
    used = board.blocks
    for number in range(3000):
        board.put_block(block(f"1{number}", NOW + 100), NOW + 50)
    assert board.blocks == used


def test_what_one_process_writes_another_reads(board: Board) -> None:
    """As Kamailio's do: made before the fork."""
    child = os.fork()
    if child == 0:
        board.put_owner(OWNER, 7, 0, Bucket(inf, NOW))
        board.put_block(block(), NOW)
        os._exit(0)
    os.waitpid(child, 0)
    assert Readings(board).concurrent(OWNER) == 7
    assert Readings(board).blocked("malicious-call", "12155550100", NOW)
