"""A door as the sidecar has it, with users and tokens in a database of its own, and a clock that the test sets."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import argon2
from databases import database_in
from fastapi import FastAPI
from fastapi.testclient import TestClient
from shared import asked_in

from gateway.access.passwords import Hasher
from gateway.access.permissions import Permission, Role
from gateway.access.tokens import SECRET_BYTES, make_token
from gateway.access.users import User
from gateway.api.app import create_app
from gateway.api.letting_in import let_in
from gateway.api.sidecar import Sidecar
from gateway.config import Config
from gateway.policy.snapshot import Snapshot
from gateway.roster import Roster, roster_path
from gateway.store.errors import StoreGone
from gateway.store.opening import Opened, Opening
from tests.exchange import SOURCE, policy

NOW = 1_800_000_000.0
PASSWORD = "four quiet words here"
PEER = SOURCE
HASHER = Hasher(argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
HASHED = HASHER.hash(PASSWORD)


class Clock:
    """Epoch seconds, as the test has them."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


class InForce:
    """A node whose policy knows the peer at PEER."""

    def __init__(self) -> None:
        self._snapshot = policy()

    def snapshot(self) -> Snapshot:
        return self._snapshot

    def usage(self) -> Any:
        raise AssertionError("no call is decided here")

    def country(self, address: str) -> str | None:
        return None


@dataclass
class Door:
    """An application behind a real doorkeeper; `gone` takes its database away."""

    sidecar: Sidecar
    opened: Opened
    roster: Roster
    clock: Clock
    gone: bool = False

    @cached_property
    def app(self) -> FastAPI:
        """An application of its own."""
        return create_app(self.sidecar)

    def client(self, address: str = "203.0.113.9", https: bool = False) -> TestClient:
        """A client at an address, which keeps cookies and follows no redirection."""
        return TestClient(
            asked_in(self.sidecar),
            base_url="https://gateway" if https else "http://gateway",
            client=(address, 50_000),
            raise_server_exceptions=False,
            follow_redirects=False,
        )

    def token(self, *permissions: Permission, name: str = "tester", lasts: float = 3600.0) -> dict[str, str]:
        """The headers that show a new token."""
        secret = name.encode().ljust(SECRET_BYTES, b".")
        now = self.clock()
        text, token = make_token(name, frozenset(permissions), secret, "the test", now, now + lasts)
        self.opened.access.add_token(token, "the test")
        self.roster.look()
        return {"Authorization": f"Bearer {text}"}

    def user(self, name: str, role: Role, totp: str | None = None) -> None:
        """A new user, whose password is PASSWORD."""
        self.opened.access.add_user(User(name, role, HASHED, totp), "the test")
        self.roster.look()

    def log_in(self, client: TestClient, name: str, code: str = "", password: str = PASSWORD) -> Any:
        """The answer to an attempt."""
        return client.post("/v1/login", json={"name": name, "password": password, "code": code})

    def logged_in(self, role: Role, name: str = "alice") -> tuple[TestClient, dict[str, str]]:
        """A client with the session of a new user of a role, and the header that its changes need."""
        self.user(name, role)
        client = self.client()
        answer = self.log_in(client, name)
        assert answer.status_code == 200, answer.text
        return client, {"X-CSRF-Token": answer.json()["csrf"]}

    def audit(self) -> list[tuple[str, str, str, str]]:
        """Who did what to what, newest first."""
        found = self.opened.store.audit().entries
        return [(each.who, each.action, each.resource, each.key) for each in found]


@contextmanager
def open_door(folder: Path, **tables: Mapping[str, Any]) -> Iterator[Door]:
    """A door; `tables` are those of its configuration that are not as they would be anyway."""
    minimal: dict[str, Any] = {"node": {"state_dir": str(folder)}, "sip": {"listen": ["udp:127.0.0.2:5060"]}}
    config, clock = Config.model_validate({**minimal, **tables}), Clock()
    opening = Opening(database_in(folder), clock)

    def database() -> Opened:
        if door.gone:
            raise StoreGone("the database is away")
        return opening()

    opened = opening()
    roster = Roster(roster_path(folder), lambda: database().access)
    in_force = InForce()
    bare = Sidecar.of(None, edge=lambda: None, now=clock, database=database, in_force=in_force)
    sidecar = let_in(bare, config, in_force, roster, HASHER)
    door = Door(sidecar, opened, roster, clock)
    yield door
    opened.store.engine.dispose()
