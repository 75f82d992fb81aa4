"""The checks of the scenarios see what is wrong: a check that never complains proves nothing."""

from dataclasses import replace
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from .checks import Signer, leaks, not_relayed, not_seen, unacknowledged_provisionals, wrong_identities
from .deliveries import wrong_deliveries, wrong_reasons
from .legs import sipp_scenario
from .refusals import wrong_refusals
from .scenario import DEFAULTS, SHARED_LEGS, Relayed, Scenario, Seen
from .trace import Message, read_trace, without_retransmissions

NOW = 1_800_000_000
KEY = ec.generate_private_key(ec.SECP256R1())
SIGNER = Signer(KEY.public_key(), NOW)
VALUES = DEFAULTS | {"orig": DEFAULTS["caller"], "dest": DEFAULTS["called"]}
SIGNED = Scenario(name="signed", legs={}, values=VALUES)
UNSIGNED = Scenario(name="unsigned", legs={}, values=VALUES, attest="unsigned")
REFUSED = Scenario(name="refused", legs={}, values=VALUES, refused={"narrow": "limit.cps:peer/narrow"})
X5U = "https://certificates.example.com/616H.pem"
CLAIMS = {
    "attest": "A",
    "dest": {"tn": ["13035550123"]},
    "iat": NOW,
    "orig": {"tn": "12155550123"},
    "origid": "9b0b2b1e-5d3c-4f57-8a51-0c3f3a6f2f10",
}


def message(*lines: str, leg: str = "carrier", direction: str = "received") -> Message:
    raw = "\r\n".join([*lines, "", ""]).encode()
    return Message(leg, "sent" if direction == "sent" else "received", "", raw)


def invite(*headers: str, to: str = "<sip:b@127.0.0.21>") -> Message:
    return message("INVITE sip:b@127.0.0.21 SIP/2.0", f"To: {to}", "CSeq: 1 INVITE", *headers)


def identity(key: ec.EllipticCurvePrivateKey = KEY, **changed: object) -> str:
    header = {"ppt": "shaken", "typ": "passport", "x5u": X5U}
    token = jwt.encode({**CLAIMS, **changed}, key, algorithm="ES256", headers=header)
    return f"Identity: {token};info=<{X5U}>;alg=ES256;ppt=shaken"


def test_sound_identity_is_accepted() -> None:
    assert not list(wrong_identities(SIGNED, [invite(identity())], SIGNER))


@pytest.mark.parametrize(
    ("headers", "complaint"),
    [
        pytest.param([], "received 0 Identity headers", id="none"),
        pytest.param([identity(), identity()], "received 2 Identity headers", id="two"),
        pytest.param([identity(ec.generate_private_key(ec.SECP256R1()))], "PyJWT refuses", id="other-key"),
        pytest.param(["Identity: ..sig;info=<https://x.example>"], "not an Identity header", id="compact"),
        pytest.param([identity(attest="B")], "'attest': 'B'", id="other-attestation"),
        pytest.param([identity(orig={"tn": "12155550124"})], "12155550124", id="other-caller"),
        pytest.param([identity(dest={"tn": ["1"]})], "claims", id="other-called"),
        pytest.param([identity(origid="1")], "not a UUID", id="origid"),
        pytest.param([identity(iat=NOW - 61)], "more than 60 s", id="stale"),
        pytest.param([identity(mky=[])], "claims are", id="unknown-claim"),
    ],
)
def test_wrong_identity_is_told(headers: list[str], complaint: str) -> None:
    assert complaint in "\n".join(wrong_identities(SIGNED, [invite(*headers)], SIGNER))


def test_identity_where_none_belongs_is_told() -> None:
    assert list(wrong_identities(UNSIGNED, [invite(identity())], SIGNER))
    assert list(wrong_identities(SIGNED, [invite(identity(), to="<sip:b@127.0.0.21>;tag=1")], SIGNER))


@pytest.mark.parametrize(
    "header",
    [
        pytest.param("Via: SIP/2.0/UDP 127.0.0.1:40000", id="inner-address"),
        pytest.param("X-Route: 127.0.0.11", id="address-of-the-other-leg"),
        pytest.param("User-Agent: PJSUA v2.15", id="library"),
        pytest.param("Server: anything", id="server-banner"),
    ],
)
def test_what_of_the_inside_is_seen_is_told(header: str) -> None:
    assert list(leaks([invite(header)]))


