"""A node's orders on real files, against the lab STI-CA and STI-PA over real HTTP, all on one clock that a test sets."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from structlog.testing import capture_logs

from certs import pem
from certs.builders import NOW, counted_serials
from certs.lab import Lab
from certs.ledger import Ledger
from certs.online.server import LabServer
from certs.online.sti_pa_http import PaAccount
from gateway.acme.renewals import Means, Renewals, Wish
from gateway.acme.schedule import DAY
from gateway.acme.settings import Acme
from gateway.acme.state import Progress, StateFile
from gateway.acme.telling import OrderStatus
from gateway.acme.wire import Wire
from gateway.credentials import custodian as custody
from gateway.credentials.custodian import Custodian
from gateway.credentials.key_files import KeyFiles
from gateway.credentials.keyring import Keyring
from gateway.credentials.manifest import Certificate, Manifest
from gateway.credentials.manifest_file import ManifestFile
from gateway.credentials.passphrase import Passphrase
from gateway.stir.path import Anchors
from gateway.stir.revocation import Revocations
from gateway.store.deed import Deed
from gateway.trust.credential import CredentialRefused

SPC = "616H"
PASSWORD = "correct horse"
CODES = (SPC, "709J")


@dataclass
class Trusting:
    """Trusts the lab's STI-CA."""

    anchors: Anchors
    revocations: Revocations = field(default_factory=Revocations)


class World:
    """`now` is our clock, and the lab's is `lab_ahead` seconds ahead; `hidden` says whether the public URL of a certificate
    serves nothing."""

    def __init__(self, folder: Path, server: LabServer, lab: Lab) -> None:
        self.folder, self.server, self.lab = folder, server, lab
        self.now, self.lab_ahead, self.hidden = NOW.timestamp(), 0.0, False
        self.changes: list[Deed] = []
        self.looked_at: list[str] = []
        root = pem.certificates((lab.directory / "root.pem").read_bytes())[0]
        self.trust = Trusting(Anchors([root]))
        self.password = folder / "sti-pa-password"
        self.password.write_text(f"{PASSWORD}\n")
        self.password.chmod(0o600)
        self.settings = self.acme()
        self.renewals = self.restarted()

    def acme(self, **changed: Any) -> Acme:
        """The settings of a node with one order, but for what a test changes."""
        written = {
            "directory": self.server.url("/acme/directory"),
            "contact": ["mailto:ops@example.test"],
            "sti_pa_url": self.server.url("/api/v1"),
            "sti_pa_user": SPC,
            "sti_pa_password": str(self.password),
            "orders": [{"spc": SPC, "organization": "Example Telecom"}],
            **changed,
        }
        return Acme.model_validate(written)

    def restarted(self, **changed: Any) -> Renewals:
        """The orders as a process has them that was started now."""
        if changed:
            self.settings = self.acme(**changed)
        means = Means(
            self.custodian, self.keyring, None, self, lambda: self.now, lambda: 0.0,
            lambda: Wire(self.settings.timeout, self.settings.tls_ca),
        )  # fmt: skip
        self.renewals = Renewals(self.settings, StateFile(self.folder / "acme"), means)
        return self.renewals

    @property
    def keyring(self) -> Keyring:
        folder = self.folder / "credentials"
        return Keyring({"file": KeyFiles(folder / "keys", Passphrase.of(None, {}, folder))})

    @property
    def custodian(self) -> Custodian:
        file = ManifestFile(self.folder / "credentials")
        base = "https://certs.example.test/certs/"
        return Custodian(
            custody.Means(file, self.keyring, self.trust, lambda: self.now, self.changes.append, base)
        )

    async def activate(self, custodian: Custodian, name: str, account: str | None = None) -> Manifest:
        """What `gateway.credentials.outside` does, for URLs that no machine of a test has."""
        self.looked_at.append(name)
        if self.hidden:
            raise CredentialRefused("not-served", "its URL serves something else: publish it")
        return custodian.activate(name, account)

    def faults(self, **wanted: int | None) -> None:
        """What the lab does wrong from now on."""
        told = {name.replace("_", "-"): times for name, times in wanted.items()}
        httpx.put(self.server.url("/lab/faults"), json=told).raise_for_status()

    def turn(self, seconds: float = 0.0) -> list[dict[str, Any]]:
        """Work once on what is due, so many seconds later; what was logged."""
        self.now += seconds
        with capture_logs() as logged:
            asyncio.run(self.renewals.turn())
        return [dict(each) for each in logged]

    def until(self, standing: str, most: int = 40) -> OrderStatus:
        """Go on, as often as the orders want it, until the first stands so; how it stands."""
        for _ in range(most):
            self.turn()
            status = self.status()
            if status.standing == standing:
                return status
            self.now = max(self.now, status.next_attempt)
        raise AssertionError(f"the order is {status.standing}, not {standing}: {status}")

    def wish(self, name: str = SPC, **wanted: bool) -> None:
        self.renewals.ask(name, Wish(**wanted))

    def status(self, name: str = SPC) -> OrderStatus:
        return next(each for each in self.renewals.statuses() if each.name == name)

    def progress(self, name: str = SPC) -> Progress:
        return StateFile(self.folder / "acme").read().of(name)

    def active(self, account: str | None = None) -> Certificate | None:
        manifest = self.custodian.view()
        found = manifest.active_for(account)
        return manifest.certificate(found.name) if found else None

    def to_renewal(self) -> None:
        """Set the clock to when the certificate is due."""
        due = self.status().renewal_at
        assert due is not None
        self.now = due

    @property
    def issued(self) -> int:
        """Certificates that the lab has issued by ACME."""
        return sum(order.chain is not None for order in self.server.online.ca.orders.values())

    @property
    def ordered(self) -> int:
        return len(self.server.online.ca.orders)


@contextmanager
def world(folder: Path) -> Iterator[World]:
    """A world that ends with the test."""
    lab = Lab(folder / "lab")
    lab.init(Ledger("http://127.0.0.1"), NOW, counted_serials())
    clock: list[World] = []

    def now() -> datetime:
        return datetime.fromtimestamp(clock[0].now + clock[0].lab_ahead, UTC) if clock else NOW

    accounts = tuple(PaAccount(code, PASSWORD, (code,)) for code in CODES)
    with LabServer(lab, accounts, now) as server:
        clock.append(World(folder, server, lab))
        yield clock[0]


__all__ = ["DAY", "World", "world"]
