"""All key stores of a node as one: which has a key is in the key itself. What a store refuses is refused as CredentialRefused,
with the store's reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.hashes import SHA256

from gateway.credentials.manifest import Key, refuse
from gateway.credentials.stores import KeyStore, StoreRefused
from gateway.stir.passport import CannotSign

_PROOF = b"the key and the certificate belong together"


class Keyring:
    """The key stores by name. Blocking, for any thread."""

    def __init__(self, stores: Mapping[str, KeyStore]) -> None:
        self.stores = stores

    def make(self, store: str, key_id: str) -> EllipticCurvePublicKey:
        """Make a key pair in a store."""
        with _refusals():
            return self._store(store).make(key_id)

    def take(self, store: str, key_id: str, private: EllipticCurvePrivateKey) -> EllipticCurvePublicKey:
        """Keep a key pair in a store."""
        with _refusals():
            self._store(store).take(key_id, private)
            return private.public_key()

    def open(self, key: Key) -> EllipticCurvePrivateKey:
        """The key, ready to sign with."""
        with _refusals():
            return self._store(key.store).open(key.id)

    def proven(self, key: Key, public: EllipticCurvePublicKey) -> EllipticCurvePrivateKey:
        """The key, shown to sign for `public`: a store may hold another one than we believe. CredentialRefused
        (key-cannot-sign)."""
        private = self.open(key)
        try:
            with _refusals():
                signature = private.sign(_PROOF, ECDSA(SHA256()))
            public.verify(signature, _PROOF, ECDSA(SHA256()))
        except InvalidSignature:
            refuse(
                "key-cannot-sign", f"what key {key.id} signs does not verify: see what the key store holds"
            )
        return private

    def remove(self, store: str, key_id: str) -> None:
        """Destroy a key."""
        with _refusals():
            self._store(store).remove(key_id)

    def problems(self) -> dict[str, str | None]:
        """What is wrong with each store, None for nothing."""
        return {name: _problem(store) for name, store in self.stores.items()}

    def _store(self, name: str) -> KeyStore:
        found = self.stores.get(name)
        if found is None:
            hint = ": set [keys] pkcs11_module, pkcs11_token and pkcs11_pin" if name == "pkcs11" else ""
            refuse("key-store-unknown", f"this node has no key store {name!r}{hint}")
        return found


def _problem(store: KeyStore) -> str | None:
    try:
        store.check()
    except StoreRefused as refused:
        return f"{refused.reason}: {refused}"
    return None


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except StoreRefused as refused:
        refuse(refused.reason, str(refused))
    except CannotSign as error:
        refuse("key-store-failing", f"the key store does not sign: {error}")
