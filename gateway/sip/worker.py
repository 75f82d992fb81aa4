"""The pjsua2 side of door 1: small processes that each hold a few bridged calls and decide nothing.

One call here is two legs tied together: leg A, which the edge opened towards us, and leg B, which we open back to the
edge. What happens on one is repeated on the other: an answer, a refusal, a hang-up. The edge speaks to us in SIP that it
wrote itself, over loopback UDP, with a neutral body; the real numbers, headers and bodies never come here. A call's name
is its token, the Call-ID of leg A; leg B carries the same token with ``b`` for its last letter.

This file runs as a program of its own (``python -m gateway.sip.worker``) and imports the standard library and pjsua2,
nothing else of ours. The *pool* process initialises the library once and forks a worker whenever the edge asks for one:
a child forked after ``libInit`` costs a fifth of the memory of one forked before. It talks to the edge over a
``SOCK_SEQPACKET`` pair, one short line a packet:

    edge → pool     ``hello``               say what you can do and which workers there are
                    ``fork N``              start worker N
                    ``stop N``              end worker N (the edge asks when it is idle)
    pool → edge     ``slots K N …``         a worker of this build bridges K calls at once; the workers there are
                    ``ready N PORT``        worker N serves on this UDP port of the inner address
                    ``died N STATUS``       worker N is gone

and a worker tells the edge once a second, over the inner UDP socket, which calls it still holds
(``live N PORT TOKEN TOKEN …``), so that no slot stays lost, whatever went wrong.

Five habits of the library shape this code:

* A ``Call`` object keeps its id after DISCONNECTED. Destroyed later, it hangs up whichever call has that id by then: so it
  is destroyed at the end of its last callback (`_bury`).
* DISCONNECTED comes at once after ``hangup()``, but the slot stays taken until the BYE or CANCEL transaction ends.
* Forked children share libc's random state: without a seed of their own, tags and Call-IDs repeat between workers.
* With asserts compiled in, real RTP sockets abort the process under load: the loop media transport opens none.
* An exception must not cross back into C++: each callback ends in its own failure (`_guarded`).
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import resource
import select
import signal
import socket
import sys
from collections.abc import Callable
from time import monotonic
from typing import Any

import pjsua2 as pj
from pjsua2 import _pjsua2

REPORT_EVERY = 1.0  # seconds between two `live` reports
POLL_MS = 100  # longest wait inside libHandleEvents
PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 1, 38
FAILED = 480  # what a leg says to the edge when the other leg failed: the edge knows the real answer
LIMITS = {
    resource.RLIMIT_CORE: 0,
    resource.RLIMIT_NOFILE: 64,
    resource.RLIMIT_FSIZE: 0,
    resource.RLIMIT_AS: 1 << 30,
}


def start_library() -> pj.Endpoint:
    """libCreate and libInit with no thread, no sound device and no log: what every worker is forked from."""
    config = pj.EpConfig()
    config.uaConfig.threadCnt = 0
    config.uaConfig.mainThreadOnly = True
    config.uaConfig.userAgent = ""
    config.logConfig.level = config.logConfig.consoleLevel = 0
    config.medConfig.threadCnt = 0
    config.medConfig.hasIoqueue = False
    endpoint = pj.Endpoint()
    endpoint.libCreate()
    endpoint.libInit(config)
    shorten_transactions()
    for codec in endpoint.codecEnum2():  # one is enough for the neutral body, and it stays short
        endpoint.codecSetPriority(codec.codecId, 255 if codec.codecId.startswith("PCMU/") else 0)
    return endpoint


def shorten_transactions() -> None:
    """Let a finished transaction live 2 s instead of 32: nothing is lost on loopback, and each holds 60 kB of its call.

    pjsua2 does not offer this, the C library does; a build that hides the function only keeps more memory.
    """
    with contextlib.suppress(AttributeError):
        ctypes.CDLL(_pjsua2.__file__).pjsip_tsx_set_timers(500, 2000, 1000, 2000)


def _guarded(callback: Callable[..., None]) -> Callable[..., None]:
    """Keep a Python error inside one call: pjsip's own code above us would not survive it."""

    def run(self: Any, prm: Any) -> None:
        try:
            callback(self, prm)
        except Exception as error:
            print(f"worker: {callback.__name__}: {error}", file=sys.stderr, flush=True)
            with contextlib.suppress(Exception):
                self.give_up()

    return run


