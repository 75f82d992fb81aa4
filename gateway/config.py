"""The node's configuration: one TOML file, read once at start, checked as a whole, never changed after.

`deploy/gateway.toml` documents every key. What operators change while the gateway runs (peers, accounts,
sections, lists, routes) is policy, not configuration: see `gateway.store`. Secrets are named by path and never
read here. Relative paths start at the folder of the file they are written in.
"""

from __future__ import annotations

import tomllib
from ipaddress import IPv4Address
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StrictBool, ValidationError, model_validator

from gateway.access.permissions import Role
from gateway.access.rules import AccessRules, TimeOuts
from gateway.acme.settings import Acme
from gateway.log import Level
from gateway.policy.inbound import Action, InboundRules
from gateway.policy.snapshot import SigningRules
from gateway.rim import AnchoredPath, Country, Duration, NetworkText, Strict, complaints
from gateway.settings import (
    SQLITE,
    Address,
    BaseUrl,
    DatabaseUrl,
    HttpListen,
    HttpListenText,
    ListenText,
    Loopback,
    Port,
    Positive,
    Rate,
    RedisUrl,
    Source,
    Subjects,
)
from gateway.stir.verification import Rules
from gateway.trust.values import FetchRules

DATABASE = "gateway.db"
"""The SQLite file of a node that names no database."""


class ConfigError(ValueError):
    """A configuration that cannot be used; `errors` holds every reason, one line each."""

    def __init__(self, errors: list[str]) -> None:
        self.errors = tuple(errors)
        super().__init__("\n".join(errors))


