"""The line to the clerk: nobody who speaks waits, and nothing is lost that there is room for."""

from __future__ import annotations

import os

from gateway.decision import Parties
from gateway.kamailio.line import AT_ONCE, Due, Line, Suspended, Told
from gateway.policy.holds import Hold
from gateway.policy.rates import Rate


def test_what_nobody_said_is_not_heard() -> None:
    assert Line().heard() == []


def test_words_arrive_in_order_from_another_process() -> None:
    line = Line()
    child = os.fork()
    if child == 0:
        for number in range(3):
            line.say(Due(str(number)))
        os._exit(0)
    os.waitpid(child, 0)
    assert line.heard() == [Due("0"), Due("1"), Due("2")]


def test_the_clerk_takes_a_bounded_number_at_once() -> None:
    line = Line()
    for number in range(AT_ONCE + 1):
        line.say(Due(str(number)))
    assert len(line.heard()) == AT_ONCE
    assert line.heard() == [Due(str(AT_ONCE))]


def test_what_finds_no_room_is_kept_and_comes_before_the_next_word() -> None:
    line, said = Line(), 0
    while line.say(Due(str(said))):
        said += 1
    heard = line.heard()
    line.say(Due("last"))
    while words := line.heard():
        heard += words
        line.say(Due("more"))
        if Due("last") in words:
            break
    wanted = [Due(str(number)) for number in range(said + 1)]
    assert heard[: said + 2] == [*wanted, Due("last")]
    assert line.lost == 0


def test_a_decision_arrives_as_it_was_told() -> None:
    parties = Parties("acme", "192.0.2.1", "sip:1@x", "sip:2@x", "12155550100", None)
    charges = (("peer/vos3000", Rate("retail", "1", 20_000, 6)),)
    hold = Hold(("peer/vos3000",), None, "13035550123", charges, "acme")
    told = Told(
        "a", {"at": 1.5, "rule": "attest.transit", "carrier": None}, parties, None, hold, ("carrier",)
    )
    line = Line()
    line.say(told)
    assert line.heard() == [told]


def test_a_refusal_and_a_suspended_call_arrive_as_they_were_told() -> None:
    words = [
        Told("a", {"at": 1.5}, None, "route.none", None, ()),
        Suspended((7, 2**31), "b", b"INVITE \xff", "::1", 2.5),
    ]
    line = Line()
    for word in words:
        line.say(word)
    assert line.heard() == words
