"""The edge's sockets: UDP, TCP and TLS, IPv4 and IPv6. Bytes and addresses in and out; no meaning.

A listener hands each whole message to the edge with its `Source`. Streams are framed by Content-Length
(RFC 3261 §18.3); one that cannot be framed is closed, for nothing after it can be trusted. A stream is a *flow*: answers
go back on it, and requests to the same address use it while it is open (RFC 3261 §18.2.2, RFC 5923).
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import sys
from collections.abc import Callable
from typing import cast

from gateway import log
from gateway.sip.message import MAX_BYTES, BadMessage, frame_length
from gateway.sip.values import Hop

READS_A_TURN = 64  # datagrams read before other events get their turn
RECEIVE_BUFFER = 4 << 20  # bytes the kernel may hold for us while we are busy
MOST_BACKLOG = 1 << 20  # bytes unread, some 450 datagrams: a fifth of a second at 400 calls a second
SO_MEMINFO = 55  # Linux: what a socket's queues hold; the first number is the receive queue's
MOST_STREAMS = 1024  # open streams in all
MOST_STREAMS_A_SOURCE = 32
PARTIAL_SECONDS = 10.0  # a message that takes longer than this to arrive is not one
IDLE_SECONDS = 600.0  # a stream without a message for so long is closed
CONNECT_SECONDS = 4.0  # less than VOS3000 waits, with room for a second hop
MOST_QUEUED = 64 * 1024  # bytes waiting to be written before a stream counts as stuck


Receive = Callable[[bytes, Hop], None]  # a message and where it came from

TlsOf = Callable[
    [Hop], tuple[ssl.SSLContext | None, str | None]
]  # how to secure a connection, and the name to check

_log = log.get("transport")


def bind(transport: str, host: str, port: int) -> socket.socket:
    """A socket of ours, bound, for `Udp` or `Streams.listen`; raises OSError where that cannot be."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM)
    sock.setblocking(False)
    if transport == "udp":
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, RECEIVE_BUFFER)
    else:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    sock.bind((host, port))
    return sock


class Udp:
    """One UDP socket, read in the loop's reader callback: a third less CPU a datagram than a DatagramProtocol."""

    def __init__(self, sock: socket.socket, number: int, receive: Receive) -> None:
        self._number, self._sock, self._receive = number, sock, receive
        self._bound = min(MOST_BACKLOG, sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2)
        asyncio.get_running_loop().add_reader(sock.fileno(), self._readable)

    def _readable(self) -> None:
        recvfrom, receive, number = self._sock.recvfrom, self._receive, self._number
        for _ in range(READS_A_TURN):
            try:
                data, address = recvfrom(MAX_BYTES + 1)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                continue  # an ICMP error of something we sent: the peer's silence says the same
            receive(data, Hop("udp", address[0], address[1], 0, number))

    @property
    def behind(self) -> bool:
        """Whether more waits to be read than can be answered in good time: then new work makes all of it late."""
        memory = self._sock.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, 4)
        return int.from_bytes(memory, sys.byteorder) > self._bound

    def send(self, data: bytes, host: str, port: int) -> None:
        """Send one datagram, or lose it, as the network may."""
        try:
            self._sock.sendto(data, (host, port))
        except OSError:
            return

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._sock.fileno())
        self._sock.close()


class _Stream(asyncio.Protocol):
    """One TCP or TLS connection."""

    def __init__(self, streams: Streams, transport: str, number: int) -> None:
        self._streams, self._name, self._number = streams, transport, number
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self.flow = 0
        self.source: Hop | None = None
        self.heard = asyncio.get_running_loop().time()
        self.unheard: (
            list[Callable[[], None]] | None
        ) = []  # whom to tell if it closes before it ever said a word
        self.partial_since = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's TLS transport does not derive from it
        host, port = transport.get_extra_info("peername")[:2]
        self.flow = self._streams.opened(self, host)
        self.source = Hop(self._name, host, port, self.flow, self._number)
        if not self.flow:
            self.close()

    def data_received(self, data: bytes) -> None:
        assert self.source
        now = asyncio.get_running_loop().time()
        self.heard, self.unheard = now, None
        buffer = self._buffer
        buffer += data
        try:
            while self._skip_keepalive() and (length := frame_length(buffer)):
                frame = bytes(buffer[:length])
                del buffer[:length]
                self.partial_since = 0.0
                self._streams.receive(frame, self.source)
        except BadMessage as error:
            self._streams.unframed(error.reason, self.source)
            self.close()
            return
        if buffer and not self.partial_since:
            self.partial_since = now

    def _skip_keepalive(self) -> bool:
        """Drop empty lines between messages; two of them ask for one back (RFC 5626 §3.5.1)."""
        while self._buffer.startswith((b"\r", b"\n")):
            if self._buffer.startswith(b"\r\n\r\n"):
                self.write(b"\r\n")
                del self._buffer[:4]
            elif self._buffer.startswith(b"\r\n"):
                del self._buffer[:2]
            else:
                del self._buffer[:1]
        return bool(self._buffer)

    def connection_lost(self, exc: Exception | None) -> None:
        self._streams.closed(self)
        if self.unheard:
            _log.warning(
                "connection.refused",
                host=self.source and self.source.host,
                error=str(exc or "closed at once"),
            )
            for failed in self.unheard:
                failed()

    def write(self, data: bytes, failed: Callable[[], None] | None = None) -> bool:
        """Send; `failed` is told if the other side never says anything (a TLS server may refuse us after the fact)."""
        if failed and self.unheard is not None:
            self.unheard.append(failed)
        transport = self._transport
        if transport is None or transport.is_closing() or transport.get_write_buffer_size() > MOST_QUEUED:
            return False
        transport.write(data)
        return True

    def close(self) -> None:
        if self._transport:
            self._transport.abort()


