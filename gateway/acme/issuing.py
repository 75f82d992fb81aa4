"""One order, walked step by step (`steps`) with real keys and real servers, as far as it goes now.

A key is made for every certificate and kept before it is asked for; the chain is held against the order and the key before
it is installed, and its public URL is looked at before it signs. Whatever fails leaves the active certificate as it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Protocol

from cryptography import x509

from gateway.acme.client import Client
from gateway.acme.failure import AcmeFailed
from gateway.acme.settings import Acme, OrderSettings
from gateway.acme.spc_token import Wanted
from gateway.acme.steps import (
    Activate,
    Answer,
    AskToken,
    Done,
    Download,
    Finalize,
    Install,
    MakeKey,
    OpenOrder,
    Quest,
    ReadAuthorization,
    ReadOrder,
    Step,
    Wait,
    next_step,
)
from gateway.acme.sti_pa import StiPa
from gateway.acme.wire import Wire
from gateway.credentials import admission
from gateway.credentials.custodian import Custodian
from gateway.credentials.manifest import Key, Manifest
from gateway.credentials.manifest_file import ManifestUnreadable
from gateway.credentials.request import CsrSubject
from gateway.stir import tnauthlist
from gateway.stir.certificate import p256_key
from gateway.trust.credential import CredentialRefused, tn_auth_list

MOST_STEPS = 24
"""Steps of one walk; the longest that goes somewhere has a dozen."""

_LOST = frozenset(
    {
        "certificate-unknown",
        "certificate-revoked",
        "certificate-retired",
        "certificate-expired",
        "key-unknown",
    }
)  # what an order cannot come back from


class Outside(Protocol):
    """Has a certificate sign once its public URL serves exactly its chain."""

    async def activate(self, custodian: Custodian, name: str, account: str | None = None) -> Manifest:
        """Raise CredentialRefused where it does not, or where it cannot sign."""


@dataclass(frozen=True, slots=True)
class Issuing:
    """What one order is walked with. `custodian` notes its changes as this order's."""

    settings: Acme
    order: OrderSettings
    client: Client
    wire: Wire
    sti_pa: StiPa
    custodian: Custodian
    outside: Outside
    now: Callable[[], float]

    async def walk(
        self, quest: Quest, keep: Callable[[Quest], Awaitable[None]], *, dry_run: bool = False
    ) -> tuple[Quest, Wait | Done]:
        """Go on until the STI-CA is at work or nothing is left to do; `keep` gets every state on the way before the next
        step relies on it. Raises AcmeFailed."""
        for _ in range(MOST_STEPS):
            step = next_step(quest, activate=self.settings.activate, dry_run=dry_run)
            if isinstance(step, Wait | Done):
                return quest, step
            try:
                quest = await self._after(quest, step)
            except CredentialRefused as refused:
                text = f"{refused}{_all(refused.details)}"
                raise AcmeFailed(refused.reason, text, ends_order=refused.reason in _LOST) from None
            except ManifestUnreadable as error:
                raise AcmeFailed("credentials-unavailable", str(error)) from None
            await keep(quest)
        raise AcmeFailed(
            "bad-answer", "the ACME server leads nowhere: the order is given up", ends_order=True
        )

    async def _after(self, quest: Quest, step: Step) -> Quest:
        """What is known after a step was done."""
        match step:
            case OpenOrder():
                url, order = await self.client.open(
                    self._wanted.identifier(self.settings.identifier_encoding)
                )
                return replace(quest, order_url=url).seen(order)
            case ReadOrder(url):
                return quest.seen(await self.client.order(url))
            case ReadAuthorization(url):
                return replace(quest, authorization=await self.client.authorization(url))
            case AskToken():
                token = await self.sti_pa.token(self.wire, self._wanted)
                self._wanted.check(token, self.now())
                return replace(quest, token=token)
            case Answer(url, token):
                await self.client.answer(url, token)
                return replace(quest, answered=True, token=None, order=None)
            case MakeKey():
                label, store = self.order.called, self.settings.key_store
                key = await asyncio.to_thread(self.custodian.make_key, label, store)
                return replace(quest, key_id=key.id)
            case Finalize(url, key_id):
                return await self._finalize(quest, url, key_id)
            case Download(url):
                return replace(quest, chain=await self.client.chain(url))
            case Install(chain):
                return replace(quest, installed=await asyncio.to_thread(self._install, quest, chain))
            case Activate(name):
                await self._activate(name)
                return replace(quest, done=True)
        raise AssertionError(step)

    @property
    def _wanted(self) -> Wanted:
        return Wanted.of(self.order.spc, self.client.fingerprint)

    async def _finalize(self, quest: Quest, url: str, key_id: str) -> Quest:
        subject = CsrSubject(self.order.spc, self.order.country, self.order.organization)
        try:
            request = await asyncio.to_thread(self.custodian.csr, key_id, subject)
        except CredentialRefused as refused:
            if refused.reason != "key-unknown":
                raise
            return replace(quest, key_id=None)  # deleted meanwhile: another one is made
        return quest.seen(await self.client.finalize(url, request))

    def _install(self, quest: Quest, chain: bytes) -> str:
        """Keep the chain, unless that was done before the process died; the certificate's name. Blocking."""
        certificates = admission.read(chain)
        manifest = self.custodian.view()
        key = manifest.key(quest.key_id or "")
        self._check(certificates[0], key)
        for each in manifest.certificates_of(key.id):
            return each.name
        return self.custodian.install(chain).certificate.name

    def _check(self, leaf: x509.Certificate, key: Key) -> None:
        """Raise AcmeFailed where the STI-CA issued something else than was ordered."""
        public = p256_key(leaf)
        if public is None or admission.fingerprint(public) != key.fingerprint:
            text = "the STI-CA certified another key"
            raise AcmeFailed("certificate-of-another-key", text, ends_order=True)
        try:
            scope = tn_auth_list(leaf)
        except CredentialRefused:
            scope = ()
        if scope != (tnauthlist.Spc(self.order.spc),):
            text = "the STI-CA's certificate is not for this service provider alone"
            raise AcmeFailed("certificate-of-another-spc", text, ends_order=True)

    async def _activate(self, name: str) -> None:
        try:
            await self.outside.activate(self.custodian, name, self.order.account)
        except CredentialRefused as refused:
            if refused.reason != "already-active":
                raise


def _all(details: tuple[str, ...]) -> str:
    return f" ({'; '.join(details)})" if details else ""
