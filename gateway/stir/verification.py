"""Verification of a call's Identity headers (STI-VS), complete unless told otherwise, in two phases.

    begin(headers, call, now, rules)         -> Verdict, or NeedCertificates(urls, …)
    needed.finish(chains, revocations)       -> Verdict

Fetching is somebody else's: between the phases the caller brings the chain of each URL, judged by `chain.trust`, or the
reason why there is none. The procedure of RFC 8224 §6.2, for every header; whatever can fail without a certificate
fails first, so that nothing is fetched for a token that cannot pass:

    1  grammar, full form                         RFC 8224 §4, RFC 8588 §3
    2  typ, alg, crit, ppt, x5u equal to info     RFC 8225 §4, §8, RFC 7515 §4.1.11, RFC 8224 §6.2 step 1, §4.1
    3  claims: there, of their type; a signature
       that some key could have made              RFC 8225 §5, RFC 8588 §4, §5, RFC 7518 §3.4
    4  orig is the caller                         RFC 8224 §6.2 step 2, §6.2.4
    5  dest is the callee, or a signed diversion
       leads from dest to the callee              RFC 8225 §5.2.1, RFC 8946 §4.2
    6  iat fresh                                  RFC 8224 §6.2 step 4; a Date that differs from it decides nothing
       -- the certificate --
    7  chain, constraints well-formed             `chain.trust`: RFC 5280 §6, RFC 8226, ATIS-1000080
    8  valid now, not revoked                     RFC 5280 §6.1.3, §6.3, ATIS-1000080 §6
    9  valid at iat                               RFC 8224 §6.2 step 4
    10 speaks for this number, allows the claims  RFC 8226 §9, RFC 9118 §4
    11 signature over the bytes received          RFC 8224 §6.2 step 5

The call passes if one header does (§6.2.1). This file does no I/O.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from gateway.stir import identity, passport, received
from gateway.stir.chain import TrustedChain
from gateway.stir.diversion import way
from gateway.stir.identity import IdentityHeader, InvalidIdentity
from gateway.stir.passport import InvalidPassport, Passport
from gateway.stir.reasons import UNFETCHED, UNJUDGED, Reason
from gateway.stir.received import ClaimRefused, Claims
from gateway.stir.revocation import Revocations
from gateway.stir.signalled import Signalled
from gateway.stir.verdict import HeaderVerdict, Verdict, main

MOST_IDENTITIES = 16
"""Headers looked at in one request: a shaken one, five diversions (the French profile), and room."""

DIVERTED_AGE = 300.0
"""Seconds that a token before the last diversion may be old: it rang somewhere else first. RFC 8946 §4.2 step 4 leaves
this to the verifier."""

SIGNATURE_LENGTH = 86
"""Characters of an ES256 signature: 64 bytes in base64url."""

_ES256 = ECDSA(SHA256())
_ZERO = bytes(32)
# The order of P-256's base point (SP 800-186).
_ORDER = bytes.fromhex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551")
_is_ppt = re.compile(r"[A-Za-z0-9._-]{1,32}").fullmatch


@dataclass(frozen=True, slots=True)
class Rules:
    """How strict to be.

    max_iat_age, future_skew: seconds. retargeted: whether a call whose To is the token's dest may go to another number
    without a signed diversion. require_crl: whether a certificate of which no list says anything is refused.
    """

    max_iat_age: float = 60.0
    future_skew: float = 10.0
    retargeted: bool = False
    require_crl: bool = False


_UNSEEN = HeaderVerdict(Reason.TOO_MANY_IDENTITIES)


class _Failed(Exception):
    """A check failed; `_Token.attempt` alone turns it into a token's end."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(reason.value)
        self.reason, self.detail = reason, detail


class _Token:
    """One header on its way through the checks: what has been read of it so far, and how it ended."""

    __slots__ = ("chain", "checked", "claims", "detail", "failed", "header", "passport", "ppt", "way", "x5u")

    def __init__(self) -> None:
        self.header: IdentityHeader | None = None
        self.passport: Passport | None = None
        self.ppt: str | None = None
        self.x5u: str | None = None
        self.claims: Claims | None = None
        self.chain: TrustedChain | None = None
        self.way: tuple[_Token, ...] = ()  # the diversions that lead from its dest to the callee
        self.failed: Reason | None = None
        self.detail = ""
        self.checked = False

    @property
    def decides(self) -> bool:
        """Whether the call can still pass by it."""
        return self.failed is None and self.ppt == "shaken"

    def attempt(self, step: Callable[..., None], *arguments: object) -> None:
        """Take a step unless an earlier one failed."""
        if self.failed is None:
            try:
                step(self, *arguments)
            except _Failed as failed:
                self.failed, self.detail = failed.reason, failed.detail

    def verdict(self) -> HeaderVerdict:
        claims, chain = self.claims, self.chain
        return HeaderVerdict(
            reason=self.failed or Reason.PASSED,
            detail=self.detail,
            ppt=self.ppt,
            attest=claims.attest if claims else None,
            origid=claims.origid if claims else None,
            orig=claims.orig if claims else None,
            dest=claims.dest if claims else (),
            iat=claims.iat if claims else None,
            x5u=self.x5u,
            signature=_signature(self.header) if self.header else "",
            subject=chain.subject if chain else None,
            spc=chain.spc if chain else None,
            div=claims.div if claims else None,
        )


