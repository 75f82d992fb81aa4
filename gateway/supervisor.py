"""The supervisor: starts the workers' pool, the edge, the recorder and the sidecar, starts again what dies, drains on
SIGTERM. Where Kamailio carries the calls, it takes the place of edge and pool.

It holds what must outlive an edge: the inner socket, whose port the workers know, and the line to their pool. It forks
before it has threads or an event loop, so the children share what it has imported.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from multiprocessing.connection import wait
from multiprocessing.context import ForkProcess
from pathlib import Path
from time import monotonic, time
from types import FrameType

from gateway import log, wiring
from gateway.config import Config
from gateway.sip.transport import bind
from gateway.store.files import sweep

BACK_OFF = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0)  # seconds before a restart, after so many deaths in a row
STEADY = 30.0  # seconds of life after which a death is the first again
STOP_SECONDS = 5.0  # what a process without calls may take to end
WRITTEN_WITHIN = 600.0  # seconds in which whoever writes a file is done with it

_log = log.get("supervisor")


class _Child:
    """One process that is started again when it ends."""

    def __init__(self, name: str, start: Callable[[], ForkProcess]) -> None:
        self.name = name
        self._start = start
        self._deaths = 0
        self._started = 0.0
        self.process: ForkProcess | None = None
        self.due = 0.0

    def start(self) -> None:
        self.process = self._start()
        self._started = monotonic()
        _log.info("process.started", process=self.name, pid=self.process.pid)

    def died(self) -> None:
        assert self.process
        self._deaths = self._deaths + 1 if monotonic() - self._started < STEADY else 1
        delay = BACK_OFF[min(self._deaths, len(BACK_OFF)) - 1]
        self.due = monotonic() + delay
        _log.error("process.died", process=self.name, status=self.process.exitcode, restart_in=delay)
        self.process = None


class Supervisor:
    """The processes of one node."""

    def __init__(self, config: Config, config_path: Path) -> None:
        self._config, self._config_path = config, config_path
        self._inner = bind("udp", str(config.sip.inner_address), 0)
        self._control: socket.socket | None = None
        self._pool: subprocess.Popen[bytes] | None = None
        self._context = multiprocessing.get_context("fork")
        carried_by_kamailio = config.sip.door == "kamailio"
        self._edge = (
            _Child("kamailio", self._start_kamailio)
            if carried_by_kamailio
            else _Child("edge", self._start_edge)
        )
        self._recorder = _Child("recorder", self._start_recorder)
        self._sidecar = _Child("sidecar", self._start_sidecar)
        self._stopping = False

    def run(self) -> int:
        """Until SIGTERM or SIGINT; the exit code of the node."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        while not self._stopping:
            self._keep_up()
            wait([child.process.sentinel for child in self._children() if child.process], timeout=0.2)
        return self._finish()

    def _children(self) -> tuple[_Child, ...]:
        return self._edge, self._recorder, self._sidecar

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _keep_up(self) -> None:
        if self._pool and self._pool.poll() is not None:
            _log.error("process.died", process="pool", status=self._pool.returncode)
            self._pool = (
                None  # the edge sees it too, ends its calls and itself, and comes back with a new pool
            )
        for child in self._children():
            if child.process and child.process.exitcode is not None:
                child.died()
            if not child.process and monotonic() >= child.due and not self._stopping:
                child.start()

    def _start_edge(self) -> ForkProcess:
        if not self._pool:
            self._start_pool()
        return self._fork(wiring.run_edge, self._config, self._inner, self._control)

    def _start_kamailio(self) -> ForkProcess:
        return self._fork(wiring.run_kamailio, self._config, self._config_path)

    def _start_recorder(self) -> ForkProcess:
        return self._fork(wiring.run_recorder, self._config)

    def _start_sidecar(self) -> ForkProcess:
        return self._fork(wiring.run_sidecar, self._config)

    def _fork(self, target: Callable[..., None], *args: object) -> ForkProcess:
        process = self._context.Process(target=_child, args=(target, *args), daemon=False)
        process.start()
        return process

    def _start_pool(self) -> None:
        """The workers' parent: a program of its own with an empty environment, holding nothing of ours but two sockets."""
        if self._control:
            self._control.close()
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        host, port = self._inner.getsockname()[:2]
        self._pool = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-I", "-m", "gateway.sip.worker", str(theirs.fileno()), host, str(port)],
            pass_fds=[theirs.fileno()],
            env={},
            cwd="/",
            stdin=subprocess.DEVNULL,
        )
        theirs.close()
        _log.info("process.started", process="pool", pid=self._pool.pid)

    def _finish(self) -> int:
        """Drain the edge, then end the rest."""
        edge = self._edge.process
        if edge and edge.pid and edge.exitcode is None:
            os.kill(edge.pid, signal.SIGTERM)
            edge.join(self._config.sip.drain_limit + STOP_SECONDS)
        clean = edge is not None and edge.exitcode == 0
        for child in self._children():
            self._end(child)
        if self._pool:
            self._pool.kill()
            self._pool.wait()
        _log.info("node.stopped", clean=clean)
        return 0 if clean else 1

    def _end(self, child: _Child) -> None:
        process = child.process
        if process and process.exitcode is None:
            process.terminate()
            process.join(STOP_SECONDS)
            if process.exitcode is None:
                process.kill()
                process.join()


def _child(target: Callable[..., None], *args: object) -> None:
    """The first steps of a forked child: its own signals, then its work."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    target(*args)


def run(config: Config, config_path: Path) -> int:
    """Run the node that this file configures in the foreground until it is told to stop; returns its exit code."""
    log.setup(config.log.level)
    left_over = sweep(config.node.state_dir, time() - WRITTEN_WITHIN)
    _log.info("node.starting", node=config.node.name, pid=os.getpid(), left_over=left_over)
    return Supervisor(config, config_path).run()
