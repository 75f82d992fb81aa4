"""What a verification request of the 3GPP dialect holds, and how it is answered (TS 24.229 §V.2.6)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from gateway.api.atis import described
from gateway.api.parameters import EpochSeconds, OneOrMore, Text, WrittenNumber, identity_values
from gateway.rim import Strict
from gateway.stir.claims import Attest
from gateway.stir.reasons import Verstat
from gateway.stir.signalled import Signalled, signalled
from gateway.stir.tn import NumberPlan
from gateway.stir.verdict import HeaderVerdict, Verdict


def _listed(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Listed = BeforeValidator(_listed, json_schema_input_type=str | list[str])
"""One, or a list."""


class MsParty(Strict):
    """Who the signalling says it is: numbers or SIP URIs, one at least."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["tn"]}, {"required": ["uri"]}]})

    tn: Annotated[tuple[WrittenNumber, ...], OneOrMore, Listed] = ()
    uri: Annotated[tuple[Text, ...], OneOrMore, Listed] = ()

    @model_validator(mode="after")
    def _somebody(self) -> MsParty:
        if not self.addresses:
            raise ValueError("must have a tn or a uri")
        return self

    @property
    def addresses(self) -> tuple[str, ...]:
        """Numbers first."""
        return self.tn + self.uri


class MsNumber(BaseModel):
    """One number in a claim."""

    tn: str


class MsNumbers(BaseModel):
    """The numbers in a claim."""

    tn: tuple[str, ...]


class MsClaims(BaseModel):
    """What a valid token says."""

    attest: Attest | None
    dest: MsNumbers
    div: MsNumber | None
    iat: float | int
    orig: MsNumber
    origid: str | None


class MsVerifyResult(BaseModel):
    """What became of one Identity value: the reason and the token where it failed, the claims where it passed."""

    ppt: str
    status: Literal["pass", "fail"]
    reasonCode: int | None = None
    reasonText: str | None = None
    reasonDescription: str | None = None
    passport: str | None = None
    validClaims: MsClaims | None = None


class MsVerifyResultEntry(BaseModel):
    """An object of its own, as the standard nests it."""

    verifyResult: MsVerifyResult


class MsDivResult(BaseModel):
    """What is to be believed of one number that diverted."""

    div: str
    verstatValue: Verstat


class MsVerificationResponse(BaseModel):
    """What is to be believed of the caller, of each number that diverted, and of each Identity value in order."""

    divResult: list[MsDivResult] | None = None
    verstatValue: Verstat
    verifyResults: list[MsVerifyResultEntry]
    requestId: str | None = None


class MsVerificationAnswer(BaseModel):
    """The body of a verification answer."""

    verificationResponse: MsVerificationResponse


class MsVerificationRequest(Strict):
    """A call to be verified: From, To and Request-URI, its Date in epoch seconds, and its Identity values."""

    identityHeader: str = ""
    identityHeaders: tuple[str, ...] = ()
    to: MsParty
    time: EpochSeconds
    sender: MsParty = Field(alias="from")
    dest: MsParty | None = None
    protectedHeaders: Any = None
    displayName: Text | None = None
    profileId: Text | None = None
    requestId: Text | None = None

    @property
    def identities(self) -> list[str]:
        """Each Identity value, that of `identityHeader` first."""
        return identity_values([self.identityHeader, *self.identityHeaders])

    def call(self, plan: NumberPlan) -> Signalled:
        """Who calls whom, with numbers that lack their country read under `plan`."""
        asserted, callee = self.sender.addresses, self.to.addresses[0]
        target = self.dest.addresses[0] if self.dest else callee
        return signalled(asserted, asserted[-1], callee, target, plan)

    def answer(self, verdict: Verdict) -> MsVerificationAnswer:
        """The answer that tells this verdict."""
        values = self.identities
        headers = verdict.headers or (HeaderVerdict(verdict.reason),) * len(values)
        diversions = [MsDivResult(div=h.div, verstatValue=h.reason.verstat) for h in headers if h.div]
        response = MsVerificationResponse(
            divResult=diversions or None,
            verstatValue=verdict.verstat,
            verifyResults=[_result(value, header) for value, header in zip(values, headers, strict=True)],
            requestId=self.requestId,
        )
        return MsVerificationAnswer(verificationResponse=response)


class MsVerificationBody(Strict):
    """The body of a verification request."""

    verificationRequest: MsVerificationRequest


def _result(value: str, header: HeaderVerdict) -> MsVerifyResultEntry:
    ppt = header.ppt or "shaken"  # what identityHeader holds by definition, where the token does not say
    if header.passed:
        result = MsVerifyResult(ppt=ppt, status="pass", validClaims=_claims(header))
    else:
        result = MsVerifyResult(
            ppt=ppt,
            status="fail",
            reasonCode=header.reason.cause,
            reasonText=header.reason.phrase,
            reasonDescription=described(header.reason, header.detail),
            passport=value.partition(";")[0].strip() if header.signature else None,
        )
    return MsVerifyResultEntry(verifyResult=result)


def _claims(header: HeaderVerdict) -> MsClaims:
    assert header.orig and header.iat is not None
    return MsClaims(
        attest=header.attest,
        dest=MsNumbers(tn=header.dest),
        div=MsNumber(tn=header.div) if header.div else None,
        iat=int(header.iat) if header.iat.is_integer() else header.iat,
        orig=MsNumber(tn=header.orig),
        origid=header.origid,
    )
