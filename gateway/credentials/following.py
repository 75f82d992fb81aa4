"""Each process follows the manifest and the revocation lists, and puts what has changed in force by one assignment.

What cannot be read leaves what was in force before, and is tried again: a manifest that is spoilt, or a key that is away,
stops no calls that could be signed a moment ago. That holds for each scope by itself: an account that is given a certificate
of its own is signed for with no other's from then on, and one for which one is ordered with no other provider's until then.
A process that starts with a spoilt manifest signs nothing: what the configuration names may have been replaced, for a reason.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from time import monotonic
from types import MappingProxyType

from gateway import log
from gateway.credentials import admission
from gateway.credentials.book import DEFAULT, Book
from gateway.credentials.keyring import Keyring
from gateway.credentials.manifest import Certificate, Manifest
from gateway.credentials.manifest_file import ManifestFile, ManifestUnreadable
from gateway.stir.revocation import Revocations
from gateway.trust.credential import Credential, CredentialRefused, credential_of

LOOK_SECONDS = 0.5
RETRY_SECONDS = 5.0
"""Between two attempts to read what could not be read."""

CHECK_SECONDS = 30.0
"""Between two looks at whether the key stores can be used."""

SLOW_SECONDS = 0.005
"""Of a signature, for which the edge's other calls wait as well."""

_log = log.get("credentials")


class Following:
    """What is in force in this process: `current`, empty until `changed` was first called.

    configured: what signs where nothing is active. revocations: the lists in force. ordered: the accounts for which a
    certificate is ordered, each with its service provider code. `changed` belongs to one thread at a
    time and may take as long as a disk or a token; the rest may be read from any.
    """

    def __init__(
        self,
        file: ManifestFile,
        keyring: Keyring,
        configured: Credential | None,
        revocations: Callable[[], Revocations],
        ordered: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.current = Book()
        self.problems: tuple[str, ...] = ()
        self._file, self._keyring = file, keyring
        self.configured, self._revocations, self._ordered = configured, revocations, ordered
        self._manifest: Manifest | None = None
        self._loaded: dict[str, Credential] = {}
        self._seen: object = None
        self._retry_at: float | None = None
        self.stores: dict[str, str | None] = {}
        self._check_at = monotonic()

    def changed(self) -> bool:
        """Look whether anything changed and put it in force; whether it did. A look takes microseconds."""
        if monotonic() >= self._check_at:
            self.stores = self._keyring.problems()
            self._check_at = monotonic() + CHECK_SECONDS
        lists = self._revocations()
        seen = self._file.stamp(), lists
        is_due = self._retry_at is not None and monotonic() >= self._retry_at
        if seen == self._seen and not is_due:
            return False
        self._seen = seen
        before = self.current
        problems = list(self._load(lists))
        self._retry_at = monotonic() + RETRY_SECONDS if problems else None
        self._tell(tuple(problems))
        return self.current != before

    async def follow(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            await asyncio.to_thread(self.changed)
            await asyncio.sleep(LOOK_SECONDS)

    def _load(self, lists: Revocations) -> Iterator[str]:
        """Put in force what can be; what could not be read, one line each."""
        try:
            self._manifest = self._file.read()
        except ManifestUnreadable as unreadable:
            yield f"credentials-unreadable: {unreadable}"
        manifest, configured = self._manifest, _judged(self.configured, None, lists)
        if manifest is None:
            self.current = Book(configured)  # which signs nothing, and is served for calls that it signed
            return
        default, accounts = configured, dict[str, Credential | None]()
        for active in manifest.active:
            certificate = manifest.certificate(active.name)
            try:
                credential: Credential | None = self._credential(manifest, certificate)
            except CredentialRefused as refused:
                yield f"{refused.reason}: {active.name} cannot sign for {active.account or DEFAULT}: {refused}"
                credential = self._last_good(manifest, active.account)
            judged = _judged(credential, manifest, lists)
            if active.account is None:
                default = judged
            else:
                accounts[active.account] = judged
        for account, spc in self._ordered.items():
            if account not in accounts:  # its own is yet to come
                accounts[account] = default if default and default.spc == spc else None
        self._loaded = {name: one for name, one in self._loaded.items() if manifest.scopes_of(name)}
        self.current = Book(configured, manifest, default, accounts)

    def _last_good(self, manifest: Manifest, account: str | None) -> Credential | None:
        """What signed for this very scope until now; a certificate that was deleted since has no say any more."""
        book = self.current
        last = book.default if account is None else book.accounts.get(account)
        known = {each.name for each in manifest.certificates}
        if self.configured:
            known.add(self.configured.name)
        return last if last and last.name in known else None

    def _credential(self, manifest: Manifest, certificate: Certificate) -> Credential:
        """Opened once: what stands under a name never changes."""
        known = self._loaded.get(certificate.name)
        if known is None:
            key = manifest.key(certificate.key_id)
            chain = admission.read(certificate.chain.encode())
            began = monotonic()
            private = self._keyring.proven(key, admission.public_key(chain))
            known = credential_of(certificate.name, private, chain, certificate.x5u, certificate.name)
            took = monotonic() - began
            if key.store != "file" and took > SLOW_SECONDS:
                _log.warning("credentials.slow", key=key.id, store=key.store, seconds=round(took, 4))
            self._loaded[certificate.name] = known
        return known

    def _tell(self, problems: tuple[str, ...]) -> None:
        for problem in problems:
            if problem not in self.problems:
                _log.error("credentials.problem", problem=problem)
        self.problems = problems
        book = self.current
        _log.info(
            "credentials.in-force",
            revision=book.manifest.revision,
            default=book.default and book.default.name,
            accounts=len(book.accounts),
        )


def _judged(
    credential: Credential | None, manifest: Manifest | None, lists: Revocations
) -> Credential | None:
    """The credential, with what is known of its revocation by now."""
    if credential is None:
        return None
    revoked = admission.is_listed(credential.chain, lists)
    for each in manifest.certificates if manifest else ():
        if each.name == credential.name and each.ended and each.ended.revoked:
            revoked = True
    return credential if credential.revoked == revoked else replace(credential, revoked=revoked)
