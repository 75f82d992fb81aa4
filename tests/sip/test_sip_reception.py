"""Whether an INVITE becomes a call, and what whoever sent it hears when it does not."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, cast

import pytest
from playbook import CALLER, CARRIERS, EDGE, OWN

from gateway.config import Sip
from gateway.engine import Deliver, Forward, InboundCall, OutboundCall, Refuse
from gateway.metrics import Counters
from gateway.policy.holds import Hold
from gateway.policy.lists import Party
from gateway.policy.peers import Peer
from gateway.sip.attempt import Target
from gateway.sip.call import Call
from gateway.sip.leg import Local
from gateway.sip.message import BadMessage, Message, parse, write
from gateway.sip.network import Network
from gateway.sip.received import Received, receive
from gateway.sip.reception import Reception
from gateway.sip.values import Hop
from gateway.stir.reasons import Reason
from gateway.stir.signalled import Signalled
from gateway.stir.tn import NumberPlan, TelephoneNumber
from gateway.stir.verdict import Verdict

VOS = Peer("vos", "softswitch", NumberPlan.of("US"), max_setups=2, max_cps=0)
CARRIER = Peer("carrier", "carrier", NumberPlan.of("US"))
FORWARD = Forward(
    "attest.account-known", "all", (CARRIER,), None, TelephoneNumber("12025550199"), "acme", "-"
)


class Wires:
    """A network that only remembers what was sent."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.addresses = [Target(CARRIER, CARRIERS[0], OWN)]

    def send(self, hop: Hop, data: bytes, failed: object = None) -> None:
        self.sent.append(data)

    def targets(self, peer: Peer) -> list[Target]:
        return list(self.addresses)

    def local(self, source: Hop) -> Local:
        return OWN

    @property
    def heard(self) -> Message:
        return parse(self.sent[-1])


class Certificates:
    """A verdict that waits until the test says what it is."""

    def __init__(self) -> None:
        self.said: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()

    def at_once(self) -> Verdict:
        return Verdict(Reason.CERTIFICATE_TIMEOUT)

    async def verdict(self) -> Verdict:
        return await self.said


class Desk:
    """A reception, its wires, and the log."""

    def __init__(self, decision: Refuse | Forward = FORWARD) -> None:
        self.wires, self.log, self.asked = Wires(), list[dict[str, Any]](), list[OutboundCall]()
        sip = cast(Sip, type("Settings", (), {"probe_after": 600.0}))
        self.decision = decision
        self.reception = Reception(sip, cast(Network, self.wires), self, Counters(), self.log.append)
        self.resumed: list[Call] = []
        self.late = asyncio.Event()
        self.reception.resume = self.resume
        self.pending = Certificates()
        self.found: Verdict | Certificates = Verdict(Reason.NO_IDENTITY)
        self.call_ids: list[str] = []
        self.held: list[Hold | None] = []

    def resume(self, call: Call) -> None:
        self.resumed.append(call)
        self.late.set()

    # What is decided

    def country(self, source: str) -> str | None:
        return None

    def meant(self, peer: Peer, party: Party, address: str) -> str:
        return address

    def began(self, hold: Hold | None) -> None:
        self.held.append(hold)

    def outbound(self, call: OutboundCall) -> Refuse | Forward:
        self.asked.append(call)
        return self.decision

    def verify(self, headers: Sequence[str], call: Signalled, call_id: str) -> Verdict | Certificates:
        self.call_ids.append(call_id)
        return self.found

    def inbound(self, call: InboundCall, verdict: Verdict) -> Refuse | Deliver:
        if verdict.reason is Reason.IAT_STALE:
            return Refuse(403, "Stale Date", "identity.iat-stale", headers=(STALE,))
        number = TelephoneNumber("12025550199")
        return Deliver("rule", "tag", "all", (VOS,), None, number, verdict, "none")

    def hears(
        self,
        *headers: str,
        uri: str = "sip:+12025550199@b",
        peer: Peer = VOS,
        behind: bool = False,
        n: int = 1,
    ) -> Call | None:
        return self.reception.invited(invite(*headers, uri=uri, n=n), CALLER, peer, EDGE, behind)


STALE = 'Reason: STIR ;cause=403 ;text="Stale Date"'
CONTACT = "Contact: <sip:vos@192.0.2.1>"


def invite(*headers: str, uri: str = "sip:+12025550199@b", n: int = 1) -> Received:
    lines = [
        f"Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK{n}",
        "From: <sip:+12025550123@192.0.2.1>;tag=1",
        "To: <sip:+12025550199@b>",
        f"Call-ID: {n}",
        "CSeq: 1 INVITE",
        *(headers or (CONTACT,)),
    ]
    return receive(parse(write(f"INVITE {uri} SIP/2.0", lines)), CALLER)


