"""Kamailio's secsipid module and the gateway's code, each on calls that the other has signed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.sip.message import parse
from gateway.stir import identity
from gateway.stir.numberplan import NumberPlan
from gateway.stir.reasons import Reason
from gateway.stir.signalled import signalled
from gateway.stir.verdict import Verdict

from .hosting import CertificateHost, certificate_host
from .kamailio import Kamailio, invite, running_kamailio
from .lab import ANOTHER, CALLER, Lab, changed

pytestmark = [pytest.mark.sip, pytest.mark.usefixtures("kamailio_installed")]

ACCEPTED = "Verified"
# The module's error codes, which `kamailio.cfg` puts into the answer
NO_IDENTITY, CERTIFICATE_INVALID, TOKEN_EXPIRED = "secsipid -1", "secsipid -101", "secsipid -232"
SIGNATURE_INVALID, PARAMETER_INVALID = "secsipid -251", "secsipid -303"


@pytest.fixture(scope="module")
def host() -> Iterator[CertificateHost]:
    with certificate_host() as serving:
        yield serving


@pytest.fixture(scope="module")
def lab(host: CertificateHost, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    made = Lab.make(tmp_path_factory.mktemp("lab"), host.url("/616H.pem"))
    host.files["/616H.pem"] = made.chain.pem
    return made


@pytest.fixture(scope="module")
def kamailio(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kamailio]:
    with running_kamailio(lab, tmp_path_factory.mktemp("kamailio")) as running:
        yield running


def theirs(kamailio: Kamailio, call: bytes) -> str:
    """Kamailio's verdict on an INVITE."""
    return kamailio.answer(call).phrase


def ours(lab: Lab, call: bytes) -> Verdict:
    """The gateway's verdict on an INVITE."""
    message = parse(call)
    sender, to = message.get("from"), message.get("to")
    addresses = signalled((), sender, to, message.uri, NumberPlan.of("US"))
    return lab.judge(*identity.split_all(message.all("identity")), call=addresses)


# It verifies what we sign


@pytest.mark.parametrize("attest", ["A", "B", "C"])
def test_it_accepts_a_call_that_we_signed(
    kamailio: Kamailio, lab: Lab, host: CertificateHost, attest: str
) -> None:
    host.asked.clear()
    assert theirs(kamailio, invite(f"Identity: {lab.sign(attest)}")) == ACCEPTED
    assert host.asked == ["/616H.pem"]


@pytest.mark.parametrize("part", [0, 1, 2], ids=["header", "payload", "signature"])
def test_it_refuses_what_we_signed_with_one_bit_changed(kamailio: Kamailio, lab: Lab, part: int) -> None:
    assert theirs(kamailio, invite(f"Identity: {changed(lab.sign(), part)}")) == SIGNATURE_INVALID


def test_it_refuses_what_we_signed_long_ago(kamailio: Kamailio, lab: Lab) -> None:
    assert theirs(kamailio, invite(f"Identity: {lab.sign(age=65)}")) == TOKEN_EXPIRED


def test_it_refuses_what_we_sign_under_another_root(
    kamailio: Kamailio, host: CertificateHost, tmp_path: Path
) -> None:
    stranger = Lab.make(tmp_path, host.url("/stranger.pem"))
    host.files["/stranger.pem"] = stranger.chain.pem
    assert theirs(kamailio, invite(f"Identity: {stranger.sign()}")) == CERTIFICATE_INVALID


# We verify what it signs


@pytest.mark.parametrize("attest", ["A", "B", "C"])
def test_we_accept_a_call_that_it_signed(kamailio: Kamailio, lab: Lab, attest: str) -> None:
    verdict = ours(lab, kamailio.relayed(invite(f"X-Attest: {attest}")))
    assert (verdict.reason, verdict.attest) == (Reason.PASSED, attest)


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        pytest.param(0, Reason.X5U_MISMATCH, id="header"),
        pytest.param(1, Reason.SIGNATURE_INVALID, id="payload"),
        pytest.param(2, Reason.SIGNATURE_INVALID, id="signature"),
    ],
)
def test_we_refuse_what_it_signed_with_one_bit_changed(
    kamailio: Kamailio, lab: Lab, part: int, reason: Reason
) -> None:
    value = parse(kamailio.relayed(invite("X-Attest: A"))).get("identity")
    assert lab.judge(changed(value, part)).reason is reason


# On the same bytes


def test_both_accept_a_call_of_which_one_identity_in_two_is_good(kamailio: Kamailio, lab: Lab) -> None:
    call = invite(f"Identity: {changed(lab.sign(), 2)}", f"Identity: {lab.sign()}")
    assert theirs(kamailio, call) == ACCEPTED
    assert ours(lab, call).passed


def test_it_accepts_a_token_for_another_callee_and_we_refuse_it(kamailio: Kamailio, lab: Lab) -> None:
    call = invite(f"Identity: {lab.sign()}", callee=ANOTHER)
    assert theirs(kamailio, call) == ACCEPTED
    assert ours(lab, call).reason is Reason.DEST_MISMATCH


def test_it_accepts_a_token_of_another_caller_and_we_refuse_it(kamailio: Kamailio, lab: Lab) -> None:
    call = invite(f"Identity: {lab.sign()}", caller=ANOTHER)
    assert theirs(kamailio, call) == ACCEPTED
    assert ours(lab, call).reason is Reason.ORIG_MISMATCH


def test_it_cannot_read_two_identities_in_one_line_and_we_can(kamailio: Kamailio, lab: Lab) -> None:
    call = invite(f"Identity: {lab.sign()},{lab.sign()}")
    assert theirs(kamailio, call) == PARAMETER_INVALID
    assert ours(lab, call).passed


def test_it_does_not_know_the_compact_name_of_identity_and_we_do(kamailio: Kamailio, lab: Lab) -> None:
    call = invite(f"y: {lab.sign()}")
    assert theirs(kamailio, call) == NO_IDENTITY
    assert ours(lab, call).passed


def test_it_signs_a_number_with_its_plus_and_we_refuse_that(kamailio: Kamailio, lab: Lab) -> None:
    call = kamailio.relayed(invite("X-Attest: A", caller=f"+{CALLER}"))
    assert ours(lab, call).reason is Reason.CLAIM_MALFORMED


def test_it_signs_any_attestation_and_we_refuse_that(kamailio: Kamailio, lab: Lab) -> None:
    assert ours(lab, kamailio.relayed(invite("X-Attest: Z"))).reason is Reason.ATTEST_INVALID
