"""The examples that the standards publish, and what becomes of them here: see vectors/stir/PROVENANCE.md."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from builders import RULES, calling, carried, signed
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from gateway.stir import identity, passport, received
from gateway.stir.diversion import way
from gateway.stir.passport import InvalidPassport
from gateway.stir.reasons import Reason
from gateway.stir.received import ClaimRefused
from gateway.stir.verdict import HeaderVerdict, Verdict
from gateway.stir.verification import NeedCertificates, begin

VECTORS = Path(__file__).parents[1] / "vectors/stir"
ISSUED = 1443208345
"""The iat of nearly all of them: 25 September 2015."""


def vector(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((VECTORS / name).read_text())
    return content


RFC8224, RFC8225 = vector("rfc8224-section-4.1.1.json"), vector("rfc8225-section-9.1.json")
RFC8588, RFC8946 = vector("rfc8588-section-6.json"), vector("rfc8946-section-4.1.json")
DIV_O = vector("rfc8946-section-5.json")
APPENDIX_A = vector("rfc8225-appendix-a.json")


def verifies(token: str, public_key: str) -> bool:
    """Whether the published key made the signature, over the parts that we find."""
    key = load_der_public_key(base64.b64decode(public_key))
    assert isinstance(key, ec.EllipticCurvePublicKey)
    found = passport.parse(token)
    r, s = int.from_bytes(found.signature[:32]), int.from_bytes(found.signature[32:])
    try:
        key.verify(encode_dss_signature(r, s), found.signing_input, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


@pytest.mark.parametrize(
    ("token", "public_key"),
    [
        pytest.param(identity.parse(RFC8224["full"]).token, RFC8224["public_key"], id="rfc8224-4.1.1"),
        pytest.param(identity.parse(RFC8946["identity"]).token, RFC8946["public_key"], id="rfc8946-4.1"),
        pytest.param(identity.parse(DIV_O["identity"]).token, DIV_O["public_key"], id="rfc8946-5"),
        pytest.param(DIV_O["opt"], DIV_O["public_key"], id="rfc8946-5-opt"),
    ],
)
def test_a_published_signature_verifies_with_the_published_key(token: str, public_key: str) -> None:
    assert verifies(token, public_key)


def test_the_signature_of_rfc8225_appendix_a_does_not() -> None:
    assert not verifies(APPENDIX_A["token"], RFC8224["public_key"])


def judged_when_issued(value: str, to: str = "12155551213") -> HeaderVerdict:
    """The first phase alone: nobody has the certificates of the examples."""
    verdict = begin([value], calling(("12155551212",), to, to), ISSUED, RULES)
    assert isinstance(verdict, Verdict)
    return verdict.headers[0]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        pytest.param(RFC8224["full"], Reason.PPT_UNSUPPORTED, id="rfc8224-4.1.1-attests-nothing"),
        pytest.param(RFC8224["compact"], Reason.COMPACT_FORM, id="rfc8224-4.1.1-compact"),
        pytest.param(carried(APPENDIX_A["token"]), Reason.PPT_UNSUPPORTED, id="rfc8225-a-attests-nothing"),
        pytest.param(RFC8946["identity"], Reason.DIV_BROKEN, id="rfc8946-4.1-diverts-no-token"),
        pytest.param(DIV_O["identity"], Reason.PPT_UNSUPPORTED, id="rfc8946-5-is-for-out-of-band"),
    ],
)
def test_none_of_them_makes_a_call_pass(value: str, reason: Reason) -> None:
    assert judged_when_issued(value).reason is reason


def test_rfc8224_full_form_is_taken_apart() -> None:
    value = identity.parse(RFC8224["full"])
    found = passport.parse(value.token)
    assert (found.header, found.payload) == (RFC8224["header"], RFC8224["payload"])
    assert value.info != found.header["x5u"]


def test_rfc8225_deterministic_form_is_json_once_it_is_mended() -> None:
    with pytest.raises(InvalidPassport, match="not-json"):
        passport.parse(signed(b"{}", RFC8225["printed"].encode()))
    payload = passport.parse(signed(b"{}", RFC8225["mended"].encode())).payload
    assert list(payload) == ["dest", "iat", "mky", "orig"]
    with pytest.raises(ClaimRefused, match="dest"):  # a URI is called, and no number
        received.read(payload, "shaken")


def test_rfc8588_example_has_its_iat_as_a_string() -> None:
    value = carried(signed(RFC8588["header"], RFC8588["printed"]), RFC8588["header"]["x5u"])
    told = judged_when_issued(value)
    assert (told.reason, told.detail) == (Reason.CLAIM_MALFORMED, "iat")


def test_rfc8588_example_as_its_erratum_mends_it_was_fit_to_be_verified_when_issued() -> None:
    value = carried(signed(RFC8588["header"], RFC8588["mended"]), RFC8588["header"]["x5u"])
    call = calling(("12155550121",), "12155550131", "12155550131")
    assert isinstance(begin([value], call, ISSUED + 60, RULES), NeedCertificates)
    late = begin([value], call, ISSUED + 61, RULES)
    assert isinstance(late, Verdict)
    assert late.reason is Reason.IAT_STALE


def test_rfc8946_div_is_read() -> None:
    found = passport.parse(identity.parse(RFC8946["identity"]).token)
    claims = received.read(found.payload, "div")
    assert found.payload == RFC8946["payload"]
    assert (claims.orig, claims.dest, claims.div) == ("12155551212", ("12155551214",), "121555551213")


def test_rfc8946_div_has_a_digit_too_many_to_connect() -> None:
    printed = received.read(RFC8946["payload"], "div")
    mended = received.read(RFC8946["payload"] | {"div": {"tn": "12155551213"}}, "div")
    first_called = RFC8946["original"]["dest"]["tn"]
    assert way(first_called, "12155551214", "12155551212", {0: printed}) is None
    assert way(first_called, "12155551214", "12155551212", {0: mended}) == (0,)


def test_rfc8946_div_o_holds_the_token_that_it_diverts() -> None:
    payload = passport.parse(identity.parse(DIV_O["identity"]).token).payload
    assert (payload["opt"], payload["dest"]) == (DIV_O["opt"], DIV_O["dest"])
    with pytest.raises(ClaimRefused, match="dest"):
        received.read(payload, "div")
