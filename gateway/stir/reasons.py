"""Why a verification ended as it did: one name for each way, with the SIP answer it calls for and whose fault it is.

The names are stable kebab-case: they are logged, counted, returned by every door, and listed in the README with the
clause each of them rests on. This is the only place where a reason becomes a SIP code.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Literal

Fault = Literal["caller", "signer", "certificate-host", "us", "unknown"]
"""Who has to put it right: who placed or passed the call, who signed it, who serves the certificate, this node."""

Verstat = Literal["TN-Validation-Passed", "TN-Validation-Failed", "No-TN-Validation"]
"""3GPP TS 24.229 §7.2A.20: what is told about the caller's number."""

PHRASES = {
    403: "Stale Date",
    428: "Use Identity Header",
    433: "Anonymity Disallowed",
    436: "Bad Identity Info",
    437: "Unsupported Credential",
    438: "Invalid Identity Header",
}
"""Reason phrases of RFC 8224 §6.2.2 and RFC 5079."""

_MORE_EXACT = {"claim-missing": "Invalid PASSporT", "ppt-unsupported": "Use Supported PASSporT Format"}
"""What RFC 8224 §6.2.2 has for one reason alone."""


@dataclass(frozen=True, slots=True)
class About:
    """What a reason means: SIP cause (RFC 8224 §6.2.2; None: no call to refuse), whose fault, and a sentence for people."""

    cause: int | None
    fault: Fault | None
    text: str


class Reason(Enum):
    """Every outcome, in the order in which the checks are made."""

    PASSED = "passed"
    REQUEST_MALFORMED = "request-malformed"
    NO_IDENTITY = "no-identity"
    TOO_MANY_IDENTITIES = "too-many-identities"
    IDENTITY_MALFORMED = "identity-malformed"
    COMPACT_FORM = "compact-form"
    PASSPORT_MALFORMED = "passport-malformed"
    PPT_UNSUPPORTED = "ppt-unsupported"
    TYP_WRONG = "typ-wrong"
    ALG_UNSUPPORTED = "alg-unsupported"
    CRIT_UNSUPPORTED = "crit-unsupported"
    PARAMETER_MISMATCH = "parameter-mismatch"
    X5U_MISSING = "x5u-missing"
    X5U_MISMATCH = "x5u-mismatch"
    CLAIM_MISSING = "claim-missing"
    CLAIM_MALFORMED = "claim-malformed"
    ATTEST_INVALID = "attest-invalid"
    ORIGID_INVALID = "origid-invalid"
    CALLER_ANONYMOUS = "caller-anonymous"
    CALLER_UNREADABLE = "caller-unreadable"
    ORIG_MISMATCH = "orig-mismatch"
    CALLEE_UNREADABLE = "callee-unreadable"
    DEST_MISMATCH = "dest-mismatch"
    RETARGETED = "retargeted"
    IAT_STALE = "iat-stale"
    IAT_IN_FUTURE = "iat-in-future"
    DIV_BROKEN = "div-broken"
    X5U_REFUSED = "x5u-refused"
    CERTIFICATE_UNREACHABLE = "certificate-unreachable"
    CERTIFICATE_TIMEOUT = "certificate-timeout"
    CERTIFICATE_TOO_LARGE = "certificate-too-large"
    FETCH_OVERLOADED = "fetch-overloaded"
    CERTIFICATE_UNREADABLE = "certificate-unreadable"
    NO_TRUST_ANCHORS = "no-trust-anchors"
    CERTIFICATE_UNTRUSTED = "certificate-untrusted"
    CERTIFICATE_EXPIRED = "certificate-expired"
    CERTIFICATE_NOT_YET_VALID = "certificate-not-yet-valid"
    CERTIFICATE_IS_CA = "certificate-is-ca"
    CERTIFICATE_KEY = "certificate-key"
    CERTIFICATE_USAGE = "certificate-usage"
    TNAUTHLIST_MISSING = "tnauthlist-missing"
    TNAUTHLIST_MALFORMED = "tnauthlist-malformed"
    SCOPE_EXCEEDED = "scope-exceeded"
    CONSTRAINTS_MALFORMED = "constraints-malformed"
    CERTIFICATE_REVOKED = "certificate-revoked"
    CRL_UNTRUSTED = "crl-untrusted"
    CRL_UNAVAILABLE = "crl-unavailable"
    IAT_OUTSIDE_CERTIFICATE = "iat-outside-certificate"
    NUMBER_OUTSIDE_SCOPE = "number-outside-scope"
    CONSTRAINTS_VIOLATED = "constraints-violated"
    SIGNATURE_INVALID = "signature-invalid"
    REPLAYED = "replayed"

    cause: int | None
    fault: Fault | None
    text: str

    @property
    def phrase(self) -> str:
        """The SIP phrase of its cause, or a more exact one; empty where there is none."""
        return _MORE_EXACT.get(self.value) or PHRASES.get(self.cause or 0, "")

    @property
    def verstat(self) -> Verstat:
        """Failed is said of a call that was judged; where nothing could be judged, nothing was validated."""
        if self is Reason.PASSED:
            return "TN-Validation-Passed"
        return "No-TN-Validation" if self in UNJUDGED else "TN-Validation-Failed"


