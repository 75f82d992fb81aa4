"""Where each leg of a scenario sits and whom it talks to: the gateway, or the other leg."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from .legs import begins_the_call
from .scenario import Scenario
from .sipp import Seat, free_port
from .tls_front import tls_client, tls_server
from .world import CARRIERS, GATEWAY_HOST, SOFTSWITCHES, Gateway, host_of

Place = tuple[Seat, Mapping[str, str]]
"""A seat, and what the leg must say of it in Via and Contact."""

_ITS_OWN = {"transport": "[transport]", "sent_by": "[local_ip]:[local_port]"}  # keywords of SIPp


class Seating(Protocol):
    """Gives each role of a scenario its place."""

    def place(self, role: str) -> Place: ...


@dataclass(frozen=True, slots=True)
class ThroughGateway:
    """Every leg talks to the gateway alone; ``stack`` ends the TLS fronts of those that need one."""

    scenario: Scenario
    gateway: Gateway
    stack: contextlib.ExitStack

    def place(self, role: str) -> Place:
        return self._calling(role) if begins_the_call(self.scenario.legs[role]) else self._called(role)

    def _calling(self, role: str) -> Place:
        host, transport = host_of(role), self.scenario.transport.get(role, "udp")
        port = free_port(host)
        if transport == "tls":
            front = free_port(host)
            self.stack.enter_context(
                tls_client((host, front), (GATEWAY_HOST, self.gateway.tls_port), self.gateway.tls)
            )
            return Seat(host, port, _address(host, front), "tcp"), _behind_tls(host, front)
        near = host if ":" in host else GATEWAY_HOST
        return Seat(host, port, _address(near, self.gateway.sip), transport), _ITS_OWN

    def _called(self, role: str) -> Place:
        host, port = host_of(role), self.gateway.ports[role]
        transport = CARRIERS[role][1] if role in CARRIERS else "udp"
        remote = _address(GATEWAY_HOST, self.gateway.sip)
        if transport == "tls":
            behind = free_port(host)
            self.stack.enter_context(tls_server((host, port), (host, behind), self.gateway.tls))
            return Seat(host, behind, remote, "tcp"), _behind_tls(host, port)
        return Seat(host, port, remote, transport), _ITS_OWN


@dataclass(frozen=True, slots=True)
class BackToBack:
    """The calling leg talks straight to the called one, over UDP: shows whether two legs fit each other."""

    scenario: Scenario
    port: int = field(default_factory=lambda: free_port(CARRIERS["carrier"][0]))

    def place(self, role: str) -> Place:
        carrier = CARRIERS["carrier"][0]
        if begins_the_call(self.scenario.legs[role]):
            host, port = SOFTSWITCHES["vos3000"], free_port(SOFTSWITCHES["vos3000"])
        else:
            host, port = carrier, self.port
        return Seat(host, port, _address(carrier, self.port), "udp"), _ITS_OWN


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _behind_tls(host: str, port: int) -> dict[str, str]:
    """SIPp behind a front must name the front, not itself."""
    return {"transport": "TLS", "sent_by": _address(host, port)}
