"""The lab of `gateway run --lab`, in a folder of its own and on ports nobody else uses."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from gateway import lab
from tests.integration.sipp import free_port, wait_for

GATEWAY, API = "127.0.0.2", "127.0.0.1"
CARRIERS = {"carrier": "127.0.0.21", "backup": "127.0.0.22"}
SOFTSWITCHES = {
    "vos3000": "127.0.0.11",
    "vos3000-b": "127.0.0.12",
    "transit": "127.0.0.13",
    "nobody": "127.0.0.14",
    "stranger": "127.0.0.99",
}
HOSTS = SOFTSWITCHES | CARRIERS
CALLED = (*CARRIERS, "vos3000")
START_SECONDS, STOP_SECONDS = 60, 40


class NotServing(Exception):
    """The gateway does not start; the message is the end of its log."""


@dataclass(frozen=True, slots=True)
class Lab:
    """A running gateway: its folder, its SIP port, its HTTP port, and the ports of those it calls, by role."""

    folder: Path
    sip: int
    api: int
    ports: Mapping[str, int]
    token: str

    @property
    def anchor(self) -> Path:
        """The certificate a verifier trusts."""
        return self.folder / "pki" / "root.pem"

    @property
    def key(self) -> Path:
        """The private key of the lab's leaf."""
        return self.folder / "pki" / f"{lab.SPC}.key"

    @property
    def log(self) -> Path:
        return self.folder / "gateway.log"


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Lab]:
    """Start the lab's gateway, stop it in the end; raises NotServing where it does not start."""
    lab.prepare(folder, time.time())
    ports = {role: free_port(HOSTS[role]) for role in CALLED}
    made = Lab(folder, free_port(GATEWAY), free_port(API), ports, _token(folder))
    _move(
        folder / "gateway.toml",
        {
            f"{GATEWAY}:5060": f"{GATEWAY}:{made.sip}",
            f"{API}:8080": f"{API}:{made.api}",
            "ports = [443, 8443, 8080]": f"ports = [9, {made.api}]",
        },
    )
    policy = folder / "policy.toml"
    policy.write_bytes(lab.POLICY.read_bytes())
    _move(policy, {f"{HOSTS[role]}:5060": f"{HOSTS[role]}:{port}" for role, port in made.ports.items()})
    subprocess.run(_command("import", folder, str(policy)), check=True, stdout=subprocess.DEVNULL)
    with made.log.open("wb") as log:
        process = subprocess.Popen(_command("run", folder), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        _wait_until_it_serves(made, process)
        yield made
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)


def _move(file: Path, addresses: Mapping[str, str]) -> None:
    """Put other addresses into a file of the lab's."""
    text = file.read_text()
    for written, wanted in addresses.items():
        text = text.replace(written, wanted)
    file.write_text(text)


def _token(folder: Path) -> str:
    """What the demo shows to ask whether the gateway is ready; it is made anew each time."""
    subprocess.run(_command("token", folder, "revoke", "demo"), capture_output=True)
    add = _command("token", folder, "add", "demo", "--permit", "metrics", "--lasts", "1d")
    made = subprocess.run(add, check=True, capture_output=True, text=True)
    return made.stdout.strip()


def _command(verb: str, folder: Path, *arguments: str) -> list[str]:
    config = str(folder / "gateway.toml")
    return [sys.executable, "-m", "gateway.cli", verb, *arguments, "--config", config]


def _wait_until_it_serves(made: Lab, process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(TimeoutError):
        wait_for(lambda: process.poll() is not None or _is_ready(made), "the gateway", seconds=START_SECONDS)
    if not _is_ready(made):
        raise NotServing("\n".join(made.log.read_text(errors="replace").splitlines()[-5:]))


def _is_ready(made: Lab) -> bool:
    shown = {"Authorization": f"Bearer {made.token}"}
    with contextlib.suppress(httpx.TransportError):
        answer = httpx.get(f"http://{API}:{made.api}/readyz", headers=shown, trust_env=False)
        return answer.status_code == 200
    return False
