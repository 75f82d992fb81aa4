"""A custodian of its own for each test, and one PKCS#11 token for all."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from softhsm import Token, running

from tests.custody import Custody


@pytest.fixture
def custody(tmp_path: Path) -> Custody:
    return Custody(tmp_path / "credentials")


@pytest.fixture(scope="session")
def softhsm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Token]:
    """The library reads where its tokens are when it is first loaded, so there is one folder for all tests."""
    yield from running(tmp_path_factory.mktemp("softhsm"))
