"""What keys and certificates a node has, which certificate is active for whom, and every change that may be made of that.

A manifest is immutable; a change makes the next one, with a revision one higher, or raises CredentialRefused and leaves
everything as it is. This file does no I/O; `now` is an argument.

A certificate is active for a scope: an account's, or the default (None) for whoever has none of its own. Its name is part
of its URL and is never given twice, for verifiers remember what was there (RFC 8224 §7.4).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, NoReturn, TypeVar

from gateway.trust.credential import CredentialRefused

State = Literal["active", "installed", "retired", "revoked"]
"""What a certificate is for now. A retired or revoked one signs nothing any more, and its chain is still served."""

MOST_REMEMBERED = 10
"""Certificates that a scope can be rolled back to, the last one first."""

MOST_KEYS = 1_000
MOST_CERTIFICATES = 1_000

_Named = TypeVar("_Named", "Key", "Certificate")


@dataclass(frozen=True, slots=True)
class Key:
    """A key pair of which this is the public half. made_at: epoch seconds. public_key: PEM. fingerprint: SHA-256 of its
    SubjectPublicKeyInfo, in hexadecimal. store: which key store has the private half."""

    id: str
    label: str
    store: str
    made_at: float
    public_key: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Ended:
    """That a certificate signs no more, since when (epoch seconds) and why."""

    at: float
    reason: str
    revoked: bool


@dataclass(frozen=True, slots=True)
class Certificate:
    """An installed chain. chain: PEM, the leaf first. fingerprint: the leaf's SHA-256. not_before, not_after: epoch
    seconds in which the whole chain is valid. warnings: what a strict verifier may mind. ended: retired or revoked."""

    name: str
    x5u: str
    key_id: str
    spc: str
    subject: str
    issuer: str
    serial: str
    fingerprint: str
    not_before: float
    not_after: float
    installed_at: float
    chain: str
    warnings: tuple[str, ...] = ()
    ended: Ended | None = None

    def unusable(self, now: float) -> str | None:
        """Why it cannot sign at `now`: revoked, retired, not-yet-valid or expired; None where it can."""
        if self.ended:
            return "revoked" if self.ended.revoked else "retired"
        if now < self.not_before:
            return "not-yet-valid"
        return "expired" if now > self.not_after else None


@dataclass(frozen=True, slots=True)
class Active:
    """The certificate `name` signs for `account` (None: whoever has none of its own) since `since`; `before` are those
    that did earlier, the last one last, deleted ones too."""

    account: str | None
    name: str
    since: float
    before: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything at one revision. gone: names of deleted certificates, never to be used again."""

    revision: int = 0
    keys: tuple[Key, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    active: tuple[Active, ...] = ()
    gone: tuple[str, ...] = ()

    def key(self, key_id: str) -> Key:
        """The key of this id; CredentialRefused (key-unknown)."""
        return _found(self.keys, lambda each: each.id == key_id, "key-unknown", f"there is no key {key_id!r}")

    def certificate(self, name: str) -> Certificate:
        """The certificate of this name; CredentialRefused (certificate-unknown)."""
        missing = f"there is no certificate {name!r}"
        return _found(self.certificates, lambda each: each.name == name, "certificate-unknown", missing)

    def active_for(self, account: str | None) -> Active | None:
        """What is active for exactly this scope."""
        return next((each for each in self.active if each.account == account), None)

    def scopes_of(self, name: str) -> tuple[str | None, ...]:
        """Whom a certificate is active for."""
        return tuple(each.account for each in self.active if each.name == name)

    def state_of(self, certificate: Certificate) -> State:
        """What a certificate is for now."""
        if certificate.ended:
            return "revoked" if certificate.ended.revoked else "retired"
        return "active" if self.scopes_of(certificate.name) else "installed"

    def contradiction(self) -> str | None:
        """Why no change of ours can have made this manifest, None where one can."""
        names, scopes = {each.name for each in self.certificates}, [each.account for each in self.active]
        for each in self.active:
            if each.name not in names:
                return f"{each.name} signs for {_scope(each.account)} and is not there"
            if scopes.count(each.account) > 1:
                return f"{_scope(each.account)} has two active certificates"
        return None

    def certificates_of(self, key_id: str) -> tuple[Certificate, ...]:
        """Those of one key."""
        return tuple(each for each in self.certificates if each.key_id == key_id)

    def with_key(self, key: Key) -> Manifest:
        """One key more; key-known where the same key is there already, too-many-keys."""
        for each in self.keys:
            if each.fingerprint == key.fingerprint:
                refuse("key-known", f"this key is there already, as {each.id}")
        if len(self.keys) >= MOST_KEYS:
            refuse("too-many-keys", f"there are {MOST_KEYS} keys: delete those that no certificate needs")
        return self._next(keys=(*self.keys, key))

    def without_key(self, key_id: str) -> Manifest:
        """Without a key; key-in-use where a certificate needs it."""
        self.key(key_id)
        if needing := self.certificates_of(key_id):
            refuse("key-in-use", f"the certificate {needing[0].name} needs it: delete that first")
        return self._next(keys=tuple(each for each in self.keys if each.id != key_id))

    def installed(self, certificate: Certificate) -> Manifest:
        """One certificate more; name-taken, already-installed, too-many-certificates."""
        for each in self.certificates:
            if each.chain == certificate.chain:
                refuse("already-installed", f"this chain is installed already, as {each.name}")
        if certificate.name in self.gone or any(each.name == certificate.name for each in self.certificates):
            refuse(
                "name-taken",
                f"{certificate.name!r} is or was another certificate's: a new one needs a new URL, so choose a new name",
            )
        if len(self.certificates) >= MOST_CERTIFICATES:
            refuse("too-many-certificates", f"there are {MOST_CERTIFICATES}: delete those that have expired")
        return self._next(certificates=(*self.certificates, certificate))

    def activated(self, name: str, account: str | None, now: float) -> Manifest:
        """The same with a certificate active for a scope; certificate-revoked, -retired, -not-yet-valid, -expired."""
        self._check_usable(self.certificate(name), now)
        last = self.active_for(account)
        if last and last.name == name:
            refuse("already-active", f"{name} is active for {_scope(account)} already")
        before = _remembered(last, name)
        return self._activate(Active(account, name, now, before))

    def rolled_back(
        self,
        account: str | None,
        now: float,
        *,
        has_fallback: bool,
        is_listed: Callable[[Certificate], bool] = lambda _: False,
    ) -> Manifest:
        """The same with that certificate active again which was before; one that signs no more is passed over.

        Before the first default what the configuration names signed, and does again: has_fallback says whether it can.
        Before the first certificate of an account the default did, which may be another provider's: an account goes back
        to its own alone. is_listed: whether a revocation list names a certificate. nothing-to-roll-back where nothing
        would sign.
        """
        last = self.active_for(account)
        if last is None:
            refuse("nothing-to-roll-back", f"no certificate is active for {_scope(account)}")
        before = list(last.before)
        while before:
            name = before.pop()
            if any(
                each.name == name and not each.unusable(now) and not is_listed(each)
                for each in self.certificates
            ):
                return self._activate(Active(account, name, now, tuple(before)))
        if account is not None:
            refuse(
                "nothing-to-roll-back",
                f"no earlier certificate of its own can sign for {_scope(account)}, and the default may be another "
                "provider's: activate one for it by name",
            )
        if not has_fallback:
            refuse("nothing-to-roll-back", f"no earlier certificate can sign for {_scope(account)}")
        return self._next(active=self._others(account))

    def ended(self, name: str, reason: str, now: float, *, revoked: bool) -> Manifest:
        """The same with a certificate retired, or known to be revoked.

        A revoked one stays active where it is: what it would sign is refused until another one is activated. One that is
        active cannot be retired (certificate-active), and what has been revoked stays so (certificate-revoked).
        """
        certificate = self.certificate(name)
        if certificate.ended and (certificate.ended.revoked or not revoked):
            refuse(
                f"certificate-{self.state_of(certificate)}", f"{name} is {self.state_of(certificate)} already"
            )
        if not revoked:
            self._check_idle(name, "retire")
        return self._with(replace(certificate, ended=Ended(now, reason, revoked)))

    def without_certificate(self, name: str) -> Manifest:
        """Without a certificate, whose chain is then served no more; certificate-active."""
        self.certificate(name)
        self._check_idle(name, "delete")
        rest = tuple(each for each in self.certificates if each.name != name)
        return self._next(certificates=rest, gone=(*self.gone, name))

    def _check_idle(self, name: str, verb: str) -> None:
        if scopes := self.scopes_of(name):
            refuse(
                "certificate-active",
                f"{name} signs for {', '.join(map(_scope, scopes))}: activate another one before you {verb} it",
            )

    def _check_usable(self, certificate: Certificate, now: float) -> None:
        if reason := certificate.unusable(now):
            remedy = {
                "not-yet-valid": "it is valid later only: wait, or check the clock of this machine",
                "expired": "it has expired: renew it, or check the clock of this machine",
            }.get(reason, f"it has been {reason}: install and activate another one")
            refuse(f"certificate-{reason}", f"{certificate.name} cannot sign, {remedy}")

    def _activate(self, new: Active) -> Manifest:
        return self._next(active=(*self._others(new.account), new))

    def _others(self, account: str | None) -> tuple[Active, ...]:
        return tuple(each for each in self.active if each.account != account)

    def _with(self, changed: Certificate) -> Manifest:
        return self._next(
            certificates=tuple(changed if each.name == changed.name else each for each in self.certificates)
        )

    def _next(
        self,
        *,
        keys: tuple[Key, ...] | None = None,
        certificates: tuple[Certificate, ...] | None = None,
        active: tuple[Active, ...] | None = None,
        gone: tuple[str, ...] | None = None,
    ) -> Manifest:
        return Manifest(
            self.revision + 1,
            self.keys if keys is None else keys,
            self.certificates if certificates is None else certificates,
            self.active if active is None else active,
            self.gone if gone is None else gone,
        )


EMPTY = Manifest()
"""Of a node that has made no key yet."""


def refuse(reason: str, message: str, details: tuple[str, ...] = ()) -> NoReturn:
    """Raise CredentialRefused."""
    raise CredentialRefused(reason, message, details)


def _remembered(last: Active | None, name: str) -> tuple[str, ...]:
    """What a scope can be rolled back to once `name` is active; each once, so that rotating to and fro loses nobody."""
    if last is None:
        return ()
    earlier = [each for each in last.before if each not in (name, last.name)]
    return (*earlier, last.name)[-MOST_REMEMBERED:]


def _found(among: tuple[_Named, ...], is_it: Callable[[_Named], bool], reason: str, message: str) -> _Named:
    for each in among:
        if is_it(each):
            return each
    refuse(reason, message)


def _scope(account: str | None) -> str:
    return "the default" if account is None else f"account {account}"
