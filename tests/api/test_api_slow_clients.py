"""Who sends slowly is not waited for for ever, whoever that is; who sends much, and quickly, is."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from doors import Door, open_door
from starlette.types import Message, Receive, Scope, Send

from gateway.access.permissions import Permission
from gateway.api.app import create_app
from gateway.api.listening import MOST_CONNECTIONS, Protocol, uvicorn_config
from gateway.api.patience import BYTES_A_SECOND, Patience, TooSlow
from gateway.config import Api
from tests.integration.sipp import free_port, wait_for

SOON = 0.3
PATIENT_FOR = 20.0


class Impatient(Protocol):
    """The protocol, with less time for a head, and a closer look at a body."""

    head_seconds, wake_seconds = SOON, SOON / 3


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    with open_door(tmp_path) as door:
        yield door


@contextlib.contextmanager
def listening(
    door: Door, protocol: type[Protocol] = Impatient, connections: int = MOST_CONNECTIONS
) -> Iterator[int]:
    """The port at which the door is reached, as a node has it, but for its patience."""
    api = Api.model_validate({"listen": f"127.0.0.1:{free_port('127.0.0.1')}"})
    server = uvicorn.Server(
        uvicorn_config(api, create_app(door.sidecar, patience=SOON), protocol, connections)
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_for(lambda: server.started or not thread.is_alive(), "the sidecar to listen")
        yield api.listen.port
    finally:
        server.should_exit = True
        thread.join()


def connected(port: int, sent: bytes = b"") -> socket.socket:
    made = socket.create_connection(("127.0.0.1", port), timeout=PATIENT_FOR)
    made.sendall(sent)
    return made


def until_closed(made: socket.socket) -> bytes:
    """What comes before the other side closes; TimeoutError where it does not."""
    with made:
        return b"".join(iter(lambda: made.recv(65_536), b""))


@pytest.mark.parametrize(
    ("path", "media_type", "told"),
    [
        pytest.param("/v1/explain", "application/json", b"application/problem+json", id="rest"),
        pytest.param("/stir/v1/signing", "application/json", b"POL4080", id="stir"),
        pytest.param("/login", "application/x-www-form-urlencoded", b"application/problem+json", id="form"),
        pytest.param(
            "/console/explain", "application/x-www-form-urlencoded", b"did not come in time", id="page"
        ),
    ],
)
def test_a_body_that_does_not_come_is_answered_408(
    door: Door, path: str, media_type: str, told: bytes
) -> None:
    shown = door.token(*Permission)["Authorization"]
    head = (
        f"POST {path} HTTP/1.1\r\nHost: gateway\r\nAuthorization: {shown}\r\nContent-Type: {media_type}\r\n"
    )
    with listening(door) as port:
        answer = until_closed(connected(port, f"{head}Content-Length: 9\r\n\r\n{{".encode()))
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert told in answer


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"GET /healthz HTTP/1.1\r\nHost: g", id="half-a-head"),
        pytest.param(b"GET /healthz HTTP/1.1\r\nHost: g\r\n\r\nGET /he", id="half-a-second-head"),
        pytest.param(
            b"POST /v1/explain HTTP/1.1\r\nHost: g\r\nContent-Length: 9\r\n\r\n{",
            id="the-rest-of-what-is-answered",
        ),
    ],
)
def test_whoever_stops_in_the_middle_is_closed_on(door: Door, sent: bytes) -> None:
    with listening(door) as port:
        until_closed(connected(port, sent))


def test_who_has_sent_all_of_it_may_come_back_on_the_same_connection(door: Door) -> None:
    asked = b"GET /healthz HTTP/1.1\r\nHost: g\r\n\r\n"
    with listening(door) as port, connected(port, asked) as made, connected(port) as idle:
        assert made.recv(65_536).startswith(b"HTTP/1.1 200 ")
        assert idle.recv(1) == b""  # the time of a head is over
        made.sendall(asked)
        assert made.recv(65_536).startswith(b"HTTP/1.1 200 ")


def test_a_connection_too_many_is_told_so(door: Door) -> None:
    asked = b"GET /healthz HTTP/1.1\r\nHost: g\r\n\r\n"
    with listening(door, Protocol, connections=4) as port, contextlib.ExitStack() as open_ones:
        for _ in range(3):
            open_ones.enter_context(connected(port))
        assert until_closed(connected(port, asked)).startswith(b"HTTP/1.1 503 ")


@pytest.mark.parametrize(("first", "is_heard"), [(BYTES_A_SECOND * 5, True), (1, False)])
def test_a_body_has_the_longer_the_more_of_it_comes(first: int, is_heard: bool) -> None:
    async def come() -> Message:
        await asyncio.sleep(SOON)
        return coming.pop(0)

    async def read(_scope: Scope, receive: Receive, _send: Send) -> None:
        while (await receive())["more_body"]:
            pass

    async def nothing(_message: Message) -> None:
        raise AssertionError

    coming: list[Message] = [
        {"type": "http.request", "body": body, "more_body": bool(coming)}
        for body, coming in ((bytes(first), True), (b"", True), (b"", True), (b"last", False))
    ]
    heard = Patience(read, 2 * SOON)({"type": "http"}, come, nothing)
    if is_heard:
        asyncio.run(heard)
    else:
        with pytest.raises(TooSlow):
            asyncio.run(heard)
