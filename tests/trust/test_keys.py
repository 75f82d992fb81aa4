"""A key file is either safe to sign with, or refused with a reason and a remedy."""

import os
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from gateway.trust.keys import KeyRefused, load_private_key

P256 = ec.generate_private_key(ec.SECP256R1())
PASSPHRASE = b"correct horse"

KeyFile = Callable[..., Path]


def pem(
    key: PrivateKeyTypes = P256,
    form: PrivateFormat = PrivateFormat.PKCS8,
    encryption: KeySerializationEncryption | None = None,
) -> bytes:
    return key.private_bytes(Encoding.PEM, form, encryption or NoEncryption())


PLAIN = pem()
ENCRYPTED = pem(encryption=BestAvailableEncryption(PASSPHRASE))
PUBLIC = P256.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@pytest.fixture
def key_file(tmp_path: Path) -> KeyFile:
    def write(content: bytes, mode: int = 0o600) -> Path:
        path = tmp_path / "signing.key"
        path.write_bytes(content)
        path.chmod(mode)
        return path

    return write


def refusal(path: Path, passphrase: bytes | None = None) -> KeyRefused:
    with pytest.raises(KeyRefused) as caught:
        load_private_key(path, passphrase)
    return caught.value


@pytest.mark.parametrize(
    "mode", [0o604, 0o640, 0o644, 0o660, 0o666, 0o610, 0o601, 0o777], ids=lambda mode: f"{mode:04o}"
)
def test_a_key_open_to_others_is_refused_with_the_command_that_closes_it(
    key_file: KeyFile, mode: int
) -> None:
    path = key_file(PLAIN, mode)
    error = refusal(path)
    assert error.reason == "key-readable-by-others"
    assert f"chmod 600 {path}" in str(error)


@pytest.mark.parametrize(
    ("content", "passphrase", "reason"),
    [
        pytest.param(b"", None, "not-a-private-key", id="empty file"),
        pytest.param(b"\0\xff not PEM", None, "not-a-private-key", id="binary garbage"),
        pytest.param(PLAIN[:90], None, "not-a-private-key", id="cut short"),
        pytest.param(PLAIN.replace(b"M", b"!"), None, "not-a-private-key", id="base64 spoiled"),
        pytest.param(PUBLIC, None, "not-a-private-key", id="the public key"),
        pytest.param(b"", PASSPHRASE, "not-a-private-key", id="empty file, passphrase given"),
        pytest.param(pem(ec.generate_private_key(ec.SECP384R1())), None, "key-not-p256", id="P-384"),
        pytest.param(pem(ec.generate_private_key(ec.SECP256K1())), None, "key-not-p256", id="secp256k1"),
        pytest.param(pem(ed25519.Ed25519PrivateKey.generate()), None, "key-not-p256", id="Ed25519"),
        pytest.param(pem(rsa.generate_private_key(65537, 2048)), None, "key-not-p256", id="RSA"),
        pytest.param(ENCRYPTED, None, "passphrase-needed", id="encrypted, no passphrase"),
        pytest.param(ENCRYPTED, b"wrong", "passphrase-wrong", id="encrypted, wrong passphrase"),
        pytest.param(PLAIN, PASSPHRASE, "passphrase-not-needed", id="plain, passphrase given"),
    ],
)
def test_a_file_that_is_no_usable_key_is_refused(
    key_file: KeyFile, content: bytes, passphrase: bytes | None, reason: str
) -> None:
    assert refusal(key_file(content), passphrase).reason == reason


@given(st.binary(max_size=400) | st.binary(max_size=200).map(lambda body: PLAIN[:60] + body + PLAIN[60:]))
def test_arbitrary_bytes_are_refused_and_nothing_else(content: bytes) -> None:
    with TemporaryDirectory() as directory:
        path = Path(directory, "signing.key")
        path.touch(0o600)
        path.write_bytes(content)
        with suppress(KeyRefused):
            assert load_private_key(path).private_numbers() == P256.private_numbers()


def test_a_missing_file_is_its_own_reason(tmp_path: Path) -> None:
    assert refusal(tmp_path / "absent.key").reason == "key-missing"


def test_a_directory_is_unreadable(tmp_path: Path) -> None:
    assert refusal(tmp_path).reason == "key-unreadable"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read any file")
def test_a_key_of_another_owner_is_unreadable(key_file: KeyFile) -> None:
    assert refusal(key_file(PLAIN, 0o000)).reason == "key-unreadable"


@pytest.mark.parametrize(
    ("content", "passphrase"),
    [
        pytest.param(PLAIN, None, id="PKCS 8"),
        pytest.param(pem(form=PrivateFormat.TraditionalOpenSSL), None, id="SEC 1"),
        pytest.param(ENCRYPTED, PASSPHRASE, id="PKCS 8 encrypted"),
    ],
)
def test_a_private_p256_key_is_loaded(key_file: KeyFile, content: bytes, passphrase: bytes | None) -> None:
    assert load_private_key(key_file(content), passphrase).private_numbers() == P256.private_numbers()


def test_a_key_only_its_owner_can_read_is_loaded(key_file: KeyFile) -> None:
    assert load_private_key(key_file(PLAIN, 0o400)).private_numbers() == P256.private_numbers()


def test_a_refusal_shows_nothing_of_the_file_or_the_passphrase(key_file: KeyFile) -> None:
    secret = "c2VjcmV0LXNlY3JldA"
    error = refusal(key_file(f"-----BEGIN PRIVATE KEY-----\n{secret}\n".encode()), PASSPHRASE)
    told = "".join(traceback.format_exception(error)) + repr(error)
    assert secret not in told
    assert PASSPHRASE.decode() not in told
