"""Requests as others read them: josepy and the acme library of Let's Encrypt."""

from __future__ import annotations

import json

import josepy
import pytest
from acme.jws import JWS
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.acme import jws

URL = "https://ca.example.test/order/1"
NONCE = "MTIzNDU2Nzg5MDEyMzQ1Ng"
KEY = ec.generate_private_key(ec.SECP256R1())
THEIRS = josepy.JWKEC(key=KEY.public_key())


def test_a_request_that_carries_its_key_verifies_with_it() -> None:
    found = JWS.json_loads(jws.signed(KEY, URL, NONCE, {"a": "ü"}, None).decode())
    header = found.signature.combined
    assert (header.url, header.kid, header.alg) == (URL, None, josepy.ES256)
    assert header.jwk == THEIRS
    assert found.verify(THEIRS)
    assert json.loads(found.payload) == {"a": "ü"}


def test_a_request_of_an_account_names_it_and_not_the_key() -> None:
    found = JWS.json_loads(jws.signed(KEY, URL, NONCE, {}, "https://ca.example.test/account/1").decode())
    assert (found.signature.combined.kid, found.signature.combined.jwk) == (
        "https://ca.example.test/account/1",
        None,
    )
    assert found.verify(THEIRS)


def test_post_as_get_has_no_payload_which_is_not_an_empty_object() -> None:
    assert JWS.json_loads(jws.signed(KEY, URL, NONCE, None, "a").decode()).payload == b""
    assert JWS.json_loads(jws.signed(KEY, URL, NONCE, {}, "a").decode()).payload == b"{}"


def test_all_of_a_request_is_signed_and_nothing_beside_it() -> None:
    assert set(json.loads(jws.signed(KEY, URL, NONCE, {}, None))) == {"protected", "payload", "signature"}


@settings(max_examples=60)
@given(st.integers(1, 2**64))
def test_a_thumbprint_is_what_others_compute_also_where_a_coordinate_begins_with_zero(secret: int) -> None:
    key = ec.derive_private_key(secret, ec.SECP256R1()).public_key()
    theirs = josepy.JWKEC(key=key).thumbprint()
    assert jws.fingerprint(key) == "SHA256 " + theirs.hex(":").upper()


def test_an_account_key_is_bound_with_the_secret_of_the_customer() -> None:
    made = json.dumps(jws.bound(KEY.public_key(), URL, "customer-1", b"shared secret"))
    found = JWS.json_loads(made)
    assert found.verify(josepy.JWKOct(key=b"shared secret"))
    assert found.signature.combined.kid == "customer-1"
    assert josepy.JWK.json_loads(found.payload.decode()) == THEIRS


@pytest.mark.parametrize("secret", [b"another secret", b""])
def test_a_binding_does_not_verify_with_another_secret(secret: bytes) -> None:
    found = JWS.json_loads(json.dumps(jws.bound(KEY.public_key(), URL, "customer-1", b"shared secret")))
    assert not found.verify(josepy.JWKOct(key=secret))
