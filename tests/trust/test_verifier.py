"""The verification service: what is at hand is used at once, what is missing is awaited, and a token serves one call."""

import asyncio
from dataclasses import dataclass, field
from typing import cast

import pytest

from certs.builders import NOW as MADE
from certs.builders import make_chain
from gateway.origid import new_origid
from gateway.stir import chain, identity
from gateway.stir.chain import Anchors, TrustedChain
from gateway.stir.claims import ShakenClaims
from gateway.stir.passport import Signer
from gateway.stir.reasons import Reason
from gateway.stir.revocation import Revocations
from gateway.stir.signalled import Signalled
from gateway.stir.verdict import Verdict
from gateway.stir.verification import Rules
from gateway.trust.cache import Chains
from gateway.trust.replay import Memory
from gateway.trust.trust import Trust
from gateway.trust.verifier import Pending, Verifier

NOW = MADE.timestamp() + 100
X5U = "https://certificates.example.com/616H.pem"
ELSEWHERE = "https://elsewhere.example.com/709J.pem"
CALL = Signalled(frozenset({"12155550123"}), "13035550123", "13035550123")
LAB = make_chain()
ANCHORS = Anchors([LAB.root.certificate])
TRUSTED = chain.trust(chain.read(LAB.pem), ANCHORS, NOW)


@dataclass
class Hosts:
    """A cache whose hosts answer when the test says so, or when so many were asked."""

    at_hand: dict[str, TrustedChain | Reason] = field(default_factory=dict)
    enough: int = 1000
    asked: list[str] = field(default_factory=list)
    answer: asyncio.Event = field(default_factory=asyncio.Event)

    def known(self, url: str) -> TrustedChain | Reason | None:
        return self.at_hand.get(url)

    async def get(self, url: str, budget: float) -> TrustedChain | Reason:
        self.asked.append(url)
        if len(self.asked) == self.enough:
            self.answer.set()
        try:
            async with asyncio.timeout(budget):
                await self.answer.wait()
        except TimeoutError:
            return Reason.CERTIFICATE_TIMEOUT
        return TRUSTED


@dataclass
class InForce:
    """Trust that does not change."""

    anchors: Anchors = ANCHORS
    revocations: Revocations = field(default_factory=Revocations)


def signed(x5u: str = X5U, dest: str = "13035550123") -> str:
    claims = ShakenClaims("A", (dest,), int(NOW), "12155550123", new_origid())
    return identity.build(Signer(LAB.leaf_key, x5u).sign(claims), x5u)


def verifier(hosts: Hosts, trust: InForce | None = None, budget: float = 5.0) -> Verifier:
    in_force = cast(Trust, trust or InForce())
    return Verifier(cast(Chains, hosts), in_force, Memory(), Rules(), budget, lambda: NOW)


def warm() -> Verifier:
    return verifier(Hosts({X5U: TRUSTED}))


def judged(by: Verifier, *headers: str, call_id: str = "one") -> Verdict:
    found = by.judge(headers, CALL, call_id)
    assert isinstance(found, Verdict)
    return found


def pending(by: Verifier, *headers: str) -> Pending:
    found = by.judge(headers, CALL, "one")
    assert isinstance(found, Pending)
    return found


def test_without_trust_anchors_nothing_is_fetched_and_nobody_believed() -> None:
    hosts = Hosts()
    found = judged(verifier(hosts, InForce(Anchors(()))), signed())
    assert (found.reason, found.verstat) == (Reason.NO_TRUST_ANCHORS, "No-TN-Validation")
    assert not hosts.asked


def test_a_token_that_cannot_pass_asks_no_host() -> None:
    hosts = Hosts()
    assert judged(verifier(hosts), signed(dest="13035550199")).reason is Reason.DEST_MISMATCH
    assert not hosts.asked


def test_a_call_whose_chain_is_at_hand_is_judged_at_once() -> None:
    assert judged(warm(), signed()).passed


