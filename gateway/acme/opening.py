"""The orders of a node, put together as its configuration says."""

from __future__ import annotations

import random
from pathlib import Path
from time import time

from gateway.acme.renewals import Means, Renewals
from gateway.acme.state import StateFile
from gateway.acme.wire import Wire
from gateway.config import Config
from gateway.credentials.custodian import Custodian
from gateway.credentials.manifest import Manifest
from gateway.credentials.opening import keyring_of
from gateway.trust.credential import Credential, CredentialRefused
from gateway.trust.fetch import Fetcher, FetchFailed
from gateway.trust.values import FetchRules


def acme_folder(state_dir: Path) -> Path:
    """Where a node keeps how far its orders have come."""
    return state_dir / "acme"


def renewals_of(config: Config, custodian: Custodian, configured: Credential | None) -> Renewals:
    """The orders of `[acme]`; configured: the credential that signs where no certificate is active."""
    acme = config.acme
    means = Means(
        custodian=custodian,
        keyring=keyring_of(config),
        configured=configured,
        outside=_Outside(config.fetch.rules),
        now=time,
        jitter=random.random,
        wire=lambda: Wire(acme.timeout, acme.tls_ca),
    )
    return Renewals(acme, StateFile(acme_folder(config.node.state_dir)), means)


class _Outside:
    def __init__(self, rules: FetchRules) -> None:
        self._rules = rules

    async def activate(self, custodian: Custodian, name: str, account: str | None = None) -> Manifest:
        certificate = custodian.view().certificate(name)
        fetcher = Fetcher(self._rules)
        try:
            found = await fetcher.get(certificate.x5u)
        except FetchFailed as failed:
            raise CredentialRefused("not-served", f"{certificate.x5u} does not serve it: {failed}") from None
        finally:
            await fetcher.close()
        if found.body != certificate.chain.encode():
            raise CredentialRefused("not-served", f"{certificate.x5u} serves another chain")
        return custodian.activate(name, account)