class Node(Strict):
    """`[node]`: who this node is and where it keeps what must outlive it."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")] = "gateway"
    state_dir: AnchoredPath


class Sip(Strict):
    """`[sip]`: the sockets, the room behind them, and what a stranger hears."""

    listen: Annotated[tuple[ListenText, ...], Field(min_length=1)]
    public_address: Address | None = None
    workers: Literal["auto"] | Positive = "auto"
    max_calls: Positive = 200
    unknown_source: Literal["silence", "403"] = "silence"
    door: Literal["pjsua2", "kamailio"] = "pjsua2"
    inner_address: Loopback = IPv4Address("127.0.0.1")
    drain_limit: Duration = 30.0
    probe_after: Duration = 600.0
    tls_certificate: AnchoredPath | None = None
    tls_key: AnchoredPath | None = None
    tls_ca: AnchoredPath | None = None

    @model_validator(mode="after")
    def _able_to_do_tls(self) -> Self:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key go together")
        if self.tls_certificate is None and any(each.transport == "tls" for each in self.listen):
            raise ValueError("a tls: socket needs tls_certificate and tls_key")
        return self

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len(set(self.listen)) != len(self.listen):
            raise ValueError("listen names the same socket twice")
        return self


class Api(Strict):
    """`[api]`: the HTTP side door, how it is reached, and who is let in without a token."""

    listen: HttpListenText = HttpListen("127.0.0.1", 8080)
    allow_public: StrictBool = False
    country: Country = "US"
    tls_certificate: AnchoredPath | None = None
    tls_key: AnchoredPath | None = None
    client_ca: AnchoredPath | None = None
    client_subjects: Subjects = Field(default_factory=dict)
    stir_addresses: tuple[NetworkText, ...] = ()
    trusted_proxies: tuple[NetworkText, ...] = ()

    @model_validator(mode="after")
    def _able_to_do_tls(self) -> Self:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key go together")
        if self.client_ca is not None and not self.has_tls:
            raise ValueError(
                "client_ca needs tls_certificate and tls_key: without TLS nobody shows a certificate"
            )
        if self.client_subjects and self.client_ca is None:
            raise ValueError(
                "client_subjects needs client_ca: whose signature makes a certificate trustworthy"
            )
        return self

    @model_validator(mode="after")
    def _guarded(self) -> Self:
        if not self.listen.is_loopback and not self.has_tls and not self.allow_public:
            raise ValueError(
                "passwords and tokens would cross the network in the clear: set tls_certificate and tls_key, "
                "listen on a loopback address, or set allow_public = true where something else protects them"
            )
        return self

    @property
    def has_tls(self) -> bool:
        """Whether we speak TLS ourselves."""
        return self.tls_certificate is not None


class Access(Strict):
    """`[access]`: how long sessions last, when somebody is locked out, how often one may ask."""

    admin_idle: Duration = 15 * 60.0
    admin_session: Duration = 8 * 3600.0
    operator_idle: Duration = 30 * 60.0
    operator_session: Duration = 12 * 3600.0
    auditor_idle: Duration = 60 * 60.0
    auditor_session: Duration = 12 * 3600.0
    lock_after: Positive = 5
    lock_for: Duration = 30.0
    lock_most: Duration = 15 * 60.0
    rate: Rate = 200
    stir_rate: Rate = 5000
    stranger_rate: Rate = 20
    public_rate: Rate = 200

    @property
    def rules(self) -> AccessRules:
        """The part that lets people in."""
        return AccessRules(
            time_outs={
                Role.ADMIN: TimeOuts(self.admin_idle, self.admin_session),
                Role.OPERATOR: TimeOuts(self.operator_idle, self.operator_session),
                Role.AUDITOR: TimeOuts(self.auditor_idle, self.auditor_session),
            },
            lock_after=self.lock_after,
            lock_seconds=self.lock_for,
            lock_most=self.lock_most,
            rate=self.rate,
            stir_rate=self.stir_rate,
            stranger_rate=self.stranger_rate,
            public_rate=self.public_rate,
        )


class Signing(Strict):
    """`[signing]`: the credential that signs, by path, and what becomes of a call nobody vouches for."""

    certificate: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")] | None = None
    chain: AnchoredPath | None = None
    key: AnchoredPath | None = None
    x5u: str | None = None
    certs_url: BaseUrl | None = None
    unmatched: Literal["unsigned", "refuse"] = "unsigned"

    @model_validator(mode="after")
    def _whole_or_absent(self) -> Self:
        parts = {"certificate": self.certificate, "chain": self.chain, "key": self.key, "x5u": self.x5u}
        missing = [name for name, value in parts.items() if value is None]
        if 0 < len(missing) < len(parts):
            raise ValueError(f"certificate, chain, key and x5u go together; missing: {', '.join(missing)}")
        return self

    @property
    def rules(self) -> SigningRules:
        """The part the engine needs."""
        return SigningRules(self.unmatched)


class Keys(Strict):
    """`[keys]`: how our private keys are kept; what is secret is named by path."""

    passphrase: AnchoredPath | None = None
    pkcs11_module: AnchoredPath | None = None
    pkcs11_token: Annotated[str, Field(min_length=1, max_length=32)] | None = None
    pkcs11_pin: AnchoredPath | None = None

    @model_validator(mode="after")
    def _whole_or_absent(self) -> Self:
        parts = (self.pkcs11_module, self.pkcs11_token, self.pkcs11_pin)
        if any(parts) and not all(parts):
            raise ValueError("pkcs11_module, pkcs11_token and pkcs11_pin go together")
        return self


class Verification(Strict):
    """`[verification]`: whom we trust, how fresh a token must be, and what becomes of a call that fails."""

    trust_anchors: tuple[AnchoredPath, ...] = ()
    trust_list: Source | None = None
    trust_list_signer: AnchoredPath | None = None
    crls: tuple[Source, ...] = ()
    require_crl: StrictBool = False
    max_iat_age: Duration = 60.0
    future_skew: Duration = 10.0
    retargeted: Literal["refuse", "accept"] = "refuse"
    budget: Annotated[Duration, Field(le=10.0)] = 3.0
    on_failure: Action = "tag"
    require_identity: StrictBool = False

    @model_validator(mode="after")
    def _pinned(self) -> Self:
        if self.trust_list is not None and self.trust_list_signer is None:
            raise ValueError("trust_list needs trust_list_signer: whose signature makes it trustworthy")
        return self

    @property
    def on(self) -> bool:
        """Whether anybody is trusted at all."""
        return bool(self.trust_anchors or self.trust_list)

    @property
    def rules(self) -> Rules:
        """The part that judges tokens."""
        return Rules(self.max_iat_age, self.future_skew, self.retargeted == "accept", self.require_crl)

    @property
    def inbound(self) -> InboundRules:
        """What peers do who do not say otherwise."""
        return InboundRules(self.on_failure, self.require_identity)


class Fetch(Strict):
    """`[fetch]`: what may be fetched from the hosts that strangers' tokens name."""

    connect_timeout: Duration = 1.0
    timeout: Duration = 2.0
    max_bytes: Positive = 65_536
    max_at_once: Positive = 16
    ports: tuple[Port, ...] = (443, 8443)
    allow_http: StrictBool = False
    allow_addresses: tuple[NetworkText, ...] = ()
    tls_ca: AnchoredPath | None = None

    @property
    def rules(self) -> FetchRules:
        """The part the fetcher needs."""
        return FetchRules(
            connect_timeout=self.connect_timeout,
            timeout=self.timeout,
            max_bytes=self.max_bytes,
            ports=self.ports,
            allow_http=self.allow_http,
            allow_addresses=self.allow_addresses,
            max_at_once=self.max_at_once,
            ca_file=self.tls_ca,
        )

    @property
    def dangers(self) -> tuple[str, ...]:
        """What is allowed here that belongs in a lab."""
        return tuple(name for name in ("allow_http", "allow_addresses") if getattr(self, name))


