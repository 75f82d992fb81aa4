"""The checks of a call from a softswitch, in the order that `gateway.engine` lists. This file does no I/O."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from gateway.decision import Forward, refuse
from gateway.policy.accounts import Account
from gateway.policy.emergency import emergency_number
from gateway.policy.peers import Peer
from gateway.policy.sections import NumberSection
from gateway.policy.snapshot import Snapshot
from gateway.stir import attestation, identity
from gateway.stir.attestation import Facts
from gateway.stir.claims import Attest, ShakenClaims
from gateway.stir.passport import Signer
from gateway.stir.tn import InvalidNumber, TelephoneNumber, canonical

CERTIFICATE_RETRY_AFTER = 60
"""Seconds a softswitch is asked to stay away while we have no certificate: that takes an operator."""


class Credential(Protocol):
    """What the engine needs of a signing credential; `usable` says why it cannot sign then, or None."""

    @property
    def x5u(self) -> str: ...

    @property
    def signer(self) -> Signer: ...

    def usable(self, now: float) -> str | None: ...


@dataclass(frozen=True, slots=True)
class OutboundCall:
    """A call a softswitch asks for: numbers as its headers carry them, Identity values already present."""

    peer: Peer
    caller: str
    callee: str
    identity: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Judgement:
    """The caller's number (None: withheld or unreadable), the level to sign with (None: do not), and why."""

    caller: TelephoneNumber | None
    attest: Attest | None
    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Outbound:
    """One call on its way through the checks; each check answers what it found, or refuses the call."""

    call: OutboundCall
    snapshot: Snapshot
    credential: Credential | None
    now: float
    origid: str

    def decide(self) -> Forward:
        emergency = emergency_number(self.call.callee, self.call.peer)  # 6
        if emergency:
            return self.emergency(emergency)
        account = self.account()  # 2, 3
        callee = self.callee()  # 5
        judgement = self.judge(account)  # 5, 13
        self.admit(judgement)  # 13, 14
        return self.forward(callee, account, judgement)  # 15, 16

    def emergency(self, callee: TelephoneNumber) -> Forward:
        """A call for help is signed if that is possible, and goes out anyway."""
        account = self.snapshot.accounts.get(self.call.peer.account or "")
        judgement = self.judge(account)
        attest = judgement.attest if self.certificate_problem() is None else None
        return self.forward(callee, account, replace(judgement, attest=attest, rule="emergency"))

    def account(self) -> Account | None:
        peer = self.call.peer
        if peer.account is None:
            return None
        account = self.snapshot.accounts.get(peer.account)
        if account is None:
            refuse(peer.refuse_with, "account.unknown")
        if not account.enabled:
            refuse(peer.refuse_with, "account.disabled")
        return account

    def callee(self) -> TelephoneNumber:
        try:
            return canonical(self.call.callee, self.call.peer.plan)
        except InvalidNumber as error:
            refuse(484, f"callee.{error.reason}")

    def judge(self, account: Account | None) -> _Judgement:
        caller, unreadable = self.caller()
        if self.call.identity:  # ATIS-1000074: what somebody signed is passed on, never signed over
            return _Judgement(caller, None, "identity.present", "identity.present")
        if caller is None:
            return _Judgement(None, None, unreadable, unreadable)
        section = self.owned_section(caller, account)
        decided = attestation.decide(
            Facts(
                account_known=account is not None,
                account_kind=account.kind if account else None,
                owns_number=section is not None,
                cap=account.attest_max if account else "A",
            )
        )
        verified = section is not None and decided.rule == "number-verified"
        rule = f"section:{section.name}" if section and verified else decided.rule
        return _Judgement(caller, decided.level, f"attest.{rule}", decided.reason)

    def caller(self) -> tuple[TelephoneNumber | None, str]:
        try:
            return canonical(self.call.caller, self.call.peer.plan), ""
        except InvalidNumber as error:
            return None, f"caller.{error.reason}"

    def owned_section(self, caller: TelephoneNumber, account: Account | None) -> NumberSection | None:
        section = self.snapshot.sections.find(caller.digits)
        return section if section and account and section.account == account.id else None

    def admit(self, judgement: _Judgement) -> None:
        if judgement.attest:
            problem = self.certificate_problem()
            if problem:
                refuse(503, problem, CERTIFICATE_RETRY_AFTER)
        elif self.snapshot.signing.unmatched == "refuse" and not self.call.identity:
            refuse(self.call.peer.refuse_with, judgement.rule)

    def certificate_problem(self) -> str | None:
        if self.credential is None:
            return "certificate.none"
        reason = self.credential.usable(self.now)
        return f"certificate.{reason}" if reason else None

    def forward(self, callee: TelephoneNumber, account: Account | None, judgement: _Judgement) -> Forward:
        route = self.snapshot.routes.find(self.call.peer.name, callee.digits)
        if route is None:
            refuse(404, "route.none")
        value = self.sign(callee, judgement)
        return Forward(
            rule=judgement.rule,
            route=route.name,
            targets=self.snapshot.targets[route.name],
            caller=judgement.caller,
            callee=callee,
            account=account.id if account else None,
            reason=judgement.reason,
            attest=judgement.attest,
            identity=value,
            origid=self.origid if value else None,
            iat=int(self.now) if value else None,
        )

    def sign(self, callee: TelephoneNumber, judgement: _Judgement) -> str | None:
        if judgement.attest is None or judgement.caller is None or self.credential is None:
            return None
        claims = ShakenClaims(
            attest=judgement.attest,
            dest=(callee.digits,),
            iat=int(self.now),
            orig=judgement.caller.digits,
            origid=self.origid,
        )
        return identity.build(self.credential.signer.sign(claims), self.credential.x5u)
