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
from gateway.credentials.opening import keyring_of
from gateway.credentials.outside import Outside
from gateway.trust.credential import Credential


def acme_folder(state_dir: Path) -> Path:
    """Where a node keeps how far its orders have come."""
    return state_dir / "acme"


def renewals_of(
    config: Config, custodian: Custodian, configured: Credential | None, outside: Outside
) -> Renewals:
    """The orders of `[acme]`; configured: the credential that signs where no certificate is active. outside: looks at the
    URLs of certificates."""
    acme = config.acme
    means = Means(
        custodian=custodian,
        keyring=keyring_of(config),
        configured=configured,
        outside=outside,
        now=time,
        jitter=random.random,
        wire=lambda: Wire(acme.timeout, acme.tls_ca),
    )
    return Renewals(acme, StateFile(acme_folder(config.node.state_dir)), means)
