"""The roster: who is known on this node. It follows the database, and lasts while that is away; a copy in the state folder,
for its owner alone, lets a process that starts meanwhile know whom the last one knew."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gateway import log
from gateway.access.directory import Directory
from gateway.access.permissions import Permission, Role
from gateway.access.tokens import Token
from gateway.access.users import User
from gateway.store.access import AccessStore
from gateway.store.errors import StoreGone
from gateway.store.files import replace

LOOK_SECONDS = 0.5

_OPEN_TO_OTHERS = 0o077

_log = log.get("access")


def roster_path(state_dir: Path) -> Path:
    """Where the copy lies."""
    return state_dir / "access.json"


class Roster:
    """Follows one database. store: opens it, or raises StoreGone; `look` may take seconds, `current` none."""

    def __init__(self, path: Path, store: Callable[[], AccessStore]) -> None:
        self._path, self._store = path, store
        self._directory = _read(path)
        self._gone = False

    async def follow(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            await asyncio.to_thread(self.look)
            await asyncio.sleep(LOOK_SECONDS)

    def current(self) -> Directory:
        """Whom this node knows."""
        return self._directory

    def look(self) -> None:
        """Take in what has changed; while the database is away everything stays as it was."""
        try:
            self._take_over(self._store())
        except StoreGone as gone:
            if not self._gone:
                _log.warning("access.database-gone", reason=str(gone))
            self._gone = True
        else:
            self._gone = False

    def _take_over(self, store: AccessStore) -> None:
        if store.revision() == self._directory.revision and not self._gone:
            return
        found = store.directory()
        if found == self._directory:
            return
        self._directory = found
        try:
            replace(self._path, _written(found))
        except OSError as error:  # those who are known are in memory
            _log.error("access.not-written", error=str(error))


def _written(directory: Directory) -> bytes:
    told = {
        "revision": directory.revision,
        "users": [asdict(user) for user in directory.users.values()],
        "tokens": [
            {**asdict(token), "permissions": sorted(token.permissions)} for token in directory.tokens.values()
        ],
    }
    return json.dumps(told).encode()


def _read(path: Path) -> Directory:
    """The copy; nobody where there is none, or none that can be trusted."""
    try:
        if path.stat().st_mode & _OPEN_TO_OTHERS:
            _log.error("access.copy-refused", path=str(path), do="chmod 600")
            return Directory()
        told = json.loads(path.read_bytes())
        return Directory.of(-1, map(_user, told["users"]), map(_token, told["tokens"]))
    except FileNotFoundError:
        return Directory()
    except (OSError, ValueError, KeyError, TypeError) as error:
        _log.error("access.copy-unreadable", path=str(path), error=type(error).__name__)
        return Directory()


def _user(told: dict[str, Any]) -> User:
    return User(**{**told, "role": Role(told["role"])})


def _token(told: dict[str, Any]) -> Token:
    return Token(**{**told, "permissions": frozenset(map(Permission, told["permissions"]))})
