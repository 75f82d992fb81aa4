"""What works on this node, what is off and why: the questions an operator asks before the first call.

Each finding is one fact in one sentence. Nothing is changed and nothing is started.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Literal

from gateway.access.permissions import Role
from gateway.acme import telling
from gateway.acme.failure import AcmeFailed
from gateway.acme.opening import acme_folder
from gateway.acme.state import StateFile
from gateway.acme.sti_pa import secret
from gateway.config import Config, Sip
from gateway.credentials.book import ends_soon
from gateway.credentials.configured import signing_credential
from gateway.credentials.manifest import Manifest
from gateway.credentials.manifest_file import ManifestFile, ManifestUnreadable
from gateway.credentials.opening import credentials_folder, following_of, keyring_of, passphrase_of
from gateway.credentials.stores import StoreRefused
from gateway.kamailio import examination
from gateway.metrics import fresh_status, status_path
from gateway.policy.peers import PeerTable
from gateway.policy.snapshot import PolicyData
from gateway.shared import examination as shared_examination
from gateway.sip import abilities
from gateway.sip.transport import RECEIVE_BUFFER
from gateway.sti_vs import trust_of
from gateway.stir.revocation import Revocations
from gateway.store import recorder_status
from gateway.store.access import AccessStore
from gateway.store.database import open_database
from gateway.store.errors import StoreGone
from gateway.store.nodes import Nodes
from gateway.store.origins import Origins
from gateway.store.store import Store
from gateway.store.watcher import Watcher
from gateway.trust.credential import Credential
from gateway.trust.keys import KeyRefused, check_private

State = Literal["ok", "off", "warning", "problem"]

_NO_LISTS = Revocations()
_TOKEN_SOON_DAYS = 7


@dataclass(frozen=True, slots=True)
class Finding:
    """One fact: `problem` means calls will fail, `off` that a part is not in use."""

    subject: str
    state: State
    text: str


def examine(config: Config, now: float) -> list[Finding]:
    """Everything there is to say about this node at `now` (epoch seconds)."""
    return [
        *(_kamailio(config) if config.sip.door == "kamailio" else _pjsua2(config.sip.max_calls)),
        *_sockets(config.sip),
        *_certificate(config, now),
        *_acme(config, now),
        *_verification(config, now),
        *_policy(config),
        *(Finding("shared", *found) for found in shared_examination.findings(config)),
        *_geofence(config),
        *_api(config),
        *_access(config, now),
        *_edge(config, now),
        *_nodes(config, now),
        *_recorder(config, now),
    ]


def _pjsua2(max_calls: int) -> Iterator[Finding]:
    try:
        found = abilities.read()
    except abilities.Pjsua2Missing as missing:
        yield Finding("pjsua2", "problem", f"{missing}; no call can be carried, all else works")
        return
    workers = -(-max_calls // found.slots)
    room = f"{found.slots} calls a worker, so {max_calls} calls need {workers} workers"
    yield Finding("pjsua2", "ok", f"{found.version}: {room}; it reads SIP of up to {found.max_packet} bytes")
    yield Finding("pjsua2", "ok", f"codecs: {', '.join(found.codecs)}; offers of any other pass as well")
    if found.asserts:
        yield Finding("pjsua2", "ok", "asserts are compiled in: a fault ends the worker it happens in")
    if not found.short_transactions:
        yield Finding("pjsua2", "warning", "hides pjsip_tsx_set_timers: workers need more memory under load")


def _kamailio(config: Config) -> Iterator[Finding]:
    found = list(examination.lacking(config))
    for each in found:
        yield Finding("kamailio", "problem", each)
    if not found:
        yield Finding(
            "kamailio", "ok", f"{config.kamailio.program} carries the calls; gateway kamailio check says more"
        )


def _sockets(sip: Sip) -> Iterator[Finding]:
    listening = ", ".join(f"{each.transport} {each.host} port {each.port}" for each in sip.listen)
    yield Finding("sip", "ok", f"listens on {listening}")
    if not any(each.transport == "tls" for each in sip.listen):
        yield Finding("tls", "off", "[sip] listen names no tls: socket")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        asked.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        room = asked.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2  # Linux doubles it
    if room < RECEIVE_BUFFER:
        remedy = f"do: sysctl net.core.rmem_max={RECEIVE_BUFFER}"
        yield Finding("buffers", "warning", f"a socket holds {room} bytes of a burst; {remedy}")
    else:
        yield Finding("buffers", "ok", f"a socket holds {room} bytes of a burst")


def _certificate(config: Config, now: float) -> Iterator[Finding]:
    trust = trust_of(config, lambda: now) if config.verification.on else None
    following = following_of(config, lambda: trust.revocations if trust else _NO_LISTS)
    following.changed()
    yield from (Finding("signing", "problem", problem) for problem in following.problems)
    book = following.current
    if book.default is None:
        problem = signing_credential(config.signing).problem or "no certificate is active"
        yield Finding("signing", "problem", f"{problem}; calls to be signed are answered 503")
    for account, credential in ((None, book.default), *book.accounts.items()):
        if credential is None:
            continue
        until = datetime.fromtimestamp(credential.not_after, UTC).isoformat()
        whom = f" for account {account}" if account is not None else ""
        text = f"{credential.name} signs for SPC {credential.spc}{whom} until {until}, served at {credential.x5u}"
        yield Finding("signing", *_usability(credential, now, text))
        yield from (Finding("signing", "warning", warning) for warning in credential.warnings)
    yield from _keys(config, book.manifest)


def _usability(credential: Credential, now: float, text: str) -> tuple[State, str]:
    reason = credential.usable(now)
    if reason:
        return "problem", f"{text}: {reason}; calls to be signed are answered 503"
    return ("warning", f"{text}: renew it now") if ends_soon(credential, now) else ("ok", text)


def _keys(config: Config, manifest: Manifest) -> Iterator[Finding]:
    """Where private keys are, and which of them nobody needs."""
    if config.signing.certs_url is None:
        yield Finding(
            "keys", "off", "[signing] certs_url is not set: no certificate can be installed over REST"
        )
    if passphrase_of(config).beside_keys and any(key.store == "file" for key in manifest.keys):
        yield Finding("keys", "warning", "the passphrase lies beside the keys: set [keys] passphrase")
    for name, store in keyring_of(config).stores.items():
        known = {key.id for key in manifest.keys if key.store == name}
        try:
            found = store.ids()
        except StoreRefused as refused:
            yield Finding("keys", "problem", f"{name}: {refused}")
            continue
        yield Finding("keys", "ok", f"{name}: {len(found & known)} of {len(known)} keys are there")
        for missing in sorted(known - found):
            yield Finding("keys", "problem", f"{name}: key {missing} is not there: put it back from a backup")
        for orphan in sorted(found - known):
            yield Finding(
                "keys", "warning", f"{name}: key {orphan} is nobody's: left by a change that was cut short"
            )


def _acme(config: Config, now: float) -> Iterator[Finding]:
    acme, state_dir = config.acme, config.node.state_dir
    if not acme.on:
        yield Finding("acme", "off", "[acme] names no directory: certificates are renewed by hand")
        return
    if config.signing.certs_url is None:
        yield Finding(
            "acme", "warning", "[signing] certs_url is missing: what is ordered cannot be installed"
        )
    configured = signing_credential(config.signing).credential
    try:
        manifest = ManifestFile(credentials_folder(state_dir)).read()
        orders = tuple(
            telling.statuses(acme, StateFile(acme_folder(state_dir)).read(), manifest, configured, now)
        )
        for path in acme.secrets:
            secret(path)
    except (AcmeFailed, ManifestUnreadable) as error:
        yield Finding("acme", "warning", f"nothing can be ordered: {error}")
        return
    for each in orders:
        held = f"{each.held.name} has {each.days_left} left" if each.held else "there is no certificate yet"
        yield Finding("acme", "warning" if each.alarm else "ok", each.alarm or f"{each.name}: {held}")


def _verification(config: Config, now: float) -> Iterator[Finding]:
    if not config.verification.on:
        yield Finding(
            "verify",
            "off",
            "[verification] names no trust_anchors and no trust_list: no call can be verified",
        )
        return
    trust = trust_of(config, lambda: now)
    yield from (Finding("verify", "problem", text) for text in trust.problems)
    if not trust.anchors:
        yield Finding("verify", "problem", "no trust anchor is in force: every signed call fails")
    else:
        count = len(trust.anchors.certificates)
        yield Finding("verify", "ok", f"signed calls must lead to one of {count} trust anchors")
    if trust.trust_list:
        left = trust.trust_list.seconds_left(now) / 86400
        state: State = "warning" if trust.trust_list.is_expired(now) else "ok"
        yield Finding("verify", state, f"the trust list is good for {left:.1f} days")
    if not trust.revocations.lists:
        yield Finding("verify", "warning", "no revocation list: no certificate is known to be revoked")
    for danger in config.fetch.dangers:
        yield Finding(
            "fetch", "warning", f"[fetch] {danger} is for labs: strangers' tokens name what is fetched"
        )


def _policy(config: Config) -> Iterator[Finding]:
    watcher = Watcher(config.node.state_dir, config.signing.rules, config.verification.inbound)
    watcher.changed()
    try:
        revision, data = _stored(config)
    except StoreGone as error:
        yield Finding("database", "problem", f"{error}; calls go on with the last policy compiled here")
    else:
        if not data.peers:
            yield Finding(
                "policy", "problem", "no peers, every source is a stranger: run `gateway import FILE`"
            )
        else:
            yield Finding("policy", "ok", f"revision {revision}: {_summary(data)}")
        yield from _doubtful(data)
    if watcher.problem:
        yield Finding("compiled", "off", f"{watcher.problem}: `gateway run` compiles what the database holds")
    else:
        yield Finding("compiled", "ok", f"revision {watcher.current.revision} is in force on this node")
    if config.signing.unmatched == "unsigned":
        yield Finding("policy", "ok", "a call no attestation rule matches goes out unsigned")


def _stored(config: Config) -> tuple[int, PolicyData]:
    """What the database holds; raises StoreGone. Nothing is made or changed."""
    store = Store(open_database(config.database_url, create=False), time.time)
    return store.revision(), store.policy()


def _doubtful(data: PolicyData) -> Iterator[Finding]:
    """What an operator may take to be in force and is not."""
    bound = [account.id for account in data.accounts if account.addresses]
    if bound and not data.parameters.access_ip_check:
        text = f"accounts are bound to addresses ({', '.join(bound[:3])} …), but SS_ACCESS_IP_CHECK is 0: not checked"
        yield Finding("policy", "warning", text)
    for peer, host in _unheard(data):
        text = f"{host}, a next hop of {peer}, is in no peer's addresses: its answers are not heard"
        yield Finding("policy", "warning", text)


def _unheard(data: PolicyData) -> Iterator[tuple[str, str]]:
    """Peers with a next hop whose answers would be a stranger's. A name's addresses are not known here."""
    peers = PeerTable(data.peers)
    for peer in data.peers:
        for hop in peer.every_next_hop:
            if _is_address(hop.host) and peers.find(hop.host) is None:
                yield peer.name, hop.host


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _summary(data: PolicyData) -> str:
    """What a policy holds, in one line."""
    counts = {
        "accounts": len(data.accounts),
        "number sections": len(data.sections),
        "peers": len(data.peers),
        "routes": len(data.routes),
        "listed numbers": sum(len(group.numbers) for group in data.groups),
    }
    return ", ".join(f"{count} {noun}" for noun, count in counts.items())


def _recorder(config: Config, now: float) -> Iterator[Finding]:
    status = recorder_status.fresh_status(recorder_status.status_path(config.node.state_dir), now)
    if status is None:
        yield Finding("recorder", "off", "the gateway does not run on this node, or its recorder does not")
        return
    for problem in status.problems:
        yield Finding("recorder", "problem", f"{problem.name}: {problem.text}")
    text = f"{status.written} records written, {status.files} files wait, {status.lost} records lost"
    yield Finding("recorder", "warning" if status.lost else "ok", text)


def _geofence(config: Config) -> Iterator[Finding]:
    path = config.geofence.countries
    if path is None:
        yield Finding("geofence", "off", "[geofence] countries names no file: source countries are not known")
        return
    origins = Origins(path)
    if origins.problem:
        yield Finding("geofence", "problem", origins.problem)
    else:
        yield Finding("geofence", "ok", f"source countries are those of {path}")


def _api(config: Config) -> Iterator[Finding]:
    api = config.api
    place, lock = f"{api.listen.host} port {api.listen.port}", "with" if api.has_tls else "without"
    if api.listen.is_loopback:
        yield Finding("api", "ok", f"listens on {place} {lock} TLS, for this machine only")
    elif api.has_tls:
        yield Finding("api", "ok", f"listens on {place} with TLS")
    else:
        text = f"{place} is open without TLS: passwords and tokens can be read on their way"
        yield Finding("api", "warning", text)
    if api.tls_key is not None:
        yield from _tls_key(api.tls_key)


def _tls_key(path: Path) -> Iterator[Finding]:
    try:
        check_private(path)
    except KeyRefused as refused:
        yield Finding("api", "problem", str(refused))
    except OSError as error:
        yield Finding("api", "problem", f"{path}: {error.strerror}")


def _access(config: Config, now: float) -> Iterator[Finding]:
    """Who may use the side door."""
    try:
        engine = open_database(config.database_url, create=False)
        directory = AccessStore(engine, time.time).directory()
    except StoreGone:  # told with the policy
        return
    admins = [user for user in directory.users.values() if user.enabled and user.role is Role.ADMIN]
    if not admins:
        yield Finding(
            "access", "warning", "nobody can log in as admin: run `gateway user add NAME --role admin`"
        )
    else:
        yield Finding("access", "ok", f"{len(directory.users)} users, {len(directory.tokens)} tokens")
    for user in admins:
        if user.totp is None and not config.api.listen.is_loopback:
            yield Finding("access", "warning", f"admin {user.name} has no second factor")
    for token in directory.tokens.values():
        left = (token.expires_at - now) / 86400
        if left < _TOKEN_SOON_DAYS:
            state = f"ends in {left:.1f} days" if left > 0 else "has ended"
            yield Finding(
                "access", "warning", f"token {token.name} {state}: make another one, then revoke it"
            )


def _nodes(config: Config, now: float) -> Iterator[Finding]:
    """What the others of this database say, and what an operator wants of this node."""
    own, path = config.node.name, recorder_status.status_path(config.node.state_dir)
    try:
        found = Nodes(open_database(config.database_url, create=False), time.time).every()
    except StoreGone:  # told with the policy
        return
    for node in found:
        if node.name != own:
            yield Finding("node", "ok" if node.up(now) else "warning", f"{node.name} is {node.standing(now)}")
            continue
        if node.wish:
            text = f"drained by {node.wish.who}: new calls are answered 503; do: gateway node serve {own}"
            yield Finding("node", "warning", text)
        if node.up(now) and recorder_status.fresh_status(path, now) is None:
            text = f"a node on {node.report.host} is called {own!r} as well; do: change [node] name"
            yield Finding("node", "problem", text)


def _edge(config: Config, now: float) -> Iterator[Finding]:
    status = fresh_status(status_path(config.node.state_dir), now)
    if status is None:
        yield Finding("edge", "off", "the gateway does not run on this node")
    else:
        ready = "serves calls" if status.ready else "serves no calls"
        yield Finding("edge", "ok", f"{ready}: {status.calls} now, room for {status.slots_free} more")
