"""What is written down of a call: who calls whom, since when it was up, and for how long."""

import pytest

from gateway.decision import Parties
from gateway.policy.peers import Peer
from gateway.sip import records
from gateway.sip.message import Message, parse
from gateway.stir.tn import NumberPlan

PEER = Peer("vos", "softswitch", NumberPlan.of("US"))
UP = {"at": 1000.0, "code": 200, "concluded_ms": 1500.0, "ended_ms": 4000.0}


def invite(uri: str, sender: str) -> Message:
    via, to, cseq = "Via: SIP/2.0/UDP a:5060;branch=z9hG4bK1", f"To: <{uri}>", "CSeq: 1 INVITE"
    lines = [f"INVITE {uri} SIP/2.0", via, f"From: {sender};tag=1", to, "Call-ID: c", cseq, "", ""]
    return parse("\r\n".join(lines).encode())


@pytest.mark.parametrize(
    ("sender", "user"),
    [
        pytest.param('"Acme: sales" <sip:+12155550123@acme.example>', "+12155550123", id="name-with-a-colon"),
        pytest.param("sip:+12155550123@acme.example", "+12155550123", id="bare"),
        pytest.param("<tel:+12155550123;ext=7>", "+12155550123;ext=7", id="tel"),
        pytest.param("<sip:anonymous@anonymous.invalid>", "anonymous", id="hidden"),
        pytest.param(f"<sip:{'1' * 100}@acme.example>", "1" * 64, id="endless"),
    ],
)
def test_caller_is_written_as_the_invite_has_it(sender: str, user: str) -> None:
    assert records.invited(invite("sip:b@gateway", sender), PEER, "192.0.2.1")["caller_dialled"] == user


@pytest.mark.parametrize(("role", "direction"), [("softswitch", "outbound"), ("carrier", "inbound")])
def test_call_has_the_direction_of_its_peer(role: str, direction: str) -> None:
    peer = Peer("p", role, NumberPlan.of("US"))  # type: ignore[arg-type]
    assert records.invited(invite("sip:b@gateway", "<sip:a@b>"), peer, "192.0.2.1")["direction"] == direction


def test_what_the_checks_found_is_written_and_nothing_of_what_they_did_not() -> None:
    found = Parties(None, "192.0.2.1", "2155550123", "sip:7%23911@gateway", caller="12155550123")
    assert records.parties(found) == {
        "caller_dialled": "2155550123",
        "callee_dialled": "7%23911",
        "caller": "12155550123",
    }
    assert records.parties(None) == {}


def test_answered_call_was_up_from_its_answer_to_its_end() -> None:
    told = records.of_call("t", UP)
    assert (told["answered_ms"], told["duration_ms"], told["ended_at"]) == (1500.0, 2500.0, 1004.0)
    assert records.answered_at(UP) == 1001.5


@pytest.mark.parametrize("record", [{**UP, "code": 486}, {"at": 1000.0}, {"at": 1000.0, "code": 200}])
def test_call_that_nobody_took_was_never_up(record: dict[str, float]) -> None:
    assert records.answered_at(record) is None
    assert "duration_ms" not in records.of_call("t", record)
