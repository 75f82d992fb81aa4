"""A world of its own for each test that wants one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acme.world import World, world


@pytest.fixture
def lab_world(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as found:
        yield found
