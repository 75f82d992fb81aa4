"""Debian's `secsipidx` on the command line: the two things it is asked here."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .lab import CALLEE, CALLER, Lab

PROGRAM = shutil.which("secsipidx")
FRESH = 60  # seconds, ATIS-1000074
EXPIRY, OWN_ROOT, OWN_LIST = 1, 4, 16  # what -cert-verify looks at; intermediates come with the leaf


def check(value: str, lab: Lab, revocations: Path | None = None) -> str:
    """`ok`, or what it complains about in an Identity value whose chain is the lab's."""
    rules = EXPIRY | OWN_ROOT | (OWN_LIST if revocations else 0)
    options = {
        "-identity": value,
        "-fpubkey": lab.certificates,
        "-expire": FRESH,
        "-cert-verify": rules,
        "-ca-file": lab.root,
        **({"-crl-file": revocations} if revocations else {}),
    }
    ran = _run("-check", options)
    said = ran.stdout.strip()
    assert (ran.returncode == 0) == (said == "ok"), f"exit code {ran.returncode}: {said}"
    return said


def sign(lab: Lab, attest: str, caller: str = CALLER, callee: str = CALLEE) -> str:
    """An Identity value for a call that is placed now; it makes up the origid."""
    options = {"-k": lab.key, "-x5u": lab.x5u, "-attest": attest, "-orig-tn": caller, "-dest-tn": callee}
    return _signed("-sign-full", options)


def sign_text(lab: Lab, header: Mapping[str, Any], payload: Mapping[str, Any]) -> str:
    """A token of exactly this header and payload, whatever they say."""
    options = {"-k": lab.key, "-header": json.dumps(header), "-payload": json.dumps(payload)}
    return _signed("-sign", options)


def _signed(verb: str, options: Mapping[str, object]) -> str:
    ran = _run(verb, options)
    assert ran.returncode == 0, ran.stdout
    return ran.stdout.strip()


def _run(verb: str, options: Mapping[str, object]) -> subprocess.CompletedProcess[str]:
    assert PROGRAM
    arguments = [str(part) for option in options.items() for part in option]
    return subprocess.run([PROGRAM, verb, *arguments], capture_output=True, text=True, timeout=10)
