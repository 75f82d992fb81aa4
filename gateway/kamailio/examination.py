"""Whether Kamailio can be started as it is rendered: the program, its modules, the Python inside it, and the script itself."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from gateway.config import Config
from gateway.kamailio.process import command

MODULES = Path("/usr/lib")
PACKAGES = {
    "tm": "kamailio",
    "app_python3": "kamailio-python3-modules",
    "tls": "kamailio-tls-modules",
}
"""Debian's packages, by a module of each."""
SECONDS = 30.0

_LIBRARY = re.compile(rb"libpython(3\.\d+)")


def problems(config: Config, script: Path) -> Iterator[str]:
    """What is wrong, each with what to do about it; none if Kamailio would start. `script` is what was rendered."""
    found = list(lacking(config))
    yield from found
    if not found:
        yield from _script(config, script)


def lacking(config: Config) -> Iterator[str]:
    """What is not there that Kamailio needs for this node, each with what to do about it."""
    if not config.kamailio.program.exists():
        yield f"{config.kamailio.program} is not there; do: apt-get install {' '.join(_packages(config))}"
        return
    missing = [name for name in _modules(config) if _module(name) is None]
    if missing:
        packages = " ".join(PACKAGES[name] for name in missing)
        yield f"Kamailio's modules {', '.join(missing)} are not there; do: apt-get install {packages}"
        return
    yield from _python()


def _modules(config: Config) -> list[str]:
    tls = any(listen.transport == "tls" for listen in config.sip.listen)
    return [name for name in PACKAGES if name != "tls" or tls]


def _packages(config: Config) -> list[str]:
    return [PACKAGES[name] for name in _modules(config)]


def _module(name: str) -> Path | None:
    return next(MODULES.glob(f"*/kamailio/modules/{name}.so"), None)


def _python() -> Iterator[str]:
    """The packages beside us are built for one version of Python."""
    module = _module("app_python3")
    found = _LIBRARY.search(module.read_bytes()) if module else None
    inside = found[1].decode() if found else "none"
    ours = f"{sys.version_info.major}.{sys.version_info.minor}"
    if inside != ours:
        yield f"Kamailio has Python {inside}, the gateway is installed for {ours}; do: make setup PYTHON=python{inside}"


def _script(config: Config, script: Path) -> Iterator[str]:
    try:
        asked = subprocess.run(  # noqa: S603 - our own program
            command(config, script, "-c"), capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        yield f"kamailio -c: {error}; do: look at [kamailio] program"
        return
    if asked.returncode:
        lines = [line for line in asked.stderr.splitlines() if "ERROR" in line or "CRITICAL" in line]
        yield "\n".join([f"kamailio -c does not take {script}; do: correct what it names:", *lines])
