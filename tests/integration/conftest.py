"""The gateway every integration test shares, and a way to ask for one with other settings."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import pytest

from .sipp import SIPP
from .world import Gateway, running_gateway


class GatewayWith(Protocol):
    def __call__(self, settings: Mapping[str, Any], policy: str = "") -> Gateway: ...


@pytest.fixture(scope="session")
def real_sip() -> None:
    """Skips where SIPp is missing; in CI, which installs it, a missing SIPp is a failure."""
    if SIPP is None:
        lacking = "sipp is not installed: apt-get install sip-tester"
        if "CI" in os.environ:
            pytest.fail(lacking)
        pytest.skip(lacking)


@pytest.fixture(scope="session")
def kamailio_with_python() -> None:
    """Skips where Kamailio or its Python is missing; in CI, which installs both, that is a failure."""
    if not (
        Path("/usr/sbin/kamailio").exists()
        and list(Path("/usr/lib").glob("*/kamailio/modules/app_python3.so"))
    ):
        lacking = "Kamailio with Python is not installed: apt-get install kamailio kamailio-python3-modules"
        if "CI" in os.environ:
            pytest.fail(lacking)
        pytest.skip(lacking)


@pytest.fixture(scope="session")
def gateway_with(real_sip: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayWith]:
    """A running gateway with these settings on top of the common ones, and another file of policy; each is kept to the end.

    One that did not start is not tried again: every test that needs it fails at once, for the same reason.
    """
    outcomes: dict[str, Gateway | Exception] = {}
    with contextlib.ExitStack() as stack:

        def with_settings(settings: Mapping[str, Any], policy: str = "") -> Gateway:
            key = json.dumps([settings, policy], sort_keys=True)
            if key not in outcomes:
                outcomes[key] = _started(stack, tmp_path_factory.mktemp("gateway"), settings, policy)
            outcome = outcomes[key]
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        yield with_settings


def _started(
    stack: contextlib.ExitStack, folder: Path, settings: Mapping[str, Any], policy: str
) -> Gateway | Exception:
    try:
        return stack.enter_context(running_gateway(folder, settings, policy))
    except Exception as error:
        return error


@pytest.fixture(scope="session")
def gateway(gateway_with: GatewayWith) -> Gateway:
    """The gateway with the common settings."""
    return gateway_with({})
