"""secsipidx and the gateway's code, each on what the other has signed."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.stir import identity
from gateway.stir.reasons import Reason
from gateway.trust.credential import TN_AUTH_LIST

from . import secsipidx
from .lab import ANOTHER, CALLEE, CALLER, ORIGID, Lab, changed

pytestmark = pytest.mark.usefixtures("secsipidx_installed")

X5U = "https://certs.example.test/616H.pem"
HEADER = {"alg": "ES256", "ppt": "shaken", "typ": "passport", "x5u": X5U}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return Lab.make(tmp_path_factory.mktemp("lab"), X5U)


def payload(**other: Any) -> dict[str, Any]:
    claims = {"attest": "A", "dest": {"tn": [CALLEE]}, "iat": int(time.time()), "orig": {"tn": CALLER}}
    return {**claims, "origid": ORIGID, **other}


# It verifies what we sign


@pytest.mark.parametrize("attest", ["A", "B", "C"])
def test_it_accepts_what_we_sign(lab: Lab, attest: str) -> None:
    assert secsipidx.check(lab.sign(attest), lab) == "ok"


def test_it_accepts_what_we_sign_for_several_callees(lab: Lab) -> None:
    assert secsipidx.check(lab.sign(dest=[ANOTHER, CALLEE]), lab) == "ok"


@pytest.mark.parametrize("part", [0, 1, 2], ids=["header", "payload", "signature"])
def test_it_refuses_what_we_signed_with_one_bit_changed(lab: Lab, part: int) -> None:
    assert "ECDSA verification failed" in secsipidx.check(changed(lab.sign(), part), lab)


@pytest.mark.parametrize(
    "parameters",
    [
        pytest.param(f";ppt=shaken;alg=ES256;info=<{X5U}>", id="in-another-order"),
        pytest.param(f';info=<{X5U}>;alg=ES256;ppt="shaken"', id="ppt-quoted"),
        pytest.param(f";info=<{X5U}>", id="info-alone"),
        pytest.param(f" ; info=<{X5U}> ; ppt=shaken", id="spaces"),
    ],
)
def test_both_accept_parameters_however_they_are_written(lab: Lab, parameters: str) -> None:
    value = lab.sign().partition(";")[0] + parameters
    assert secsipidx.check(value, lab) == "ok"
    assert lab.judge(value).passed


def test_both_refuse_an_info_that_differs_from_x5u(lab: Lab) -> None:
    value = lab.sign().replace(f"info=<{X5U}>", f"info=<{X5U}2>")
    assert "mismatching value for x5u" in secsipidx.check(value, lab)
    assert lab.judge(value).reason is Reason.X5U_MISMATCH


def test_it_refuses_what_we_sign_under_another_root(lab: Lab, tmp_path: Path) -> None:
    stranger = Lab.make(tmp_path, X5U)
    stranger.root.write_bytes(lab.root.read_bytes())
    assert "unknown authority" in secsipidx.check(stranger.sign(), stranger)


def test_it_refuses_what_we_signed_long_ago(lab: Lab) -> None:
    assert "expired token" in secsipidx.check(lab.sign(age=secsipidx.FRESH + 5), lab)


def test_it_finds_a_revoked_leaf_in_our_revocation_list(lab: Lab) -> None:
    value = lab.sign()
    assert secsipidx.check(value, lab) == "ok"
    assert "revoked" in secsipidx.check(value, lab, lab.revocations())


# We verify what it signs


@pytest.mark.parametrize("attest", ["A", "B", "C"])
def test_we_accept_what_it_signs(lab: Lab, attest: str) -> None:
    verdict = lab.judge(secsipidx.sign(lab, attest))
    assert (verdict.reason, verdict.attest) == (Reason.PASSED, attest)


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        pytest.param(0, Reason.X5U_MISMATCH, id="header"),
        pytest.param(1, Reason.SIGNATURE_INVALID, id="payload"),
        pytest.param(2, Reason.SIGNATURE_INVALID, id="signature"),
    ],
)
def test_we_refuse_what_it_signed_with_one_bit_changed(lab: Lab, part: int, reason: Reason) -> None:
    assert lab.judge(changed(secsipidx.sign(lab, "A"), part)).reason is reason


def test_we_accept_what_it_signs_for_several_callees(lab: Lab) -> None:
    token = secsipidx.sign_text(lab, HEADER, payload(dest={"tn": [ANOTHER, CALLEE]}))
    assert lab.judge(identity.build(token, X5U)).passed


# What it accepts and we do not


@pytest.mark.parametrize(
    ("attest", "caller", "callee", "reason"),
    [
        pytest.param("A", CALLER, ANOTHER, Reason.DEST_MISMATCH, id="another-callee"),
        pytest.param("A", ANOTHER, CALLEE, Reason.ORIG_MISMATCH, id="another-caller"),
        pytest.param("Z", CALLER, CALLEE, Reason.ATTEST_INVALID, id="attest-Z"),
        pytest.param("A", f"+{CALLER}", CALLEE, Reason.CLAIM_MALFORMED, id="plus-in-orig"),
        pytest.param("A", CALLER, "", Reason.CLAIM_MALFORMED, id="no-callee"),
    ],
)
def test_we_refuse_what_it_signs_and_accepts(
    lab: Lab, attest: str, caller: str, callee: str, reason: Reason
) -> None:
    value = secsipidx.sign(lab, attest, caller, callee)
    assert secsipidx.check(value, lab) == "ok"
    assert lab.judge(value).reason is reason


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param(lambda: {"iat": int(time.time()) + 3600}, Reason.IAT_IN_FUTURE, id="iat-in-an-hour"),
        pytest.param(lambda: {"origid": "1"}, Reason.ORIGID_INVALID, id="origid-no-uuid"),
        pytest.param(lambda: {"dest": {"uri": ["sip:x"]}}, Reason.CLAIM_MALFORMED, id="dest-without-tn"),
    ],
)
def test_we_refuse_claims_that_it_accepts(
    lab: Lab, change: Callable[[], dict[str, Any]], reason: Reason
) -> None:
    value = identity.build(secsipidx.sign_text(lab, HEADER, payload(**change())), X5U)
    assert secsipidx.check(value, lab) == "ok"
    assert lab.judge(value).reason is reason


@pytest.mark.parametrize(
    ("missing", "reason"),
    [
        ("alg", Reason.ALG_UNSUPPORTED),
        ("ppt", Reason.PPT_UNSUPPORTED),
        ("typ", Reason.TYP_WRONG),
        ("x5u", Reason.X5U_MISSING),
    ],
)
def test_we_refuse_a_token_whose_header_lacks_what_it_does_not_miss(
    lab: Lab, missing: str, reason: Reason
) -> None:
    header = {name: text for name, text in HEADER.items() if name != missing}
    value = identity.build(secsipidx.sign_text(lab, header, payload()), X5U)
    assert secsipidx.check(value, lab) == "ok"
    assert lab.judge(value).reason is reason


def test_we_refuse_a_leaf_without_tnauthlist_that_it_accepts(tmp_path: Path) -> None:
    lab = Lab.make(tmp_path, X5U, leaf=lambda leaf: leaf.without(TN_AUTH_LIST))
    value = secsipidx.sign(lab, "A")
    assert secsipidx.check(value, lab) == "ok"
    assert lab.judge(value).reason is Reason.TNAUTHLIST_MISSING
