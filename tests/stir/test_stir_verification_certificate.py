"""What the certificate says of the token: trusted now and when it signed, for this number and these claims, and its key
made the signature."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from builders import (
    CALL,
    CALLER,
    CHAIN,
    CHAINS,
    NEXT,
    NO_LISTS,
    NOW,
    ORDER,
    RULES,
    X5U,
    calling,
    carried,
    identity,
    judged,
    resigned,
    signed,
    trusted,
)
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from certs.builders import NOW as MADE
from certs.builders import Chain, make_chain
from certs.extensions import tn_auth_list
from gateway.stir import constraints, passport, tnauthlist
from gateway.stir.chain import Anchors
from gateway.stir.claims import ShakenClaims
from gateway.stir.constraints import Constraints
from gateway.stir.identity import build
from gateway.stir.passport import Signer
from gateway.stir.reasons import Reason
from gateway.stir.revocation import Revocations, read_crl
from gateway.stir.verification import NeedCertificates, Rules, begin

STRANGER = ec.generate_private_key(ec.SECP256R1())
SIGNED_AT = MADE + timedelta(days=1)

GIVEN = [
    Reason.X5U_REFUSED,
    Reason.CERTIFICATE_UNREACHABLE,
    Reason.CERTIFICATE_TIMEOUT,
    Reason.CERTIFICATE_TOO_LARGE,
    Reason.FETCH_OVERLOADED,
    Reason.CERTIFICATE_UNREADABLE,
    Reason.NO_TRUST_ANCHORS,
    Reason.CERTIFICATE_UNTRUSTED,
    Reason.CERTIFICATE_IS_CA,
    Reason.CERTIFICATE_KEY,
    Reason.CERTIFICATE_USAGE,
    Reason.TNAUTHLIST_MISSING,
    Reason.TNAUTHLIST_MALFORMED,
    Reason.SCOPE_EXCEEDED,
    Reason.CONSTRAINTS_MALFORMED,
]
"""Why there may be no chain to judge with, as fetching and `chain.trust` say it."""


@pytest.mark.parametrize("reason", GIVEN)
def test_no_chain_no_verdict_but_why(reason: Reason) -> None:
    verdict = judged(identity(), chains={X5U: reason})
    assert (verdict.reason, verdict.headers[0].subject) == (reason, None)


def test_a_chain_that_nobody_brings_is_unreachable() -> None:
    assert judged(identity(), chains={}).reason is Reason.CERTIFICATE_UNREACHABLE


def by(chain: Chain, *, iat: float = NOW, now: float = NOW) -> Reason:
    """How a token signed by this chain's leaf ends."""
    value = identity(key=chain.leaf_key, claims={"iat": iat})
    return judged(value, chains={X5U: trusted(chain)}, now=now).reason


def leaf(**fields: Any) -> Chain:
    """A chain whose leaf differs."""
    return make_chain(leaf=lambda template: replace(template, **fields))


def ending(seconds: int) -> Chain:
    return leaf(not_after=SIGNED_AT + timedelta(seconds=seconds))


def beginning(seconds: int) -> Chain:
    return leaf(not_before=SIGNED_AT - timedelta(seconds=seconds))


MOMENTS = [
    pytest.param(ending(5), 0, 6, Reason.CERTIFICATE_EXPIRED, id="expired-since-it-was-trusted"),
    pytest.param(ending(5), 0, 5, Reason.PASSED, id="in-its-last-second"),
    pytest.param(
        beginning(0), -2, -1, Reason.CERTIFICATE_NOT_YET_VALID, id="not-yet-valid-by-a-clock-set-back"
    ),
    pytest.param(beginning(30), -31, 0, Reason.IAT_OUTSIDE_CERTIFICATE, id="signed-before-it-was-valid"),
    pytest.param(beginning(30), -30, 0, Reason.PASSED, id="signed-in-its-first-second"),
    pytest.param(ending(5), 6, 0, Reason.IAT_OUTSIDE_CERTIFICATE, id="signed-for-after-its-end"),
]