def begin(headers: Sequence[str], call: Signalled, now: float, rules: Rules) -> "Verdict | NeedCertificates":
    """Judge the Identity values of a request as far as that goes without a certificate.

    headers: one value each (`identity.split_all`), whatever they hold. now: epoch seconds.
    """
    if not headers:
        return Verdict(Reason.CALLER_ANONYMOUS if call.anonymous else Reason.NO_IDENTITY)
    tokens = [_Token() for _ in headers[:MOST_IDENTITIES]]
    for token, value in zip(tokens, headers, strict=False):
        token.attempt(_read, value, call)
    diversions = [token for token in tokens if token.ppt == "div" and not token.failed]
    for token in tokens:
        if token.decides:
            token.attempt(_place, call, diversions, now, rules)
    needed = NeedCertificates(tokens, len(headers) - len(tokens), now, rules)
    return needed if needed.urls else needed.verdict()


class NeedCertificates:
    """The first phase is done and these chains decide. `urls`: each once, in order."""

    __slots__ = ("_now", "_rules", "_surplus", "_tokens", "urls")

    def __init__(self, tokens: list[_Token], surplus: int, now: float, rules: Rules) -> None:
        self._tokens, self._surplus, self._now, self._rules = tokens, surplus, now, rules
        deciding = [each for token in tokens if token.decides for each in (token, *token.way)]
        self.urls = tuple(dict.fromkeys([each.x5u for each in deciding if each.x5u]))

    def finish(self, chains: Mapping[str, TrustedChain | Reason], revocations: Revocations) -> Verdict:
        """Judge with the chain of each of `urls`, or the reason why there is none."""
        for token in self._tokens:
            if token.decides:
                for each in (*token.way, token):
                    if not each.checked:
                        each.checked = True
                        each.attempt(_certify, chains, revocations, self._now, self._rules)
                token.attempt(_travel)
        return self.verdict()

    def verdict(self) -> Verdict:
        """One valid header is enough (RFC 8224 §6.2.1); if there is none, one that got far says why."""
        for token in self._tokens:
            if token.ppt == "div" and not token.checked:
                token.attempt(_divert_nothing)
        headers = (*[token.verdict() for token in self._tokens], *(_UNSEEN,) * self._surplus)
        return Verdict(min((each.reason for each in main(headers)), key=_weight), headers)


def _weight(reason: Reason) -> int:
    """How much a reason decides: success, a token that was judged, one without certificate (436), one of another kind."""
    if reason is Reason.PASSED:
        return 0
    if reason is Reason.PPT_UNSUPPORTED:
        return 3
    return 2 if reason in UNFETCHED else 1


# 1 to 3: what the header itself says


def _read(token: _Token, value: str, call: Signalled) -> None:
    _open(token, value)
    _compare_caller(token, call)


def _open(token: _Token, value: str) -> None:
    try:
        token.header = header = identity.parse(value)
        if header.is_compact:
            raise _Failed(Reason.COMPACT_FORM)
        token.passport = passport.parse(header.token)
    except InvalidIdentity as error:
        raise _Failed(Reason.IDENTITY_MALFORMED, error.reason) from None
    except InvalidPassport as error:
        raise _Failed(Reason.PASSPORT_MALFORMED, error.reason) from None
    _check_header(token, header, token.passport.header)
    try:
        token.claims = received.read(token.passport.payload, token.ppt or "")
    except ClaimRefused as refused:
        raise _Failed(refused.reason, refused.claim) from None
    _check_signature_form(token.passport.signature)


def _check_header(token: _Token, outside: IdentityHeader, inside: Mapping[str, object]) -> None:
    """What the token's own header says counts; what stands beside the token may only repeat it (RFC 8224 §4.1)."""
    ppt = inside.get("ppt")
    token.ppt = ppt if isinstance(ppt, str) and _is_ppt(ppt) else None
    if ppt not in ("shaken", "div"):
        raise _Failed(Reason.PPT_UNSUPPORTED, token.ppt or "none")  # §6.2 step 1: to be ignored
    if inside.get("typ") != "passport":
        raise _Failed(Reason.TYP_WRONG)
    if inside.get("alg") != "ES256":
        raise _Failed(Reason.ALG_UNSUPPORTED)
    if "crit" in inside:
        raise _Failed(Reason.CRIT_UNSUPPORTED)  # RFC 7515 §4.1.11: none is understood
    for name, beside in (("ppt", outside.ppt), ("alg", outside.alg)):
        if beside is not None and beside != inside[name]:
            raise _Failed(Reason.PARAMETER_MISMATCH, name)
    x5u = inside.get("x5u")
    if not isinstance(x5u, str) or not x5u:
        raise _Failed(Reason.X5U_MISSING)
    if x5u != outside.info:
        raise _Failed(Reason.X5U_MISMATCH)
    token.x5u = x5u


