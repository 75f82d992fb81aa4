"""Both key stores behave alike, and neither gives a key away."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from softhsm import Token

from gateway.credentials.key_files import KeyFiles
from gateway.credentials.key_token import KeyToken
from gateway.credentials.keyring import Keyring
from gateway.credentials.passphrase import Passphrase
from gateway.credentials.request import CsrSubject, signing_request
from gateway.credentials.stores import KeyStore, StoreRefused
from gateway.stir.passport import CannotSign, Signer
from gateway.trust.secret_file import SecretRefused
from tests.custody import Custody

ES256 = ec.ECDSA(SHA256())


@pytest.fixture(params=["file", "pkcs11"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> KeyStore:
    if request.param == "file":
        return KeyFiles(tmp_path / "keys", Passphrase.of(None, {}, tmp_path))
    token: Token = request.getfixturevalue("softhsm")
    return KeyToken(token.module, token.label, token.pin_file)


@pytest.fixture
def key_id() -> str:
    return os.urandom(8).hex()


def refusal(action: Callable[[], object]) -> str:
    with pytest.raises(StoreRefused) as caught:
        action()
    return caught.value.reason


def test_a_key_that_is_not_there_is_refused(store: KeyStore, key_id: str) -> None:
    store.make(os.urandom(8).hex())
    assert refusal(lambda: store.open(key_id)) == "key-missing"


@pytest.mark.parametrize("strange", ["", "key-1", "0g", "abc"])
def test_a_key_of_an_id_that_we_never_gave_is_not_there(store: KeyStore, key_id: str, strange: str) -> None:
    store.make(key_id)
    assert refusal(lambda: store.open(strange)) == "key-missing"


def test_keys_whose_passphrase_is_lost_get_no_second_one(tmp_path: Path, key_id: str) -> None:
    store = KeyFiles(tmp_path / "keys", Passphrase.of(None, {}, tmp_path))
    store.make(os.urandom(8).hex())
    (tmp_path / "passphrase").unlink()
    assert refusal(lambda: store.make(key_id)) == "passphrase-missing"
    assert key_id not in store.ids()


def test_a_passphrase_that_the_disk_does_not_take_leaves_no_file(
    tmp_path: Path, key_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = KeyFiles(tmp_path / "keys", Passphrase.of(None, {}, tmp_path))
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", _full)
        assert refusal(lambda: store.make(key_id)) == "key-store-failing"
    assert not list(tmp_path.iterdir())
    assert store.make(key_id)


def _full(_descriptor: int) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_key_that_was_destroyed_is_gone_and_its_neighbour_is_not(store: KeyStore, key_id: str) -> None:
    neighbour = os.urandom(8).hex()
    store.make(key_id)
    store.make(neighbour)
    store.remove(key_id)
    store.remove(key_id)
    assert key_id not in store.ids()
    assert store.open(neighbour)


def test_what_a_key_signs_verifies_with_its_public_half_alone(store: KeyStore, key_id: str) -> None:
    public = store.make(key_id)
    assert key_id in store.ids()
    signature = store.open(key_id).sign(b"call", ES256)
    public.verify(signature, b"call", ES256)
    with pytest.raises(InvalidSignature):
        public.verify(signature, b"another call", ES256)


def test_an_imported_key_signs_as_itself(store: KeyStore, key_id: str) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    store.take(key_id, private)
    assert store.open(key_id).public_key() == private.public_key()
    private.public_key().verify(store.open(key_id).sign(b"call", ES256), b"call", ES256)


def test_a_request_can_be_made_with_a_key_of_either_store(store: KeyStore, key_id: str) -> None:
    store.make(key_id)
    request = signing_request(store.open(key_id), CsrSubject("616H", "US", "Example"))
    assert x509.load_der_x509_csr(request).is_signature_valid


def test_a_token_s_key_does_not_leave_it(softhsm: Token, key_id: str) -> None:
    store = KeyToken(softhsm.module, softhsm.label, softhsm.pin_file)
    store.make(key_id)
    key = store.open(key_id)
    with pytest.raises(TypeError):
        key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(TypeError):
        key.private_numbers()
    with pytest.raises(ValueError, match="SHA-256"):
        key.sign(b"call", ec.ECDSA(SHA384()))


def test_another_process_s_new_key_is_found(softhsm: Token, key_id: str) -> None:
    edge = KeyToken(softhsm.module, softhsm.label, softhsm.pin_file)
    edge.ids()
    sidecar = KeyToken(softhsm.module, softhsm.label, softhsm.pin_file)
    public = sidecar.make(key_id)
    assert edge.open(key_id).public_key() == public


def test_a_session_that_ends_is_opened_again(softhsm: Token, key_id: str) -> None:
    store = KeyToken(softhsm.module, softhsm.label, softhsm.pin_file)
    public = store.make(key_id)
    key = store.open(key_id)
    store.ask(lambda session: session.close())
    public.verify(key.sign(b"call", ES256), b"call", ES256)


def test_a_key_that_vanishes_from_its_token_cannot_sign_and_says_so(softhsm: Token, key_id: str) -> None:
    store = KeyToken(softhsm.module, softhsm.label, softhsm.pin_file)
    store.make(key_id)
    signer = Signer(store.open(key_id), "https://certs.example.test/certs/main.pem")
    store.remove(key_id)
    with pytest.raises(CannotSign):
        signer._sign(b"call", ES256)


def changed(token: Token, **what: object) -> KeyToken:
    wrong = replace(token, **what)
    return KeyToken(wrong.module, wrong.label, wrong.pin_file)


ASK = """
import sys
from pathlib import Path
from gateway.credentials.key_token import KeyToken
from gateway.credentials.stores import StoreRefused
try:
    KeyToken(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])).ids()
