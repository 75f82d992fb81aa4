"""A node of which everything can be seen: edge, recorder, trust, a certificate, an order by ACME; something of everything."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from fastapi import FastAPI
from fastapi.testclient import TestClient

from gateway.api.app import create_app
from gateway.api.sidecar import Alone, Sidecar
from gateway.credentials.book import Book
from gateway.metrics import FAMILIES, Counters, EdgeStatus
from gateway.shared.status import SharedStatus
from gateway.stir.crl import RevocationList
from gateway.stir.path import Anchors
from gateway.stir.revocation import Revocations
from gateway.store.recorder_status import Problem, RecorderStatus
from gateway.trust.credential import Credential
from gateway.trust.trust_list import TrustList
from tests.acme.world import world
from tests.everybody import EVERYBODY

NOW = 1_800_000_000.0

_CALL = {"from": {"tn": "12155550100"}, "to": {"tn": ["12155550123"]}, "time": 1_800_000_000}
_UNSIGNED = {"verificationRequest": _CALL}


@dataclass(frozen=True)
class _Trust:
    """What a verifier goes by."""

    anchors: Anchors
    revocations: Revocations
    trust_list: TrustList | None
    problems: tuple[str, ...] = ()


def _trust() -> _Trust:
    crl = RevocationList("CN=STI-PA", NOW - 60, NOW + 3600, False, False, frozenset(), {})
    return _Trust(Anchors(()), Revocations([crl]), TrustList((), 7, NOW + 86_400, ()))


def _edge() -> EdgeStatus:
    counters = Counters()
    for name, (labels, _) in FAMILIES.items():
        counters.inc(name, *("some" for _ in labels))
    counters.setup.observe(1.7)
    shared = SharedStatus(False, ("node-2",), ("no connection",), 1)
    status = EdgeStatus(NOW, True, False, 3, 4, 5, started=NOW - 60, shared=shared)
    return replace(status, counters=counters.rows(), setup=counters.setup.value())


def _recorder() -> RecorderStatus:
    problem = Problem("database-gone", "locked", NOW)
    return RecorderStatus(NOW, "7", (problem,), written=40, nodes={"serving": 2, "gone": 1})


@contextmanager
def full_node(folder: Path, credential: Credential) -> Iterator[FastAPI]:
    """The application of such a node, to which everybody is an admin."""
    edge, recorder = _edge(), _recorder()
    with world(folder) as lab:
        lab.turn()
        sidecar = Sidecar(
            Alone(Book.of(credential), stores={"file": None}),
            lambda: edge,
            lambda: NOW,
            trust=_trust(),
            recorder=lambda: recorder,
            access=EVERYBODY,
            acme=lab.renewals,
        )
        app = create_app(sidecar)
        assert TestClient(app).post("/stir/v1/verification", json=_UNSIGNED).status_code == 200
        yield app
