"""What openssl does on one core of this machine: the reference that makes a figure mean the same elsewhere."""

from __future__ import annotations

import subprocess
from typing import NamedTuple


class Speed(NamedTuple):
    """Signatures made and verified a second of processor time."""

    sign: float
    verify: float


def speed(seconds: int) -> Speed:
    """`openssl speed ecdsap256`, each of the two for so many seconds."""
    command = ["openssl", "speed", "-seconds", str(seconds), "ecdsap256"]
    report = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    sign, verify = report.splitlines()[-1].split()[-2:]
    return Speed(float(sign), float(verify))