@pytest.mark.parametrize(("chain", "iat", "now", "reason"), MOMENTS)
def test_valid_now_and_when_it_signed(chain: Chain, iat: int, now: int, reason: Reason) -> None:
    """RFC 5280 §6.1.3 and RFC 8224 §6.2 step 4."""
    assert by(chain, iat=NOW + iat, now=NOW + now) is reason


def scoped(*entries: tnauthlist.Entry) -> Chain:
    return make_chain(leaf=lambda template: template.having(tn_auth_list(entries).value))


SCOPED = [
    pytest.param(scoped(tnauthlist.One(CALLER)), Reason.PASSED, id="the-number"),
    pytest.param(scoped(tnauthlist.Range("12155551200", 13)), Reason.PASSED, id="a-range-it-ends"),
    pytest.param(
        scoped(tnauthlist.Range("12155551200", 12)), Reason.NUMBER_OUTSIDE_SCOPE, id="a-range-too-short"
    ),
    pytest.param(scoped(tnauthlist.One(NEXT)), Reason.NUMBER_OUTSIDE_SCOPE, id="another-number"),
    pytest.param(scoped(tnauthlist.Spc("616H")), Reason.PASSED, id="a-service-provider"),
]


@pytest.mark.parametrize(("chain", "reason"), SCOPED)
def test_speaks_for_the_caller(chain: Chain, reason: Reason) -> None:
    """RFC 8226 §9, RFC 8224 §6.2 step 3."""
    assert by(chain) is reason


def constrained(oid: str, limits: Constraints) -> Chain:
    value = x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), constraints.encode(limits, oid))
    return make_chain(leaf=lambda template: template.having(value))


def excluding(*claims: str) -> Chain:
    return constrained(constraints.ENHANCED_OID, Constraints(must_exclude=claims))


def permitting(claim: str, *values: str) -> Chain:
    return constrained(constraints.OID, Constraints(permitted_values=((claim, frozenset(values)),)))


CONSTRAINED = [
    pytest.param(permitting("attest", "A", "B"), Reason.PASSED, id="attest-as-permitted"),
    pytest.param(permitting("attest", "C"), Reason.CONSTRAINTS_VIOLATED, id="attest-not-as-permitted"),
    pytest.param(excluding("attest"), Reason.CONSTRAINTS_VIOLATED, id="attest-excluded"),
    pytest.param(excluding("rcd"), Reason.PASSED, id="something-else-excluded"),
    pytest.param(
        constrained(constraints.OID, Constraints(must_include=("rcd",))),
        Reason.CONSTRAINTS_VIOLATED,
        id="rcd-demanded",
    ),
]


@pytest.mark.parametrize(("chain", "reason"), CONSTRAINED)
def test_allows_the_claims(chain: Chain, reason: Reason) -> None:
    """RFC 8226 §8, RFC 9118 §4."""
    assert by(chain) is reason


def test_a_violation_names_its_claim() -> None:
    chain = excluding("origid")
    verdict = judged(identity(key=chain.leaf_key), chains={X5U: trusted(chain)})
    assert verdict.headers[0].detail == "origid"


def lists(*revoked: x509.Certificate, signers: Chain = CHAIN) -> Revocations:
    """What is known with the list of `signers`, under the anchors of CHAIN."""
    file = read_crl(signers.crl(*revoked, now=SIGNED_AT).public_bytes(Encoding.PEM))
    anchors = Anchors([CHAIN.root.certificate, CHAIN.sti_pa.certificate])
    return Revocations.of([file], anchors, NOW)


REVOKED = [
    pytest.param(lists(), False, Reason.PASSED, id="not-on-the-list"),
    pytest.param(lists(), True, Reason.PASSED, id="not-on-the-list-that-is-required"),
    pytest.param(Revocations(), False, Reason.PASSED, id="no-list-and-none-required"),
    pytest.param(Revocations(), True, Reason.CRL_UNAVAILABLE, id="no-list-though-one-is-required"),
    pytest.param(lists(CHAIN.leaf), False, Reason.CERTIFICATE_REVOKED, id="the-leaf-revoked"),
    pytest.param(
        lists(CHAIN.intermediate.certificate),
        False,
        Reason.CERTIFICATE_REVOKED,
        id="the-intermediate-revoked",
    ),
    pytest.param(lists(signers=make_chain()), False, Reason.CRL_UNTRUSTED, id="a-list-of-a-stranger"),
]


