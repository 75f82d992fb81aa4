"""The world of the scenarios: who sits at which loopback address, and the gateway that stands between them.

The gateway shows itself at 127.0.0.2 (and ::1); its inside is 127.0.0.1. Ports are chosen anew for every run, so
that two runs do not meet. What the gateway thinks of these parties is in ``scenarios/parts/policy.toml``, and for those
that meet the number policy in ``number-policy.toml`` beside it.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from gateway.access.permissions import Permission
from tests.certificate_host import CertificateHost

from .legs import fill
from .scenario import SCENARIOS
from .signers import OWN, Signers
from .sipp import free_port, wait_for
from .tls_front import TlsFiles

GATEWAY_HOST = "127.0.0.2"
INNER_HOST = "127.0.0.1"
ANCHORS = "anchors"
CERTIFICATE_HOSTS = tuple(f"127.0.7.{last}" for last in range(1, 255))
PLAIN = ("udp", "tcp")
BIN = Path(sys.executable).parent
PARTS = SCENARIOS / "parts"
POLICY = ("policy", "number-policy")  # always in force, beside what a scenario asks for

SOFTSWITCHES = {
    "vos3000": "127.0.0.11",  # account acme, which owns +1 215 555 0100-0199
    "bravo": "127.0.0.12",  # an account without numbers
    "transit": "127.0.0.13",  # a transit account
    "lodger": "127.0.0.14",  # a peer without an account
    "pai-vos3000": "127.0.0.15",  # account acme, caller taken from P-Asserted-Identity
    "ipv6-vos3000": "::1",  # account acme
    "stranger": "127.0.0.99",  # no peer at all
    # told what became of a carrier's call by
    "display-vos3000": "127.0.0.16",  # the display name
    "rpid-vos3000": "127.0.0.17",  # Remote-Party-ID
    "prefix-vos3000": "127.0.0.18",  # digits before the number
    "sorting-vos3000": "127.0.0.19",  # the port the call comes to: this one, or
    "flagged-vos3000": "127.0.0.19",  # the one for calls that failed
    # refused by the number policy, see number-policy.toml
    "dormant": "127.0.0.41",
    "listed": "127.0.0.42",
    "choosy": "127.0.0.43",
    "timed": "127.0.0.44",
    "off-hours": "127.0.0.54",
    "permitted": "127.0.0.45",
    "domestic": "127.0.0.46",
    "fenced": "127.0.0.47",
    "abroad": "127.0.0.48",  # at home in Iceland, by countries.csv
    "at-home": "127.0.0.49",  # in the United States
    "nowhere": "127.0.0.50",  # nobody knows
    "exit-node": "127.0.0.51",
    "narrow": "127.0.0.52",
    "hasty": "127.0.0.53",
    "thrifty": "127.0.0.55",
    "walled": "127.0.0.57",
    # whose numbers are transformed, or borrowed
    "nanjing": "127.0.0.56",
    "prefixing": "127.0.0.58",
    "borrower": "127.0.0.59",
    "refilled": "127.0.0.60",
    # known under small-limits.toml alone
    "bound": "127.0.0.61",
    "knocking": "127.0.0.62",
    "careless": "127.0.0.63",
    "unruly": "127.0.0.64",
    "unanswered": "127.0.0.65",
}
CARRIERS = {
    "carrier": ("127.0.0.21", "udp"),
    "backup": ("127.0.0.22", "udp"),
    "tcp-carrier": ("127.0.0.23", "tcp"),
    "tls-carrier": ("127.0.0.24", "tls"),
    "named-carrier": ("127.0.0.1", "udp"),  # reached by its name, localhost
    "strict-carrier": ("127.0.0.31", "udp"),  # whatever fails is rejected, and so is a call without Identity
    "quiet-carrier": ("127.0.0.32", "udp"),  # whatever fails goes on, and nobody is told
    "trusting-carrier": ("127.0.0.33", "udp"),  # its verstat is believed
    "open-carrier": ("127.0.0.34", "udp"),  # its callers may not hide
    "prefixing-carrier": ("127.0.0.35", "udp"),  # puts digits before the called number
    "listed-carrier": ("127.0.0.36", "udp"),  # some of its callers are on a black list
}
HOSTS = SOFTSWITCHES | {role: host for role, (host, _) in CARRIERS.items()}


def host_of(role: str) -> str:
    """The address of a role; "second-" and "third-" are other legs of the same party."""
    return HOSTS[role.removeprefix("second-").removeprefix("third-")]


@dataclass(frozen=True, slots=True)
class Gateway:
    """A gateway as the scenarios need to know it. `ports` are those at which each role is called."""

    folder: Path
    sip: int
    tls_port: int
    api: int
    ports: Mapping[str, int]
    tls: TlsFiles
    signers: Signers
    certificate_port: int
    token: str
    _certificate_hosts: Iterator[str] = field(default_factory=lambda: itertools.cycle(CERTIFICATE_HOSTS))

    @property
    def signing_key(self) -> EllipticCurvePublicKey:
        return self.signers.keys[OWN].public_key()

    def certificate_host(self) -> CertificateHost:
        """One of whose address this gateway has never heard: nothing it does to its callers touches the next one's."""
        return CertificateHost(
            self.signers.files, address=next(self._certificate_hosts), port=self.certificate_port
        )

    @property
    def url(self) -> str:
        return f"http://{INNER_HOST}:{self.api}"

    @property
    def headers(self) -> dict[str, str]:
        """What every request shows."""
        return {"Authorization": f"Bearer {self.token}"}

    def is_ready(self) -> bool:
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"{self.url}/readyz", headers=self.headers).status_code == 200
        return False

    def metric(self, name: str) -> float:
        """The value of a metric without labels, now."""
        for line in httpx.get(f"{self.url}/metrics", headers=self.headers).text.splitlines():
            if line.startswith(f"{name} "):
                return float(line.split()[1])
        raise KeyError(name)

    def records(self, **filters: str) -> list[dict[str, Any]]:
        """The calls of the call log that are so, newest first."""
        answer = httpx.get(f"{self.url}/v1/calls", params=filters, headers=self.headers)
        answer.raise_for_status()
        return list(answer.json()["items"])

    def is_idle(self) -> bool:
        """Whether no call is held, not even one that has just ended."""
        return self.metric("stirgw_calls_active") == 0

    def errors(self) -> list[dict[str, Any]]:
        """What the gateway logged as an error: nothing, whatever others do."""
        return [line for line in self.log_lines() if line["level"] == "error"]

    def log_lines(self) -> list[dict[str, Any]]:
        """What the gateway logged so far, one JSON object a line; a line that is being written is not there yet."""
        written, _, _ = (self.folder / "gateway.log").read_text(errors="replace").rpartition("\n")
        return [json.loads(line) for line in written.splitlines() if line.startswith("{")]


