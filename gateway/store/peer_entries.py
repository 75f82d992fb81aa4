"""The entries of peers, accounts and routes, and the pure values they become: who calls, on whose behalf, and where to."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_network
from typing import Annotated, Any, Self

from pydantic import Field, StrictBool, model_validator

from gateway.policy.accounts import Account
from gateway.policy.emergency import bare_digits
from gateway.policy.inbound import Action, ResultClass, Tell, Verification
from gateway.policy.peers import PASS_HEADERS, CalleeSource, CallerSource, Peer, Role, TlsFiles
from gateway.policy.routes import Route
from gateway.rim import Country, Strict
from gateway.stir.attestation import Kind
from gateway.stir.claims import Attest
from gateway.stir.tn import NumberPlan
from gateway.store.entry import PureEntry
from gateway.store.terms_entries import TermsEntry, terms_of
from gateway.store.written import Name, Networks, NextHopText, SmallCount, Text, Wait

HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+\*?$")]
DisplayPrefix = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]{1,64}$")]
NumberPrefix = Annotated[str, Field(pattern=r"^[0-9*#]{1,15}$")]
NextHopTexts = Annotated[tuple[NextHopText, ...], Field(min_length=1)]


class AccountEntry(TermsEntry, PureEntry):
    """One `[[accounts]]` entry."""

    id: Name
    name: Text
    kind: Kind = "customer"
    attest_max: Attest = "A"
    enabled: StrictBool = True
    addresses: Networks = ()

    @property
    def key(self) -> str:
        """Its id."""
        return self.id

    def value(self) -> Account:
        """The account it describes."""
        return Account(
            id=self.id,
            name=self.name,
            kind=self.kind,
            attest_max=self.attest_max,
            enabled=self.enabled,
            addresses=self.addresses,
            terms=self.terms(),
        )

    @classmethod
    def value_of(cls, row: Mapping[str, Any]) -> Account:
        more = row["more"]
        return Account(
            id=row["id"],
            name=row["name"],
            kind=row["kind"],
            attest_max=more.get("attest_max", "A"),
            enabled=row["enabled"],
            addresses=tuple(map(ip_network, more.get("addresses", ()))),
            terms=terms_of(more),
        )


class TlsEntry(Strict):
    """The `tls` table of a peer: paths of PEM files."""

    ca: Text | None = None
    certificate: Text | None = None
    key: Text | None = None

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


class PeerEntry(TermsEntry):
    """One `[[peers]]` entry."""

    name: Name
    role: Role
    country: Country | None = None
    addresses: Networks = ()
    account: Name | None = None
    next_hops: tuple[NextHopText, ...] = ()
    caller_from: CallerSource = "From"
    callee_from: CalleeSource = "Request-URI"
    pass_headers: tuple[HeaderName, ...] = PASS_HEADERS
    refuse_with: Annotated[int, Field(strict=True, ge=400, le=699)] = 603
    emergency: tuple[Text, ...] = ()
    max_setups: SmallCount = 200
    max_cps: SmallCount = 100
    max_bad_messages: SmallCount = 60
    try_next_after: Annotated[Wait, Field(json_schema_extra={"default": "5s"})] = 5.0
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
        """The peer it describes, in the policy's country unless it names its own."""
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
            terms=self.terms(),
        )


class RouteEntry(PureEntry):
    """One `[[routes]]` entry; without a name it is called by its prefix."""

    prefix: Annotated[str, Field(pattern=r"^[0-9*#]{0,32}$")]
    to: Annotated[tuple[Name, ...], Field(min_length=1)]
    name: Text | None = None
    from_peer: Name | None = None

    @property
    def key(self) -> str:
        """Its name, given or derived."""
        own = self.prefix or "default"
        return self.name or (own if self.from_peer is None else f"{self.from_peer}:{own}")

    def value(self) -> Route:
        """The route it describes."""
        return Route(self.prefix, self.to, self.key, self.from_peer)
