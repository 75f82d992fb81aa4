"""What the compared relays share: one carrier's certificate at a host, the policy, and a configuration of ours."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.kamailio import render
from gateway.store.watcher import snapshot_path
from scenarios.bench import full_policy, full_store
from scenarios.bench.carriers import Carriers
from scenarios.bench.hosts import certificate_hosts
from scenarios.bench.length import Length
from scenarios.bench.traffic import Signed
from scenarios.bench_peer.relays import HOST

CALLED = "12155550124"

_CONFIG = """\
[node]
name = "bench-peer"
state_dir = "state"
[sip]
listen = ["udp:{host}:5060"]
door = "kamailio"
max_calls = 1000000
[kamailio]
children = 4
[signing]
certificate = "own"
chain = "{shared}/0.pem"
key = "{shared}/own.key"
x5u = "{x5u}"
[verification]
trust_anchors = ["{shared}/anchors.pem"]
crls = ["{shared}/crl.pem"]
max_iat_age = "300s"
[fetch]
ports = {certificates}
allow_http = true
allow_addresses = ["127.0.0.0/8"]
[log]
level = "error"
"""


@dataclass(frozen=True, slots=True)
class World:
    """Files in `folder`: own.key, 0.pem, anchors.pem, and the state folder with the compiled policy."""

    folder: Path
    carriers: Carriers
    x5u: str
    certificates: tuple[int, ...]  # the ports of their hosts

    @property
    def hanging(self) -> tuple[int, ...]:
        """Of those, the ones that nobody gets an answer from."""
        return self.certificates[1:]

    def configured(self, into: Path) -> Path:
        """A configuration of ours in a folder, with the policy in force and everything else of its own."""
        policy = snapshot_path(into / "state")
        policy.parent.mkdir(parents=True)
        policy.hardlink_to(snapshot_path(self.folder / "state"))
        render.folder(into / "state").mkdir()
        path = into / "gateway.toml"
        path.write_text(
            _CONFIG.format(host=HOST, x5u=self.x5u, certificates=list(self.certificates), shared=self.folder)
        )
        return path

    def signed(self, count: int) -> list[Signed]:
        """Tokens made now, each for a call of its own."""
        return [self.token(self.x5u, CALLED) for _ in range(count)]

    def token(self, x5u: str, called: str) -> Signed:
        """A token made now."""
        return Signed(self.carriers.token(x5u, called, int(time.time())), x5u, called)


@contextlib.contextmanager
def made_world(folder: Path, carrier: int, softswitch: int, hanging: int, length: Length) -> Iterator[World]:
    """Make it: peers answer at these ports, so many hosts hang. The policy takes half a minute."""
    carriers = Carriers(time.time())
    (folder / "anchors.pem").write_bytes(carriers.anchors)
    (folder / "crl.pem").write_bytes(carriers.crl)
    (folder / "0.pem").write_bytes(carriers.chain(0))
    key = folder / "own.key"
    key.touch(mode=0o600)
    key.write_bytes(carriers.key)
    with certificate_hosts(folder, 1 + hanging) as ports:
        x5u = f"http://127.0.0.1:{ports[0]}/sound/bench/0.pem"
        state = folder / "state"
        state.mkdir()
        for figure in full_store.importing(state, _document(carrier, softswitch)):
            length.tell(f"{figure.what}: {figure.text}")
        for figure in full_store.compiling(state):
            length.tell(f"{figure.what}: {figure.text}")
        yield World(folder, carriers, x5u, tuple(ports))


def _document(carrier: int, softswitch: int) -> dict[str, Any]:
    """The full policy; nobody calls too often, for all verified calls are of one number."""
    made = full_policy.document(carrier, softswitch)
    unbounded = {"SS_BLACK_LIST_CALLER_MALICIOUS_CALL_LIMIT": 0}
    return {**made, "parameters": {**made["parameters"], **unbounded}}