except StoreRefused as refused:
    print(refused.reason, refused)
"""


def asked_elsewhere(token: Token) -> str:
    """A login is a process's: whether a PIN is right is seen in a new one."""
    command = [sys.executable, "-c", ASK, str(token.module), token.label, str(token.pin_file)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_a_wrong_pin_is_refused_without_being_told(softhsm: Token, tmp_path: Path) -> None:
    assert asked_elsewhere(softhsm) == ""
    wrong = tmp_path / "pin"
    wrong.write_text("999999")
    wrong.chmod(0o600)
    said = asked_elsewhere(replace(softhsm, pin_file=wrong))
    assert said.startswith("token-pin-wrong ")
    assert "999999" not in said


def test_a_token_that_cannot_be_opened_says_why(softhsm: Token, tmp_path: Path) -> None:
    open_to_all = tmp_path / "pin"
    open_to_all.write_text(softhsm.pin_file.read_text())
    open_to_all.chmod(0o644)
    assert refusal(changed(softhsm, pin_file=open_to_all).ids) == "token-pin-readable-by-others"
    assert refusal(changed(softhsm, pin_file=tmp_path / "none").ids) == "token-pin-missing"
    assert refusal(changed(softhsm, label="another").ids) == "token-missing"
    assert refusal(changed(softhsm, module=tmp_path / "none.so").ids) == "token-library"


def test_the_life_of_a_certificate_is_the_same_with_a_token(custody: Custody, softhsm: Token) -> None:
    stores = {"pkcs11": KeyToken(softhsm.module, softhsm.label, softhsm.pin_file)}
    custodian = type(custody.custodian)(replace(custody.means, keyring=Keyring(stores)))
    key = custodian.make_key("in a token", "pkcs11")
    assert custodian.install(custody.chain(key), "main").certificate.key_id == key.id
    assert custodian.activate("main").active_for(None)


@pytest.mark.parametrize("mode", [0o640, 0o604])
def test_a_passphrase_open_to_others_opens_nothing(tmp_path: Path, key_id: str, mode: int) -> None:
    store = KeyFiles(tmp_path / "keys", Passphrase.of(None, {}, tmp_path))
    store.make(key_id)
    (tmp_path / "passphrase").chmod(mode)
    assert refusal(lambda: store.open(key_id)) == "passphrase-readable-by-others"


def test_a_configured_passphrase_that_is_missing_is_not_made(tmp_path: Path, key_id: str) -> None:
    store = KeyFiles(tmp_path / "keys", Passphrase.of(tmp_path / "none", {}, tmp_path))
    assert refusal(lambda: store.make(key_id)) == "passphrase-missing"
    assert store.ids() == frozenset()


def test_another_passphrase_does_not_open_a_key(tmp_path: Path, key_id: str) -> None:
    KeyFiles(tmp_path / "keys", Passphrase.of(None, {}, tmp_path)).make(key_id)
    (tmp_path / "other").write_text("another")
    (tmp_path / "other").chmod(0o600)
    other = KeyFiles(tmp_path / "keys", Passphrase.of(tmp_path / "other", {}, tmp_path))
    assert refusal(lambda: other.open(key_id)) == "key-passphrase-wrong"


def test_systemd_hands_the_passphrase_over_before_one_is_made(tmp_path: Path) -> None:
    environment = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert Passphrase.of(None, environment, tmp_path / "keys").beside_keys
    (tmp_path / "gateway-keys").write_text("handed over\n")
    (tmp_path / "gateway-keys").chmod(0o440)
    assert Passphrase.of(None, environment, tmp_path / "keys").read() == b"handed over"


@pytest.mark.parametrize(("written", "reason"), [("\n", "empty"), ("x" * 2000, "too-long")])
def test_a_passphrase_that_is_none_is_refused(tmp_path: Path, written: str, reason: str) -> None:
    path = tmp_path / "passphrase"
    path.write_text(written)
    path.chmod(0o600)
    with pytest.raises(SecretRefused) as caught:
        Passphrase(path).read()
    assert caught.value.reason == reason
