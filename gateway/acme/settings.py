"""`[acme]` of the configuration: whose certificates are ordered where. Every key is in deploy/gateway.toml."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StrictBool, model_validator

from gateway.rim import AnchoredPath, Duration, Strict

DAY = 86_400.0

Shape = Literal["atis", "rfc9448"]
"""How an STI-PA is asked for a token: with a login and a wrapper (ATIS-1000080), or as RFC 9448 §5.5 shows."""

Encoding = Literal["base64url", "base64"]


def safe_url(url: str) -> str:
    """`url` where what is sent there can be read by nobody else: https, or http on this machine; ValueError."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError(f"{url!r} is no URL") from None
    if (
        parts.username is not None
        or parts.fragment
        or not url.isascii()
        or not url.isprintable()
        or " " in url
    ):
        raise ValueError(f"{url!r} is no plain URL")
    if not host or (parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(host))):
        raise ValueError(f"{url!r} is not https")
    return url


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _base(url: str) -> str:
    return safe_url(url).rstrip("/")


SafeUrl = Annotated[str, AfterValidator(safe_url)]
BaseUrl = Annotated[str, AfterValidator(_base)]
Contact = Annotated[str, Field(pattern=r"^mailto:[^@\s]+@[^@\s]+$")]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$")]
Segment = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]


class OrderSettings(Strict):
    """`[[acme.orders]]`: one certificate that is to be had at all times.

    account: who signs with it; whoever has no certificate of their own, where it is left out. The STI-PA's account is by
    default the service provider code, and its user that of `[acme]`.
    """

    spc: Annotated[str, Field(pattern=r"^[0-9A-Z]{1,20}$")]
    organization: Annotated[str, Field(min_length=1, max_length=64)]
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] = "US"
    account: str | None = None
    name: Name | None = None
    sti_pa_account: Segment | None = None
    sti_pa_user: str | None = None
    sti_pa_password: AnchoredPath | None = None

    @model_validator(mode="after")
    def _user_with_password(self) -> Self:
        if (self.sti_pa_user is None) != (self.sti_pa_password is None):
            raise ValueError("sti_pa_user and sti_pa_password go together")
        return self

    @property
    def called(self) -> str:
        """What people know this order by."""
        return self.name or self.spc


class Acme(Strict):
    """`[acme]`: the STI-CA's ACME server, the STI-PA, and the orders. Off where it names no directory."""

    directory: SafeUrl | None = None
    contact: tuple[Contact, ...] = ()
    eab_kid: str | None = None
    eab_key: AnchoredPath | None = None
    identifier_encoding: Encoding = "base64url"
    sti_pa_url: BaseUrl | None = None
    sti_pa_shape: Shape = "atis"
    sti_pa_user: str | None = None
    sti_pa_password: AnchoredPath | None = None
    renew_before: Annotated[Duration, Field(ge=DAY)] = 30 * DAY
    activate: StrictBool = True
    key_store: Literal["file", "pkcs11"] = "file"
    timeout: Annotated[Duration, Field(le=120.0)] = 30.0
    tls_ca: AnchoredPath | None = None
    orders: tuple[OrderSettings, ...] = ()

    @property
    def on(self) -> bool:
        """Whether certificates are ordered at all."""
        return self.directory is not None

    @model_validator(mode="after")
    def _whole_or_absent(self) -> Self:
        if not self.on:
            if self.model_fields_set:
                raise ValueError("directory is missing: without it nothing is ordered")
            return self
        if self.sti_pa_url is None:
            raise ValueError("sti_pa_url is missing: the STI-CA wants a token of the STI-PA")
        if not self.orders:
            raise ValueError("write what is to be ordered: [[acme.orders]]")
        if (self.eab_kid is None) != (self.eab_key is None):
            raise ValueError("eab_kid and eab_key go together")
        if (self.sti_pa_user is None) != (self.sti_pa_password is None):
            raise ValueError("sti_pa_user and sti_pa_password go together")
        return self

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        for what, each in (
            ("name", [order.called for order in self.orders]),
            ("spc", [order.spc for order in self.orders]),
            ("account", [order.account for order in self.orders]),
        ):
            if len(set(each)) != len(each):
                raise ValueError(f"two orders have the same {what}")
        for order in self.orders:
            if self.sti_pa_user is None and order.sti_pa_user is None:
                raise ValueError(f"nobody asks the STI-PA for {order.called}: write sti_pa_user")
        return self

    @property
    def secrets(self) -> tuple[Path, ...]:
        """The files with what proves who we are."""
        named = (self.eab_key, self.sti_pa_password, *(each.sti_pa_password for each in self.orders))
        return tuple(each for each in named if each is not None)

    def order(self, name: str) -> OrderSettings | None:
        """The order of this name."""
        return next((each for each in self.orders if each.called == name), None)
