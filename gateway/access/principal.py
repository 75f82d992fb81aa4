"""Whoever is behind a request, once the gateway knows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gateway.access.permissions import Permission

Kind = Literal["user", "token", "certificate", "address"]


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who may do something; `kind` says how the gateway knows who it is."""

    kind: Kind
    name: str
    permissions: frozenset[Permission]

    @property
    def who(self) -> str:
        """The name in the record of changes, `user:alice`."""
        return f"{self.kind}:{self.name}"

    def may(self, permission: Permission) -> bool:
        """Whether this is permitted."""
        return permission in self.permissions