def desk(then: Callable[[Desk], None], decision: Refuse | Forward = FORWARD) -> None:
    async def run() -> None:
        then(Desk(decision))

    asyncio.run(run())


@pytest.mark.parametrize(
    ("headers", "uri", "peer", "behind", "code", "rule"),
    [
        pytest.param(
            (CONTACT, "Max-Forwards: 0"), "sip:1@b", VOS, False, 483, "max-forwards", id="hops-used-up"
        ),
        pytest.param((CONTACT,), "http://b", VOS, False, 416, "uri-scheme", id="not-a-sip-uri"),
        pytest.param(
            (CONTACT, "Require: gruu"), "sip:1@b", VOS, False, 420, "unsupported.gruu", id="unknown-option"
        ),
        pytest.param((CONTACT,), "sip:1@b", VOS, True, 503, "node.overloaded", id="node-behind"),
    ],
)
def test_a_refusal_before_the_decision_names_its_rule(
    headers: tuple[str, ...], uri: str, peer: Peer, behind: bool, code: int, rule: str
) -> None:
    def then(at: Desk) -> None:
        assert at.hears(*headers, uri=uri, peer=peer, behind=behind) is None
        assert at.wires.heard.status == code
        assert at.wires.heard.get("reason") == f'X.int;text="{rule}"'
        assert (at.log[-1]["rule"], at.log[-1]["code"]) == (rule, code)
        assert not at.asked

    desk(then)


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        pytest.param(("Subject: x",), "bad-contact", id="no-contact"),
        pytest.param(("Contact: <sip:a b>",), "bad-contact", id="contact-that-is-no-uri"),
        pytest.param((CONTACT, "Max-Forwards: -1"), "bad-max-forwards", id="negative-hops"),
        pytest.param((CONTACT, f"Max-Forwards: {'9' * 5000}"), "bad-max-forwards", id="thousands-of-digits"),
    ],
)
def test_what_makes_no_dialog_is_a_bad_message(headers: tuple[str, ...], reason: str) -> None:
    def then(at: Desk) -> None:
        with pytest.raises(BadMessage, match=reason):
            at.hears(*headers)

    desk(then)


def test_a_repeated_invite_hears_the_same_refusal_and_is_logged_once() -> None:
    def then(at: Desk) -> None:
        at.hears(behind=True)
        at.hears(behind=False)
        assert at.wires.sent[0] == at.wires.sent[1]
        assert len(at.log) == 1

    desk(then)


def test_a_draining_node_takes_no_call() -> None:
    def then(at: Desk) -> None:
        at.reception.draining = True
        assert at.hears() is None
        assert (at.wires.heard.status, at.wires.heard.get("retry-after")) == (503, "5")

    desk(then)


def test_an_accepted_invite_is_a_call_with_the_decisions_facts() -> None:
    def then(at: Desk) -> None:
        call = at.hears()
        assert call is not None
        assert (call.record["rule"], call.record["peer"]) == ("attest.account-known", "vos")
        assert not at.wires.sent

    desk(then)


def test_the_engines_refusal_goes_out_with_its_code_phrase_and_rule() -> None:
    def then(at: Desk) -> None:
        assert at.hears() is None
        heard = at.wires.heard
        assert (heard.status, heard.phrase, heard.get("retry-after")) == (503, "No Certificate", "60")
        assert "certificate.none" in heard.get("reason")

    desk(then, Refuse(503, "No Certificate", "certificate.none", 60))


def test_a_carrier_without_a_known_address_cannot_be_called() -> None:
    def then(at: Desk) -> None:
        at.wires.addresses = []
        assert at.hears() is None
        assert at.log[-1]["rule"] == "route.no-address"

    desk(then)


def test_what_did_not_become_a_call_takes_no_place_in_set_up() -> None:
    def then(at: Desk) -> None:
        for n in range(5):
            at.hears(n=n)
        assert {line["rule"] for line in at.log} == {"account.unknown"}

    desk(then, Refuse(603, "Decline", "account.unknown"))


def test_only_so_many_calls_are_in_set_up_at_once() -> None:
    def then(at: Desk) -> None:
        assert [at.hears(n=n, peer=replace(VOS)) is None for n in range(3)] == [False, False, True]
        assert at.log[-1]["rule"] == "limit.setups"

    desk(then)


# Calls of carriers


