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
    """What sections, peers and rules call it."""
    name: Text
    """Whose it is, for people."""
    kind: Kind = "customer"
    """customer: calls of its own, attested A or B. transit: other people's calls, attested C."""
    attest_max: Attest = "A"
    """The highest attestation its calls get."""
    enabled: StrictBool = True
    """Whether its calls are taken at all."""
    addresses: Networks = ()
    """Where it calls from: known by them where the peer names no account, held to them by SS_ACCESS_IP_CHECK."""

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
    """Whom the peer's certificate must chain to; left out: `[sip] tls_ca`."""
    certificate: Text | None = None
    """Ours towards it, with its chain."""
    key: Text | None = None
    """The key of our certificate."""

    @model_validator(mode="after")
    def _paired(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key go together")
        return self


class VerificationEntry(Strict):
    """The `verification` table of a carrier; see `gateway.policy.inbound.Verification`."""

    require_identity: StrictBool | None = None
    """true: a call without Identity is answered 428. Left out: as `[verification]` says."""
    default: Action | None = None
    """For every class that says nothing itself; left out: `[verification] on_failure`."""
    unsigned: Action | None = None
    """428: no Identity header of a kind that is judged."""
    anonymous: Action | None = None
    """433: no caller's number to compare with the token."""
    stale: Action | None = None
    """403: the token's time is not now, or not the certificate's."""
    unreachable: Action | None = None
    """436: the certificate could not be had."""
    untrusted: Action | None = None
    """437: the certificate is not trusted, or not for this number."""
    invalid: Action | None = None
    """438: malformed, signed for another call, or a wrong signature."""
    replayed: Action | None = None
    """438: the token was used by another call before."""
    trust_verstat: StrictBool = False
    """Whether a verstat of the carrier's stays where we have nothing to say."""

    def value(self) -> Verification:
        """The policy it describes."""
        return Verification(**self.model_dump())


class TellEntry(Strict):
    """The `tell` table of a softswitch; see `gateway.policy.inbound.Tell`."""

    verstat: StrictBool = True
    """The verstat parameter on P-Asserted-Identity, or without one on From."""
    remote_party_id: StrictBool = False
    """A Remote-Party-ID of ours, screen=yes only if verified."""
    display: dict[ResultClass, DisplayPrefix] = Field(default_factory=dict)
    """What stands before the display name, by result: A, B, C, failed, none."""
    number_prefix: dict[ResultClass, NumberPrefix] = Field(default_factory=dict)
    """Digits before the caller's number, by result."""
    next_hops: dict[ResultClass, NextHopTexts] = Field(default_factory=dict)
    """Other next hops, by result."""

    def value(self) -> Tell:
        """The policy it describes."""
        return Tell(self.verstat, self.remote_party_id, self.display, self.number_prefix, self.next_hops)


class PeerEntry(TermsEntry):
    """One `[[peers]]` entry."""

    name: Name
    """What routes, transforms and rules call it."""
    role: Role
    """softswitch: its calls are signed. carrier: its calls are verified."""
    country: Country | None = None
    """Whose numbering plan its numbers are read in; left out: the policy's country."""
    addresses: Networks = ()
    """Where its calls come from: how it is known."""
    account: Name | None = None
    """The account its calls belong to."""
    next_hops: tuple[NextHopText, ...] = ()
    """Where calls to it go, in this order: transport:host:port."""
    caller_from: CallerSource = "From"
    """Which header carries the caller."""
    callee_from: CalleeSource = "Request-URI"
    """Which part carries the called number."""
    pass_headers: tuple[HeaderName, ...] = PASS_HEADERS
    """Headers that go through; a name may end in `*`."""
    refuse_with: Annotated[int, Field(strict=True, ge=400, le=699)] = 603
    """The SIP status of a refusal by policy."""
    emergency: tuple[Text, ...] = ()
    """Numbers of its own that pass everything, beside 911, 112, 933 and its country's."""
    max_setups: SmallCount = 200
    """Calls in set-up at the same time; 0: no bound."""
    max_cps: SmallCount = 100
    """New calls a second; 0: no bound."""
    max_bad_messages: SmallCount = 60
    """Unreadable messages a minute that are answered; 0: no bound."""
    try_next_after: Annotated[Wait, Field(json_schema_extra={"default": "5s"})] = 5.0
    """How long a silent next hop is waited for."""
    tls: TlsEntry | None = None
    """Files of its TLS; left out: those of `[sip]`."""
    verification: VerificationEntry | None = None
    """What becomes of a carrier's calls that fail, by class of reason."""
    tell: TellEntry | None = None
    """How a softswitch is told what became of a verification."""

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
    """The first digits of the called number; the longest match wins, empty matches all."""
    to: Annotated[tuple[Name, ...], Field(min_length=1)]
    """Peers, in the order they are tried."""
    name: Text | None = None
    """Left out: called by its prefix."""
    from_peer: Name | None = None
    """Only for calls of this peer."""

    @property
    def key(self) -> str:
        """Its name, given or derived."""
        own = self.prefix or "default"
        return self.name or (own if self.from_peer is None else f"{self.from_peer}:{own}")

    def value(self) -> Route:
        """The route it describes."""
        return Route(self.prefix, self.to, self.key, self.from_peer)
