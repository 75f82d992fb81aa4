"""Certificate hosts in a process of their own, so that what they do costs those who measure nothing but processor time.

python -m scenarios.bench.hosts FOLDER COUNT     prints the hosts' ports as JSON and serves until its input ends
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.certificate_host import CertificateHost

_ROOT = Path(__file__).parents[2]


@contextlib.contextmanager
def certificate_hosts(folder: Path, count: int) -> Iterator[list[int]]:
    """So many hosts with the PEM files of a folder, each at a port of 127.0.0.1; their ports."""
    command = [sys.executable, "-m", "scenarios.bench.hosts", str(folder), str(count)]
    with subprocess.Popen(command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout
            yield json.loads(process.stdout.readline())
        finally:
            process.kill()


def main() -> None:
    """Serve until whoever started the process closes its input, or is gone."""
    files = {path.name: path.read_bytes() for path in Path(sys.argv[1]).glob("*.pem")}
    with contextlib.ExitStack() as stack:
        hosts = [stack.enter_context(CertificateHost(files)) for _ in range(int(sys.argv[2]))]
        print(json.dumps([host.port for host in hosts]), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
