"""The clerk's books: what calls use comes onto the board, and what a peer may bring is held to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from ipaddress import ip_network
from typing import Any

import pytest

from gateway.decision import Parties
from gateway.kamailio.board import Board, Readings
from gateway.kamailio.books import Books, beyond
from gateway.kamailio.calls import Calls, News
from gateway.kamailio.line import Told
from gateway.ledger import Ledger
from gateway.metrics import Counters
from gateway.policy.accounts import Account
from gateway.policy.blocks import Block
from gateway.policy.elsewhere import Figures
from gateway.policy.holds import Hold
from gateway.policy.limits import Limits
from gateway.policy.peers import Peer
from gateway.policy.snapshot import PolicyData, compile_snapshot
from gateway.policy.terms import Terms
from gateway.stir.numberplan import NumberPlan
from gateway.store.blocks_file import Release

NOW = 1_800_000_000.0
LIMITS = Limits(concurrent=2, cps=3)
ACME = replace(Account("acme", "Acme"), terms=Terms(limits=LIMITS))
PEER = Peer(
    "vos3000",
    "softswitch",
    NumberPlan.of("US"),
    addresses=(ip_network("192.0.2.1"),),
    max_setups=2,
    max_cps=4,
)
HOLD = Hold(("peer/vos3000", "account/acme"), "12155550100", "13035550123", (), "acme")


class Office:
    """A board, the books that write on it, and a process that reads it."""

    def __init__(self) -> None:
        snapshot = compile_snapshot(PolicyData(accounts=(ACME,), peers=(PEER,), revision="r1"))
        self.now = NOW
        self.board, self.counters, self.written = Board(), Counters(), list[dict[str, Any]]()
        self.ledger = Ledger(
            lambda: snapshot, lambda: self.now, lambda block: self.board.put_block(block, self.now)
        )
        self.calls = Calls(self.ledger, self.written.append, lambda: self.now)
        self.books = Books(
            self.board, self.ledger, self.calls, self.counters, lambda: snapshot, lambda: self.now
        )
        self.books.post_all()
        self.readings = Readings(self.board)

    def call(self, token: str, refused_by: str | None = None) -> None:
        """A call is decided, and begins unless it was refused."""
        record = {"at": self.now, "peer": "vos3000", "rule": refused_by or "attest.account-known"}
        parties = Parties("acme", "192.0.2.1", "", "", "12155550100", "13035550123")
        hold = None if refused_by else HOLD
        self.books.judged(Told(token, record, parties, refused_by, hold, ()))
        if hold:
            self.calls.began(token, record, hold, ("carrier",))
            self.books.changed(*self.calls.counted_for(token))
        self.books.post()

    def news(self, token: str, text: str) -> None:
        counted_for = self.calls.counted_for(token)
        self.calls.heard(token, News.read(text))
        self.books.changed(*counted_for)
        self.books.post()

    def over(self) -> str | None:
        return self.readings.over("account/acme", LIMITS, self.now)

    def beyond(self, max_calls: int = 100) -> str | None:
        return beyond(PEER, max_calls, self.readings, self.now)


@pytest.fixture
def office() -> Office:
    return Office()


def test_an_account_is_held_to_its_calls_at_once_until_one_has_ended(office: Office) -> None:
    office.call("a")
    assert office.over() is None
    office.call("b")
    assert office.over() == "concurrent"
    office.news("a", f"failed 486 0 {NOW}")
    assert office.over() is None


def test_an_account_is_held_to_its_calls_a_second(office: Office) -> None:
    for token in "abc":
        office.call(token)
        office.news(token, f"failed 486 0 {NOW}")
    assert office.over() == "cps"
    office.now += 1
    office.books.post_all()
    assert office.over() is None


def test_a_peer_is_held_to_its_calls_in_set_up(office: Office) -> None:
    office.call("a")
    office.call("b")
    assert office.beyond() == "limit.setups"
    office.news("a", f"answered 200 0 {NOW}")
    assert office.beyond() is None


def test_a_peers_refused_calls_count_for_its_calls_a_second(office: Office) -> None:
    for token in "abcd":
        office.call(token, refused_by="route.none")
    assert office.beyond() == "limit.cps"


def test_calls_that_were_too_many_do_not_keep_the_next_ones_out(office: Office) -> None:
    for token in "abcd":
        office.call(token, refused_by="route.none")
    for token in "efghijkl":
        office.call(token, refused_by="limit.cps")
    office.now += 0.5
    office.books.post_all()
    assert office.beyond() is None


def test_a_node_is_held_to_all_its_calls(office: Office) -> None:
    office.call("a")
    office.news("a", f"answered 200 0 {NOW}")
    assert office.beyond(max_calls=1) == "node.full"


def test_decisions_are_counted_by_the_kind_of_rule(office: Office) -> None:
    office.call("a", refused_by="list.black:peer/vos3000/bad")
    assert office.counters.rows() == (
        ("decisions", {"peer": "vos3000", "attest": "", "rule": "list.black"}, 1),
    )


def test_what_an_operator_blocks_and_releases_reaches_the_processes(office: Office) -> None:
    block = Block("access", "192.0.2.9", NOW - 5, None, "by-hand")
    office.books.learn((), (block,))
    assert office.readings.blocked("access", "192.0.2.9", NOW)
    office.books.learn((Release("access", "192.0.2.9", NOW),), ())
    assert office.readings.blocked("access", "192.0.2.9", NOW) is None


def test_what_another_node_found_takes_no_block_away_that_was_made_by_hand(office: Office) -> None:
    office.books.learn((), (Block("malicious-call", "12155550100", NOW - 5, None, "by-hand"),))
    office.books.blocked((Block("malicious-call", "12155550100", NOW, NOW + 60, "attempts"),))
    for readings in (office.readings, office.ledger.usage):
        assert readings.blocked("malicious-call", "12155550100", NOW + 61)
    office.books.learn((Release("malicious-call", "12155550100", NOW),), ())
    office.books.blocked((Block("malicious-call", "12155550100", NOW, NOW + 60, "attempts"),))
    for readings in (office.readings, office.ledger.usage):
        assert readings.blocked("malicious-call", "12155550100", NOW + 59)
        assert readings.blocked("malicious-call", "12155550100", NOW + 61) is None


def test_what_other_nodes_use_is_on_the_board_at_once_and_goes_with_them() -> None:
    office = Office()
    office.call("one")
    office.books.heard("node-2", "account/acme", Figures(1, 0, 0, date(2027, 1, 15)), 1)
    assert office.readings.over("account/acme", LIMITS, NOW) == "concurrent"
    office.books.forgotten("node-2")
    assert office.readings.over("account/acme", LIMITS, NOW) is None


def test_one_blocked_at_another_node_is_on_the_board_at_once() -> None:
    office = Office()
    office.books.blocked([Block("malicious-call", "12155550100", NOW, NOW + 60, "attempts")])
    assert office.readings.blocked("malicious-call", "12155550100", NOW)


def test_money_spent_until_midnight_is_not_on_the_board_of_the_next_day() -> None:
    office, limits = Office(), Limits(spend_per_day=100)
    office.books.heard("node-2", "account/acme", Figures(0, 0, 100, date(2027, 1, 15)), 0)
    office.books.post_all()
    assert office.readings.over("account/acme", limits, office.now) == "spend"
    office.now += 86_400
    office.books.post_all()
    assert office.readings.over("account/acme", limits, office.now) is None
