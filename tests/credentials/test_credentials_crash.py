"""A process that dies at any file operation of a change leaves the old state or the new one, and the next one goes on."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.credentials.custodian import Custodian
from gateway.credentials.following import Following
from gateway.credentials.manifest import Manifest
from gateway.stir.revocation import Revocations
from tests.custody import Custody

CHANGES: dict[str, Callable[[Custodian], Any]] = {
    "activate": lambda custodian: custodian.activate("new"),
    "roll-back": lambda custodian: custodian.roll_back(),
    "make-key": lambda custodian: custodian.make_key("another"),
    "delete-key": lambda custodian: custodian.delete_key(custodian.view().keys[-1].id),
}
OPERATIONS = frozenset({"open", "os.rename", "os.remove", "os.mkdir", "fcntl.flock"})
MOST_STEPS = 40


def finished(custody: Custody, change: Callable[[Custodian], Any], step: int) -> bool:
    """Whether the change got through in a process that is killed at its n-th operation on a file."""
    child = os.fork()
    if child == 0:
        _die_at(step)
        change(custody.custodian)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert status in (0, signal.SIGKILL)
    return status == 0


def _die_at(step: int) -> None:
    done = 0

    def count(event: str, _arguments: tuple[object, ...]) -> None:
        nonlocal done
        if event in OPERATIONS:
            if done == step:
                os.kill(os.getpid(), signal.SIGKILL)
            done += 1

    sys.addaudithook(count)  # cannot be taken away: for a process that ends


def contents(manifest: Manifest) -> tuple[object, ...]:
    return tuple(each.id for each in manifest.keys), manifest.certificates, manifest.active


def check_usable(custody: Custody) -> None:
    """A new process signs with what is active, as it is written, and a new change can be made."""
    manifest = custody.custodian.view()
    process = Following(custody.means.file, custody.keyring, None, Revocations)
    process.changed()
    signs, active = process.current.for_account(None), manifest.active_for(None)
    assert process.problems == ()
    assert signs is not None
    assert active is not None
    assert (signs.name, signs.x5u) == (active.name, manifest.certificate(active.name).x5u)
    assert custody.custodian.make_key("afterwards")  # no lock is left behind


@pytest.mark.parametrize("name", CHANGES)
def test_a_kill_at_any_step_leaves_the_old_state_or_the_new(name: str, tmp_path: Path) -> None:
    for step in range(MOST_STEPS):
        custody = Custody(tmp_path / str(step))
        custody.custodian.activate(custody.installed("old"))
        custody.custodian.activate(custody.installed("older"))
        custody.installed("new")
        custody.custodian.make_key("spare")
        old = custody.custodian.view()
        is_done = finished(custody, CHANGES[name], step)
        new = custody.custodian.view()
        if new.revision == old.revision:
            assert new == old
        else:
            assert new.revision == old.revision + 1
            assert contents(new) != contents(old)
        check_usable(custody)
        if is_done:
            assert new != old
            assert step >= 4
            return
    pytest.fail(f"more than {MOST_STEPS} operations")
