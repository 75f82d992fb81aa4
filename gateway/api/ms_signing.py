"""What a signing request of the 3GPP dialect holds, and how it is answered (TS 24.229 §V.2.6).

What is not served stands first in each model, for the first mistake is the one that is told.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator

from gateway.api.parameters import EpochSeconds, Number, OneOrMore, Text, Uuid
from gateway.rim import Strict
from gateway.stir.claims import Attest


def _unserved(value: object) -> object:
    if value:
        raise ValueError("only shaken PASSporTs with telephone numbers are signed here")
    return None


def _shaken(ppt: object) -> object:
    return ppt if ppt == "shaken" else _unserved(ppt)


Unserved = Annotated[None, BeforeValidator(_unserved)]
"""A parameter that may be there if it is empty."""

Shaken = Annotated[Literal["shaken"] | None, BeforeValidator(_shaken)]
"""The kind of PASSporT; an empty one is this one too."""


class MsCaller(Strict):
    """The calling number."""

    uri: Unserved = None
    tn: Number


class MsCallees(Strict):
    """The called numbers."""

    uri: Unserved = None
    tn: Annotated[tuple[Number, ...], OneOrMore]


class MsSigningResponse(BaseModel):
    """The full Identity header value."""

    identityHeader: str
    requestId: str | None = None


class MsSigningAnswer(BaseModel):
    """The body of a signing answer."""

    signingResponse: MsSigningResponse


class MsSigningRequest(Strict):
    """What is to be signed; `iat` is in epoch seconds."""

    ppt: Shaken = None
    div: Unserved = None
    rph: Unserved = None
    sph: Unserved = None
    attest: Attest
    dest: MsCallees
    iat: EpochSeconds
    orig: MsCaller
    origid: Uuid
    profileId: Text | None = None
    requestId: Text | None = None

    def answer(self, identity: str) -> MsSigningAnswer:
        """The answer that carries this Identity value."""
        return MsSigningAnswer(
            signingResponse=MsSigningResponse(identityHeader=identity, requestId=self.requestId)
        )


class MsSigningBody(Strict):
    """The body of a signing request."""

    signingRequest: MsSigningRequest
