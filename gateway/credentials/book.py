"""What signs in one process, by account, and which chains are served: immutable, so that a rotation is one assignment.

An account whose own certificate cannot sign is not signed for with another's: its calls get 503, and VOS3000 tries its next
gateway. This file does no I/O.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from gateway.credentials.admission import pem_of
from gateway.credentials.manifest import EMPTY, Manifest, State
from gateway.trust.credential import Credential

DEFAULT = "default"
"""How the scope of all accounts without a certificate of their own is called where a name is needed."""

SOON = 30 * 86_400.0
"""Seconds before its end in which a certificate is to be renewed; a third of its life where that is less."""


class Served(NamedTuple):
    """A chain as it is served; `not_after` in epoch seconds."""

    pem: bytes
    fingerprint: str
    not_after: float


class Standing(NamedTuple):
    """How a certificate stands for one scope, or for none (""): `state` is also "configured"."""

    certificate: str
    scope: str
    state: State | str
    not_after: float


@dataclass(frozen=True, slots=True)
class Book:
    """The credentials in force. configured: the one that the configuration names. default: what signs for whoever has none
    of its own. accounts: those who have, or are to have, None where it cannot be had."""

    configured: Credential | None = None
    manifest: Manifest = EMPTY
    default: Credential | None = None
    accounts: Mapping[str, Credential | None] = field(default_factory=dict)

    @classmethod
    def of(cls, credential: Credential | None) -> Book:
        """One that knows the configured credential alone."""
        return cls(configured=credential, default=credential)

    def for_account(self, account: str | None) -> Credential | None:
        """What signs for an account, or for a call that has none."""
        return self.accounts.get(account, self.default) if account is not None else self.default

    def problem(self, now: float, account: str | None = None) -> str | None:
        """Why nothing can be signed for an account, as a rule id, or None."""
        credential = self.for_account(account)
        if credential is None:
            return "certificate.none"
        reason = credential.usable(now)
        return f"certificate.{reason}" if reason else None

    def node_problem(self, now: float) -> str | None:
        """Why this node cannot sign, or None; accounts alone are enough where there is no default at all."""
        problem = self.problem(now)
        if problem == "certificate.none" and any(not self.problem(now, account) for account in self.accounts):
            return None
        return problem

    def served(self, name: str) -> Served | None:
        """The chain published under a name: of every certificate that was not deleted, for verifiers come late."""
        if self.configured and self.configured.name == name:
            one = self.configured
            return Served(pem_of(one.chain).encode(), one.fingerprint, one.not_after)
        return served_of(self.manifest, name)

    def standings(self) -> Iterator[Standing]:
        """Every certificate, once for each scope it signs for; of those that sign for none, once."""
        for each in self.manifest.certificates:
            state = self.manifest.state_of(each)
            scopes = self.manifest.scopes_of(each.name)
            for scope in [scope or DEFAULT for scope in scopes] or [""]:
                yield Standing(each.name, scope, state, each.not_after)
        if self.configured:
            signs = self.default is not None and self.default.name == self.configured.name
            scope = DEFAULT if signs else ""
            yield Standing(self.configured.name, scope, "configured", self.configured.not_after)

    def alarms(self, now: float) -> Iterator[str]:
        """What an operator must see to before calls fail, or because some do."""
        for account, credential in ((None, self.default), *self.accounts.items()):
            whom = "the default" if account is None else f"account {account}"
            problem = self.problem(now, account)
            if problem and (account is not None or credential):
                yield f"{problem}: calls of {whom} are answered 503; do: activate a certificate that can sign"
            elif credential and ends_soon(credential, now):
                left = (credential.not_after - now) / 86_400
                yield f"certificate-ends: {credential.name} signs for {whom} and ends in {left:.1f} days; do: renew it"


def ends_soon(credential: Credential, now: float) -> bool:
    """Whether it is time to renew it."""
    return credential.not_after - now < min(SOON, (credential.not_after - credential.not_before) / 3)


def served_of(manifest: Manifest, name: str) -> Served | None:
    """The chain that a manifest has under a name."""
    for each in manifest.certificates:
        if each.name == name:
            return Served(each.chain.encode(), each.fingerprint, each.not_after)
    return None
