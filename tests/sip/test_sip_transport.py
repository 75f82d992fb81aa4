"""Real sockets on loopback: whole messages come out of them however they came in, and what cannot be sent is told."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway.sip import transport
from gateway.sip.message import MAX_BYTES, write
from gateway.sip.transport import MOST_STREAMS_A_SOURCE, Streams, TlsOf, Udp, bind
from gateway.sip.values import Hop

PATIENCE = 5.0  # seconds until a test that waits for nothing fails
LOCAL = "127.0.0.1"


def message(body: bytes = b"") -> bytes:
    return write("INFO sip:a@b SIP/2.0", ["Via: SIP/2.0/TCP h", "Call-ID: 1"], body)


def plain(_: Hop) -> tuple[None, None]:
    return None, None


class Edge:
    """Who stands behind the sockets: what arrived, from where, and what could not be read."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[tuple[bytes, Hop]] = asyncio.Queue()
        self.unframed: asyncio.Queue[str] = asyncio.Queue()
        self.failed: asyncio.Queue[None] = asyncio.Queue()
        self.streams = Streams(
            self.receive, lambda reason, _: self.unframed.put_nowait(reason), lambda _: True
        )

    def receive(self, data: bytes, source: Hop) -> None:
        self.heard.put_nowait((data, source))

    async def next(self) -> tuple[bytes, Hop]:
        async with asyncio.timeout(PATIENCE):
            return await self.heard.get()

    def send(self, data: bytes, hop: Hop, tls: TlsOf = plain) -> None:
        self.streams.send(data, hop, tls, lambda: self.failed.put_nowait(None))

    async def fails(self) -> None:
        async with asyncio.timeout(PATIENCE):
            await self.failed.get()


@asynccontextmanager
async def listening(tls: ssl.SSLContext | None = None) -> AsyncIterator[tuple[Edge, int]]:
    """An edge with one listener, and its port."""
    edge, sock = Edge(), bind("tcp", LOCAL, 0)
    server = await edge.streams.listen(sock, 3, tls)
    try:
        yield edge, server.sockets[0].getsockname()[1]
    finally:
        edge.streams.close()
        server.close()


def test_a_datagram_arrives_with_its_source_and_one_goes_back() -> None:
    async def play() -> None:
        edge = Edge()
        one, other = bind("udp", LOCAL, 0), bind("udp", LOCAL, 0)
        here, there = Udp(one, 4, edge.receive), Udp(other, 0, edge.receive)
        there.send(b"hello", *one.getsockname())
        data, source = await edge.next()
        assert (data, source) == (b"hello", Hop("udp", LOCAL, other.getsockname()[1], 0, 4))
        here.send(b"back", source.host, source.port)
        assert (await edge.next())[0] == b"back"
        here.close()
        there.close()

    asyncio.run(play())


def test_a_datagram_that_cannot_be_sent_is_lost_quietly() -> None:
    async def play() -> None:
        udp = Udp(bind("udp", LOCAL, 0), 0, Edge().receive)
        udp.send(b"x" * (MAX_BYTES + 1), LOCAL, 9)
        udp.send(b"x", "not-an-address", 9)
        udp.close()

    asyncio.run(play())


def test_more_datagrams_than_one_turn_reads_all_arrive() -> None:
    async def play() -> None:
        edge, sock = Edge(), bind("udp", LOCAL, 0)
        udp = Udp(sock, 0, edge.receive)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for number in range(3 * transport.READS_A_TURN):
                sender.sendto(b"%d" % number, sock.getsockname())
        assert [int((await edge.next())[0]) for _ in range(3 * transport.READS_A_TURN)] == list(range(192))
        udp.close()

    asyncio.run(play())


@pytest.mark.parametrize("size", [1, 7, 100_000], ids=["byte-by-byte", "in-pieces", "at-once"])
def test_a_stream_is_cut_into_its_messages(size: int) -> None:
    async def play() -> None:
        sent = [message(b"one"), message(), message(b"\r\n\r\nthree")]
        async with listening() as (edge, port):
            reader, writer = await asyncio.open_connection(LOCAL, port)
            stream = b"\r\n".join(sent)
            for start in range(0, len(stream), size):
                writer.write(stream[start : start + size])
                await writer.drain()
            heard = [await edge.next() for _ in sent]
            assert [data for data, _ in heard] == sent
            source = heard[0][1]
            assert (source.transport, source.host, source.socket) == ("tcp", LOCAL, 3)
            edge.send(b"answer", source)
            assert await reader.readexactly(6) == b"answer"
            writer.close()

    asyncio.run(play())