class Leg(pj.Call):  # type: ignore[misc]
    """One leg of a bridged call; `other` is the leg across, as long as it lives."""

    def __init__(self, worker: Worker, call_id: int = pj.PJSUA_INVALID_ID) -> None:
        super().__init__(worker.account, call_id)
        self.worker = worker
        self.other: Leg | None = None
        self.token = ""
        self.answered = False

    @_guarded
    def onCallState(self, prm: pj.OnCallStateParam) -> None:
        state = self.getInfo().state
        if state == pj.PJSIP_INV_STATE_CONFIRMED:
            self._confirmed()
        elif state == pj.PJSIP_INV_STATE_DISCONNECTED:
            self._disconnected()

    def _confirmed(self) -> None:
        self.answered = True
        if self.other and not self.other.answered:
            self.other.answered = True
            self.other.answer(self.worker.ok)

    def _disconnected(self) -> None:
        other, self.other = self.other, None
        if other:
            other.other = None
            other.hangup(self.worker.failed)
        self._bury()

    def _bury(self) -> None:
        """Destroy the C++ object now, while its id still is its own."""
        self.worker.legs.pop(self.token, None)
        self.thisown = False
        pj.Call.__swig_destroy__(self)

    def give_up(self) -> None:
        """End this leg whatever state it is in; the edge sees a refusal or a BYE."""
        self.hangup(self.worker.failed)


class Inbox(pj.Account):  # type: ignore[misc]
    """Where leg A arrives."""

    worker: Worker

    @_guarded
    def onIncomingCall(self, prm: pj.OnIncomingCallParam) -> None:
        self.worker.bridge(prm.callId)

    def give_up(self) -> None:
        """Nothing to end: the leg that failed has ended itself."""


class Worker:
    """One worker process: its library, its account and its legs by token."""

    def __init__(self, endpoint: pj.Endpoint, number: int, inner: tuple[str, int]) -> None:
        self.number, self.inner = number, inner
        self.legs: dict[str, Leg] = {}
        self.bridged = 0  # calls so far
        self.endpoint = endpoint
        transport = pj.TransportConfig()
        transport.boundAddress = inner[0]
        transport.port = 0
        self.transport = endpoint.transportCreate(
            pj.PJSIP_TRANSPORT_UDP6 if ":" in inner[0] else pj.PJSIP_TRANSPORT_UDP, transport
        )
        endpoint.audDevManager().setNoDev()
        endpoint.libStart()
        self.port = int(endpoint.transportGetInfo(self.transport).localName.rsplit(":", 1)[1])
        self.account = self._account()
        self.ok = _no_stream()
        self.ok.statusCode = 200
        self.failed = pj.CallOpParam(True)
        self.failed.statusCode = FAILED

    def _account(self) -> Inbox:
        config = pj.AccountConfig()
        config.idUri = f"sip:w@{_bracketed(self.inner[0])}:{self.port}"
        config.sipConfig.transportId = self.transport
        config.callConfig.timerUse = pj.PJSUA_SIP_TIMER_INACTIVE
        config.callConfig.prackUse = pj.PJSUA_100REL_NOT_USED
        config.mediaConfig.lockCodecEnabled = False
        config.mediaConfig.useLoopMedTp = True
        config.mediaConfig.streamKaEnabled = False
        config.natConfig.contactRewriteUse = 0
        config.natConfig.viaRewriteUse = 0
        config.natConfig.sdpNatRewriteUse = 0
        account = Inbox()
        account.worker = self
        account.create(config)
        return account

    def bridge(self, call_id: int) -> None:
        """Leg A has come in: open leg B for it."""
        self.bridged += 1
        a = Leg(self, call_id)
        a.token = a.getInfo().callIdString
        self.legs[a.token] = a
        b = Leg(self)
        b.token = a.token[:-1] + "b"
        param = _no_stream()
        param.opt.customCallId = b.token
        a.other, b.other = b, a
        self.legs[b.token] = b
        b.makeCall(f"sip:b@{_bracketed(self.inner[0])}:{self.inner[1]}", param)

    def run(self) -> None:
        """Serve until killed."""
        report = socket.socket(socket.AF_INET6 if ":" in self.inner[0] else socket.AF_INET, socket.SOCK_DGRAM)
        trim = ctypes.CDLL(None).malloc_trim
        due = monotonic()
        bridged = trimmed = 0
        while True:
            self.endpoint.libHandleEvents(POLL_MS)
            if monotonic() < due:
                continue
            due = monotonic() + REPORT_EVERY
            if (
                bridged == self.bridged != trimmed
            ):  # a second without a new call: give back what set-ups left behind
                trim(0)
                trimmed = bridged
            bridged = self.bridged
            tokens = {name[:-1] for name in self.legs}
            report.sendto(f"live {self.number} {self.port} {' '.join(tokens)}".encode(), self.inner)


