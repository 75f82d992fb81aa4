"""What Linux says of a process: its processor time, its memory, its children, its sockets (proc(5)).

Memory is PSS: pages shared by forked processes are counted once, each process its share.
"""

from __future__ import annotations

import contextlib
import os
import resource
from pathlib import Path

TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")


def cpu_ms(pid: int) -> float:
    """Milliseconds of processor time of a process, user and system; 0 once it is gone."""
    return sum(_times(pid)[:2]) * TICK_MS


def family_cpu_ms(pid: int) -> float:
    """The same of a process with its children, those that have ended and were waited for included."""
    return sum(_times(pid)) * TICK_MS + sum(cpu_ms(child) for child in children(pid))


def ended_cpu_ms() -> float:
    """The same of all children of ours that have ended and were waited for, to the microsecond."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (used.ru_utime + used.ru_stime) * 1000


def machine_cpu_ms() -> float:
    """Milliseconds in which a core was not idle since the machine started, all cores together.

    Taken from the idle time: the kernel counts that exactly, and the busy time by its ticks.
    """
    up, idle = (PROC / "uptime").read_text().split()
    return (float(up) * (os.cpu_count() or 1) - float(idle)) * 1000


def children(pid: int) -> list[int]:
    """The process ids of a process's children."""
    with contextlib.suppress(OSError):
        return [int(child) for child in (PROC / f"{pid}/task/{pid}/children").read_text().split()]
    return []


def pss_mb(pid: int) -> float:
    """Megabytes of memory, each shared page in equal parts; 0 once the process is gone."""
    return _memory_mb(pid, "Pss:")


def private_mb(pid: int) -> float:
    """Megabytes of memory that no other process shares; 0 once the process is gone."""
    return _memory_mb(pid, "Private_Clean:", "Private_Dirty:")


def _memory_mb(pid: int, *kinds: str) -> float:
    with contextlib.suppress(OSError):
        lines = (PROC / f"{pid}/smaps_rollup").read_text().splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith(kinds)) / 1024
    return 0.0


def rss_mb(pid: int) -> float:
    """Megabytes of resident memory."""
    return int((PROC / f"{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


def has_udp_socket(pid: int) -> bool:
    """Whether a process holds a UDP socket: how a worker looks from outside once it can be spoken to."""
    rows = (PROC / "net/udp").read_text().splitlines()[1:]
    sockets = {f"socket:[{row.split()[9]}]" for row in rows}
    with contextlib.suppress(OSError):
        return any(_link(file) in sockets for file in (PROC / f"{pid}/fd").iterdir())
    return False


def _link(file: Path) -> str:
    with contextlib.suppress(OSError):
        return str(file.readlink())
    return ""


def _times(pid: int) -> list[int]:
    """Clock ticks: user, system, and those two of the children waited for."""
    with contextlib.suppress(OSError):
        after_name = (PROC / f"{pid}/stat").read_text().rpartition(")")[2].split()
        return [int(ticks) for ticks in after_name[11:15]]
    return [0, 0, 0, 0]