def waiting(then: Callable[[Desk, Call], Awaitable[None]]) -> None:
    """A carrier's call whose certificates are still to be fetched."""

    async def run() -> None:
        at = Desk()
        at.found = at.pending
        call = at.hears(peer=CARRIER)
        assert call is not None
        await then(at, call)

    asyncio.run(run())


async def decided(at: Desk) -> None:
    """Until the decision has come."""
    async with asyncio.timeout(5):
        await at.late.wait()


def kinds(call: Call) -> list[str]:
    return [type(command).__name__ for command in call.out]


def test_a_carriers_call_whose_verdict_is_at_hand_becomes_a_call_at_once() -> None:
    def then(at: Desk) -> None:
        call = at.hears(peer=CARRIER)
        assert call is not None
        assert (call.record["rule"], call.record["reason"]) == ("rule", "no-identity")
        assert kinds(call) == ["Send", "WantSlot"]
        assert not at.asked

    desk(then)


def test_retransmissions_and_forks_are_one_call_to_the_replay_check_and_another_dialog_is_not() -> None:
    """RFC 3261 §8.1.1.4 and §19.3: the Call-ID and the caller's tag, whatever the branch."""

    def then(at: Desk) -> None:
        for n in (1, 2):
            at.hears(peer=CARRIER, n=n)
        assert at.call_ids == ["1 1", "2 1"]

    desk(then)


def test_a_rejected_carriers_call_hears_code_phrase_and_every_reason() -> None:
    def then(at: Desk) -> None:
        at.found = Verdict(Reason.IAT_STALE)
        assert at.hears(peer=CARRIER) is None
        heard = at.wires.heard
        assert (heard.status, heard.phrase) == (403, "Stale Date")
        assert heard.all("reason") == ['X.int;text="identity.iat-stale"', STALE.removeprefix("Reason: ")]
        assert (at.log[-1]["reason"], at.log[-1]["rule"]) == ("iat-stale", "identity.iat-stale")

    desk(then)


def test_a_call_that_waits_for_certificates_hears_100_and_asks_for_no_worker() -> None:
    async def then(at: Desk, call: Call) -> None:
        assert kinds(call) == ["Send"]
        assert not at.resumed

    waiting(then)


def test_a_call_that_waits_is_logged_with_its_numbers_however_it_ends() -> None:
    async def then(at: Desk, call: Call) -> None:
        call.cancelled(invite())
        assert (call.record["caller"], call.record["callee"]) == ("+12025550123", "+12025550199")

    waiting(then)


def test_a_call_that_waited_goes_on_with_its_verdict() -> None:
    async def then(at: Desk, call: Call) -> None:
        at.pending.said.set_result(Verdict(Reason.CERTIFICATE_UNREACHABLE))
        await decided(at)
        assert at.resumed == [call]
        assert kinds(call) == ["Send", "WantSlot"]
        assert call.record["reason"] == "certificate-unreachable"

    waiting(then)


def test_a_call_that_waited_is_rejected_with_its_verdict() -> None:
    async def then(at: Desk, call: Call) -> None:
        at.pending.said.set_result(Verdict(Reason.IAT_STALE))
        await decided(at)
        assert call.given_up
        assert (call.record["code"], call.record["rule"], call.record["reason"]) == (
            403,
            "identity.iat-stale",
            "iat-stale",
        )

    waiting(then)


def test_a_call_whose_softswitch_has_no_address_is_told_503_even_late() -> None:
    async def then(at: Desk, call: Call) -> None:
        at.wires.addresses = []
        at.pending.said.set_result(Verdict(Reason.CERTIFICATE_UNREACHABLE))
        await decided(at)
        assert (call.record["code"], call.record["rule"]) == (503, "route.no-address")

    waiting(then)


def test_a_caller_that_gave_up_meanwhile_is_not_called_back() -> None:
    async def then(at: Desk, call: Call) -> None:
        call.cancelled(invite())
        before = len(call.out)
        at.pending.said.set_result(Verdict(Reason.CERTIFICATE_UNREACHABLE))
        await decided(at)
        assert len(call.out) == before

    waiting(then)


def test_a_fault_in_verification_costs_the_call_503_and_no_more() -> None:
    async def then(at: Desk, call: Call) -> None:
        at.pending.said.set_exception(ZeroDivisionError())
        await decided(at)
        assert (call.record["code"], call.record["ended_by"]) == (503, "node.fault")

    waiting(then)


def test_a_call_for_help_does_not_wait_for_certificates() -> None:
    def then(at: Desk) -> None:
        at.found = at.pending
        call = at.hears(uri="sip:911@b", peer=CARRIER)
        assert call is not None
        assert kinds(call) == ["Send", "WantSlot"]
        assert call.record["reason"] == "certificate-timeout"

    desk(then)
