"""A peer gone mad: it sends spoiled messages from the softswitch's and the carrier's own addresses, many of them into
calls that it really holds. What it began it hangs up in the end, and it answers what it is asked; but it abandons one
call in twenty, without a word from the answer on.
"""

from __future__ import annotations

import select
import socket
import time
from collections import Counter
from dataclasses import dataclass
from random import Random

from scenarios.bench.node import CARRIER, GATEWAY, SOFTSWITCH, Node
from scenarios.bench.repertoire import NO_DIALOG, inside_call, of_carrier, outside_calls
from scenarios.bench.sound import ROUTED, Dialog, Party, header, inside, ok, opening
from scenarios.bench.spoil import spoil, stays_here

WINDOW = 200  # messages between two questions whether the gateway still answers
PATIENCE = 5.0  # seconds such a question waits
HELD = 20  # calls held, so that there are some to spoil
SPENT = 40  # spoiled messages after which a call is hung up
ABANDONED = 20  # one call in so many


@dataclass(slots=True)
class _Call:
    """A call it holds. The number is that of its last request."""

    dialog: Dialog
    cseq: int = 1
    spoiled: int = 0


class Fuzzer:
    """Sends to one gateway. `sent` counts spoiled messages, `heard` what came back by code or method, `silences` how
    often the gateway did not answer OPTIONS."""

    def __init__(self, node: Node, seed: int) -> None:
        self.sent = self.silences = 0
        self.heard: Counter[str] = Counter()
        self._gateway = (GATEWAY, node.sip)
        self._softswitch, self._carrier = _bound(SOFTSWITCH), _bound(CARRIER)
        self._party = Party(*self._softswitch.getsockname())
        self._carrier_party = Party(*self._carrier.getsockname())
        self._dice = Random(seed)
        self._names = 0
        self._question = ""
        self._calls: dict[str, _Call] = {}  # by the gateway's tag
        self._done_with: set[str] = set()  # tags of calls that were hung up or abandoned
        self._leaving = False

    def close(self) -> None:
        self._softswitch.close()
        self._carrier.close()

    def run(self, messages: int, rate: float) -> None:
        """Send so many spoiled messages, `rate` a second at most."""
        begun, before = time.monotonic(), self.sent
        while self.sent < before + messages:
            self._hold_calls()
            for _ in range(WINDOW):
                self._send_spoiled()
            self._ask_whether_it_lives()
            self.listen(begun + (self.sent - before) / rate - time.monotonic())

    def leave(self) -> None:
        """Hang up what is held; from now on it only answers."""
        self._leaving = True
        for call in list(self._calls.values()):
            self._hang_up(call)

    def listen(self, seconds: float) -> None:
        """Take in what the gateway says, and answer it, for that long."""
        until = time.monotonic() + seconds
        sockets = [self._softswitch, self._carrier]
        while ready := select.select(sockets, [], [], max(0.0, until - time.monotonic()))[0]:
            for sock in ready:
                self._take(sock, sock.recv(65_535))

    def _ask_whether_it_lives(self) -> None:
        """The gateway reads one socket in order: when it answers this, it has read what came before."""
        self._question = self._name()
        question = opening("OPTIONS", self._party, self._question, ROUTED, self._party.contact)
        self._send(self._softswitch, question)
        until = time.monotonic() + PATIENCE
        while self._question and time.monotonic() < until:
            self.listen(0.01)
        self.silences += bool(self._question)

    def _send_spoiled(self) -> None:
        sock, party, sound = self._sound()
        while not stays_here(data := spoil(sound, self._dice), party.contacts):
            continue
        self._send(sock, data)
        self.sent += 1

    def _sound(self) -> tuple[socket.socket, Party, bytes]:
        """Half of what it says has to do with no call, a third with its own calls, the rest comes from the carrier's side."""
        dice, kind = self._dice, self._dice.randrange(6)
        call = dice.choice(list(self._calls.values())) if self._calls else _Call(NO_DIALOG)
        if kind == 0:
            return self._carrier, self._carrier_party, of_carrier(dice, self._carrier_party, call.dialog)
        if kind < 3:
            call.spoiled += 1
            call.cseq += 1
            said = inside_call(dice, self._party, self._name(), call.dialog, call.cseq)
            return self._softswitch, self._party, said
        return self._softswitch, self._party, outside_calls(dice, self._party, self._name())

    def _hold_calls(self) -> None:
        for call in [each for each in self._calls.values() if each.spoiled >= SPENT]:
            self._hang_up(call)
        for _ in range(HELD - len(self._calls)):
            invite = opening("INVITE", self._party, self._name(), ROUTED, self._party.contact)
            self._send(self._softswitch, invite)

    def _hang_up(self, call: _Call) -> None:
        del self._calls[call.dialog.tag]
        self._done_with.add(call.dialog.tag)
        self._say("BYE", call.dialog, call.cseq + 1)

    def _take(self, sock: socket.socket, data: bytes) -> None:
        first, _, rest = data.partition(b"\r\n")[0].decode("latin-1").partition(" ")
        if first != "SIP/2.0":
            self.heard[first] += 1
            if first != "ACK":
                self._send(sock, ok(data))
            return
        code = rest[:3]
        self.heard[code] += 1
        if self._question and header(data, b"Call-ID").startswith(f"{self._question}@"):
            self._question = ""
        if code == "200" and header(data, b"CSeq").endswith("INVITE"):
            self._answered(Dialog.of(data))

    def _answered(self, dialog: Dialog) -> None:
        """A 2xx to an INVITE, perhaps repeated: hold the call, or abandon it, or be rid of it."""
        known = dialog.tag in self._calls
        if dialog.tag in self._done_with:
            return
        if not known and self._dice.randrange(ABANDONED) == 0:
            self._done_with.add(dialog.tag)
            return
        self._say("ACK", dialog, dialog.cseq)
        if not known:
            self._calls[dialog.tag] = _Call(dialog)
            if self._leaving:
                self._hang_up(self._calls[dialog.tag])

    def _say(self, method: str, dialog: Dialog, cseq: int) -> None:
        data = inside(method, self._party, self._name(), dialog, cseq, self._party.contact)
        self._send(self._softswitch, data)

    def _name(self) -> str:
        self._names += 1
        return f"fuzz{self._names}"

    def _send(self, sock: socket.socket, data: bytes) -> None:
        sock.sendto(data, self._gateway)


def _bound(host: str) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    sock.bind((host, 0))
    return sock
