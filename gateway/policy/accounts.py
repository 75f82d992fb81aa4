"""Accounts: the customers whose calls we sign, how far we can vouch for each of them, and on what terms they call."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from gateway.policy.hops import Network
from gateway.policy.parameters import Parameters
from gateway.policy.terms import NO_TERMS, Terms
from gateway.stir.attestation import Kind
from gateway.stir.claims import Attest


@dataclass(frozen=True, slots=True)
class Account:
    """One customer.

    A `transit` account only lets other people's calls in, so it can be attested C at most
    (ATIS-1000074 §5.2.4); `attest_max` lowers the best level of any account further. `addresses` are the networks it
    is bound to: its calls are known by them where the peer has no account, and come from nowhere else where
    SS_ACCESS_IP_CHECK is on. `owner` is how a rule names it as the owner of a term.
    """

    id: str
    name: str
    kind: Kind = "customer"
    attest_max: Attest = "A"
    enabled: bool = True
    addresses: tuple[Network, ...] = ()
    terms: Terms = NO_TERMS
    owner: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "owner", f"account/{self.id}")

    def under(self, parameters: Parameters) -> Account:
        """The account where SS_MAXCONCURRENTCALL bounds every account that has no bound of its own."""
        bound, limits = parameters.max_concurrent, self.terms.limits
        if not bound or limits.concurrent is not None:
            return self
        return replace(self, terms=replace(self.terms, limits=replace(limits, concurrent=bound)))
