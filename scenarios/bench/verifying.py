"""A gateway that verifies what carriers bring: it trusts the benchmark's own STI-CA, and fetches from hosts on loopback."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from scenarios.bench.carriers import Carriers
from scenarios.bench.hosts import certificate_hosts
from scenarios.bench.node import Node, running_node
from scenarios.bench.traffic import Signed

CERTIFICATES = 8  # at the sound host
BUDGET = 3.0  # seconds that a call waits for certificates at most

_CONFIG = """\
[verification]
trust_anchors = ["{folder}/anchors.pem"]
crls = ["{folder}/crl.pem"]
budget = "{budget:g}s"
[fetch]
ports = {ports}
allow_http = true
allow_addresses = ["127.0.0.0/8"]
"""


@dataclass(frozen=True, slots=True)
class Verifying:
    """The gateway, and those whose calls it believes. sound: port of the host that has their certificates; hostile: ports
    of hosts that may do anything."""

    node: Node
    carriers: Carriers
    sound: int
    hostile: tuple[int, ...]

    def sound_urls(self, name: str) -> list[str]:
        """Where the certificates are; under another name they are others to the gateway, to be fetched anew."""
        return [_url(self.sound, f"sound/{name}/{number}.pem") for number in range(CERTIFICATES)]

    def hanging_url(self, which: int, name: str) -> str:
        """At one of the hostile hosts, which reads the request and never answers."""
        return _url(self.hostile[which], f"hang/{name}.pem")

    def huge_url(self, which: int, name: str) -> str:
        """At one of the hostile hosts, which sends 30 MB without saying so beforehand."""
        return _url(self.hostile[which], f"huge/chunked/{name}.pem")

    def signed(self, calls: Iterable[tuple[str, str]]) -> list[Signed]:
        """Tokens made now; calls: the certificate's URL and the called number of each."""
        now = int(time.time())
        return [Signed(self.carriers.token(x5u, called, now), x5u, called) for x5u, called in calls]

    @property
    def verdicts(self) -> dict[str, int]:
        """Calls judged so far, by the reason that decided; a second old at most."""
        status = self.node.status
        rows = status.counters if status else ()
        return {labels["reason"]: count for name, labels, count in rows if name == "verifications"}


@contextlib.contextmanager
def verifying_node(hostile: int = 1) -> Iterator[Verifying]:
    """Run it, with so many hostile hosts beside the sound one."""
    with TemporaryDirectory(prefix="gateway-bench-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        carriers = _made(folder)
        (sound,) = stack.enter_context(certificate_hosts(folder, 1))
        ports = stack.enter_context(certificate_hosts(folder, hostile))
        config = _CONFIG.format(folder=folder, budget=BUDGET, ports=[sound, *ports])
        yield Verifying(stack.enter_context(running_node(configured=config)), carriers, sound, tuple(ports))


def _made(folder: Path) -> Carriers:
    """New carriers, and the files of which the hosts and the gateway speak."""
    carriers = Carriers(time.time())
    (folder / "anchors.pem").write_bytes(carriers.anchors)
    (folder / "crl.pem").write_bytes(carriers.crl)
    for number in range(CERTIFICATES):
        (folder / f"{number}.pem").write_bytes(carriers.chain(number))
    return carriers


def _url(port: int, path: str) -> str:
    return f"http://127.0.0.1:{port}/{path}"