def _check_signature_form(signature: bytes) -> None:
    """r and s, 32 bytes each, from 1 to below the order of the curve: no key signs otherwise (RFC 7518 §3.4, FIPS 186-5)."""
    if len(signature) != 64:
        raise _Failed(Reason.SIGNATURE_INVALID, "length")
    if not (_ZERO < signature[:32] < _ORDER and _ZERO < signature[32:] < _ORDER):
        raise _Failed(Reason.SIGNATURE_INVALID, "range")


# 4 to 6: what the signalling and the clock say


def _place(token: _Token, call: Signalled, diversions: list[_Token], now: float, rules: Rules) -> None:
    _compare_callee(token, call, diversions, rules)
    _check_freshness(token, now, rules)


def _check_freshness(token: _Token, now: float, rules: Rules) -> None:
    """The last token signed is fresh; those before a diversion may have rung elsewhere first."""
    longest = rules.max_iat_age
    for each in (*token.way, token):
        iat, detail = _claims(each).iat, "" if each is token else "div"
        if iat < now - longest:
            raise _Failed(Reason.IAT_STALE, detail)
        if iat > now + rules.future_skew:
            raise _Failed(Reason.IAT_IN_FUTURE, detail)
        longest = max(longest, DIVERTED_AGE)


def _compare_caller(token: _Token, call: Signalled) -> None:
    """orig is every number the caller is presented by: beside a number of one's own, another's is not vouched for."""
    if not call.callers:
        raise _Failed(Reason.CALLER_ANONYMOUS if call.anonymous else Reason.CALLER_UNREADABLE)
    if call.callers != {_claims(token).orig}:
        raise _Failed(Reason.ORIG_MISMATCH)


def _compare_callee(token: _Token, call: Signalled, diversions: list[_Token], rules: Rules) -> None:
    """dest is where the call goes, or signed diversions lead there from it (RFC 8946 §4.2)."""
    claims, target = _claims(token), call.target or call.to
    if target is None:
        raise _Failed(Reason.CALLEE_UNREADABLE)
    if target in claims.dest:
        return
    found = way(claims.dest, target, claims.orig, {n: _claims(d) for n, d in enumerate(diversions)})
    if found is not None:
        token.way = tuple(diversions[number] for number in found)
    elif call.to not in claims.dest:
        raise _Failed(Reason.DEST_MISMATCH)
    elif not rules.retargeted:
        raise _Failed(Reason.RETARGETED)


# 7 to 11: what the certificate says


def _certify(
    token: _Token,
    chains: Mapping[str, TrustedChain | Reason],
    revocations: Revocations,
    now: float,
    rules: Rules,
) -> None:
    chain = chains.get(token.x5u or "", Reason.CERTIFICATE_UNREACHABLE)
    if isinstance(chain, Reason):
        raise _Failed(chain)
    token.chain = chain
    claims, inside = _claims(token), token.passport
    assert inside
    if problem := chain.problem_at(now) or revocations.problem(chain, now, rules.require_crl):
        raise _Failed(problem)
    if chain.problem_at(claims.iat):
        raise _Failed(Reason.IAT_OUTSIDE_CERTIFICATE)
    if not chain.covers(claims.div or claims.orig):
        raise _Failed(Reason.NUMBER_OUTSIDE_SCOPE)
    if violated := chain.violated(inside.payload):
        raise _Failed(Reason.CONSTRAINTS_VIOLATED, violated)
    _check_signature(inside, chain)


def _check_signature(inside: Passport, chain: TrustedChain) -> None:
    """ES256 over the bytes as they came."""
    signature = inside.signature
    der = encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
    try:
        chain.key.verify(der, inside.signing_input, _ES256)
    except InvalidSignature:
        raise _Failed(Reason.SIGNATURE_INVALID) from None


def _travel(token: _Token) -> None:
    """Every diversion on the way is as valid as the token itself; one that could not be judged is not broken."""
    for each in token.way:
        if each.failed in UNJUDGED:
            raise _Failed(each.failed, "div")
        if each.failed:
            raise _Failed(Reason.DIV_BROKEN, each.failed.value)


def _divert_nothing(token: _Token) -> None:
    raise _Failed(Reason.DIV_BROKEN, "unused")


def _signature(header: IdentityHeader) -> str:
    last = header.token.rpartition(".")[2]
    return last if len(last) <= SIGNATURE_LENGTH else ""


def _claims(token: _Token) -> Claims:
    assert token.claims
    return token.claims