@contextlib.contextmanager
def running_gateway(
    folder: Path, settings: Mapping[str, Mapping[str, Any]], policy: str = ""
) -> Iterator[Gateway]:
    """Set up a gateway with the lab's certificate and the world's policy in ``folder``, run it, stop it.

    ``settings`` are tables of its configuration that differ from the common ones, ``policy`` a file of
    ``scenarios/parts`` that is in force beside the common ones.
    """
    with running(set_up(folder, settings, policy)) as gateway:
        yield gateway


@contextlib.contextmanager
def running(gateway: Gateway) -> Iterator[Gateway]:
    """Run a gateway that was set up; AssertionError where it does not become ready, or does not stop cleanly."""
    folder = gateway.folder
    with (folder / "gateway.log").open("ab") as log:
        process = subprocess.Popen(_command("run", folder), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        wait_for(lambda: process.poll() is not None or gateway.is_ready(), "the gateway", seconds=60)
        assert process.poll() is None, f"gateway run ended:\n{(folder / 'gateway.log').read_text()}"
        yield gateway
    finally:
        process.terminate()
        code = process.wait(30)
    assert code == 0, f"gateway run ended with {code} on SIGTERM"


def set_up(folder: Path, settings: Mapping[str, Mapping[str, Any]], policy: str = "") -> Gateway:
    """A gateway in ``folder``, ready to be run."""
    certificate_port = free_port(CERTIFICATE_HOSTS[0])
    nowhere = f"http://{CERTIFICATE_HOSTS[-1]}:{certificate_port}"
    gateway = Gateway(
        folder=folder,
        sip=free_port(GATEWAY_HOST),
        tls_port=free_port(GATEWAY_HOST),
        api=free_port(INNER_HOST),
        ports={role: free_port(host) for role, host in HOSTS.items()},
        tls=TlsFiles.make(folder, GATEWAY_HOST, CARRIERS["tls-carrier"][0]),
        signers=Signers.make(folder / "lab", nowhere, datetime.now(UTC)),
        certificate_port=certificate_port,
        token="",
    )
    _trust(folder)
    (folder / "policy.toml").write_text(_policy(gateway, policy))
    (folder / "gateway.toml").write_text(_toml(merged(_common_settings(gateway), settings)))
    imported = subprocess.run(_command("import", folder, "policy.toml"), cwd=folder, capture_output=True)
    assert imported.returncode == 0, f"gateway import failed:\n{imported.stderr.decode()}"
    return replace(gateway, token=_token(folder))


def set_up_beside(first: Gateway, folder: Path, settings: Mapping[str, Mapping[str, Any]]) -> Gateway:
    """One more node in ``folder``, to the same carriers and with the same certificate; its policy and the token are those of
    the database that both use."""
    gateway = replace(
        first,
        folder=folder,
        sip=free_port(GATEWAY_HOST),
        tls_port=free_port(GATEWAY_HOST),
        api=free_port(INNER_HOST),
    )
    for common in ("lab", ANCHORS):
        shutil.copytree(first.folder / common, folder / common)
    (folder / "gateway.toml").write_text(_toml(merged(_common_settings(gateway), settings)))
    return gateway


def _token(folder: Path) -> str:
    """A token for everything that the tests do over HTTP."""
    permits = [word for each in Permission for word in ("--permit", each.value)]
    made = subprocess.run(
        [str(BIN / "gateway"), "token", "add", "tests", *permits, "--config", str(folder / "gateway.toml")],
        capture_output=True, text=True,
    )  # fmt: skip
    assert made.returncode == 0, f"gateway token failed:\n{made.stderr}"
    return made.stdout.strip()


def _policy(gateway: Gateway, another: str) -> str:
    """The common files and another one, as one."""
    ports = {role.replace("-", "_"): str(port) for role, port in gateway.ports.items()}
    files = {"tls_certificate": str(gateway.tls.certificate), "tls_key": str(gateway.tls.key)}
    parts = [PARTS / f"{name}.toml" for name in (*POLICY, another) if name]
    return fill("\n".join(part.read_text() for part in parts), {**ports, **files, **_days()})


def _days() -> dict[str, str]:
    """Days of the week that are now wherever one looks, midnight or not, and those that are not."""
    today = datetime.now(UTC)
    week = [f'"{(today + timedelta(days=n)):%a}"'.lower() for n in range(-1, 6)]
    return {"days_of_now": ", ".join(week[:3]), "other_days": ", ".join(week[4:6])}


def _trust(folder: Path) -> None:
    """The anchors in a folder, for one may join them while the gateway runs."""
    (folder / ANCHORS).mkdir()
    for name in ("root.pem", "pa-root.pem"):
        (folder / ANCHORS / name).write_bytes((folder / "lab" / name).read_bytes())


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
            "drain_limit": "10s",  # a call that a failing test leaves up does not hold up the next one
            "tls_certificate": str(gateway.tls.certificate),
            "tls_key": str(gateway.tls.key),
            "tls_ca": str(gateway.tls.certificate),
        },
        "api": {"listen": f"{INNER_HOST}:{gateway.api}"},
        "signing": {
            "certificate": OWN,
            "chain": f"lab/{OWN}.pem",
            "key": f"lab/{OWN}.key",
            "x5u": f"https://certificates.example.com/{OWN}.pem",
        },
        # Time enough for a busy machine, and not much more: some hosts of certificates take all of it.
        "verification": {"trust_anchors": [ANCHORS], "crls": ["lab/crl.pem"], "budget": "900ms"},
        "fetch": {
            "timeout": "1s",
            "ports": [443, gateway.certificate_port],
            "allow_http": True,
            "allow_addresses": ["127.0.0.0/8"],
        },
        "geofence": {"countries": str(PARTS / "countries.csv")},
        "log": {"mask_numbers": False},
    }


def on_kamailio(settings: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The same settings for door 3. One process a socket, for others do not keep the order of what comes in one moment; and
    no probes, which a leg would take for a call."""
    return merged(settings, {"sip": {"door": "kamailio"}, "kamailio": {"children": 1, "probe_every": "1h"}})


def merged(common: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
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
