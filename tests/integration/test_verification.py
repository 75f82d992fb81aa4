"""The verification service of a running node: over HTTP, while its trust changes, beside hanging hosts, after a restart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from time import time
from typing import Any

import httpx
import pytest

from certs import pem
from gateway.store import files
from tests.certificate_host import CertificateHost

from .identities import Identity, signed
from .runner import everything_wrong, play, play_inbound
from .scenario import SCENARIOS, read_folder
from .signers import DOOMED, NEWCOMER, SOUND
from .sipp import wait_for
from .wire import CLUMSY_CARRIER, Wire, invite, udp_wire
from .world import ANCHORS, Gateway, running, set_up

pytestmark = pytest.mark.sip

SIGNED_CALL = next(read_folder(SCENARIOS / "valid-identity-is-told-with-its-attestation"))
TAKES_EFFECT = 2.0  # seconds for a change to reach every process
HANGING = 20  # calls; more than the certificates that are fetched at one time
CALLER, CALLED = "12155550123", "18085550123"  # of the messages of `wire`
PASSED = "404"  # the rejecting carrier's call was let through, and nobody has the number


@pytest.fixture
def host(gateway: Gateway) -> Iterator[CertificateHost]:
    with gateway.certificate_host() as host:
        yield host


@pytest.fixture
def wire(gateway: Gateway) -> Iterator[Wire]:
    with udp_wire(gateway, CLUMSY_CARRIER) as wire:
        yield wire


def value(gateway: Gateway, served_by: CertificateHost, signer: str = SOUND, **asked: Any) -> str:
    """An Identity value of a call on the wire, signed now."""
    return signed(Identity(CALLER, CALLED, signer=signer, **asked), gateway.signers, served_by, int(time()))


def over_http(gateway: Gateway, identity: str) -> dict[str, str | int]:
    """What the node answers another SIP element that asks about the call (ATIS-1000082)."""
    parties = {"from": {"tn": CALLER}, "to": {"tn": [CALLED]}, "time": int(time())}
    body = {"verificationRequest": {**parties, "identity": identity}}
    answer = httpx.post(f"{gateway.url}/stir/v1/verification", json=body, headers=gateway.headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, str | int] = answer.json()["verificationResponse"]
    return found


def test_another_element_is_told_that_a_call_is_valid(gateway: Gateway, host: CertificateHost) -> None:
    assert over_http(gateway, value(gateway, host)) == {"verstat": "TN-Validation-Passed"}


def test_another_element_is_told_why_a_call_is_not_valid(gateway: Gateway, host: CertificateHost) -> None:
    said = over_http(gateway, value(gateway, host, key="stranger"))
    assert (said["verstat"], said["reasoncode"]) == ("TN-Validation-Failed", 438)
    assert str(said["reasondesc"]).startswith("signature-invalid")


# Trust that changes while the node runs


Outcomes = Callable[[], tuple[str, str]]
"""What the edge answers a call, and what the sidecar says of it."""


@pytest.fixture
def outcomes(gateway: Gateway, host: CertificateHost, wire: Wire) -> Callable[[str], Outcomes]:
    def of(signer: str) -> Outcomes:
        def now() -> tuple[str, str]:
            call = invite(extra=f"Identity: {value(gateway, host, signer)}\r\n")
            asked = over_http(gateway, value(gateway, host, signer))
            return wire.final(call).code, str(asked["verstat"])

        return now

    return of


VALID, INVALID = (PASSED, "TN-Validation-Passed"), ("437", "TN-Validation-Failed")


def test_a_trust_anchor_counts_while_its_file_is_there(
    gateway: Gateway, outcomes: Callable[[str], Outcomes]
) -> None:
    said, anchor = outcomes(NEWCOMER), gateway.folder / ANCHORS / "newcomers.pem"
    assert said() == INVALID
    files.replace(anchor, pem.chain(gateway.signers.newcomers))
    wait_for(lambda: said() == VALID, "the anchor to count", seconds=TAKES_EFFECT)
    anchor.unlink()
    wait_for(lambda: said() == INVALID, "it to count no more", seconds=TAKES_EFFECT)


def test_a_revocation_counts_once_its_list_is_there(
    gateway: Gateway, outcomes: Callable[[str], Outcomes]
) -> None:
    said = outcomes(DOOMED)
    assert said() == VALID
    gateway.signers.revoke(DOOMED)
    wait_for(lambda: said() == INVALID, "the list to count", seconds=TAKES_EFFECT)


# Hosts that hang


def test_calls_that_wait_for_hanging_hosts_hold_up_no_other(
    gateway: Gateway, wire: Wire, tmp_path: Path
) -> None:
    with gateway.certificate_host() as one, gateway.certificate_host() as other:
        for number in range(HANGING):
            identity = value(gateway, (one, other)[number % 2], host=f"hang/{number}")
            wire.says(invite(extra=f"Identity: {identity}\r\n"))
        played = play(SIGNED_CALL, gateway, tmp_path)
        assert not everything_wrong(SIGNED_CALL, played, gateway), played.ladder()
        answers = wire.finals()
        assert {next(answers).code for _ in range(HANGING)} == {"436"}


# After a restart


def test_a_chain_outlives_a_restart_and_its_host_is_not_asked_again(real_sip: None, tmp_path: Path) -> None:
    gateway = set_up(tmp_path, {"sip": {"drain_limit": "1s"}})
    with gateway.certificate_host() as host:
        for run, (name, fetches) in enumerate((("cold", 1), ("warm", 0)), 1):
            (folder := tmp_path / name).mkdir()
            call = replace(SIGNED_CALL, fetches=fetches)
            with running(gateway):
                played = play_inbound(call, gateway, folder, host)
                assert not everything_wrong(call, played, gateway), played.ladder()
                # What is not quite over goes on after the restart.
                wait_for(lambda run=run: len(gateway.records()) == run, "the call to be over")
