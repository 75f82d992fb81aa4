"""For the tests of the HTTP door: a lab credential, valid at NOW, and the door over a database of its own."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from policy_api import Api, open_api

from certs.lab import Lab
from certs.ledger import Ledger
from gateway.trust.credential import Credential, load_credential

NOW = 1_800_000_000.0


@pytest.fixture(scope="session")
def credential(tmp_path_factory: pytest.TempPathFactory) -> Credential:
    directory = tmp_path_factory.mktemp("pki")
    lab, at = Lab(directory), datetime.fromtimestamp(NOW, UTC)
    lab.init(Ledger("http://127.0.0.1:8080"), at, x509.random_serial_number)
    lab.leaf("616H", at, x509.random_serial_number)
    x5u = "http://127.0.0.1:8080/certs/616H.pem"
    return load_credential("616H", directory / "616H.key", directory / "616H.pem", x5u)


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    found = open_api(tmp_path)
    yield found
    found.opened.store.engine.dispose()
