"""A node that orders for itself: the sidecar as a process, the shell beside it, the lab over real HTTP and the real clock."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from cryptography import x509

from certs.lab import Lab
from certs.ledger import Ledger
from certs.online.server import LabServer
from certs.online.sti_pa_http import PaAccount
from gateway.acme.state import StateFile
from gateway.cli import main

LONGEST = 30.0
SIDECAR = """
import sys
from pathlib import Path
from gateway.api.server import run
from gateway.config import load
run(load(Path(sys.argv[1])))
"""


@dataclass
class Node:
    """A node's folder, its configuration, and the lab that it orders from."""

    folder: Path
    server: LabServer
    port: int

    @property
    def config(self) -> str:
        return str(self.folder / "gateway.toml")

    def acme(self, *words: str) -> int:
        """Run `gateway acme …`."""
        return main(["acme", "--config", self.config, *words])

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    lab = Lab(tmp_path / "lab")
    lab.init(Ledger("http://127.0.0.1"), datetime.now(UTC), x509.random_serial_number)
    accounts = (PaAccount("616H", "correct horse", ("616H",)),)
    password = tmp_path / "password"
    password.touch(0o600)
    password.write_text("correct horse\n")
    with LabServer(lab, accounts, lambda: datetime.now(UTC)) as server:
        port = free_port()
        (tmp_path / "gateway.toml").write_text(f"""
[node]
state_dir = "."
[sip]
listen = ["udp:127.0.0.2:5060"]
[api]
listen = "127.0.0.1:{port}"
[signing]
certs_url = "http://127.0.0.1:{port}/certs/"
[verification]
trust_anchors = ["lab/root.pem"]
[fetch]
ports = [{port}]
allow_http = true
allow_addresses = ["127.0.0.0/8"]
[acme]
directory = "{server.url("/acme/directory")}"
sti_pa_url = "{server.url("/api/v1")}"
sti_pa_user = "616H"
sti_pa_password = "password"
[[acme.orders]]
spc = "616H"
organization = "Example Telecom"
""")
        yield Node(tmp_path, server, port)


def until(holds: Callable[[], bool]) -> None:
    """Wait for something, but not for ever."""
    end = time.monotonic() + LONGEST
    while not holds():
        assert time.monotonic() < end, "it does not come"
        time.sleep(0.05)


@pytest.fixture
def sidecar(node: Node) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Starts the node's sidecar; all of them end with the test."""
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        words = [sys.executable, "-c", SIDECAR, node.config]
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
        started.append(process)
        return process

    yield start
    for each in started:
        each.kill()
        each.wait()


Start = Callable[[], "subprocess.Popen[bytes]"]


def certificate(node: Node, capsys: pytest.CaptureFixture[str]) -> str | None:
    capsys.readouterr()
    node.acme("status", "--json")
    (order,) = json.loads(capsys.readouterr().out)
    return order["held"]["name"] if order["held"] and order["standing"] == "good" else None


# What is refused


@pytest.mark.parametrize("words", [["status"], ["renew"]])
def test_a_node_that_orders_nothing_is_a_mistake(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text('[node]\nstate_dir = "."\n[sip]\nlisten = ["udp:127.0.0.1:5060"]\n')
    assert main(["acme", "--config", str(path), *words]) == 2
    assert "orders nothing by ACME; do: " in capsys.readouterr().err


def test_an_order_nobody_wrote_is_a_mistake(node: Node, capsys: pytest.CaptureFixture[str]) -> None:
    assert node.acme("renew", "709J") == 2
    assert "no order '709J'; do: name one of: 616H" in capsys.readouterr().err


def test_the_shell_does_not_work_beside_another_process(
    node: Node, capsys: pytest.CaptureFixture[str]
) -> None:
    with StateFile(node.folder / "acme").claimed():
        assert node.acme("renew") == 2
    assert "another process works on the orders" in capsys.readouterr().err


def test_a_dry_run_says_what_would_fail(node: Node, capsys: pytest.CaptureFixture[str]) -> None:
    node.server.online.faults.set({"sti-pa-refuses": None})
    assert node.acme("renew", "--dry-run") == 1
    assert "would fail: the STI-PA does not take our user and password" in capsys.readouterr().out


# What it does


def test_a_dry_run_from_the_shell_leaves_no_certificate(
    node: Node, capsys: pytest.CaptureFixture[str]
) -> None:
    assert node.acme("renew", "--dry-run") == 0
    assert "a certificate would be issued" in capsys.readouterr().out
    assert all(order.chain is None for order in node.server.online.ca.orders.values())


def test_the_shell_says_that_a_certificate_is_there_but_its_url_serves_nothing(
    node: Node, capsys: pytest.CaptureFixture[str]
) -> None:
    assert node.acme("renew") == 1
    told = capsys.readouterr().out
    assert "failing" in told and "does not serve" in told


def test_a_node_orders_publishes_and_activates_its_first_certificate_by_itself(
    node: Node, sidecar: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    sidecar()
    until(lambda: certificate(node, capsys) is not None)
    name = certificate(node, capsys)
    chain = httpx.get(node.url(f"/certs/{name}.pem"))
    (order,) = node.server.online.ca.orders.values()
    assert chain.content == order.chain
    assert node.acme("status") == 0
    assert "to be renewed on" in capsys.readouterr().out


def test_a_node_that_is_killed_in_the_middle_goes_on_with_the_same_order(
    node: Node, sidecar: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    faults = node.server.online.faults
    faults.set({"order-processing": None})
    first = sidecar()
    until(lambda: StateFile(node.folder / "acme").read().of("616H").waiting)
    first.kill()
    first.wait()
    faults.set({})
    sidecar()
    until(lambda: certificate(node, capsys) is not None)
    assert len(node.server.online.ca.orders) == 1


def test_a_renewal_from_the_shell_is_taken_over_by_the_running_node(
    node: Node, sidecar: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    sidecar()
    until(lambda: certificate(node, capsys) is not None)
    first = certificate(node, capsys)
    assert node.acme("renew", "616H") == 0
    second = certificate(node, capsys)
    assert second != first
    for name in (first, second):  # the old URL stays served
        assert httpx.get(node.url(f"/certs/{name}.pem")).status_code == 200
