"""The gateway every integration test shares, and a way to ask for one with other settings."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from .sipp import SIPP
from .world import Gateway, running_gateway

GatewayWith = Callable[[Mapping[str, Any]], Gateway]


@pytest.fixture(scope="session")
def gateway_with(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayWith]:
    """A running gateway with these settings on top of the common ones; each is kept to the end."""
    if SIPP is None:
        pytest.skip("sipp is not installed: apt-get install sip-tester")
    running: dict[str, Gateway] = {}
    with contextlib.ExitStack() as stack:

        def with_settings(settings: Mapping[str, Any]) -> Gateway:
            key = json.dumps(settings, sort_keys=True)
            if key not in running:
                folder = tmp_path_factory.mktemp("gateway")
                running[key] = stack.enter_context(running_gateway(folder, settings))
            return running[key]

        yield with_settings


@pytest.fixture(scope="session")
def gateway(gateway_with: GatewayWith) -> Gateway:
    """The gateway with the common settings."""
    return gateway_with({})
