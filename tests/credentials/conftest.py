"""A custodian of its own for each test."""

from pathlib import Path

import pytest
from custody import Custody


@pytest.fixture
def custody(tmp_path: Path) -> Custody:
    return Custody(tmp_path / "credentials")