class Streams:
    """Every TCP and TLS connection, accepted or made."""

    def __init__(
        self, receive: Receive, unframed: Callable[[str, Hop], None], welcome: Callable[[str], bool]
    ) -> None:
        self.receive, self.unframed, self._welcome = receive, unframed, welcome
        self._by_flow: dict[int, _Stream] = {}
        self._by_address: dict[tuple[str, str, int], int] = {}
        self._from: dict[str, int] = {}
        self._connecting: dict[tuple[str, str, int], list[tuple[bytes, Callable[[], None]]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._next = 0

    async def listen(self, sock: socket.socket, number: int, tls: ssl.SSLContext | None) -> asyncio.Server:
        """Accept connections on a bound socket, our socket of that number."""
        transport = "tls" if tls else "tcp"
        loop = asyncio.get_running_loop()
        return await loop.create_server(lambda: _Stream(self, transport, number), sock=sock, ssl=tls)

    def opened(self, stream: _Stream, host: str) -> int:
        """Give a new stream its flow; 0 for a stranger, and where there are too many."""
        if not self._welcome(host):
            return 0
        if len(self._by_flow) >= MOST_STREAMS or self._from.get(host, 0) >= MOST_STREAMS_A_SOURCE:
            return 0
        self._from[host] = self._from.get(host, 0) + 1
        self._next += 1
        self._by_flow[self._next] = stream
        return self._next

    def closed(self, stream: _Stream) -> None:
        if self._by_flow.pop(stream.flow, None) and stream.source:
            host = stream.source.host
            self._from[host] -= 1
            if not self._from[host]:
                del self._from[host]
            self._by_address = {
                address: flow for address, flow in self._by_address.items() if flow != stream.flow
            }

    def send(self, data: bytes, hop: Hop, tls: TlsOf, failed: Callable[[], None]) -> None:
        """Write on the hop's flow, on an open connection to its address, or on a new one."""
        address = hop[:3]
        stream = self._by_flow.get(hop.flow) or self._by_flow.get(self._by_address.get(address, 0))
        if stream and stream.write(data, failed):
            return
        if address in self._connecting:
            self._connecting[address].append((data, failed))
            return
        self._connecting[address] = [(data, failed)]
        task = asyncio.get_running_loop().create_task(self._connect(hop, tls))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connect(self, hop: Hop, tls: TlsOf) -> None:
        loop = asyncio.get_running_loop()
        stream: _Stream | None = None
        try:
            context, name = tls(hop)
            async with asyncio.timeout(CONNECT_SECONDS):
                _, stream = await loop.create_connection(
                    lambda: _Stream(self, hop.transport, hop.socket),
                    hop.host,
                    hop.port,
                    ssl=context,
                    server_hostname=name,
                )
        except (OSError, ValueError, TimeoutError) as error:
            _log.warning(
                "connect.failed", host=hop.host, port=hop.port, error=str(error) or type(error).__name__
            )
        if stream and stream.flow:
            self._by_address[hop[:3]] = stream.flow
        for data, failed in self._connecting.pop(hop[:3]):
            if not stream or not stream.write(data, failed):
                failed()

    def sweep(self, now: float) -> None:
        """Close what is idle, or has been sending one message for too long."""
        for stream in list(self._by_flow.values()):
            slow = stream.partial_since and now - stream.partial_since > PARTIAL_SECONDS
            if slow or now - stream.heard > IDLE_SECONDS:
                stream.close()

    def close(self) -> None:
        for stream in list(self._by_flow.values()):
            stream.close()
