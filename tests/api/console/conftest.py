"""A door of its own for each test of a page, and somebody of each role at it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from doors import Door, open_door
from pages import Somebody

from gateway.access.permissions import Role


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    with open_door(tmp_path) as door:
        yield door


@pytest.fixture
def admin(door: Door) -> Somebody:
    return Somebody.of(door, Role.ADMIN, "ada")


@pytest.fixture
def operator(door: Door) -> Somebody:
    return Somebody.of(door, Role.OPERATOR, "olga")


@pytest.fixture
def auditor(door: Door) -> Somebody:
    return Somebody.of(door, Role.AUDITOR, "axel")