def test_addresses_of_the_gateway_and_of_the_leg_are_no_leak() -> None:
    assert not list(leaks([invite("Via: SIP/2.0/UDP 127.0.0.2:5060;received=127.0.0.21")]))


def test_prack_for_another_response_is_told() -> None:
    sent = message("SIP/2.0 183 Progress", "CSeq: 1 INVITE", "RSeq: 7321", direction="sent")
    assert not list(unacknowledged_provisionals([sent, message("PRACK x SIP/2.0", "RAck: 7321 1 INVITE")]))
    assert list(unacknowledged_provisionals([sent, message("PRACK x SIP/2.0", "RAck: 7321 2 INVITE")]))


def test_changed_body_and_missing_message_are_told() -> None:
    sent = Message("vos3000", "sent", "", b"INVITE x SIP/2.0\r\n\r\nv=0\r\n")
    received = Message("carrier", "received", "", b"INVITE x SIP/2.0\r\n\r\nv=0\n")
    check = Relayed("INVITE", by="vos3000", to="carrier", same=("body",))
    assert not list(not_relayed(check, [sent, Message("carrier", "received", "", sent.raw)]))
    assert list(not_relayed(check, [sent, received]))
    assert list(not_relayed(check, [sent]))


def test_header_that_should_be_seen_or_absent_is_told() -> None:
    seen = Seen("carrier", "INVITE", headers={"Max-Forwards": "69"}, absent=("X-Secret",))
    assert not list(not_seen(seen, [invite("Max-Forwards: 69")]))
    assert list(not_seen(seen, [invite("Max-Forwards: 70")]))
    assert list(not_seen(seen, [invite("Max-Forwards: 69", "X-Secret: 1")]))
    assert list(not_seen(seen, []))


PASSED, FAILED = "TN-Validation-Passed", "TN-Validation-Failed"
TOLD = f"From: <sip:+13035550123;verstat={PASSED}@127.0.0.2>"
INBOUND = Scenario(name="inbound", legs={}, values=DEFAULTS, direction="inbound")


def delivered(*headers: str, to: str = "<sip:b@127.0.0.11>") -> Message:
    return message("INVITE sip:b SIP/2.0", f"To: {to}", "CSeq: 1 INVITE", *headers, leg="vos3000")


def test_call_that_is_told_its_verstat_once_is_accepted() -> None:
    assert not list(wrong_deliveries(INBOUND, [delivered(TOLD)]))


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param(["From: <sip:+13035550123@127.0.0.2>"], id="no-verstat"),
        pytest.param([TOLD.replace(PASSED, FAILED)], id="another-verstat"),
        pytest.param([TOLD, f"Remote-Party-ID: <tel:+1;verstat={PASSED}>"], id="twice"),
        pytest.param([TOLD, "P-Asserted-Identity: <tel:+13035550123>"], id="not-where-it-belongs"),
        pytest.param([f"From: <sip:+13035550123@127.0.0.2>;verstat={PASSED}"], id="behind-the-address"),
        pytest.param([TOLD, "Date: Thu, 21 Feb 2002 13:02:03 GMT"], id="date-of-the-carrier"),
        pytest.param([TOLD, "Reason: STIR ;cause=403"], id="reason-for-the-signer"),
    ],
)
def test_call_that_is_told_anything_else_is_told(headers: list[str]) -> None:
    assert list(wrong_deliveries(INBOUND, [delivered(*headers)]))


def test_identity_and_foreign_verstat_that_reach_a_softswitch_are_told() -> None:
    later = delivered(TOLD.replace(PASSED, FAILED), to="<sip:b@127.0.0.11>;tag=1")
    assert list(wrong_deliveries(INBOUND, [later]))
    assert list(wrong_identities(INBOUND, [delivered(TOLD, identity())], SIGNER))


STALE = 'Reason: STIR ;cause=403 ;text="Stale Date" ;ppi="..c2ln"'
SENT = message("INVITE b SIP/2.0", "CSeq: 1 INVITE", "Identity: a.b.c2ln;info=<x>", direction="sent")


