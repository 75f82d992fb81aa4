"""A credential is sound when it is loaded, or refused by name; whether it may sign now is asked later."""

import base64
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from certs import files, pem
from certs.builders import NOW, Chain, make_chain
from certs.extensions import tn_auth_list
from certs.profile import LEAF_LIFETIME
from gateway.stir.claims import ShakenClaims
from gateway.stir.tnauthlist import One, Spc
from gateway.trust.credential import TN_AUTH_LIST, Credential, CredentialRefused, load_credential
from gateway.trust.keys import KeyRefused

X5U = "https://certs.example.test/certs/616H.pem"
CHAIN = make_chain()
LEAF_DER = CHAIN.leaf.public_bytes(Encoding.DER)
ROOT, INTERMEDIATE = CHAIN.root.certificate, CHAIN.intermediate.certificate

Load = Callable[..., Credential]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Load a credential from files that hold the sound ones, but for what a case gives."""

    def load(
        *,
        key: ec.EllipticCurvePrivateKey = CHAIN.leaf_key,
        mode: int = 0o600,
        chain: bytes = CHAIN.pem,
        x5u: str = X5U,
    ) -> Credential:
        key_path, chain_path = tmp_path / "616H.key", tmp_path / "616H.pem"
        key_path.write_bytes(pem.key(key))
        key_path.chmod(mode)
        chain_path.write_bytes(chain)
        return load_credential("main", key_path, chain_path, x5u)

    return load


def refusal(load: Load, **files: object) -> CredentialRefused:
    with pytest.raises(CredentialRefused) as caught:
        load(**files)
    return caught.value


def spoiled(certificate: x509.Certificate) -> bytes:
    """A certificate whose signature no longer fits: one letter of its subject is another."""
    der = certificate.public_bytes(Encoding.DER).replace(b"lab service", b"lab Service")
    return pem.chain(x509.load_der_x509_certificate(der))


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        pytest.param({"mode": 0o644}, "key-readable-by-others", id="readable by everybody"),
        pytest.param({"key": ec.generate_private_key(ec.SECP384R1())}, "key-not-p256", id="on another curve"),
    ],
)
def test_a_key_that_is_refused_refuses_the_credential(
    load: Load, files: dict[str, object], reason: str
) -> None:
    with pytest.raises(KeyRefused) as caught:
        load(**files)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("chain", "reason"),
    [
        pytest.param(b"", "not-a-certificate", id="empty file"),
        pytest.param(b"\0\xff not PEM", "not-a-certificate", id="binary garbage"),
        pytest.param(CHAIN.pem[:200], "not-a-certificate", id="cut short"),
        pytest.param(CHAIN.pem.replace(b"MII", b"AAA"), "not-a-certificate", id="PEM around no certificate"),
        pytest.param(pem.crl(CHAIN.crl()), "not-a-certificate", id="a revocation list"),
        pytest.param(CHAIN.pem + pem.key(CHAIN.leaf_key), "chain-holds-a-key", id="private key in it"),
        pytest.param(make_chain().pem, "key-of-another-certificate", id="somebody else's chain"),
        pytest.param(pem.chain(INTERMEDIATE), "key-of-another-certificate", id="without the leaf"),
        pytest.param(pem.chain(INTERMEDIATE, CHAIN.leaf), "leaf-not-first", id="issuer before the leaf"),
        pytest.param(pem.chain(CHAIN.leaf, ROOT), "chain-broken", id="intermediate left out of the middle"),
        pytest.param(pem.chain(CHAIN.leaf, CHAIN.leaf), "chain-broken", id="leaf twice"),
        pytest.param(
            pem.chain(CHAIN.leaf, make_chain().intermediate.certificate),
            "chain-broken",
            id="intermediate of the same name with another key",
        ),
        pytest.param(spoiled(CHAIN.leaf) + pem.chain(INTERMEDIATE), "chain-broken", id="altered leaf"),
    ],
)
def test_a_chain_that_does_not_hold_together_is_refused(load: Load, chain: bytes, reason: str) -> None:
    assert refusal(load, chain=chain).reason == reason


def raw_tn_auth_list(der: bytes) -> x509.UnrecognizedExtension:
    return x509.UnrecognizedExtension(TN_AUTH_LIST, der)


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        pytest.param(
            make_chain(leaf=lambda leaf: leaf.without(TN_AUTH_LIST)), "tnauthlist-missing", id="no TNAuthList"
        ),
        pytest.param(
            make_chain(leaf=lambda leaf: leaf.having(raw_tn_auth_list(b"\x30\x05"))),
            "tnauthlist-malformed",
            id="TNAuthList cut short",
        ),
        pytest.param(
            make_chain(leaf=lambda leaf: leaf.having(raw_tn_auth_list(b""))),
            "tnauthlist-malformed",
            id="TNAuthList of no bytes",
        ),
        pytest.param(
            make_chain(leaf=lambda leaf: leaf.having(tn_auth_list([One("12025550100")]).value)),
            "not-one-spc",
            id="numbers but no SPC",
        ),
        pytest.param(
            make_chain(leaf=lambda leaf: leaf.having(tn_auth_list([Spc("616H"), Spc("709J")]).value)),
            "not-one-spc",
            id="two SPCs",
        ),
        pytest.param(
            make_chain(
                leaf=lambda leaf: leaf.having(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            ),
            "leaf-is-ca",
            id="a CA as leaf",
        ),
    ],
)
def test_a_leaf_that_may_not_sign_calls_is_refused(load: Load, broken: Chain, reason: str) -> None:
    assert refusal(load, key=broken.leaf_key, chain=broken.pem).reason == reason


@pytest.mark.parametrize(
    "x5u",
    [
        pytest.param("", id="empty"),
        pytest.param("/certs/616H.pem", id="no scheme and host"),
        pytest.param("ftp://certs.example.test/616H.pem", id="neither https nor http"),
        pytest.param("https://certs.example.test", id="no path"),
        pytest.param("https:///certs/616H.pem", id="no host"),
        pytest.param("https://user@certs.example.test/616H.pem", id="userinfo"),
        pytest.param("https://certs.example.test/616H.pem?v=2", id="query"),
        pytest.param("https://certs.example.test/616H.pem#leaf", id="fragment"),
        pytest.param("https://certs.example.test:99999/616H.pem", id="impossible port"),
        pytest.param("https://[::1::]/616H.pem", id="impossible IPv6"),
        pytest.param("https://certs.example.test/616H.pem>;alg=none", id="closes the angle bracket"),
        pytest.param('https://certs.example.test/616H.pem"', id="closes the JSON string"),
        pytest.param("https://certs.example.test/616H.pem\r\nX: y", id="a header of its own"),
        pytest.param("https://certs.example.test/616H.pem\n", id="line break at the end"),
    ],
)
def test_a_url_that_cannot_stand_in_an_identity_header_is_refused(load: Load, x5u: str) -> None:
    assert refusal(load, x5u=x5u).reason == "x5u-malformed"


@given(place=st.integers(0, len(LEAF_DER) - 1), byte=st.integers(0, 255), served_alone=st.booleans())
def test_a_leaf_with_any_byte_altered_is_refused_or_loaded_and_nothing_else(
    place: int, byte: int, served_alone: bool
) -> None:
    altered = LEAF_DER[:place] + bytes([byte]) + LEAF_DER[place + 1 :]
    text = b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(altered) + b"-----END CERTIFICATE-----\n"
    with TemporaryDirectory() as directory:
        key_path, chain_path = Path(directory, "616H.key"), Path(directory, "616H.pem")
        files.write(key_path, pem.key(CHAIN.leaf_key))
        files.write(chain_path, text if served_alone else text + pem.chain(INTERMEDIATE))
        with suppress(CredentialRefused):
            assert load_credential("main", key_path, chain_path, X5U).spc


def test_a_missing_chain_is_its_own_reason(tmp_path: Path, load: Load) -> None:
    load()
    (tmp_path / "616H.pem").unlink()
    with pytest.raises(CredentialRefused) as caught:
        load_credential("main", tmp_path / "616H.key", tmp_path / "616H.pem", X5U)
    assert caught.value.reason == "chain-missing"


def test_a_chain_that_is_a_directory_is_unreadable(tmp_path: Path, load: Load) -> None:
    load()
    with pytest.raises(CredentialRefused) as caught:
        load_credential("main", tmp_path / "616H.key", tmp_path, X5U)
    assert caught.value.reason == "chain-unreadable"


def test_a_refusal_names_the_file_and_shows_no_key(load: Load, tmp_path: Path) -> None:
    error = refusal(load, chain=CHAIN.pem + pem.key(CHAIN.leaf_key))
    assert str(tmp_path / "616H.pem") in str(error)
    assert pem.key(CHAIN.leaf_key).decode().splitlines()[1] not in str(error)


def test_a_sound_credential_says_what_would_sign(load: Load) -> None:
    credential = load()
    assert (credential.name, credential.x5u, credential.spc) == ("main", X5U, "616H")
    assert credential.chain == (CHAIN.leaf, INTERMEDIATE)
    assert credential.fingerprint == CHAIN.leaf.fingerprint(SHA256()).hex()
    assert credential.warnings == ()


@pytest.mark.parametrize(
    ("seconds", "answer"),
    [
        pytest.param(-61, "not-yet-valid", id="a second before its time"),
        pytest.param(-60, None, id="at its first second"),
        pytest.param(0, None, id="in its time"),
        pytest.param(LEAF_LIFETIME.total_seconds(), None, id="at its last second"),
        pytest.param(LEAF_LIFETIME.total_seconds() + 1, "expired", id="a second after its time"),
    ],
)
def test_expired_and_not_yet_valid_are_told_apart(load: Load, seconds: float, answer: str | None) -> None:
    assert load().usable(NOW.timestamp() + seconds) == answer


def test_an_expired_credential_loads_so_that_it_can_be_shown(load: Load) -> None:
    old = make_chain(leaf=lambda leaf: replace(leaf, not_after=NOW - timedelta(seconds=30)))
    assert load(key=old.leaf_key, chain=old.pem).usable(NOW.timestamp()) == "expired"


def test_an_intermediate_that_expires_first_ends_the_credential(load: Load) -> None:
    # A leaf made to outlive its issuer, as a careless CA would.
    end = NOW + timedelta(days=1)
    careless = make_chain(
        intermediate=lambda ca: replace(ca, not_after=end),
        leaf=lambda leaf: replace(leaf, not_after=NOW + LEAF_LIFETIME),
    )
    credential = load(key=careless.leaf_key, chain=careless.pem)
    assert credential.not_after == end.timestamp()
    assert credential.usable(end.timestamp() + 1) == "expired"


@pytest.mark.parametrize(
    ("chain", "x5u", "warnings"),
    [
        pytest.param(pem.chain(CHAIN.leaf), X5U, ("chain-without-intermediate",), id="leaf alone"),
        pytest.param(pem.chain(CHAIN.leaf, INTERMEDIATE, ROOT), X5U, (), id="root too"),
        pytest.param(CHAIN.pem, X5U.replace("https", "http"), ("x5u-not-public",), id="http"),
        pytest.param(CHAIN.pem, "https://[::1]:8080/616H.pem", ("x5u-not-public",), id="another port"),
        pytest.param(CHAIN.pem, "https://certs.example.test:8443/616H.pem", (), id="port 8443"),
    ],
)
def test_what_strict_verifiers_refuse_is_warned_of(
    load: Load, chain: bytes, x5u: str, warnings: tuple[str, ...]
) -> None:
    assert load(chain=chain, x5u=x5u).warnings == warnings


def test_numbers_beside_the_spc_do_not_matter(load: Load) -> None:
    delegate = make_chain(numbers=["12025550100"])
    assert load(key=delegate.leaf_key, chain=delegate.pem).spc == "616H"


def test_its_signer_signs_with_the_leafs_key_and_names_the_url(load: Load) -> None:
    iat = int(NOW.timestamp())
    claims = ShakenClaims("A", ("12025550111",), iat, "12025550100", "123e4567-e89b-12d3-a456-426614174000")
    public = CHAIN.leaf_key.public_key()
    token = jwt.PyJWS().decode_complete(load().signer.sign(claims), public, algorithms=["ES256"])
    assert token["header"]["x5u"] == X5U
    assert token["payload"] == claims.canonical_json()


def test_the_key_never_shows(load: Load) -> None:
    assert "PrivateKey" not in repr(load())