def test_a_keep_alive_is_answered() -> None:
    """RFC 5626 §3.5.1."""

    async def play() -> None:
        async with listening() as (edge, port):
            reader, writer = await asyncio.open_connection(LOCAL, port)
            writer.write(b"\r\n\r\n")
            assert await reader.readexactly(2) == b"\r\n"
            writer.write(b"\r\n\r\n" + message())
            assert await reader.readexactly(2) == b"\r\n"
            assert (await edge.next())[0] == message()
            writer.close()

    asyncio.run(play())


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"INFO sip:a SIP/2.0\r\nX: y\r\n\r\n", "no-content-length"), (b"x" * (MAX_BYTES + 1), "oversized")],
    ids=["no-length", "oversized"],
)
def test_a_stream_that_cannot_be_cut_is_closed_and_what_came_before_counts(data: bytes, reason: str) -> None:
    async def play() -> None:
        async with listening() as (edge, port):
            reader, writer = await asyncio.open_connection(LOCAL, port)
            writer.write(message() + data)
            assert (await edge.next())[0] == message()
            async with asyncio.timeout(PATIENCE):
                assert await edge.unframed.get() == reason
                with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
                    await reader.readexactly(1)
            writer.close()

    asyncio.run(play())


def test_a_source_has_only_so_many_streams() -> None:
    async def play() -> None:
        async with listening() as (edge, port):
            writers = []
            for _ in range(MOST_STREAMS_A_SOURCE):
                _, writer = await asyncio.open_connection(LOCAL, port)
                writer.write(message())
                await edge.next()
                writers.append(writer)
            reader, writer = await asyncio.open_connection(LOCAL, port)
            async with asyncio.timeout(PATIENCE):
                with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
                    await reader.readexactly(1)
            for each in (writer, *writers):
                each.close()
            assert edge.heard.empty()

    asyncio.run(play())


@pytest.mark.parametrize(
    ("sent", "wait", "closed"),
    [
        (b"INFO", transport.PARTIAL_SECONDS + 1, True),
        (b"INFO", transport.PARTIAL_SECONDS - 1, False),
        (b"", transport.IDLE_SECONDS + 1, True),
        (b"", transport.IDLE_SECONDS - 10, False),
    ],
    ids=["partial", "still-arriving", "idle", "resting"],
)
def test_a_stream_that_sends_nothing_whole_is_swept(sent: bytes, wait: float, closed: bool) -> None:
    async def play() -> None:
        async with listening() as (edge, port):
            reader, writer = await asyncio.open_connection(LOCAL, port)
            writer.write(message() + sent)
            await edge.next()
            edge.streams.sweep(asyncio.get_running_loop().time() + wait)
            if closed:
                async with asyncio.timeout(PATIENCE):
                    with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
                        await reader.readexactly(1)
            else:
                writer.write(b"\r\n\r\n" if not sent else b"")
                assert not writer.transport.is_closing()
            writer.close()

    asyncio.run(play())


# Outgoing


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as sock:
        sock.bind((LOCAL, 0))
        return int(sock.getsockname()[1])


def test_a_connection_that_cannot_be_made_fails_every_message_waiting_for_it() -> None:
    async def play() -> None:
        edge, hop = Edge(), Hop("tcp", LOCAL, free_port())
        edge.send(b"one", hop)
        edge.send(b"two", hop)
        await edge.fails()
        await edge.fails()
        edge.send(b"three", hop)
        await edge.fails()

    asyncio.run(play())


def test_messages_to_one_place_share_one_connection_in_their_order() -> None:
    async def play() -> None:
        edge = Edge()
        async with listening() as (far, port):
            hop = Hop("tcp", LOCAL, port)
            sent = [message(b"%d" % number) for number in range(5)]
            for data in sent[:3]:
                edge.send(data, hop)
            heard = [await far.next() for _ in range(3)]
            for data in sent[3:]:
                edge.send(data, hop)
            heard += [await far.next() for _ in range(2)]
            assert [data for data, _ in heard] == sent
            assert len({source for _, source in heard}) == 1
            edge.streams.close()

    asyncio.run(play())


