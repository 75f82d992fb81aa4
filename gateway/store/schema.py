"""The policy file's tables and keys, checked entry by entry, and the pure values they become.

The file says `[[accounts]]`, `[[number-sections]]`, `[[peers]]`, `[[routes]]`; what one entry cannot know
(that an account exists, that sections do not overlap) is checked when the whole is compiled.
"""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import (
    BeforeValidator,
    Field,
    StrictBool,
    ValidationInfo,
    field_validator,
    model_validator,
)

from gateway.policy.accounts import Account
from gateway.policy.emergency import bare_digits
from gateway.policy.hops import NextHop
from gateway.policy.inbound import Action, ResultClass, Tell, Verification
from gateway.policy.peers import PASS_HEADERS, CalleeSource, CallerSource, Peer, Role, TlsFiles
from gateway.policy.routes import Route
from gateway.policy.sections import NumberSection
from gateway.policy.snapshot import PolicyData
from gateway.rim import Count, Country, Duration, NetworkText, Strict
from gateway.stir.attestation import Kind
from gateway.stir.claims import Attest
from gateway.stir.tn import InvalidNumber, NumberPlan, canonical


def _next_hop(value: object) -> NextHop:
    if not isinstance(value, str):
        raise ValueError('write a next hop as text, like "udp:192.0.2.1:5060"')
    return NextHop.parse(value)


Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+\*?$")]
NextHopText = Annotated[NextHop, BeforeValidator(_next_hop)]
DisplayPrefix = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]{1,64}$")]
NumberPrefix = Annotated[str, Field(pattern=r"^[0-9*#]{1,15}$")]
NextHopTexts = Annotated[tuple[NextHopText, ...], Field(min_length=1)]


class AccountEntry(Strict):
    """One `[[accounts]]` entry."""

    id: Name
    name: str
    kind: Kind = "customer"
    attest_max: Attest = "A"
    enabled: StrictBool = True

    def value(self) -> Account:
        """The account it describes."""
        return Account(self.id, self.name, self.kind, self.attest_max, self.enabled)


class SectionEntry(Strict):
    """One `[[number-sections]]` entry; numbers may be written in any form of the file's country."""

    begin: str
    end: str
    account: Name
    name: str

    @field_validator("begin", "end")
    @classmethod
    def _canonical(cls, number: str, info: ValidationInfo) -> str:
        try:
            return canonical(number, info.context["plan"]).digits  # type: ignore[index]
        except InvalidNumber as error:
            raise ValueError(f"not a number: {error.reason}") from None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        self.value()
        return self

    def value(self) -> NumberSection:
        """The section it describes."""
        return NumberSection(self.begin, self.end, self.account, self.name)


class TlsEntry(Strict):
    """The `tls` table of a peer: paths of PEM files."""

    ca: str | None = None
    certificate: str | None = None
    key: str | None = None

    @model_validator(mode="after")
    def _paired(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key go together")
        return self


class VerificationEntry(Strict):
    """The `verification` table of a carrier; see `gateway.policy.inbound.Verification`."""

    require_identity: StrictBool | None = None
    default: Action | None = None
    unsigned: Action | None = None
    anonymous: Action | None = None
    stale: Action | None = None
    unreachable: Action | None = None
    untrusted: Action | None = None
    invalid: Action | None = None
    replayed: Action | None = None
    trust_verstat: StrictBool = False

    def value(self) -> Verification:
        """The policy it describes."""
        return Verification(**self.model_dump())


class TellEntry(Strict):
    """The `tell` table of a softswitch; see `gateway.policy.inbound.Tell`."""

    verstat: StrictBool = True
    remote_party_id: StrictBool = False
    display: dict[ResultClass, DisplayPrefix] = Field(default_factory=dict)
    number_prefix: dict[ResultClass, NumberPrefix] = Field(default_factory=dict)
    next_hops: dict[ResultClass, NextHopTexts] = Field(default_factory=dict)

    def value(self) -> Tell:
        """The policy it describes."""
        return Tell(self.verstat, self.remote_party_id, self.display, self.number_prefix, self.next_hops)


class PeerEntry(Strict):
    """One `[[peers]]` entry."""

    name: Name
    role: Role
    country: Country | None = None
    addresses: tuple[NetworkText, ...] = ()
    account: Name | None = None
    next_hops: tuple[NextHopText, ...] = ()
    caller_from: CallerSource = "From"
    callee_from: CalleeSource = "Request-URI"
    pass_headers: tuple[HeaderName, ...] = PASS_HEADERS
    refuse_with: Annotated[int, Field(strict=True, ge=400, le=699)] = 603
    emergency: tuple[str, ...] = ()
    max_setups: Count = 200
    max_cps: Count = 100
    max_bad_messages: Count = 60
    try_next_after: Duration = 5.0
    tls: TlsEntry | None = None
    verification: VerificationEntry | None = None
    tell: TellEntry | None = None

    @model_validator(mode="after")
    def _in_its_role(self) -> Self:
        if self.verification is not None and self.role != "carrier":
            raise ValueError("verification is for the calls of a carrier")
        if self.tell is not None and self.role != "softswitch":
            raise ValueError("tell is for a softswitch")
        return self

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if not self.addresses and not self.next_hops:
            raise ValueError("needs addresses (to accept calls from it) or next_hops (to send calls to it)")
        return self

    def value(self, country: str) -> Peer:
        """The peer it describes, in the file's country unless it names its own."""
        return Peer(
            name=self.name,
            role=self.role,
            plan=NumberPlan.of(self.country or country),
            addresses=self.addresses,
            account=self.account,
            next_hops=self.next_hops,
            caller_from=self.caller_from,
            callee_from=self.callee_from,
            pass_headers=self.pass_headers,
            refuse_with=self.refuse_with,
            emergency=frozenset(map(bare_digits, self.emergency)),
            max_setups=self.max_setups,
            max_cps=self.max_cps,
            max_bad_messages=self.max_bad_messages,
            try_next_after=self.try_next_after,
            tls=TlsFiles(self.tls.ca, self.tls.certificate, self.tls.key) if self.tls else None,
            verification=self.verification.value() if self.verification else Verification(),
            tell=self.tell.value() if self.tell else Tell(),
        )


class RouteEntry(Strict):
    """One `[[routes]]` entry; without a name it is called by its prefix."""

    prefix: Annotated[str, Field(pattern=r"^[0-9*#]*$")]
    to: Annotated[tuple[Name, ...], Field(min_length=1)]
    name: str | None = None
    from_peer: Name | None = None

    def value(self) -> Route:
        """The route it describes."""
        own = self.prefix or "default"
        called = own if self.from_peer is None else f"{self.from_peer}:{own}"
        return Route(self.prefix, self.to, self.name or called, self.from_peer)


class PolicyFile(Strict):
    """A whole policy file."""

    country: Country = "US"
    accounts: tuple[AccountEntry, ...] = ()
    sections: tuple[SectionEntry, ...] = Field(default=(), alias="number-sections")
    peers: tuple[PeerEntry, ...] = ()
    routes: tuple[RouteEntry, ...] = ()

    def value(self, revision: str) -> PolicyData:
        """The policy it describes."""
        return PolicyData(
            accounts=tuple(entry.value() for entry in self.accounts),
            sections=tuple(entry.value() for entry in self.sections),
            peers=tuple(entry.value(self.country) for entry in self.peers),
            routes=tuple(entry.value() for entry in self.routes),
            revision=revision,
        )
