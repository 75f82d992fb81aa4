"""Keys in a PKCS#11 token, which makes them, signs with them and never gives them away.

One session a process, under a lock: a call waits for the token's signature, so it must be a near one. A token that was away
gets a new session when it is next asked. A library like this must not be carried over a fork, so it is opened at first use.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any, NoReturn, TypeVar

import pkcs11
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pkcs11.exceptions import (
    NoSuchKey,
    NoSuchToken,
    PinIncorrect,
    PinLocked,
    PKCS11Error,
    UserAlreadyLoggedIn,
)
from pkcs11.util.ec import encode_named_curve_parameters

from gateway.credentials.stores import StoreRefused
from gateway.stir.passport import CannotSign
from gateway.trust.secret_file import SecretRefused, read_secret

LABEL = "stir-gateway"
"""Of our keys in the token; others' are left alone."""

_POINT = 65  # bytes of an uncompressed point on P-256, at the end of its DER
_PARAMETERS = encode_named_curve_parameters("secp256r1")

_Answer = TypeVar("_Answer")


class KeyToken:
    """The keys of one token. module: the library's file. pin_file: holds the user's PIN, readable by us alone."""

    def __init__(self, module: Path, token: str, pin_file: Path) -> None:
        self._module, self._token, self._pin_file = module, token, pin_file
        self._lock = Lock()
        self._session: Any = None

    def make(self, key_id: str) -> ec.EllipticCurvePublicKey:
        """Make a P-256 key pair that cannot leave the token."""
        with _refusals():
            return _public(self.ask(lambda session: _generate(session, key_id)))

    def take(self, key_id: str, key: ec.EllipticCurvePrivateKey) -> None:
        """Keep a P-256 key that was made elsewhere."""
        with _refusals():
            self.ask(lambda session: _create(session, key_id, key))

    def open(self, key_id: str) -> ec.EllipticCurvePrivateKey:
        """The key, which signs in the token."""
        with _refusals():
            return TokenKey(
                self, key_id, _public(self.ask(lambda session: _find(session, key_id, public=True)))
            )

    def remove(self, key_id: str) -> None:
        """Destroy a key."""
        with _refusals():
            self.ask(lambda session: _destroy(session, key_id))

    def ids(self) -> frozenset[str]:
        """The keys that are there."""
        with _refusals():
            return self.ask(_ids)

    def check(self) -> None:
        """Return where the token answers."""
        self.ids()

    def ask(self, question: Callable[[Any], _Answer]) -> _Answer:
        """Ask the token in its session; once more in a new one if that has ended."""
        with self._lock:
            is_new = self._session is None
            try:
                return question(self._opened())
            except PKCS11Error:  # a key also seems not to be there when somebody has logged out
                self._close()
                if is_new:
                    raise
                return question(self._opened())

    def _opened(self) -> Any:
        if self._session is None:
            try:
                pin = read_secret(self._pin_file).decode("utf-8", "replace").strip()
                self._session = _log_in(self._library().get_token(token_label=self._token), pin)
            except SecretRefused as refused:
                raise StoreRefused(f"token-pin-{refused.reason}", str(refused)) from None
            except (PinIncorrect, PinLocked):
                raise StoreRefused(
                    "token-pin-wrong", f"the token refuses the PIN in {self._pin_file}"
                ) from None
            except NoSuchToken:
                raise StoreRefused("token-missing", f"{self._module} has no token {self._token!r}") from None
        return self._session

    def _library(self) -> Any:
        try:
            return pkcs11.lib(str(self._module))
        except (PKCS11Error, RuntimeError, OSError) as error:
            raise StoreRefused("token-library", f"{self._module} cannot be loaded: {_said(error)}") from None

    def _close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            try:
                session.close()
            except PKCS11Error:  # it is what failed
                return


