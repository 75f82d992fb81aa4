"""The second factor: six digits that change every half minute (RFC 6238), each good for one log-in."""

from __future__ import annotations

import hmac

import pyotp

STEP_SECONDS = 30
ISSUER = "STIR/SHAKEN gateway"

_DRIFT = 1  # steps that a telephone's clock may be off, RFC 6238 §5.2


def matching_step(secret: str, code: str, now: float) -> int | None:
    """The time step that a code belongs to, None where it is of none around now. secret: base32."""
    made = pyotp.TOTP(secret, interval=STEP_SECONDS)
    current = int(now // STEP_SECONDS)
    digits = code.replace(" ", "").encode()
    matches = [
        step
        for step in range(current - _DRIFT, current + _DRIFT + 1)
        if hmac.compare_digest(made.generate_otp(step).encode(), digits)
    ]
    return matches[-1] if matches else None


def provisioning_uri(secret: str, name: str) -> str:
    """The `otpauth:` address that an authenticator reads, as text or as a picture."""
    return pyotp.TOTP(secret, interval=STEP_SECONDS).provisioning_uri(name=name, issuer_name=ISSUER)
