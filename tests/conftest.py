"""For every test: nothing that another one left behind."""

import gc
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import HealthCheck, settings

# How fast this machine is, and what else it does, is nothing that a property is about.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def pytest_collection_finish() -> None:
    """Ten thousand tests and all modules are a heap whose every full collection takes seconds: it is looked at no more."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def log_as_at_start() -> Iterator[None]:
    """A command that was run in this process leaves its own way of logging."""
    yield
    structlog.reset_defaults()