@pytest.mark.parametrize(
    ("reasons", "right"),
    [
        pytest.param([STALE], True, id="as-expected"),
        pytest.param([], False, id="none"),
        pytest.param([STALE, STALE], False, id="twice"),
        pytest.param([STALE.replace("403", "438")], False, id="another-cause"),
        pytest.param([STALE.replace("Stale", "Old")], False, id="another-text"),
        pytest.param([STALE.replace("c2ln", "b3RoZXI")], False, id="of-another-token"),
        pytest.param([STALE.replace('ppi="', 'ppi="a.b')], False, id="with-its-claims"),
    ],
)
def test_what_the_carrier_is_told_is_compared(reasons: list[str], right: bool) -> None:
    scenario = replace(INBOUND, reasons=("403 Stale Date",))
    heard = message("SIP/2.0 180 Ringing", "CSeq: 1 INVITE", *reasons)
    assert (not list(wrong_reasons(scenario, [SENT, heard]))) == right


def test_trace_is_read_octet_by_octet() -> None:
    body = b"INVITE sip:b SIP/2.0\r\nCSeq: 1 INVITE\r\n\r\n\n------\n"
    entry = b"----------------------------------------------- 2026-01-02 03:04:05.678901\n"
    trace = entry + b"UDP message sent (%d bytes):\n\n" % len(body) + body + b"\n"
    trace += entry + b"UDP message received [%d] bytes :\n\n" % len(body) + body + b"\n"
    messages = list(read_trace("vos3000", trace + trace))
    assert [(each.direction, each.raw) for each in messages] == [("sent", body), ("received", body)] * 2
    assert len(without_retransmissions(messages)) == 2


@pytest.mark.parametrize("leg", sorted(SHARED_LEGS.glob("*.xml")), ids=lambda path: path.stem)
def test_every_shared_leg_becomes_a_sipp_scenario(leg: Path) -> None:
    said = {"transport": "UDP", "sent_by": "127.0.0.11:5060"}
    more = {"code": "486", "phrase": "Busy Here", "cause": "17", "method": "OPTIONS"}
    more |= {"headers": "", "identities": "", "complained_of": "c2ln"}
    text = sipp_scenario(leg, {**DEFAULTS, "from": "<sip:a@127.0.0.11>", **said, **more})
    assert "<![CDATA[" in text or "send" not in text
    assert "{" not in text


def refusal(code: str = "603", rule: str = "limit.cps:peer/narrow", direction: str = "received") -> Message:
    reason = f'Reason: X.int;text="{rule}"'
    return message(f"SIP/2.0 {code} Decline", "CSeq: 1 INVITE", reason, leg="narrow", direction=direction)


def call(number: int, leg: str, direction: str) -> Message:
    lines = ("INVITE sip:b@127.0.0.2 SIP/2.0", "To: <sip:b@127.0.0.2>", f"Call-ID: {number}")
    return message(*lines, leg=leg, direction=direction)


def test_refusal_by_its_rule_that_nobody_else_hears_of_is_in_order() -> None:
    let_in = [call(1, "second-narrow", "sent"), call(2, "carrier", "received")]
    assert not list(wrong_refusals(REFUSED, [call(3, "narrow", "sent"), refusal(), *let_in]))


@pytest.mark.parametrize(
    ("messages", "complaint"),
    [
        pytest.param([], "refused 0 times", id="no-refusal"),
        pytest.param([refusal(), refusal()], "refused 2 times", id="one-too-many"),
        pytest.param([refusal(code="403")], "heard 'SIP/2.0 403 Decline'", id="other-code"),
        pytest.param([refusal(rule="limit.cps")], "for the reasons", id="other-rule"),
        pytest.param([refusal(direction="sent")], "refused 0 times", id="by-itself"),
        pytest.param([refusal(), call(2, "carrier", "received")], "1 calls reached somebody", id="passed-on"),
        pytest.param(
            [refusal(), call(1, "vos3000", "sent")], "0 calls reached somebody", id="another-one-lost"
        ),
    ],
)
def test_call_that_is_not_refused_as_it_should_is_told(messages: list[Message], complaint: str) -> None:
    assert complaint in "\n".join(wrong_refusals(REFUSED, messages))