_ABOUT = {
    Reason.PASSED: About(None, None, "every check passed"),
    # No cause: a request that cannot be read says nothing of any call. It is our side that asks.
    Reason.REQUEST_MALFORMED: About(None, "us", "what was asked cannot be read"),
    Reason.NO_IDENTITY: About(428, "signer", "the call carries no Identity header"),
    Reason.TOO_MANY_IDENTITIES: About(438, "signer", "more Identity headers than are looked at"),
    Reason.IDENTITY_MALFORMED: About(438, "signer", "not the grammar of an Identity header"),
    Reason.COMPACT_FORM: About(438, "signer", "header and claims were left out of the token"),
    Reason.PASSPORT_MALFORMED: About(438, "signer", "the token cannot be read"),
    Reason.PPT_UNSUPPORTED: About(428, "signer", "no PASSporT of a kind that is judged here"),
    Reason.TYP_WRONG: About(438, "signer", "typ is not passport"),
    Reason.ALG_UNSUPPORTED: About(438, "signer", "alg is not ES256"),
    Reason.CRIT_UNSUPPORTED: About(438, "signer", "crit demands an extension that is unknown here"),
    Reason.PARAMETER_MISMATCH: About(438, "signer", "ppt or alg beside the token differs from the one in it"),
    Reason.X5U_MISSING: About(436, "signer", "the token does not say where its certificate is"),
    Reason.X5U_MISMATCH: About(436, "signer", "info and x5u name different certificates"),
    Reason.CLAIM_MISSING: About(438, "signer", "a claim is missing"),
    Reason.CLAIM_MALFORMED: About(438, "signer", "a claim is not of its type"),
    Reason.ATTEST_INVALID: About(438, "signer", "attest is not A, B or C"),
    Reason.ORIGID_INVALID: About(438, "signer", "origid is not a UUID"),
    Reason.CALLER_ANONYMOUS: About(433, "caller", "no number of the caller's to compare with orig"),
    Reason.CALLER_UNREADABLE: About(438, "caller", "the caller's address holds no telephone number"),
    Reason.ORIG_MISMATCH: About(438, "caller", "the token was signed for another caller"),
    Reason.CALLEE_UNREADABLE: About(438, "caller", "the called address holds no telephone number"),
    Reason.DEST_MISMATCH: About(438, "caller", "the token was signed for another callee"),
    Reason.RETARGETED: About(438, "caller", "the call was diverted and nobody signed the diversion"),
    Reason.IAT_STALE: About(403, "signer", "the token is too old"),
    Reason.IAT_IN_FUTURE: About(403, "signer", "the token is from the future"),
    Reason.DIV_BROKEN: About(438, "signer", "a diversion on the way is not validly signed"),
    Reason.X5U_REFUSED: About(436, "signer", "nothing may be fetched from the certificate's URL"),
    Reason.CERTIFICATE_UNREACHABLE: About(436, "certificate-host", "the certificate could not be fetched"),
    Reason.CERTIFICATE_TIMEOUT: About(436, "certificate-host", "the certificate did not come in time"),
    Reason.CERTIFICATE_TOO_LARGE: About(436, "certificate-host", "the certificate file is too large"),
    Reason.FETCH_OVERLOADED: About(436, "us", "too many certificates are being fetched"),
    Reason.CERTIFICATE_UNREADABLE: About(437, "signer", "the file is no PEM certificate chain"),
    Reason.NO_TRUST_ANCHORS: About(437, "us", "no trust anchor is configured"),
    Reason.CERTIFICATE_UNTRUSTED: About(437, "signer", "the chain leads to no trust anchor"),
    Reason.CERTIFICATE_EXPIRED: About(437, "signer", "a certificate of the chain has expired"),
    Reason.CERTIFICATE_NOT_YET_VALID: About(437, "signer", "a certificate of the chain is not yet valid"),
    Reason.CERTIFICATE_IS_CA: About(437, "signer", "a CA certificate signs no calls"),
    Reason.CERTIFICATE_KEY: About(437, "signer", "a key or signature of the chain is not ECDSA on P-256"),
    Reason.CERTIFICATE_USAGE: About(437, "signer", "keyUsage or basicConstraints do not allow this use"),
    Reason.TNAUTHLIST_MISSING: About(437, "signer", "the certificate has no TNAuthList"),
    Reason.TNAUTHLIST_MALFORMED: About(437, "signer", "the TNAuthList cannot be read"),
    Reason.SCOPE_EXCEEDED: About(437, "signer", "a certificate claims numbers its issuer does not have"),
    Reason.CONSTRAINTS_MALFORMED: About(437, "signer", "the JWT claim constraints cannot be read"),
    Reason.CERTIFICATE_REVOKED: About(437, "signer", "a certificate of the chain is revoked"),
    Reason.CRL_UNTRUSTED: About(437, "us", "a revocation list is not signed by anybody trusted"),
    Reason.CRL_UNAVAILABLE: About(437, "us", "no current revocation list says whether it is revoked"),
    Reason.IAT_OUTSIDE_CERTIFICATE: About(403, "signer", "the certificate was not valid when it signed"),
    Reason.NUMBER_OUTSIDE_SCOPE: About(437, "signer", "the certificate does not speak for this number"),
    Reason.CONSTRAINTS_VIOLATED: About(438, "signer", "the certificate does not allow these claims"),
    Reason.SIGNATURE_INVALID: About(438, "signer", "the signature is not that of the certificate's key"),
    Reason.REPLAYED: About(438, "caller", "the token was used by another call"),
}
for _reason, _about in _ABOUT.items():
    _reason.cause, _reason.fault, _reason.text = _about.cause, _about.fault, _about.text

UNFETCHED = frozenset(reason for reason in Reason if reason.cause == 436)
"""Reasons that say no credential could be had: 436 is the answer only if no header got further (RFC 8224 §6.2.2)."""

UNJUDGED = frozenset(
    {Reason.NO_IDENTITY, Reason.PPT_UNSUPPORTED, Reason.CALLER_ANONYMOUS}
    | {reason for reason in Reason if reason.fault in ("certificate-host", "us")}
)
"""Reasons that say nothing about the caller: the verstat is then No-TN-Validation."""