class Store(Strict):
    """`[store]`: the database that holds the policy and the call log, how long it keeps what, and what nodes share beside it.

    Both URLs may hold a password, so they are not to be shown.
    """

    database_url: DatabaseUrl = ""
    redis_url: RedisUrl | None = None
    redis_password: AnchoredPath | None = None
    keep_calls: Duration = 30 * 86_400.0
    keep_changes: Duration = 730 * 86_400.0
    mask_numbers: StrictBool = False
    spool_bytes: Positive = 256 * 1024 * 1024

    @model_validator(mode="after")
    def _whose_password(self) -> Self:
        if self.redis_password is not None and self.redis_url is None:
            raise ValueError("redis_password needs redis_url: whose password it is")
        return self


class Geofence(Strict):
    """`[geofence]`: where addresses are at home."""

    countries: AnchoredPath | None = None


class Kamailio(Strict):
    """`[kamailio]`: door 3, where `[sip] door` says so."""

    program: AnchoredPath = Path("/usr/sbin/kamailio")
    script: AnchoredPath | None = None
    children: Positive = 4
    memory_mb: Positive = 256
    probe_every: Duration = 10.0
    redirect: tuple[str, ...] = ()


class Log(Strict):
    """`[log]`: how much is said, and whether telephone numbers are shown."""

    level: Level = "info"
    mask_numbers: StrictBool = True


class Config(Strict):
    """A node's whole configuration."""

    node: Node
    sip: Sip
    api: Api = Api()
    access: Access = Access()
    signing: Signing = Signing()
    keys: Keys = Keys()
    acme: Acme = Acme()
    verification: Verification = Verification()
    fetch: Fetch = Fetch()
    store: Store = Store()
    geofence: Geofence = Geofence()
    kamailio: Kamailio = Kamailio()
    log: Log = Log()

    @property
    def database_url(self) -> str:
        """Where the policy and the call log are; may hold a password, so it is not to be shown."""
        return self.store.database_url or f"{SQLITE}{self.node.state_dir / DATABASE}"


def load(path: Path) -> Config:
    """Read a configuration file; raises ConfigError with every mistake, OSError if it cannot be read."""
    try:
        raw: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ConfigError([f"{path}: not TOML: {error}"]) from None
    try:
        return Config.model_validate(raw, context={"folder": path.absolute().parent})
    except ValidationError as error:
        raise ConfigError([f"{path}: {complaint}" for complaint in complaints(error, Config)]) from None
