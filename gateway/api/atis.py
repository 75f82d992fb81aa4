"""The ATIS-1000082 dialect: what a signing and a verification request hold, and how they are answered.

Departures, with why
    signing response        says the Identity value under the 3GPP name too: a 3GPP client's plain signing request is the
                            same to the letter, and nobody stumbles over a member it does not know
    identity absent         is a heartbeat or an unsigned call: the verdict no-identity, and no error
    identity                may hold several values, as the header may, with commas between them
    several called numbers  the first is the one called; a request is made for one call
    time                    is what the Date header said and decides nothing: freshness is judged by our own clock
                            against iat (RFC 8224 §6.2 step 4), and a wrong time neither saves nor spoils a token
    passed                  has no reasoncode: it is there to become a cause, and there is none to give
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from gateway.api.parameters import EpochSeconds, Number, OneOrMore, Uuid, WrittenNumber, identity_values
from gateway.rim import Strict
from gateway.stir.claims import Attest
from gateway.stir.reasons import Reason, Verstat
from gateway.stir.signalled import Signalled, signalled
from gateway.stir.tn import NumberPlan
from gateway.stir.verdict import Verdict

_LONGEST_DETAIL = 64
"""Characters; it may quote the token."""


class Caller(Strict):
    """The calling number."""

    tn: Number


class Callees(Strict):
    """The called numbers."""

    tn: Annotated[tuple[Number, ...], OneOrMore]


class SigningResponse(BaseModel):
    """The full Identity header value, by the name that each dialect has for it."""

    identity: str
    identityHeader: str


class SigningAnswer(BaseModel):
    """The body of a signing answer."""

    signingResponse: SigningResponse


class SigningRequest(Strict):
    """What is to be signed; `iat` is in epoch seconds."""

    attest: Attest
    dest: Callees
    iat: EpochSeconds
    orig: Caller
    origid: Uuid
    ppt: Literal["shaken", ""] = "shaken"

    def answer(self, identity: str) -> SigningAnswer:
        """The answer that carries this Identity value."""
        return SigningAnswer(signingResponse=SigningResponse(identity=identity, identityHeader=identity))


class SigningBody(Strict):
    """The body of a signing request."""

    signingRequest: SigningRequest


class SignalledCaller(Strict):
    """The caller's number, of P-Asserted-Identity or else From."""

    tn: WrittenNumber


class SignalledCallees(Strict):
    """The number of To, alone in a list."""

    tn: Annotated[tuple[WrittenNumber, ...], OneOrMore]


class VerificationResponse(BaseModel):
    """What is to be believed; the reason where it did not pass: SIP code, its phrase, and our name and sentence."""

    reasoncode: int | None = None
    reasontext: str | None = None
    reasondesc: str | None = None
    verstat: Verstat


class VerificationAnswer(BaseModel):
    """The body of a verification answer."""

    verificationResponse: VerificationResponse


class VerificationRequest(Strict):
    """A call to be verified: its numbers, its Date in epoch seconds, and the value of its Identity header."""

    sender: SignalledCaller = Field(alias="from")
    to: SignalledCallees
    time: EpochSeconds = Field(description="What the Date header said. Our own clock judges freshness.")
    identity: str = Field(default="", description="One or several Identity values, with commas between them.")

    @property
    def identities(self) -> list[str]:
        """Each Identity value."""
        return identity_values([self.identity])

    def call(self, plan: NumberPlan) -> Signalled:
        """Who calls whom, with numbers that lack their country read under `plan`."""
        callee = self.to.tn[0]
        return signalled((), self.sender.tn, callee, callee, plan)

    def answer(self, verdict: Verdict) -> VerificationAnswer:
        """The answer that tells this verdict."""
        if verdict.passed:
            response = VerificationResponse(verstat=verdict.verstat)
        else:
            response = VerificationResponse(
                reasoncode=verdict.cause,
                reasontext=verdict.reason.phrase,
                reasondesc=described(verdict.reason, verdict.decisive.detail if verdict.decisive else ""),
                verstat=verdict.verstat,
            )
        return VerificationAnswer(verificationResponse=response)


class VerificationBody(Strict):
    """The body of a verification request."""

    verificationRequest: VerificationRequest


def described(reason: Reason, detail: str) -> str:
    """A reason for people: its name, its sentence, and what exactly was wrong if that is known."""
    about = f"{reason.value}: {reason.text}"
    return f"{about} ({detail[:_LONGEST_DETAIL]})" if detail else about
