"""The edge's own addresses and its way to every peer: which socket a message leaves from, how a peer is secured, who
a source address is.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable

from gateway.config import Sip
from gateway.policy.peers import Peer
from gateway.policy.snapshot import Snapshot
from gateway.sip.attempt import Target
from gateway.sip.leg import Local
from gateway.sip.own_name import own_name
from gateway.sip.resolve import Resolver, is_address
from gateway.sip.transport import Receive, Streams, Udp, bind
from gateway.sip.values import Hop, bracketed


def _nothing() -> None:
    """A lost datagram is repaired by its repetition."""


class Network:
    """All sockets of one edge. `snapshot` gives the policy in force."""

    def __init__(self, sip: Sip, snapshot: Callable[[], Snapshot]) -> None:
        self._sip, self._snapshot = sip, snapshot
        self._locals = [own_name(listen, sip) for listen in sip.listen]
        self._families = [":" in listen.host for listen in sip.listen]
        self._udp: dict[int, Udp] = {}
        self._streams: Streams | None = None
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.resolver = Resolver()

    async def open(self, receive: Receive, unframed: Callable[[str, Hop], None]) -> None:
        """Bind every socket of `[sip] listen`; raises OSError naming the one that cannot be."""
        self._streams = Streams(receive, unframed, self._welcome)
        for number, listen in enumerate(self._sip.listen):
            try:
                bound = bind(listen.transport, listen.host, listen.port)
            except OSError as error:
                raise OSError(
                    f"cannot listen on {listen.transport}:{bracketed(listen.host)}:{listen.port}: {error.strerror}"
                ) from None
            if listen.transport == "udp":
                self._udp[number] = Udp(bound, number, receive)
            else:
                await self._streams.listen(
                    bound, number, self._server_tls() if listen.transport == "tls" else None
                )

    def _server_tls(self) -> ssl.SSLContext:
        """Our side of accepted TLS; with `tls_ca` the other side must show a certificate too."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        assert self._sip.tls_certificate
        context.load_cert_chain(self._sip.tls_certificate, self._sip.tls_key)
        if self._sip.tls_ca:
            context.load_verify_locations(self._sip.tls_ca)
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def peer_of(self, host: str) -> Peer | None:
        """Whose address this is: as the policy lists it, or as a peer's name was resolved."""
        snapshot = self._snapshot()
        found = snapshot.peers.find(host)
        if found:
            return found
        owner = self.resolver.owner_of(host)
        return snapshot.by_name.get(owner) if owner else None

    def _welcome(self, host: str) -> bool:
        """Whether a connection from this address may stay: a stranger's only where strangers get an answer."""
        return self._sip.unknown_source == "403" or self.peer_of(host) is not None

    @property
    def behind(self) -> bool:
        """Whether one of our sockets holds more than can be answered in good time."""
        return any(udp.behind for udp in self._udp.values())

    def local(self, source: Hop) -> Local:
        """How we name ourselves to whoever sent this."""
        return self._locals[source.socket]

    def targets(self, peer: Peer) -> list[Target]:
        """Where calls to a peer go, best first: every address of every next hop we have a socket for."""
        found = []
        for next_hop in peer.next_hops:
            for hop in self.resolver.hops(next_hop):
                number = self._socket_for(hop)
                if number is not None:
                    found.append(Target(peer, hop._replace(socket=number), self._locals[number]))
        return found

    def _socket_for(self, hop: Hop) -> int | None:
        """The first socket of ours with the hop's transport and address family; for TLS, any of the family will do."""
        v6 = ":" in hop.host
        numbers = [n for n, family in enumerate(self._families) if family == v6]
        same = [n for n in numbers if self._sip.listen[n].transport == hop.transport]
        if same:
            return same[0]
        return numbers[0] if numbers and hop.transport != "udp" else None

    def send(self, hop: Hop, data: bytes, failed: Callable[[], None] = _nothing) -> None:
        """Send one message; `failed` is called where a connection cannot be made."""
        if not is_address(hop.host):
            task = asyncio.get_running_loop().create_task(self._send_to_name(hop, data, failed))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif hop.transport != "udp":
            assert self._streams
            self._streams.send(data, hop, self._client_tls, failed)
        elif udp := self._udp_for(hop):
            udp.send(data, hop.host, hop.port)

    def _udp_for(self, hop: Hop) -> Udp | None:
        """The socket the hop names; where a Contact led to another transport or family, one that can reach it."""
        number: int | None = hop.socket
        if hop.socket not in self._udp or self._families[hop.socket] != (":" in hop.host):
            number = self._socket_for(hop)
        return self._udp.get(number) if number is not None else None

    async def _send_to_name(self, hop: Hop, data: bytes, failed: Callable[[], None]) -> None:
        """A Contact may hold a name: look it up for this one message."""
        try:
            found = await asyncio.get_running_loop().getaddrinfo(hop.host, hop.port, type=socket.SOCK_DGRAM)
        except (OSError, UnicodeError):
            failed()
            return
        self.send(hop._replace(host=str(found[0][4][0])), data, failed)

    def _client_tls(self, hop: Hop) -> tuple[ssl.SSLContext | None, str | None]:
        """How to secure a connection to a hop: its peer's CA and our certificate towards it."""
        if hop.transport != "tls":
            return None, None
        peer = self.peer_of(hop.host)
        name = peer.name if peer else ""
        if name not in self._contexts:
            self._contexts[name] = _client_context(peer)
        return self._contexts[name], self.resolver.name_of(hop.host)

    async def refresh(self) -> None:
        """Look the peers' names up again, and let their TLS files be read anew."""
        self._contexts.clear()
        await self.resolver.refresh(self._snapshot().by_name.values())

    def sweep(self, now: float) -> None:
        """Close streams nobody uses."""
        if self._streams:
            self._streams.sweep(now)

    def close(self) -> None:
        for udp in self._udp.values():
            udp.close()
        if self._streams:
            self._streams.close()


def _client_context(peer: Peer | None) -> ssl.SSLContext:
    files = peer.tls if peer else None
    context = ssl.create_default_context(cafile=files.ca if files else None)
    if files and files.certificate:
        context.load_cert_chain(files.certificate, files.key)
    return context
