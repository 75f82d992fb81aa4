"""Our account with the STI-CA: its key, made once and kept in the key store, and its URL, asked for where it is not known.

An account belongs to one server; under another directory a new one is made, and orders of the old one are let go.
"""

from __future__ import annotations

import asyncio
from base64 import urlsafe_b64decode
from collections.abc import Callable
from dataclasses import replace

from gateway import log
from gateway.acme.client import Client
from gateway.acme.failure import AcmeFailed
from gateway.acme.jws import SigningKey
from gateway.acme.settings import Acme
from gateway.acme.state import Account, State, StateFile
from gateway.acme.sti_pa import secret
from gateway.acme.wire import Wire
from gateway.credentials.custodian import Custodian
from gateway.credentials.keyring import Keyring
from gateway.credentials.manifest_file import ManifestUnreadable
from gateway.trust.credential import CredentialRefused

KEY_LABEL = "ACME account"

_log = log.get("acme")


class Accounts:
    """The account of this node. now: epoch seconds."""

    def __init__(
        self, acme: Acme, file: StateFile, custodian: Custodian, keyring: Keyring, now: Callable[[], float]
    ) -> None:
        self._acme, self._file, self._now = acme, file, now
        self._custodian, self._keyring = custodian.by("acme"), keyring

    async def client(self, wire: Wire) -> Client:
        """The ACME server as it knows us; AcmeFailed where the account, or its key, cannot be had."""
        try:
            account, key = await asyncio.to_thread(self._account)
        except CredentialRefused as refused:
            raise AcmeFailed(refused.reason, f"the ACME account's key: {refused}") from None
        except ManifestUnreadable as error:
            raise AcmeFailed("credentials-unavailable", str(error)) from None
        client = Client(wire, account.directory, key, account.url, self._now)
        if account.url is None:
            url = await client.register(self._acme.contact, self._binding())
            await asyncio.to_thread(self._put, replace(account, url=url))
            _log.info("acme.account", url=url)
        return client

    def forget(self) -> None:
        """Ask for the URL again next time: the server does not know it. Blocking."""
        account = self._file.read().account
        if account:
            self._put(replace(account, url=None))

    def _account(self) -> tuple[Account, SigningKey]:
        """The account, or the beginning of one, and its key, which is kept before it is used."""
        directory, state = self._acme.directory, self._file.read()
        assert directory is not None
        account = state.account
        if account is None or account.directory != directory:
            made = self._custodian.make_key(KEY_LABEL, self._acme.key_store)
            account = Account(directory, made.id)
            self._file.write(_with_new(state, account))
        try:
            return account, self._keyring.open(self._custodian.view().key(account.key_id))
        except CredentialRefused as refused:
            if refused.reason == "key-unknown":
                self._put(None)  # it was deleted: the next attempt makes another account
            raise

    def _put(self, account: Account | None) -> None:
        self._file.write(replace(self._file.read(), account=account))

    def _binding(self) -> tuple[str, bytes] | None:
        """What the STI-CA gave its customer to prove it with (RFC 8555 §7.3.4)."""
        if self._acme.eab_kid is None or self._acme.eab_key is None:
            return None
        text = secret(self._acme.eab_key)
        try:
            return self._acme.eab_kid, urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except ValueError:
            raise AcmeFailed("eab-key-malformed", f"{self._acme.eab_key} is not base64url") from None


def _with_new(state: State, account: Account) -> State:
    """Orders belong to the account they were made with; a certificate that is installed already is kept."""
    kept = {name: replace(progress, order_url=None) for name, progress in state.orders.items()}
    return State(account, kept)
