"""Those who could be called and take no part in a scenario: they listen, and must hear of no call."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator

from .scenario import Scenario
from .trace import Message
from .world import HOSTS, Gateway


@contextlib.contextmanager
def bystanders(scenario: Scenario, gateway: Gateway) -> Iterator[Callable[[], list[str]]]:
    """Listens at the UDP port of every role without a leg; the function names those who were called so far."""
    with contextlib.ExitStack() as stack:
        listening = {role: _socket(role, gateway, stack) for role in HOSTS if role not in scenario.legs}
        yield lambda: [role for role, sock in listening.items() if any(map(_is_invite, _heard(sock, role)))]


def _socket(role: str, gateway: Gateway, stack: contextlib.ExitStack) -> socket.socket:
    family = socket.AF_INET6 if ":" in HOSTS[role] else socket.AF_INET
    sock = stack.enter_context(socket.socket(family, socket.SOCK_DGRAM))
    sock.bind((HOSTS[role], gateway.ports[role]))
    sock.setblocking(False)
    return sock


def _heard(sock: socket.socket, role: str) -> Iterator[Message]:
    with contextlib.suppress(BlockingIOError):
        while data := sock.recv(65535):
            yield Message(role, "received", "", data)


def _is_invite(message: Message) -> bool:
    return message.is_a("INVITE")