class TokenKey(ec.EllipticCurvePrivateKey):
    """A key that signs in its token. A signature that cannot be had is CannotSign."""

    def __init__(self, token: KeyToken, key_id: str, public: ec.EllipticCurvePublicKey) -> None:
        self._token, self._id, self._public = token, key_id, public
        self._handle: tuple[Any, Any] = None, None

    def sign(self, data: Any, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:
        """ES256 alone."""
        if not isinstance(signature_algorithm.algorithm, hashes.SHA256):
            raise ValueError("this key signs with SHA-256")
        digest = sha256(data).digest()
        try:
            raw = self._token.ask(
                lambda session: self._key_in(session).sign(digest, mechanism=pkcs11.Mechanism.ECDSA)
            )
        except (PKCS11Error, StoreRefused) as error:
            raise CannotSign(_said(error)) from None
        half = len(raw) // 2
        return encode_dss_signature(int.from_bytes(raw[:half]), int.from_bytes(raw[half:]))

    def _key_in(self, session: Any) -> Any:
        """Looked for once a session."""
        if self._handle[0] is not session:
            self._handle = session, _find(session, self._id, public=False)
        return self._handle[1]

    def public_key(self) -> ec.EllipticCurvePublicKey:
        """The public half."""
        return self._public

    @property
    def curve(self) -> ec.EllipticCurve:
        """P-256."""
        return self._public.curve

    @property
    def key_size(self) -> int:
        """In bits."""
        return self._public.key_size

    def exchange(self, algorithm: ec.ECDH, peer_public_key: ec.EllipticCurvePublicKey) -> NoReturn:
        """Never."""
        raise TypeError("this key signs and nothing else")

    def private_numbers(self) -> NoReturn:
        """Never."""
        raise TypeError("this key does not leave its token")

    def private_bytes(self, *_: Any) -> NoReturn:
        """Never."""
        raise TypeError("this key does not leave its token")

    def __copy__(self) -> TokenKey:
        return self

    def __deepcopy__(self, memo: dict[Any, Any]) -> TokenKey:
        return self


def _log_in(token: Any, pin: str) -> Any:
    """A login is the process's, not the session's."""
    try:
        return token.open(user_pin=pin, rw=True)
    except UserAlreadyLoggedIn:
        return token.open(rw=True)


def _generate(session: Any, key_id: str) -> Any:
    domain = session.create_domain_parameters(
        pkcs11.KeyType.EC, {pkcs11.Attribute.EC_PARAMS: _PARAMETERS}, local=True
    )
    public, _ = domain.generate_keypair(store=True, label=LABEL, id=_bytes(key_id))
    return public


def _create(session: Any, key_id: str, key: ec.EllipticCurvePrivateKey) -> None:
    each, public = pkcs11.Attribute, key.public_key()
    common = {
        each.KEY_TYPE: pkcs11.KeyType.EC,
        each.TOKEN: True,
        each.LABEL: LABEL,
        each.ID: _bytes(key_id),
        each.EC_PARAMS: _PARAMETERS,
    }
    point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    private = {
        each.CLASS: pkcs11.ObjectClass.PRIVATE_KEY,
        each.VALUE: key.private_numbers().private_value.to_bytes(32),
        each.PRIVATE: True,
        each.SENSITIVE: True,
        each.EXTRACTABLE: False,
        each.SIGN: True,
    }
    session.create_object(common | private)
    session.create_object(
        common
        | {
            each.CLASS: pkcs11.ObjectClass.PUBLIC_KEY,
            each.EC_POINT: bytes([4, _POINT]) + point,  # a DER OCTET STRING
            each.VERIFY: True,
        }
    )


def _find(session: Any, key_id: str, *, public: bool) -> Any:
    kind = pkcs11.ObjectClass.PUBLIC_KEY if public else pkcs11.ObjectClass.PRIVATE_KEY
    return session.get_key(object_class=kind, id=_bytes(key_id), label=LABEL)


def _destroy(session: Any, key_id: str) -> None:
    for found in list(_ours(session, {pkcs11.Attribute.ID: _bytes(key_id)})):
        found.destroy()


def _ids(session: Any) -> frozenset[str]:
    kind = {pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY}
    return frozenset(found[pkcs11.Attribute.ID].hex() for found in _ours(session, kind))


def _ours(session: Any, more: dict[Any, Any]) -> Iterator[Any]:
    return iter(list(session.get_objects({pkcs11.Attribute.LABEL: LABEL} | more)))


def _bytes(key_id: str) -> bytes:
    """The id as the token has it; StoreRefused for one that we never gave."""
    try:
        return bytes.fromhex(key_id)
    except ValueError:
        raise StoreRefused("key-missing", f"{key_id!r} is no id of a key in a token") from None


def _public(found: Any) -> ec.EllipticCurvePublicKey:
    point = found[pkcs11.Attribute.EC_POINT][-_POINT:]
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except NoSuchKey:
        raise StoreRefused("key-missing", "the token does not hold the key: see which token it is") from None
    except PKCS11Error as error:
        raise StoreRefused(
            "key-store-failing", f"the token does not answer as it should: {_said(error)}"
        ) from None


def _said(error: Exception) -> str:
    """These errors seldom say anything but their name."""
    return str(error) or type(error).__name__
