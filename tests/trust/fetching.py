"""What the tests of fetching and of the cache share: a clock that is set, and a fetcher that may go to loopback."""

from collections.abc import Iterable
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

from gateway.trust.values import FetchRules
from tests.certificate_host import CertificateHost

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


class Clock:
    """Stands until it is moved."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def rules(host: CertificateHost, **more: Any) -> FetchRules:
    """What a lab allows for this host, with so much time that none is measured."""
    lab = FetchRules(1.0, 20.0, ports=(host.port,), allow_http=True, allow_addresses=LOOPBACK)
    return replace(lab, **more)


async def loopback(_host: str) -> Iterable[str]:
    """Every name is this machine."""
    return ["127.0.0.1"]
