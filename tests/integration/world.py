"""The world of the scenarios: who sits at which loopback address, and the gateway that stands between them.

The gateway shows itself at 127.0.0.2 (and ::1); its inside is 127.0.0.1. Ports are chosen anew for every run, so
that two runs do not meet. What the gateway thinks of these parties is in ``scenarios/parts/policy.toml``.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.x509 import load_pem_x509_certificate

from .legs import fill
from .scenario import SCENARIOS
from .sipp import free_port, wait_for
from .tls_front import TlsFiles

GATEWAY_HOST = "127.0.0.2"
INNER_HOST = "127.0.0.1"
SPC = "616H"
PLAIN = ("udp", "tcp")
BIN = Path(sys.executable).parent
POLICY = SCENARIOS / "parts" / "policy.toml"

SOFTSWITCHES = {
    "vos3000": "127.0.0.11",  # account acme, which owns +1 215 555 0100-0199
    "bravo": "127.0.0.12",  # an account without numbers
    "transit": "127.0.0.13",  # a transit account
    "lodger": "127.0.0.14",  # a peer without an account
    "pai-vos3000": "127.0.0.15",  # account acme, caller taken from P-Asserted-Identity
    "ipv6-vos3000": "::1",  # account acme
    "stranger": "127.0.0.99",  # no peer at all
}
CARRIERS = {
    "carrier": ("127.0.0.21", "udp"),
    "backup": ("127.0.0.22", "udp"),
    "tcp-carrier": ("127.0.0.23", "tcp"),
    "tls-carrier": ("127.0.0.24", "tls"),
    "named-carrier": ("127.0.0.1", "udp"),  # reached by its name, localhost
}
HOSTS = SOFTSWITCHES | {role: host for role, (host, _) in CARRIERS.items()}


@dataclass(frozen=True, slots=True)
class Gateway:
    """A running gateway as the scenarios need to know it."""

    folder: Path
    sip: int
    tls_port: int
    api: int
    carriers: Mapping[str, int]
    tls: TlsFiles
    signing_key: EllipticCurvePublicKey

    @property
    def url(self) -> str:
        return f"http://{INNER_HOST}:{self.api}"

    def is_ready(self) -> bool:
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"{self.url}/readyz").status_code == 200
        return False

    def metric(self, name: str) -> float:
        """The value of a metric without labels, now."""
        for line in httpx.get(f"{self.url}/metrics").text.splitlines():
            if line.startswith(f"{name} "):
                return float(line.split()[1])
        raise KeyError(name)

    def is_idle(self) -> bool:
        """Whether no call is held, not even one that has just ended."""
        return self.metric("stirgw_calls_active") == 0

    def errors(self) -> list[dict[str, Any]]:
        """What the gateway logged as an error: nothing, whatever others do."""
        return [line for line in self.log_lines() if line["level"] == "error"]

    def log_lines(self) -> list[dict[str, Any]]:
        """What the gateway logged so far, one JSON object a line."""
        lines = (self.folder / "gateway.log").read_text(errors="replace").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]


@contextlib.contextmanager
def running_gateway(folder: Path, settings: Mapping[str, Mapping[str, Any]]) -> Iterator[Gateway]:
    """Set up a gateway with the lab's certificate and the world's policy in ``folder``, run it, stop it.

    ``settings`` are tables of its configuration that differ from the common ones. Raises AssertionError where it does
    not become ready, or does not stop cleanly.
    """
    gateway = _set_up(folder, settings)
    with (folder / "gateway.log").open("wb") as log:
        process = subprocess.Popen(_command("run", folder), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        wait_for(lambda: process.poll() is not None or gateway.is_ready(), "the gateway", seconds=20)
        assert process.poll() is None, f"gateway run ended:\n{(folder / 'gateway.log').read_text()}"
        yield gateway
    finally:
        process.terminate()
        code = process.wait(30)
    assert code == 0, f"gateway run ended with {code} on SIGTERM"


def _set_up(folder: Path, settings: Mapping[str, Mapping[str, Any]]) -> Gateway:
    carriers = {role: free_port(host) for role, (host, _) in CARRIERS.items()}
    gateway = Gateway(
        folder=folder,
        sip=free_port(GATEWAY_HOST),
        tls_port=free_port(GATEWAY_HOST),
        api=free_port(INNER_HOST),
        carriers=carriers,
        tls=TlsFiles.make(folder, GATEWAY_HOST, CARRIERS["tls-carrier"][0]),
        signing_key=_issued_key(folder / "lab"),
    )
    ports = {role.replace("-", "_"): str(port) for role, port in carriers.items()}
    files = {"tls_certificate": str(gateway.tls.certificate), "tls_key": str(gateway.tls.key)}
    policy = fill(POLICY.read_text(), {**ports, **files})
    (folder / "policy.toml").write_text(policy)
    (folder / "gateway.toml").write_text(_toml(_merged(_common_settings(gateway), settings)))
    subprocess.run(_command("import", folder, "policy.toml"), cwd=folder, check=True, capture_output=True)
    return gateway


def _issued_key(lab: Path) -> EllipticCurvePublicKey:
    """The public key of a new SHAKEN leaf."""
    command = [sys.executable, "-m", "certs", "init", "--dir", str(lab), "--spc", SPC]
    subprocess.run(command, cwd=SCENARIOS.parent, check=True, capture_output=True)
    key = load_pem_x509_certificate((lab / f"{SPC}.pem").read_bytes()).public_key()
    assert isinstance(key, EllipticCurvePublicKey)
    return key


def _common_settings(gateway: Gateway) -> dict[str, dict[str, Any]]:
    sip = gateway.sip
    return {
        "node": {"name": "scenarios", "state_dir": "state"},
        "sip": {
            "listen": [
                *(f"{transport}:{host}:{sip}" for host in (GATEWAY_HOST, "[::1]") for transport in PLAIN),
                f"tls:{GATEWAY_HOST}:{gateway.tls_port}",
            ],
            "inner_address": INNER_HOST,
            "max_calls": 20,
            "tls_certificate": str(gateway.tls.certificate),
            "tls_key": str(gateway.tls.key),
            "tls_ca": str(gateway.tls.certificate),
        },
        "api": {"listen": f"{INNER_HOST}:{gateway.api}"},
        "signing": {
            "certificate": SPC,
            "chain": f"lab/{SPC}.pem",
            "key": f"lab/{SPC}.key",
            "x5u": f"https://certificates.example.com/{SPC}.pem",
        },
        "log": {"mask_numbers": False},
    }


def _merged(common: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    return {section: {**common.get(section, {}), **other.get(section, {})} for section in {**common, **other}}


def _toml(settings: Mapping[str, Mapping[str, Any]]) -> str:
    """TOML of plain tables: their texts, numbers, truth values and lists are written as JSON writes them."""
    tables = (
        [f"[{section}]", *(f"{key} = {json.dumps(value)}" for key, value in table.items()), ""]
        for section, table in settings.items()
    )
    return "\n".join(line for table in tables for line in table)


def _command(verb: str, folder: Path, *arguments: str) -> list[str]:
    return [str(BIN / "gateway"), verb, *arguments, "--config", str(folder / "gateway.toml")]
