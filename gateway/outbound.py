"""The checks that only a call from a softswitch goes through: its account, attestation, certificate, route, signature.

`gateway.engine` lists them in their order among the others. This file does no I/O.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from gateway.decision import Forward, refuse
from gateway.number_policy import PASSES, Number, NumberPolicy
from gateway.policy import access
from gateway.policy.accounts import Account
from gateway.policy.peers import Peer
from gateway.policy.routes import Route
from gateway.policy.snapshot import Snapshot
from gateway.policy.usage import Reading
from gateway.stir import attestation, identity
from gateway.stir.attestation import Facts
from gateway.stir.claims import Attest, ShakenClaims
from gateway.stir.passport import CannotSign, Signer

CERTIFICATE_RETRY_AFTER = 60
"""Seconds a softswitch is asked to stay away while we have no certificate: that takes an operator."""


class Credential(Protocol):
    """What the engine needs of a signing credential; `usable` says why it cannot sign then, or None."""

    @property
    def x5u(self) -> str: ...

    @property
    def signer(self) -> Signer: ...

    def usable(self, now: float) -> str | None: ...


class Credentials(Protocol):
    """The credentials in force, by whom they sign for."""

    def for_account(self, account: str | None) -> Credential | None:
        """What signs for an account, or for a call that has none; None where nothing does."""


@dataclass(frozen=True, slots=True)
class Common:
    """One credential for every account, or none for any."""

    credential: Credential | None = None

    def for_account(self, account: str | None) -> Credential | None:
        """The same for all."""
        return self.credential


@dataclass(frozen=True, slots=True)
class OutboundCall:
    """A call a softswitch asks for: numbers as its headers carry them, Identity values already present.

    source: the address it came from; country: where that is at home (ISO 3166), None where nobody knows.
    """

    peer: Peer
    caller: str
    callee: str
    identity: tuple[str, ...] = ()
    source: str = ""
    country: str | None = None


class Judgement(NamedTuple):
    """The level to sign with (None: do not), the rule that said so, and why; `account`: whose certificate is to sign,
    where somebody else than the engine does."""

    attest: Attest | None
    rule: str
    reason: str
    account: str | None = None


UNJUDGED = Judgement(None, "", "")


def _facts(account: Account | None, right: str) -> Facts:
    if account is None:
        return Facts(account_known=False)
    owns, lent = right.startswith("section:"), right.startswith("authorisation:")
    return Facts(True, account.kind, owns, lent, account.attest_max)


@dataclass(slots=True)
class Outbound(NumberPolicy):
    """One call of a softswitch on its way through the checks."""

    identity: tuple[str, ...] = ()
    credentials: Credentials = Common()
    credential: Credential | None = None
    origid: str = ""
    judgement: Judgement = UNJUDGED
    route: Route | None = None
    value: str | None = None

    @classmethod
    def of(
        cls,
        call: OutboundCall,
        snapshot: Snapshot,
        credentials: Credentials,
        now: float,
        origid: str,
        usage: Reading,
    ) -> Outbound:
        """The call before its first check."""
        return cls(
            peer=call.peer,
            address=call.source,
            country=call.country,
            caller=Number("caller", call.caller),
            callee=Number("callee", call.callee),
            snapshot=snapshot,
            usage=usage,
            now=now,
            identity=call.identity,
            credentials=credentials,
            origid=origid,
        )

    def access(self) -> str:
        """The account exists, may call, is not locked, and calls from where it is bound to."""
        if self.account_id is None:
            return "no account"
        if self.account is None:
            refuse(self.peer.refuse_with, "account.unknown")
        if not self.account.enabled:
            refuse(self.peer.refuse_with, "account.disabled")
        if self.usage.blocked("account", self.account.id, self.now):
            refuse(self.peer.refuse_with, "account.locked")
        if self.peer.account is not None:  # else it is the one that is bound to the address
            self._refuse_by(access.refusal(self.account, self.address, self.snapshot.parameters))
        return PASSES

    def attest(self) -> str:
        """A, B, C, or nothing: then the call goes out unsigned, or not at all (`[signing] unmatched`)."""
        self.judgement = self._judge()
        unsigned = self.judgement.attest is None and not self.identity
        if unsigned and self.snapshot.signing.unmatched == "refuse" and not self.emergency:
            refuse(self.peer.refuse_with, self.judgement.rule)
        return f"{self.judgement.attest or 'not signed'}: {self.judgement.reason}"

    def _judge(self) -> Judgement:
        if self.identity:  # ATIS-1000074: what somebody signed is passed on, never signed over
            return Judgement(None, "identity.present", "identity.present")
        if self.caller.meant is None:
            unreadable = f"caller.{self.caller.problem}"
            return Judgement(None, unreadable, unreadable)
        right = self._right_to(self.caller.meant.digits, self.caller.key)
        decided = attestation.decide(_facts(self.account, right))
        rule = right if right and decided.rule == "number-verified" else decided.rule
        return Judgement(decided.level, f"attest.{rule}", decided.reason)

    def _right_to(self, digits: str, key: int | None) -> str:
        """What gives the account the right to a number: a section it owns, or a letter of authorisation."""
        if self.account is None or key is None:
            return ""
        section = self.snapshot.sections.owned(self.account.id, key)
        if section is not None:
            return f"section:{section}"
        letter = self.snapshot.authorisations.find(self.account.id, digits, self.now)
        return f"authorisation:{letter.name}" if letter else ""

    def certificate(self) -> str:
        """A call to be signed needs a certificate of its account's that is valid now; a call for help goes out without."""
        if self.judgement.attest is None:
            return "none needed"
        self.credential = self.credentials.for_account(self.account.id if self.account else None)
        problem = self._certificate_problem()
        if problem:
            self._go_unsigned(problem)
        return problem or "valid"

    def _go_unsigned(self, problem: str) -> None:
        """What an emergency call may do."""
        if not self.emergency:
            refuse(503, problem, CERTIFICATE_RETRY_AFTER)
        self.judgement = Judgement(None, self.judgement.rule, self.judgement.reason)

    def _certificate_problem(self) -> str | None:
        if self.credential is None:
            return "certificate.none"
        reason = self.credential.usable(self.now)
        return f"certificate.{reason}" if reason else None

    def find_route(self) -> str:
        """Who carries it."""
        self.route = self.snapshot.routes.find(self.peer.name, self.called)
        if self.route is None:
            refuse(404, "route.none")
        return self.route.name

    def sign(self) -> str:
        """Only a key that lies elsewhere can fail now."""
        if self.judgement.attest is None or self.caller.meant is None or self.credential is None:
            return "not signed"
        claims = ShakenClaims(
            attest=self.judgement.attest,
            dest=(self.called,),
            iat=int(self.now),
            orig=self.caller.meant.digits,
            origid=self.origid,
        )
        try:
            self.value = identity.build(self.credential.signer.sign(claims), self.credential.x5u)
        except CannotSign:
            self._go_unsigned("certificate.key-failing")
            return "certificate.key-failing"
        return f"signed with {self.judgement.attest}"

    def outcome(self) -> Forward:
        """Once every check has passed."""
        assert self.route and self.callee.meant
        return Forward(
            rule="emergency" if self.emergency else self.judgement.rule,
            route=self.route.name,
            targets=self.snapshot.targets[self.route.name],
            caller=self.caller.meant,
            callee=self.callee.meant,
            account=self.account.id if self.account else None,
            reason=self.judgement.reason,
            attest=self.judgement.attest,
            identity=self.value,
            origid=self.origid if self.value else None,
            iat=int(self.now) if self.value else None,
            parties=self.parties,
            hold=self.hold,
        )