def _no_stream() -> pj.CallOpParam:
    """One audio line whose stream never starts: no conference port is taken, no RTP is sent."""
    param = pj.CallOpParam(True)
    param.opt.audioCount, param.opt.videoCount = 1, 0
    param.opt.flag = pj.PJSUA_CALL_SET_MEDIA_DIR
    param.opt.mediaDir.append(pj.PJMEDIA_DIR_NONE)
    return param


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def harden() -> None:
    """Give up what a worker never needs: new privileges, cores, files, much memory, an orphan's life."""
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    for limit, value in LIMITS.items():
        resource.setrlimit(limit, (value, value))


def serve(endpoint: pj.Endpoint, number: int, inner: tuple[str, int], control: socket.socket) -> None:
    """Be worker `number`, in a child just forked."""
    ctypes.CDLL(None).srand(int.from_bytes(os.urandom(4)))
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    worker = Worker(endpoint, number, inner)
    harden()
    control.send(f"ready {number} {worker.port}".encode())
    worker.run()


class Pool:
    """The parent of the workers: forks them, reaps them, says so."""

    def __init__(self, control: socket.socket, inner: tuple[str, int]) -> None:
        self.control, self.inner = control, inner
        self.endpoint = start_library()
        self.pids: dict[int, int] = {}

    def obey(self, line: str) -> None:
        verb, _, number = line.partition(" ")
        if verb == "hello":
            workers = " ".join(map(str, self.pids.values()))
            self.control.send(f"slots {pj.UaConfig().maxCalls // 2} {workers}".encode())
        elif verb == "fork":
            self._fork(int(number))
        elif pid := next((pid for pid, n in self.pids.items() if n == int(number)), None):
            os.kill(pid, signal.SIGKILL)
        else:
            self.control.send(f"died {number} 0".encode())

    def _fork(self, number: int) -> None:
        if pid := os.fork():
            self.pids[pid] = number
            return
        try:
            serve(self.endpoint, number, self.inner, self.control)
        finally:
            os._exit(1)

    def reap(self) -> None:
        while self.pids:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            self.control.send(f"died {self.pids.pop(pid)} {status}".encode())

    def run(self) -> None:
        """Until the edge's supervisor closes the control socket."""
        wake, woken = socket.socketpair()
        wake.setblocking(False)
        signal.set_wakeup_fd(wake.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        gc.collect()
        gc.freeze()
        while True:
            readable, _, _ = select.select([self.control, woken], [], [])
            if woken in readable:
                woken.recv(64)
            self.reap()
            if self.control in readable:
                line = self.control.recv(64)
                if not line:
                    return
                self.obey(line.decode())


def main() -> None:
    """``python -m gateway.sip.worker CONTROL_FD ADDRESS PORT``."""
    fd, address, port = sys.argv[1:]
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Pool(socket.socket(fileno=int(fd)), (address, int(port))).run()


if __name__ == "__main__":
    main()
