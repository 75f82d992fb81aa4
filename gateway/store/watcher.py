"""A change of policy reaches a running process: each process looks at the policy file once a second.

A file that is missing or does not compile never takes a working policy away: the last good one stays in
force, and `problem` says what is wrong with the new one.
"""

from __future__ import annotations

from pathlib import Path

from gateway import log
from gateway.policy.inbound import InboundRules
from gateway.policy.snapshot import PolicyData, PolicyError, SigningRules, Snapshot, compile_snapshot
from gateway.store import policy_file

_log = log.get("policy")


class Watcher:
    """Follows one policy file; `current` is the last good snapshot (empty until there is one)."""

    def __init__(self, state_dir: Path, signing: SigningRules, inbound: InboundRules | None = None) -> None:
        self._path = state_dir / policy_file.FILE_NAME
        self._signing, self._inbound = signing, inbound
        self._seen: tuple[int, ...] | None = ()
        self.current: Snapshot = compile_snapshot(PolicyData(), signing, inbound)
        self.problem: str | None = None

    def changed(self) -> Snapshot | None:
        """The new snapshot if the file changed since the last call and is good, else None."""
        stamp = self._stamp()
        if stamp == self._seen:
            return None
        self._seen = stamp
        try:
            snapshot = compile_snapshot(policy_file.load(self._path), self._signing, self._inbound)
        except (PolicyError, OSError) as error:
            self._keep_last_good(error)
            return None
        self.current, self.problem = snapshot, None
        _log.info("policy.loaded", revision=snapshot.revision)
        return snapshot

    def _stamp(self) -> tuple[int, ...] | None:
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_ino, status.st_size

    def _keep_last_good(self, error: Exception) -> None:
        self.problem = str(error)
        _log.warning("policy.refused", in_force=self.current.revision, errors=self.problem.splitlines())