@pytest.mark.parametrize(("revocations", "required", "reason"), REVOKED)
def test_is_not_revoked(revocations: Revocations, required: bool, reason: Reason) -> None:
    """RFC 5280 §6.3, ATIS-1000080."""
    verdict = judged(identity(), revocations=revocations, rules=Rules(require_crl=required))
    assert verdict.reason is reason


SOUND = identity()
TOKEN = SOUND.partition(";")[0]
SIGNATURE = passport.parse(TOKEN).signature


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(identity(key=STRANGER), id="a-stranger's-key"),
        pytest.param(
            identity(header={"jwk": {"kty": "EC", "crv": "P-256"}}, key=STRANGER), id="a-key-in-the-token"
        ),
        pytest.param(
            identity(header={"x5c": ["MIIB"], "kid": "1"}, key=STRANGER), id="a-certificate-in-the-token"
        ),
        pytest.param(resigned(identity(), bytes(31) + b"\1" + bytes(31) + b"\1"), id="one-and-one"),
        pytest.param(resigned(identity(), b"\x7f" * 64), id="any-bytes"),
    ],
)
def test_the_key_of_the_certificate_made_the_signature(value: str) -> None:
    """RFC 8224 §6.2 step 5, RFC 8225 §6."""
    assert judged(value).reason is Reason.SIGNATURE_INVALID


def test_a_signature_covers_the_bytes_and_not_what_they_mean() -> None:
    """RFC 7515 §5.2: the same claims written in another way are other claims."""
    token = passport.parse(TOKEN)
    rewritten = signed(token.header, json.dumps(token.payload).encode())
    assert judged(resigned(carried(rewritten), token.signature)).reason is Reason.SIGNATURE_INVALID


def test_halves_of_a_signature_that_change_places_are_no_signature() -> None:
    assert judged(resigned(SOUND, SIGNATURE[32:] + SIGNATURE[:32])).reason is Reason.SIGNATURE_INVALID


def test_the_other_s_of_a_signature_is_as_valid() -> None:
    """Whoever sees r and s can make r and n-s of them; so a token is not known again by its signature alone."""
    mirrored = ORDER - int.from_bytes(SIGNATURE[32:])
    assert judged(resigned(SOUND, SIGNATURE[:32] + mirrored.to_bytes(32))).passed


@given(st.integers(0, len(TOKEN) - 1), st.sampled_from("Ab1-_."))
def test_no_character_of_a_token_can_be_another(position: int, character: str) -> None:
    changed = SOUND[:position] + character + SOUND[position + 1 :]
    assert judged(changed).passed == (changed == SOUND)


@given(
    st.from_regex(r"[0-9#*]{1,32}", fullmatch=True),
    st.lists(st.from_regex(r"[0-9#*]{1,32}", fullmatch=True), min_size=1, max_size=5),
    st.sampled_from(["A", "B", "C"]),
    st.uuids().map(str),
    st.floats(-60, 10).map(int),
)
def test_what_the_signer_signs_is_verified(
    orig: str, dest: list[str], attest: str, origid: str, age: int
) -> None:
    claims = ShakenClaims(attest, tuple(dest), NOW + age, orig, origid)
    value = build(Signer(CHAIN.leaf_key, X5U).sign(claims), X5U)
    verdict = judged(value, call=calling((orig,), None, dest[-1]))
    assert (verdict.reason, verdict.attest, verdict.origid) == (Reason.PASSED, attest, origid)


def test_a_verdict_tells_whose_certificate_it_was() -> None:
    told = judged(SOUND).headers[0]
    assert (told.x5u, told.spc, told.subject) == (X5U, "616H", trusted().subject)


def test_finishing_twice_says_the_same() -> None:
    needed = begin([SOUND], CALL, NOW, RULES)
    assert isinstance(needed, NeedCertificates)
    assert needed.finish(CHAINS, NO_LISTS) == needed.finish({}, NO_LISTS)
