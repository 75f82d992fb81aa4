"""A carrier that signs whatever it is told to, and a verifier that trusts it and fetches nothing."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import jwt
from fastapi import FastAPI

from certs.builders import make_chain
from gateway.api.app import create_app
from gateway.api.sidecar import Sidecar, Verifier
from gateway.stir import chain
from gateway.stir.reasons import Reason
from gateway.stir.revocation import Revocations
from gateway.stir.signalled import Signalled
from gateway.stir.verdict import Verdict
from gateway.stir.verification import Rules, begin
from tests.everybody import EVERYBODY

NOW = 1_800_000_000
X5U = "https://certs.example.test/616H.pem"
ORIGID = "7a1f2a9e-0d0b-4d5e-9c55-0c4c2d1f7b10"

_CHAIN = make_chain(now=datetime.fromtimestamp(NOW, UTC))
_ANCHORS = chain.Anchors([_CHAIN.root.certificate])
_TRUSTED = chain.trust(chain.read(_CHAIN.pem), _ANCHORS, NOW)


def shaken(ppt: str = "shaken", x5u: str = X5U, **changed: object) -> str:
    """A sound Identity value, but for the claims changed; `...` leaves one out."""
    claims = {
        "attest": "A",
        "dest": {"tn": ["12155550123"]},
        "iat": NOW,
        "orig": {"tn": "12155550100"},
        "origid": ORIGID,
        **changed,
    }
    return _signed({name: value for name, value in claims.items() if value is not ...}, ppt, x5u)


def div(diverted: str, to: str) -> str:
    """A sound diversion of the same caller's call."""
    return shaken("div", attest=..., origid=..., div={"tn": diverted}, dest={"tn": [to]})


def _signed(claims: dict[str, Any], ppt: str, x5u: str) -> str:
    header = {"ppt": ppt, "typ": "passport", "x5u": x5u}
    return f"{jwt.encode(claims, _CHAIN.leaf_key, 'ES256', header)};info=<{x5u}>;alg=ES256;ppt={ppt}"


class Trusting:
    """Believes the carrier's chain, and finds no other."""

    async def verify(self, headers: Sequence[str], call: Signalled) -> Verdict:
        found = begin(headers, call, NOW, Rules())
        return found if isinstance(found, Verdict) else found.finish({X5U: _TRUSTED}, Revocations())


class Broken:
    """Fails as no verifier may."""

    async def verify(self, headers: Sequence[str], call: Signalled) -> Verdict:
        raise RuntimeError("secret")


class Silent:
    """Gives a verdict on the call alone."""

    async def verify(self, headers: Sequence[str], call: Signalled) -> Verdict:
        return Verdict(Reason.FETCH_OVERLOADED)


def application(verifier: Verifier | None) -> FastAPI:
    return create_app(
        Sidecar.of(None, edge=lambda: None, now=lambda: NOW, verifier=verifier, access=EVERYBODY)
    )
