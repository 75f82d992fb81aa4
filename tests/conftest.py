"""For every test: nothing that another one left behind."""

import gc
from collections.abc import Iterator

import pytest
import structlog


def pytest_collection_finish() -> None:
    """Ten thousand tests and all modules are a heap whose every full collection takes seconds: it is looked at no more."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def log_as_at_start() -> Iterator[None]:
    """A command that was run in this process leaves its own way of logging."""
    yield
    structlog.reset_defaults()
