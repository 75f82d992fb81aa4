"""Accounts: the customers whose calls we sign, and how far we can vouch for each of them."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.stir.attestation import Kind
from gateway.stir.claims import Attest


@dataclass(frozen=True, slots=True)
class Account:
    """One customer.

    A `transit` account only lets other people's calls in, so it can be attested C at most
    (ATIS-1000074 §5.2.4); `attest_max` lowers the best level of any account further.
    """

    id: str
    name: str
    kind: Kind = "customer"
    attest_max: Attest = "A"
    enabled: bool = True
