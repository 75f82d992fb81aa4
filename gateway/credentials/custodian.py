"""Every change of our keys and certificates: each one whole or not at all, noted with who made it, refused with a reason.

A change happens under the manifest's lock and is in force when the manifest has been replaced; a process that dies at any
point before leaves the manifest as it was, and at worst a key that nobody knows. Methods block for as long as the disk, or
the key store, takes: they belong into a thread. They raise CredentialRefused where what is asked for cannot be, and
ManifestUnreadable where the disk will not have it.

`if_revision` is the revision a client has seen: if there has been a change since, its own is refused (changed-meanwhile).
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from gateway.credentials import admission
from gateway.credentials.keyring import Keyring
from gateway.credentials.manifest import Certificate, Key, Manifest, refuse
from gateway.credentials.manifest_file import ManifestFile
from gateway.credentials.request import CsrSubject, signing_request
from gateway.stir.path import Anchors
from gateway.stir.revocation import Revocations
from gateway.store.deed import Deed
from gateway.trust.credential import Credential, CredentialRefused, credential_of
from gateway.trust.keys import KeyRefused, parse_private_key

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_LONGEST_LABEL = 64
_LONGEST_REASON = 256
_LONGEST_KEY_FILE = 16_384

Step = Callable[[Manifest], Manifest]


class Trust(Protocol):
    """Whom this node trusts."""

    @property
    def anchors(self) -> Anchors: ...

    @property
    def revocations(self) -> Revocations: ...


@dataclass(frozen=True, slots=True)
class Installed:
    """A certificate that was installed, and what a strict verifier may mind about it."""

    certificate: Certificate
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Means:
    """What a custodian works with. certs_url: what `<name>.pem` is put behind to make a certificate's URL. configured: the
    credential of the configuration, which signs where nothing is active. record: keeps what was changed."""

    file: ManifestFile
    keyring: Keyring
    trust: Trust
    now: Callable[[], float]
    record: Callable[[Deed], None]
    certs_url: str | None = None
    configured: Credential | None = None
    new_id: Callable[[], str] = field(default=lambda: secrets.token_hex(8))


class Custodian:
    """The keys and certificates of one node, as changed by `who`. May be used from any thread and any process."""

    def __init__(self, means: Means, who: str = "gateway") -> None:
        self._means, self._who = means, who

    def by(self, who: str) -> Custodian:
        """The same, with changes noted as made by `who`, such as "user:alice"."""
        return Custodian(self._means, who)

    def view(self) -> Manifest:
        """Everything as it is now."""
        return self._means.file.read()

    def make_key(self, label: str, store: str = "file", if_revision: int | None = None) -> Key:
        """Make a P-256 key pair; CredentialRefused (label-malformed, key-store-unknown, and what the store says)."""
        keyring = self._means.keyring
        return self._keep("made", label, store, lambda key_id: keyring.make(store, key_id), if_revision)

    def import_key(
        self,
        label: str,
        pem: bytes,
        passphrase: bytes | None = None,
        store: str = "file",
        if_revision: int | None = None,
    ) -> Key:
        """Keep a key that was made elsewhere: PEM, encrypted or not; CredentialRefused as `make_key` and
        `gateway.trust.keys` say, key-known, key-file-too-long."""
        if len(pem) > _LONGEST_KEY_FILE:
            refuse("key-file-too-long", f"a key has {_LONGEST_KEY_FILE} bytes at most: send it alone")
        try:
            private = parse_private_key("what was sent", pem, passphrase)
        except KeyRefused as refused:
            refuse(refused.reason, str(refused))
        keyring = self._means.keyring
        return self._keep(
            "imported", label, store, lambda key_id: keyring.take(store, key_id, private), if_revision
        )

    def csr(self, key_id: str, subject: CsrSubject) -> bytes:
        """The DER of a request for a certificate of this key; CredentialRefused (key-unknown, what the store says)."""
        return signing_request(self._means.keyring.open(self.view().key(key_id)), subject)

    def delete_key(self, key_id: str, if_revision: int | None = None) -> Manifest:
        """Destroy a key that no certificate needs; CredentialRefused (key-unknown, key-in-use).

        It is taken out of the manifest first: what is left over when the store fails then is nobody's, and doctor tells.
        """
        key = self.view().key(key_id)
        _, after = self._put(lambda manifest: manifest.without_key(key_id), if_revision)
        self._record("removed", "keys", key_id, after.revision, before=asdict(key))
        self._means.keyring.remove(key.store, key_id)
        return after

    def install(self, chain_pem: bytes, name: str | None = None, if_revision: int | None = None) -> Installed:
        """Keep and serve a chain, the leaf first, under a name that makes its URL; it signs nothing before it is activated.

        CredentialRefused: as `admission` and `credential_of` say; certs-url-missing, name-malformed, name-taken,
        already-installed, key-cannot-sign.
        """
        certificate = self._admitted(chain_pem, name)

        def step(manifest: Manifest) -> Manifest:
            manifest.key(certificate.key_id)  # it may have been deleted since it was looked at
            return manifest.installed(certificate)

        _, after = self._put(step, if_revision)
        self._record("installed", "certificates", certificate.name, after.revision, after=_brief(certificate))
        return Installed(certificate, certificate.warnings)

    def activate(
        self,
        name: str,
        account: str | None = None,
        if_revision: int | None = None,
        note: str | None = None,
    ) -> Manifest:
        """Have a certificate sign for an account, or for all that have none of their own (None).

        note: said in the record of changes, such as why the URL was not looked at. CredentialRefused:
        certificate-unknown, certificate-…, already-active, key-cannot-sign, changed-meanwhile.
        """
        manifest = self.view()
        certificate = manifest.certificate(name)
        if self._is_listed(certificate):
            refuse("certificate-revoked", f"{name} is on a revocation list: activate another one")
        self._prove(manifest, certificate)
        now = self._means.now()
        return self._move(
            "activated", account, lambda manifest: manifest.activated(name, account, now), if_revision, note
        )

    def roll_back(
        self, account: str | None = None, if_revision: int | None = None, note: str | None = None
    ) -> Manifest:
        """Have the certificate sign again that did before; CredentialRefused (nothing-to-roll-back, key-…)."""
        now = self._means.now()

        def step(manifest: Manifest) -> Manifest:
            has_fallback = self._can_configured_sign(now)
            after = manifest.rolled_back(account, now, has_fallback=has_fallback, is_listed=self._is_listed)
            if active := after.active_for(account):
                self._prove(after, after.certificate(active.name))
            return after

        return self._move("rolled-back", account, step, if_revision, note)

    def retire(self, name: str, reason: str = "", if_revision: int | None = None) -> Manifest:
        """Have a certificate never sign again; its chain stays served. CredentialRefused (certificate-active, …)."""
        return self._end("retired", name, reason, if_revision)

    def revoke(self, name: str, reason: str, if_revision: int | None = None) -> Manifest:
        """Note that the STI-CA has revoked a certificate: whatever it would sign is refused from now on."""
        return self._end("revoked", name, reason, if_revision)

    def delete_certificate(self, name: str, if_revision: int | None = None) -> Manifest:
        """Forget a certificate and serve it no more; its name is never given again. CredentialRefused (certificate-active)."""
        certificate = self.view().certificate(name)
        _, after = self._put(lambda manifest: manifest.without_certificate(name), if_revision)
        self._record("removed", "certificates", name, after.revision, before=_brief(certificate))
        return after

    def _keep(
        self,
        action: str,
        label: str,
        store: str,
        keep: Callable[[str], EllipticCurvePublicKey],
        if_revision: int | None,
    ) -> Key:
        if not 0 < len(label) <= _LONGEST_LABEL or not label.isprintable():
            refuse("label-malformed", f"a label has 1 to {_LONGEST_LABEL} printable characters")
        means, key_id = self._means, self._means.new_id()

        def step(manifest: Manifest) -> Manifest:
            public = keep(key_id)
            key = Key(
                key_id, label, store, means.now(), admission.pem_of_key(public), admission.fingerprint(public)
            )
            try:
                return manifest.with_key(key)
            except CredentialRefused:
                means.keyring.remove(store, key_id)
                raise

        _, after = self._put(step, if_revision)
        self._record(action, "keys", key_id, after.revision, after=asdict(after.key(key_id)))
        return after.key(key_id)

    def _admitted(self, chain_pem: bytes, name: str | None) -> Certificate:
        """The certificate that may be installed."""
        means, now = self._means, self._means.now()
        if means.certs_url is None:
            refuse(
                "certs-url-missing", "set [signing] certs_url: the public base of the URLs of certificates"
            )
        certificates = admission.read(chain_pem)
        key = admission.key_of(certificates, self.view().keys)
        warnings = admission.examine(certificates, means.trust.anchors, means.trust.revocations, now)
        name = self._checked(name or _name_for(certificates[0].fingerprint(SHA256()).hex(), key))
        private = means.keyring.proven(key, admission.public_key(certificates))
        credential = credential_of(name, private, certificates, f"{means.certs_url}{name}.pem", "the chain")
        return admission.described(credential, key, warnings, now)

    def _is_listed(self, certificate: Certificate) -> bool:
        chain = admission.read(certificate.chain.encode())
        return admission.is_listed(chain, self._means.trust.revocations)

    def _prove(self, manifest: Manifest, certificate: Certificate) -> None:
        """One that cannot sign must not take the place of one that does."""
        public = admission.public_key(admission.read(certificate.chain.encode()))
        self._means.keyring.proven(manifest.key(certificate.key_id), public)

    def _can_configured_sign(self, now: float) -> bool:
        configured, lists = self._means.configured, self._means.trust.revocations
        if configured is None or admission.is_listed(configured.chain, lists):
            return False
        return configured.usable(now) is None

    def _checked(self, name: str) -> str:
        if _NAME.fullmatch(name) is None:
            refuse(
                "name-malformed",
                f"{name!r} is no name: up to 64 letters, digits, dots, dashes and underscores",
            )
        if self._means.configured and self._means.configured.name == name:
            refuse("name-taken", f"{name!r} is the configured certificate's: choose another name")
        return name

    def _move(
        self, action: str, account: str | None, step: Step, if_revision: int | None, note: str | None
    ) -> Manifest:
        """Another certificate signs for a scope."""
        before, after = self._put(step, if_revision)
        was, is_now = before.active_for(account), after.active_for(account)
        said = {"note": note} if note else {}
        self._record(
            action,
            "certificates",
            is_now.name if is_now else "configured",
            after.revision,
            {"account": account, "certificate": was.name if was else None},
            {"account": account, "certificate": is_now.name if is_now else None, **said},
        )
        return after

    def _end(self, action: str, name: str, reason: str, if_revision: int | None) -> Manifest:
        if len(reason) > _LONGEST_REASON or not reason.isprintable():
            refuse("reason-malformed", f"a reason has {_LONGEST_REASON} printable characters at most")
        now, revoked = self._means.now(), action == "revoked"
        _, after = self._put(lambda manifest: manifest.ended(name, reason, now, revoked=revoked), if_revision)
        self._record(action, "certificates", name, after.revision, after={"reason": reason})
        return after

    def _put(self, step: Step, if_revision: int | None) -> tuple[Manifest, Manifest]:
        def checked(manifest: Manifest) -> Manifest:
            if if_revision is not None and if_revision != manifest.revision:
                refuse(
                    "changed-meanwhile",
                    f"keys and certificates are at revision {manifest.revision}, not {if_revision}: read them again",
                )
            return step(manifest)

        return self._means.file.change(checked)

    def _record(
        self,
        action: str,
        resource: str,
        key: str,
        revision: int,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
    ) -> None:
        at = self._means.now()
        self._means.record(Deed(at, self._who, action, resource, key, revision, before, after))


def _name_for(fingerprint: str, key: Key) -> str:
    """Short enough for a URL, and never another certificate's."""
    return f"{re.sub('[^A-Za-z0-9]+', '-', key.label).strip('-')[:32] or 'certificate'}-{fingerprint[:12]}"


def _brief(certificate: Certificate) -> dict[str, Any]:
    """What the record of changes says of a certificate."""
    names = ("x5u", "key_id", "spc", "subject", "issuer", "serial", "fingerprint", "not_before", "not_after")
    return {name: getattr(certificate, name) for name in names}