def test_why_there_is_no_chain_is_the_verdict() -> None:
    by = verifier(Hosts({X5U: Reason.CERTIFICATE_UNTRUSTED}))
    assert judged(by, signed()).reason is Reason.CERTIFICATE_UNTRUSTED


def test_a_call_whose_chain_is_not_at_hand_waits_for_it() -> None:
    async def run() -> Verdict:
        hosts = Hosts()
        waiting = asyncio.create_task(pending(verifier(hosts), signed()).verdict())
        hosts.answer.set()
        return await waiting

    assert asyncio.run(run()).passed


def test_no_call_waits_longer_than_its_budget() -> None:
    async def run() -> Verdict:
        return await pending(verifier(Hosts(), budget=0.01), signed()).verdict()

    assert asyncio.run(run()).reason is Reason.CERTIFICATE_TIMEOUT


def test_one_valid_header_at_hand_is_enough_and_the_others_are_not_waited_for() -> None:
    """RFC 8224 §6.2.1."""
    assert judged(warm(), signed(ELSEWHERE), signed()).passed


def test_where_the_header_at_hand_fails_the_others_are_waited_for() -> None:
    hosts = Hosts({X5U: Reason.CERTIFICATE_UNTRUSTED}, enough=1)
    waiting = pending(verifier(hosts), signed(ELSEWHERE), signed())
    assert asyncio.run(waiting.verdict()).passed


def test_a_call_that_must_not_wait_is_judged_by_what_is_at_hand() -> None:
    assert pending(warm(), signed(ELSEWHERE)).at_once().reason is Reason.CERTIFICATE_TIMEOUT


def test_chains_of_several_headers_are_fetched_side_by_side() -> None:
    async def run() -> Verdict:
        urls = [f"https://host{n}.example.com/616H.pem" for n in range(3)]
        return await pending(verifier(Hosts(enough=3)), *map(signed, urls)).verdict()

    assert asyncio.run(run()).passed


def test_a_token_in_another_call_is_replayed_and_in_the_same_call_is_not() -> None:
    by, token = warm(), signed()
    assert judged(by, token, call_id="one").passed
    assert judged(by, token, call_id="one").passed
    again = judged(by, token, call_id="two")
    assert (again.reason, again.headers[0].reason) == (Reason.REPLAYED, Reason.REPLAYED)
    assert again.attest is None


def test_one_token_that_nobody_used_is_enough() -> None:
    """RFC 8224 §6.2.1."""
    by, used = warm(), signed()
    assert judged(by, used, call_id="one").passed
    again = judged(by, used, signed(), call_id="two")
    assert again.passed
    assert [each.reason for each in again.headers] == [Reason.REPLAYED, Reason.PASSED]


def test_a_token_for_two_callees_serves_a_call_to_each() -> None:
    claims = ShakenClaims("A", ("13035550123", "13035550199"), int(NOW), "12155550123", new_origid())
    token = identity.build(Signer(LAB.leaf_key, X5U).sign(claims), X5U)
    by, other = warm(), Signalled(CALL.callers, "13035550199", "13035550199")
    assert judged(by, token, call_id="one").passed
    found = by.judge([token], other, "two")
    assert isinstance(found, Verdict)
    assert found.passed
    assert judged(by, token, call_id="three").reason is Reason.REPLAYED


def test_a_token_that_failed_is_not_used_up() -> None:
    hosts = Hosts({X5U: Reason.CERTIFICATE_UNREACHABLE})
    by, token = verifier(hosts), signed()
    assert not judged(by, token, call_id="one").passed
    hosts.at_hand[X5U] = TRUSTED
    assert judged(by, token, call_id="two").passed


@pytest.mark.parametrize("times", [1, 2])
def test_a_call_that_another_element_asks_about_is_never_replayed(times: int) -> None:
    by, token = warm(), signed()
    assert all(asyncio.run(by.verify([token], CALL)).passed for _ in range(times))
