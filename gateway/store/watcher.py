"""A change of policy reaches a running process: it looks at the files that the recorder leaves, once a second.

A snapshot that is missing, damaged or another version's never takes a working policy away: the last good one stays in
force, and `problem` says what is wrong with the new one. What the node's own configuration says holds in any case,
whatever the snapshot was compiled with.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from gateway import log
from gateway.policy.inbound import InboundRules
from gateway.policy.snapshot import PolicyData, SigningRules, Snapshot, compile_snapshot
from gateway.store import blocks_file, snapshot_file
from gateway.store.blocks_file import BlocksFile
from gateway.store.snapshot_file import SnapshotRefused

_log = log.get("policy")


def snapshot_path(state_dir: Path) -> Path:
    """Where the compiled policy of this node is."""
    return state_dir / "run" / snapshot_file.FILE_NAME


def blocks_path(state_dir: Path) -> Path:
    """Where the dynamic black list of this node is."""
    return state_dir / "run" / blocks_file.FILE_NAME


class Watcher:
    """Follows the files of one node; `current` is the last good snapshot (of an empty policy until there is one).

    Both questions read a file when it has changed, and may be asked in a thread: `current` changes in one step.
    """

    def __init__(self, state_dir: Path, signing: SigningRules, inbound: InboundRules | None = None) -> None:
        self._snapshot, self._blocks = _File(snapshot_path(state_dir)), _File(blocks_path(state_dir))
        self._signing, self._inbound = signing, inbound or InboundRules()
        self._known = BlocksFile()
        self.current: Snapshot = compile_snapshot(PolicyData(), signing, inbound)
        self.problem: str | None = None

    def changed(self) -> Snapshot | None:
        """The new snapshot if the file changed since the last call and is good, else None."""
        if not self._snapshot.changed():
            return None
        try:
            snapshot = self._ruled(snapshot_file.read(self._snapshot.path))
        except FileNotFoundError:
            self._keep_last_good("no policy has been compiled on this node")
            return None
        except (SnapshotRefused, OSError) as error:
            self._keep_last_good(str(error))
            return None
        self.current, self.problem = snapshot, None
        _log.info("policy.loaded", revision=snapshot.revision)
        return snapshot

    def blocks_changed(self) -> BlocksFile | None:
        """What the dynamic black list says since the last call that it did not say before, or None."""
        if not self._blocks.changed():
            return None
        try:
            found = blocks_file.read(self._blocks.path)
        except FileNotFoundError:
            return None
        except (ValueError, OSError) as error:
            _log.warning("blocks.refused", error=str(error))
            return None
        new, self._known = found.beyond(self._known), found
        return new or None

    def _ruled(self, snapshot: Snapshot) -> Snapshot:
        """The snapshot under this node's rules."""
        treatments = {
            name: snapshot.by_name[name].verification.under(self._inbound) for name in snapshot.treatments
        }
        return replace(snapshot, signing=self._signing, treatments=treatments)

    def _keep_last_good(self, problem: str) -> None:
        self.problem = problem
        _log.warning("policy.refused", in_force=self.current.revision, error=problem)


class _File:
    """A file that is replaced from time to time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: tuple[int, ...] | None = ()

    def changed(self) -> bool:
        """Whether it is another one than at the last call, or gone since; true at the first."""
        stamp = self._stamp()
        changed, self._seen = stamp != self._seen, stamp
        return changed

    def _stamp(self) -> tuple[int, ...] | None:
        try:
            status = self.path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_ino, status.st_size
