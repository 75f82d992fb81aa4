"""An application under uvicorn on loopback, for tests whose client knows nothing of ASGI."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from time import monotonic, sleep

import uvicorn
from fastapi import FastAPI

_STARTS_WITHIN = 10.0


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """The base URL under which the application answers while the block runs."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None))
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{_port(server, thread)}"
    finally:
        server.should_exit = True
        thread.join(_STARTS_WITHIN)


def _port(server: uvicorn.Server, thread: Thread) -> int:
    deadline = monotonic() + _STARTS_WITHIN
    while not server.started:
        assert thread.is_alive() and monotonic() < deadline, "uvicorn does not start"
        sleep(0.01)
    port: int = server.servers[0].sockets[0].getsockname()[1]
    return port
