"""The real pool process and its workers, on loopback: what they say, the call they bridge, and what they may not do."""

import os
import resource
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.sip.inner import InnerCall, reply
from gateway.sip.message import Message, parse

pytest.importorskip("pjsua2", reason="pjsua2 has no wheel for this platform")

PATIENCE = 10.0  # seconds until a test that hears nothing fails
TOKEN = "abcdefghijklmnop"


class Node:
    """A pool process, and the two sockets it knows."""

    def __init__(self) -> None:
        self.inner = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.inner.bind(("127.0.0.1", 0))
        self.inner.settimeout(PATIENCE)
        self.address: tuple[str, int] = self.inner.getsockname()
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.control.settimeout(PATIENCE)
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-I",
                "-m",
                "gateway.sip.worker",
                str(theirs.fileno()),
                "127.0.0.1",
                str(self.address[1]),
            ],
            pass_fds=[theirs.fileno()],
            env={},
            cwd="/",
            stdin=subprocess.DEVNULL,
        )
        theirs.close()

    def tell(self, line: str) -> None:
        self.control.send(line.encode())

    def told(self) -> str:
        return self.control.recv(4096).decode()

    def fork(self, number: int) -> tuple[str, int]:
        """Start a worker; the address it serves on."""
        self.tell(f"fork {number}")
        word, told, port = self.told().split()
        assert (word, told) == ("ready", str(number))
        return "127.0.0.1", int(port)

    def heard(self) -> Message:
        """The next SIP message of a worker; its reports are passed over."""
        while (data := self.inner.recv(65_535)).startswith(b"live "):
            pass
        return parse(data)

    def report(self) -> list[str]:
        """The next report of a worker."""
        while not (data := self.inner.recv(65_535)).startswith(b"live "):
            pass
        return data.decode().split()

    def close(self) -> None:
        self.control.close()
        self.inner.close()
        assert self.process.wait(PATIENCE) == 0


@contextmanager
def running() -> Iterator[Node]:
    node = Node()
    try:
        yield node
        node.close()
    finally:
        node.process.kill()
        node.process.wait()


@pytest.fixture
def node() -> Iterator[Node]:
    with running() as started:
        yield started


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def status(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def test_the_pool_says_what_it_can_do_and_who_is_there(node: Node) -> None:
    node.tell("hello")
    slots = node.told().split()
    assert slots[0] == "slots"
    assert int(slots[1]) >= 2
    assert slots[2:] == []
    node.fork(0)
    node.fork(5)
    node.tell("hello")
    assert node.told().split() == ["slots", slots[1], "0", "5"]


def test_a_worker_that_ends_is_told_and_another_can_be_started(node: Node) -> None:
    node.fork(0)
    os.kill(children(node.process.pid)[0], signal.SIGKILL)
    assert node.told() == f"died 0 {int(signal.SIGKILL)}"
    node.fork(1)
    node.tell("stop 1")
    assert node.told() == f"died 1 {int(signal.SIGKILL)}"
    node.tell("stop 7")
    assert node.told() == "died 7 0"


def test_a_worker_reports_of_itself(node: Node) -> None:
    _, port = node.fork(3)
    assert node.report() == ["live", "3", str(port)]


def test_workers_die_with_the_pool() -> None:
    with running() as node:
        node.fork(0)
        watched = os.pidfd_open(children(node.process.pid)[0])
        node.close()
        assert select.select([watched], [], [], PATIENCE)[0]
        os.close(watched)


def test_a_worker_has_no_environment_no_privileges_and_leaves_no_core(node: Node) -> None:
    node.fork(0)
    pid = children(node.process.pid)[0]
    assert Path(f"/proc/{pid}/environ").read_bytes() == b""
    assert status(pid)["NoNewPrivs"] == "1"
    assert resource.prlimit(pid, resource.RLIMIT_CORE) == (0, 0)
    assert resource.prlimit(pid, resource.RLIMIT_FSIZE) == (0, 0)
    assert resource.prlimit(pid, resource.RLIMIT_NOFILE)[1] <= 64


def test_a_worker_listens_on_loopback_alone(node: Node) -> None:
    node.fork(0)
    pid = children(node.process.pid)[0]
    held = {str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()}
    for table in ("tcp", "udp"):
        rows = [line.split() for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]]
        ours = [row[1] for row in rows if f"socket:[{row[9]}]" in held]
        assert all(address.startswith("0100007F:") for address in ours)
        assert bool(ours) is (table == "udp")


def bridged(node: Node, worker: tuple[str, int], token: str = TOKEN) -> InnerCall:
    """A call through a worker up to leg B's INVITE."""
    call = InnerCall(token, node.address, worker)
    node.inner.sendto(call.invite(), worker)
    while not call.b_invite:
        message = node.heard()
        if message.method == "INVITE":
            assert message.get("call-id") == f"{token}b"
            call.b_invite = message
    return call


def hear(node: Node, what: str, leg: str) -> Message:
    """The next message of this kind; provisional responses are passed over."""
    while True:
        message = node.heard()
        if 0 < message.status < 200:
            continue
        assert (message.what, message.get("call-id")[-1]) == (what, leg)
        return message


def test_a_call_is_bridged_answered_and_ended(node: Node) -> None:
    worker = node.fork(0)
    call = bridged(node, worker)
    node.inner.sendto(call.answer(), worker)
    hear(node, "ACK", "b")
    node.inner.sendto(call.ack(hear(node, "200", "a")), worker)
    assert node.report()[3:] == [TOKEN]
    node.inner.sendto(call.bye_a(), worker)
    heard = {message.what: message for message in (node.heard(), node.heard())}
    assert set(heard) == {"200", "BYE"}
    assert heard["BYE"].get("call-id") == f"{TOKEN}b"
    node.inner.sendto(call.reply(heard["BYE"], 200), worker)
    assert node.report()[3:] == []


def test_a_refusal_of_leg_b_refuses_leg_a(node: Node) -> None:
    worker = node.fork(0)
    call = bridged(node, worker)
    assert call.b_invite
    node.inner.sendto(call.reply(call.b_invite, 480), worker)
    hear(node, "ACK", "b")
    node.inner.sendto(call.ack(hear(node, "480", "a")), worker)
    assert node.report()[3:] == []


def test_a_call_the_worker_has_no_room_for_is_refused_at_once(node: Node) -> None:
    node.tell("hello")
    slots = int(node.told().split()[1])
    worker = node.fork(0)
    for number in range(slots):
        bridged(node, worker, f"{TOKEN[:-2]}{number:02d}")
    call = InnerCall("nnnnnnnnnnnnnnnn", node.address, worker)
    node.inner.sendto(call.invite(), worker)
    refused = hear(node, "486", "a")
    assert refused.get("call-id") == "nnnnnnnnnnnnnnnna"
    node.inner.sendto(call.ack(refused), worker)


def test_no_two_workers_make_the_same_tags(node: Node) -> None:
    """Forked processes share libc's random state unless they are given one of their own."""
    tags = set()
    for number in range(4):
        call = bridged(node, node.fork(number), f"{TOKEN[:-1]}{number}")
        assert call.b_invite
        tags.add(call.b_invite.get("from"))
        node.inner.sendto(reply(call.b_invite, 480, "t"), ("127.0.0.1", int(call.worker.rpartition(":")[2])))
        hear(node, "ACK", "b")
        node.inner.sendto(
            call.ack(hear(node, "480", "a")), ("127.0.0.1", int(call.worker.rpartition(":")[2]))
        )
    assert len(tags) == 4
