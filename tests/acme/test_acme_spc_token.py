"""What the STI-PA is asked for, and which of its tokens will not do."""

from __future__ import annotations

from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.acme.failure import AcmeFailed
from gateway.acme.spc_token import LONGEST, Wanted

NOW = 1_800_000_000.0
FINGERPRINT = "SHA256 " + ":".join(["AB"] * 32)
WANTED = Wanted.of("616H", FINGERPRINT)
ATC = {"tktype": "TNAuthList", "tkvalue": "MAigBhYENjE2SA==", "ca": False, "fingerprint": FINGERPRINT}
KEY = ec.generate_private_key(ec.SECP256R1())


def token(**changed: Any) -> str:
    claims = {"exp": int(NOW) + 3600, "jti": "1", "atc": ATC, **changed}
    return jwt.encode(
        {name: each for name, each in claims.items() if each is not None}, KEY, algorithm="ES256"
    )


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        pytest.param("", "token-unreadable", id="nothing"),
        pytest.param("a.b.c", "token-unreadable", id="no JWT"),
        pytest.param("x" * (LONGEST + 1), "token-unreadable", id="endless"),
        pytest.param(token(exp=None), "token-unreadable", id="no end"),
        pytest.param(token(exp="soon"), "token-unreadable", id="an end in words"),
        pytest.param(token(jti=None), "token-unreadable", id="no id"),
        pytest.param(token(exp=int(NOW) - 1), "token-expired", id="expired"),
        pytest.param(token(exp=int(NOW) + 5), "token-expired", id="about to expire"),
        pytest.param(token(atc=None), "token-for-another-scope", id="vouches for nothing"),
        pytest.param(token(atc={**ATC, "tktype": "JWTClaimConstraints"}), "token-for-another-scope", id="another type"),
        pytest.param(token(atc={**ATC, "tkvalue": "MAigBhYENzA5Sg"}), "token-for-another-scope", id="another SPC"),
        pytest.param(token(atc={**ATC, "tkvalue": "!"}), "token-for-another-scope", id="no base64"),
        pytest.param(token(atc={**ATC, "ca": True}), "token-for-another-scope", id="for a CA"),
        pytest.param(token(atc={**ATC, "ca": "no"}), "token-for-another-scope", id="for perhaps a CA"),
        pytest.param(token(atc={**ATC, "fingerprint": "SHA256 00"}), "token-for-another-key", id="another key"),
    ],
)  # fmt: skip
def test_a_token_that_will_not_do_is_refused_before_it_costs_the_order(given: str, reason: str) -> None:
    with pytest.raises(AcmeFailed) as failed:
        WANTED.check(given, NOW)
    assert (failed.value.reason, failed.value.ends_order) == (reason, False)
    assert not given or given not in str(failed.value)


@pytest.mark.parametrize("value", ["MAigBhYENjE2SA==", "MAigBhYENjE2SA"])
def test_a_token_may_write_the_scope_in_either_way_and_leave_ca_out(value: str) -> None:
    atc = {name: each for name, each in ATC.items() if name != "ca"}
    WANTED.check(token(atc={**atc, "tkvalue": value}), NOW)


def test_the_two_ways_to_ask_differ_in_wrapper_and_encoding() -> None:
    assert WANTED.request("atis") == {"atc": ATC}
    assert WANTED.request("rfc9448") == {**ATC, "tkvalue": "MAigBhYENjE2SA"}
