"""The files by which Kamailio knows this node: made from the configuration and the policy, in a folder of the state folder.

    kamailio.cfg      the native route, the one beside this file or the one that `[kamailio] script` names
    node.cfg          what it includes: sockets, sizes, paths
    tls.cfg           certificates of tls sockets and towards peers
    peers.list        whose messages are let in (permissions)
    dispatcher.list   every next hop, to be probed
    door.py           the way to this package

The lists change with the policy, while Kamailio runs; everything else when it starts.
"""

from __future__ import annotations

import json
import os
import secrets
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from gateway import draining
from gateway.config import Config, Sip
from gateway.kamailio.steps import dialled, word
from gateway.policy.peers import Peer, TlsFiles
from gateway.policy.snapshot import Snapshot
from gateway.sip.leg import Local
from gateway.sip.own_name import own_name
from gateway.sip.values import bracketed

SCRIPT = Path(__file__).with_name("kamailio.cfg")
SYSTEM_CAS = Path("/etc/ssl/certs/ca-certificates.crt")
"""Whom a TLS next hop's certificate must come from where its peer names no CA (Debian's ca-certificates)."""
PROBED = 1
"""The dispatcher's set of all next hops."""
LET_IN = 1
"""The group of addresses whose messages are let in."""


def folder(state_dir: Path) -> Path:
    """Where the files of a node are."""
    return state_dir / "kamailio"


def write_all(config: Config, config_path: Path, snapshot: Snapshot) -> Path:
    """Write every file; where kamailio.cfg is. OSError where one cannot be written or read."""
    into = folder(config.node.state_dir)
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    script = config.kamailio.script or SCRIPT
    _write(into / "kamailio.cfg", script.read_text())
    _write(into / "node.cfg", "\n".join(_node(config, into)) + "\n")
    _write(into / "door.py", door(config_path))
    write_lists(config, snapshot)
    return into / "kamailio.cfg"


def write_lists(config: Config, snapshot: Snapshot) -> None:
    """Write what follows the policy."""
    into = folder(config.node.state_dir)
    _write(into / "tls.cfg", "\n".join(_tls(config.sip, snapshot)) + "\n")
    _write(into / "peers.list", "\n".join(_peers(snapshot)) + "\n")
    _write(into / "dispatcher.list", "\n".join(_hops(snapshot)) + "\n")


def _write(path: Path, text: str) -> None:
    fresh = path.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    fresh.replace(path)


def _node(config: Config, into: Path) -> Iterator[str]:
    sip, kamailio = config.sip, config.kamailio
    yield "# Written by gateway kamailio render; changes are lost."
    for listen in sip.listen:
        advertised = (
            f" advertise {bracketed(str(sip.public_address))}:{listen.port}" if sip.public_address else ""
        )
        yield f"listen={listen.transport}:{bracketed(listen.host)}:{listen.port}{advertised}"
    yield f"children={kamailio.children}"
    yield f"tcp_children={max(1, kamailio.children // 2)}"
    if any(listen.transport == "tls" for listen in sip.listen):
        yield "#!define WITH_TLS"
        yield "enable_tls=yes"
    if sip.unknown_source == "403":
        yield "#!define ANSWER_STRANGERS"
    paths = {
        "DOOR_FILE": into / "door.py",
        "PEERS_FILE": into / "peers.list",
        "HOPS_FILE": into / "dispatcher.list",
        "TLS_FILE": into / "tls.cfg",
        "RPC_SOCKET": into / "rpc.sock",
    }
    for name, value in paths.items():
        yield f"#!define {name} {json.dumps(str(value))}"
    yield f'#!define DRAINING_AT_START "draining=i:{int(draining.is_wanted(config.node.state_dir))}"'
    yield f"#!define PROBE_SECONDS {max(1, round(kamailio.probe_every))}"
    yield f'#!define OWN_HOST "{local(sip).host}"'
    yield f'#!define PROBE_FROM "sip:probe@{local(sip).host}"'
    yield f'#!define MASK_KEY "{_mask_key(into)}"'


def _mask_key(into: Path) -> str:
    """What topology hiding encodes with: the same after a restart, so that calls that are up can be found."""
    path = into / "mask.key"
    if not path.exists():
        _write(path, secrets.token_hex(16))
    return path.read_text()


def _peers(snapshot: Snapshot) -> Iterator[str]:
    yield "# group address mask port tag"
    for peer in snapshot.by_name.values():
        for network in peer.addresses:
            yield f"{LET_IN} {network.network_address} {network.prefixlen} 0 {word(peer.name)}"


def _hops(snapshot: Snapshot) -> Iterator[str]:
    yield "# set destination flags priority attributes"
    # A probe knows no certificate of ours, so next hops that want one are not probed.
    probed = [peer for peer in snapshot.by_name.values() if not peer.tls]
    hops = {dialled(hop): peer.name for peer in probed for hop in peer.every_next_hop}
    for uri, name in hops.items():
        yield f"{PROBED} {uri} 0 0 peer={word(name)}"


def _tls(sip: Sip, snapshot: Snapshot) -> Iterator[str]:
    yield "# Written by gateway kamailio render; changes are lost."
    yield from _tls_domain(
        "server:default",
        TlsFiles(_text(sip.tls_ca), _text(sip.tls_certificate), _text(sip.tls_key)),
        sip.tls_ca,
    )
    # Kamailio reads its CAs once for each process: the machine's many only where somebody needs them.
    cas = SYSTEM_CAS if any(_trusts_the_machine(peer) for peer in snapshot.by_name.values()) else None
    yield from _tls_domain("client:default", TlsFiles(ca=_text(cas)), SYSTEM_CAS)
    for peer in snapshot.by_name.values():
        if peer.tls:  # found by the name that the native route gives before it sends
            name = word(peer.name)
            yield from _tls_domain(
                "client:any", peer.tls, peer.tls.ca, f"server_id = {name}", f"server_name = {name}.invalid"
            )


def _trusts_the_machine(peer: Peer) -> bool:
    """Whether calls to it go over TLS and it names no CA."""
    return not (peer.tls and peer.tls.ca) and any(hop.transport == "tls" for hop in peer.every_next_hop)


def _tls_domain(name: str, files: TlsFiles, verify: object, *more: str) -> Iterator[str]:
    yield f"[{name}]\nmethod = TLSv1.2+"
    yield from more
    for key, value in (("private_key", files.key), ("certificate", files.certificate), ("ca_list", files.ca)):
        if value:
            yield f"{key} = {value}"
    yield f"verify_certificate = {'yes' if verify else 'no'}"
    yield f"require_certificate = {'yes' if verify else 'no'}"


def _text(path: Path | None) -> str | None:
    return str(path) if path else None


def door(config_path: Path) -> str:
    """What Kamailio loads: it finds this package where it is installed, before what Debian has of the same libraries."""
    packages = [sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    return (
        '"""Written by gateway kamailio render; changes are lost."""\n\n'
        "import site\nimport sys\n\n"
        f"folders = {list(dict.fromkeys(packages))!r}\n"
        "sys.path[:0] = folders  # before what Debian has of the same packages\n"
        "for folder in folders:\n"
        "    site.addsitedir(folder)\n\n"
        "from pathlib import Path\n\n"
        "from gateway import wiring_kamailio\n\n\n"
        "def mod_init():\n"
        f"    return wiring_kamailio.door(Path({str(config_path.absolute())!r}))\n"
    )


def local(sip: Sip) -> Local:
    """What we call ourselves: by the first socket."""
    return own_name(sip.listen[0], sip)
