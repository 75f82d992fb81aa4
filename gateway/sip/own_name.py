"""What we call ourselves on a socket of ours."""

from __future__ import annotations

import socket

from gateway.config import Sip
from gateway.settings import Listen
from gateway.sip.leg import Local
from gateway.sip.values import bracketed


def own_name(listen: Listen, sip: Sip) -> Local:
    """What we call ourselves on a socket: `public_address` where it is of the same family, else the socket's own."""
    host = listen.host
    if sip.public_address and (sip.public_address.version == 6) == (":" in host):
        host = str(sip.public_address)
    elif host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        host = _outward_address(":" in host)
    return Local(listen.transport, bracketed(host), listen.port)


def _outward_address(v6: bool) -> str:
    """The address this machine would speak from; nothing is sent to find out."""
    with socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("2001:db8::1" if v6 else "192.0.2.1", 9))
        return str(probe.getsockname()[0])