def test_an_answer_takes_the_connection_its_request_came_on() -> None:
    async def play() -> None:
        edge = Edge()
        async with listening() as (far, port):
            edge.send(message(b"ask"), Hop("tcp", LOCAL, port, 0, 5))
            _, source = await far.next()
            far.send(message(b"answer"), source)
            data, back = await edge.next()
            assert data == message(b"answer")
            assert (back.port, back.socket) == (port, 5)
            edge.streams.close()

    asyncio.run(play())


# TLS


class Ca:
    """A small certificate authority that lives for one test."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = (
            folder,
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{name} (TEST ONLY)")]),
        )
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.path = folder / f"{name}.pem"
        self.path.write_bytes(
            self._sign(self._name, self._key, x509.BasicConstraints(ca=True, path_length=None))
        )

    def _sign(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, constraints: x509.BasicConstraints
    ) -> bytes:
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder(self._name, subject, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))
        builder = builder.add_extension(constraints, critical=True)
        if not constraints.ca:
            names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(LOCAL))])
            builder = builder.add_extension(names, critical=False)
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def issue(self, name: str) -> Path:
        """A certificate for 127.0.0.1 with its key, in one file."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{name} (TEST ONLY)")])
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path = self._folder / f"{name}.pem"
        path.write_bytes(pem + self._sign(subject, key, x509.BasicConstraints(ca=False, path_length=None)))
        return path


def server_side(certificate: Path, ca: Path | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    if ca:
        context.load_verify_locations(ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def client_side(ca: Path, certificate: Path | None = None) -> TlsOf:
    context = ssl.create_default_context(cafile=str(ca))
    if certificate:
        context.load_cert_chain(certificate)
    return lambda hop: (context, hop.host)


def over_tls(server: ssl.SSLContext, client: TlsOf, then: Callable[[Edge, Edge], object]) -> None:
    async def play() -> None:
        edge = Edge()
        async with listening(server) as (far, port):
            edge.send(message(b"secret"), Hop("tls", LOCAL, port), client)
            await then(edge, far)  # type: ignore[misc]
            edge.streams.close()

    asyncio.run(play())


async def arrives(edge: Edge, far: Edge) -> None:
    data, source = await far.next()
    assert (data, source.transport) == (message(b"secret"), "tls")
    far.send(message(b"answer"), source)
    assert (await edge.next())[0] == message(b"answer")


async def fails(edge: Edge, far: Edge) -> None:
    await edge.fails()
    assert far.heard.empty()


def test_tls_goes_both_ways_between_those_who_trust_each_other(tmp_path: Path) -> None:
    ca = Ca(tmp_path, "ca")
    over_tls(server_side(ca.issue("server"), ca.path), client_side(ca.path, ca.issue("client")), arrives)


def test_tls_to_a_server_of_another_authority_fails(tmp_path: Path) -> None:
    ca, other = Ca(tmp_path, "ca"), Ca(tmp_path, "other")
    over_tls(server_side(other.issue("server")), client_side(ca.path), fails)


def test_a_client_without_certificate_is_not_heard_where_one_is_asked_for(tmp_path: Path) -> None:
    """TLS 1.3: the client believes itself connected until the server's alert arrives."""
    ca = Ca(tmp_path, "ca")
    over_tls(server_side(ca.issue("server"), ca.path), client_side(ca.path), fails)


def test_tls_settings_that_cannot_be_read_fail_the_message() -> None:
    def missing(_: Hop) -> tuple[ssl.SSLContext, str]:
        raise FileNotFoundError("no such file")

    async def play() -> None:
        edge = Edge()
        edge.send(message(), Hop("tls", LOCAL, free_port()), missing)
        await edge.fails()

    asyncio.run(play())


def test_a_socket_with_much_unread_is_behind_until_it_is_read() -> None:
    async def run() -> None:
        edge = Edge()
        sock = bind("udp", "127.0.0.1", 0)
        udp = Udp(sock, 0, edge.receive)
        assert not udp.behind
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for _ in range(600):
                sender.sendto(message(b"x" * 1500), sock.getsockname())
        assert udp.behind
        while udp.behind:
            await edge.next()
        udp.close()

    asyncio.run(run())
