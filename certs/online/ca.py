"""The lab STI-CA's side of ACME: its accounts, and each order on its way to a certificate (RFC 8555 §7). No HTTP here.

An order is pending until its one authorization is valid, then ready, and valid with its certificate once it was
finalized (§7.1.6). What an order is made of never changes; a new state takes the place of the old one.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from josepy.jwk import JWK

from certs import pem
from certs.authority import SerialSource, new_key
from certs.lab import Lab
from certs.online import tokens
from certs.online.faults import Faults
from certs.online.problem import Refused
from certs.online.tokens import TokenSigner
from certs.refusal import LabRefused
from gateway.stir import tnauthlist
from gateway.trust.credential import TN_AUTH_LIST

ORDER_LIFETIME = timedelta(days=1)

Status = Literal["pending", "processing", "ready", "valid", "invalid"]


@dataclass(frozen=True, slots=True)
class Account:
    """Who asks. key: what signs their requests."""

    id: str
    key: JWK
    contact: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Order:
    """An order with its one authorization and challenge, which share its id.

    identifier: the base64url DER of the TNAuthList that is asked for. challenge: the state of the challenge.
    """

    id: str
    account: str
    identifier: str
    expires: datetime
    status: Status = "pending"
    challenge: Status = "pending"
    token: str = field(default="", repr=False)
    request: bytes = field(default=b"", repr=False)
    error: Mapping[str, Any] | None = None
    name: str | None = None
    chain: bytes | None = field(default=None, repr=False)


class Ca:
    """What the CA knows. sti_pa: the party whose tokens it believes. now: the time, aware."""

    def __init__(
        self,
        lab: Lab,
        signer: TokenSigner,
        faults: Faults,
        now: Callable[[], datetime],
        serials: SerialSource,
    ) -> None:
        self._lab, self._signer, self._faults = lab, signer, faults
        self._now, self._serials = now, serials
        self.accounts: dict[str, Account] = {}
        self.orders: dict[str, Order] = {}

    def register(self, key: JWK, contact: tuple[str, ...], *, existing: bool) -> tuple[Account, bool]:
        """The account of this key, and whether it is new (RFC 8555 §7.3); raises Refused where none may be made."""
        for account in self.accounts.values():
            if account.key == key:
                return account, False
        if existing:
            raise Refused("accountDoesNotExist", "no account has this key")
        made = Account(secrets.token_urlsafe(8), key, contact)
        self.accounts[made.id] = made
        return made, True

    def account(self, id: str) -> Account:
        """One account; raises Refused."""
        found = self.accounts.get(id)
        if found is None:
            raise Refused("accountDoesNotExist", "there is no such account")
        return found

    def order(self, id: str, account: Account) -> Order:
        """One order of an account as it stands now; raises Refused."""
        found = self.orders.get(id)
        if found is None or found.account != account.id:
            raise Refused("malformed", "there is no such order", 404)
        if found.status in ("pending", "ready") and found.expires < self._now():
            return self._keep(replace(found, status="invalid"))
        return self._worked_on(found, account)

    def open(self, account: Account, identifiers: tuple[tuple[str, str], ...]) -> Order:
        """A new order for these identifiers, as (type, value); raises Refused."""
        if len(identifiers) != 1 or identifiers[0][0] != "TNAuthList":
            raise Refused("unsupportedIdentifier", "order one identifier of type TNAuthList")
        _spc(tokens.der(identifiers[0][1]))
        id = secrets.token_urlsafe(8)
        return self._keep(Order(id, account.id, identifiers[0][1], self._now() + ORDER_LIFETIME))

    def answer(self, order: Order, account: Account, token: str) -> Order:
        """The order after its challenge was answered with an SPC token (RFC 9447 §3)."""
        if order.status != "pending" or order.challenge != "pending":
            return order
        return self._worked_on(self._keep(replace(order, challenge="processing", token=token)), account)

    def finalize(self, order: Order, account: Account, request: bytes) -> Order:
        """The order after it was finalized with the DER of a certificate request; raises Refused."""
        if order.status != "ready":
            raise Refused("orderNotReady", f"the order is {order.status}", 403)
        _asked(request, order)
        return self._worked_on(self._keep(replace(order, status="processing", request=request)), account)

    def _worked_on(self, order: Order, account: Account) -> Order:
        """The order after what is under way was done, which the faults may keep from being done."""
        if order.challenge == "processing" and not self._faults.happens("challenge-pending"):
            return self._keep(self._judged(order, account))
        if order.status == "processing" and not self._faults.happens("order-processing"):
            return self._keep(self._issued(order))
        return order

    def _judged(self, order: Order, account: Account) -> Order:
        try:
            if self._faults.happens("challenge-invalid"):
                raise Refused("unauthorized", "asked to find the challenge wrong", 403)
            thumbprint, sti_pa = account.key.thumbprint(), self._lab.sti_pa().certificate
            tokens.judge(order.token, self._signer, sti_pa, order.identifier, thumbprint, self._now())
        except Refused as refused:
            return replace(order, status="invalid", challenge="invalid", error=refused.as_json())
        return replace(order, status="ready", challenge="valid")

    def _issued(self, order: Order) -> Order:
        key, spc = _asked(order.request, order)
        if self._faults.happens("certificate-of-another-key"):
            key = new_key().public_key()
        if self._faults.happens("certificate-of-another-spc"):
            spc = "OTHER"
        name = f"acme-{order.id}"
        try:
            chain = self._lab.certify(key, spc, name, self._now(), self._serials)
        except LabRefused as refused:
            raise Refused("serverInternal", str(refused), 500) from None
        return replace(order, status="valid", chain=chain, name=name)

    def revoke(self, account: Account, certificate: bytes) -> None:
        """Take a certificate of this account out of use, given its DER (RFC 8555 §7.6); raises Refused."""
        for order in self.orders.values():
            if order.account == account.id and order.chain and _leaf(order.chain) == certificate:
                try:
                    self._lab.revoke(str(order.name), self._now())
                except LabRefused as refused:
                    raise Refused("alreadyRevoked", str(refused)) from None
                return
        raise Refused("unauthorized", "that certificate was not issued to this account", 403)

    def _keep(self, order: Order) -> Order:
        self.orders[order.id] = order
        return order


def _asked(request: bytes, order: Order) -> tuple[ec.EllipticCurvePublicKey, str]:
    """The key and the service provider of a certificate request that is what the order says."""
    try:
        csr = x509.load_der_x509_csr(request)
        scope = csr.extensions.get_extension_for_oid(TN_AUTH_LIST).value.public_bytes()
        key = csr.public_key()
        signed = csr.is_signature_valid
    except (ValueError, TypeError, x509.ExtensionNotFound) as error:
        raise Refused("badCSR", f"the request cannot be used: {error}") from None
    if not signed or not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
        raise Refused("badCSR", "the request is not signed by a P-256 key")
    if scope != tokens.der(order.identifier):
        raise Refused("badCSR", "the request is for another TNAuthList than the order")
    return key, _spc(scope)


def _spc(der: bytes) -> str:
    try:
        entries = tnauthlist.decode(der)
    except tnauthlist.InvalidTNAuthList as error:
        raise Refused("rejectedIdentifier", str(error)) from None
    if len(entries) != 1 or not isinstance(entries[0], tnauthlist.Spc):
        raise Refused("rejectedIdentifier", "a SHAKEN certificate names one service provider")
    return entries[0].code


def _leaf(chain: bytes) -> bytes:
    return pem.certificates(chain)[0].public_bytes(Encoding.DER)
