"""What the tests of this folder need installed. CI installs it, so there a lack is a failure; elsewhere they are skipped."""

from __future__ import annotations

import os

import pytest

from . import kamailio, secsipidx


@pytest.fixture(scope="session")
def secsipidx_installed() -> None:
    if secsipidx.PROGRAM is None:
        _lacking("secsipidx is not installed: apt-get install secsipidx")


@pytest.fixture(scope="session")
def kamailio_installed() -> None:
    if kamailio.PROGRAM is None or kamailio.MODULE is None:
        _lacking("Kamailio is not installed: apt-get install kamailio kamailio-secsipid-modules")


def _lacking(what: str) -> None:
    if "CI" in os.environ:
        pytest.fail(what)
    pytest.skip(what)
