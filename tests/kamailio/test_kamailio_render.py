"""The files by which Kamailio knows a node, and whether it would start with them."""

from __future__ import annotations

import stat
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest

from gateway import draining
from gateway.cli import main
from gateway.config import Config, load
from gateway.kamailio import render
from gateway.kamailio.examination import PACKAGES, problems
from gateway.policy.hops import NextHop
from gateway.policy.peers import Peer, TlsFiles
from gateway.policy.snapshot import PolicyData, Snapshot, compile_snapshot
from gateway.stir.numberplan import NumberPlan

US = NumberPlan.of("US")
SWITCH = Peer("vos 3000", "softswitch", US, addresses=(ip_network("192.0.2.0/29"),))
CARRIER = Peer("carrier", "carrier", US, next_hops=(NextHop.parse("udp:192.0.2.9:5062"),))
SECURE = Peer(
    "secure",
    "carrier",
    US,
    next_hops=(NextHop.parse("tls:192.0.2.8:5061"),),
    tls=TlsFiles("/ca.pem", "/own.pem", "/own.key"),
)

_CONFIG = """
[node]
state_dir = "state"
[sip]
listen = ["udp:127.0.0.2:5060", "tcp:[::1]:5060"]
door = "kamailio"
"""
installed = pytest.mark.skipif(
    not Path("/usr/sbin/kamailio").exists(), reason="Kamailio is not installed: apt-get install kamailio"
)


def snapshot(*peers: Peer) -> Snapshot:
    return compile_snapshot(PolicyData(peers=peers, revision="r1"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "gateway.toml"
    file.write_text(_CONFIG)
    return file


@pytest.fixture
def config(path: Path) -> Config:
    return load(path)


def written(config: Config, path: Path, *peers: Peer) -> dict[str, str]:
    script = render.write_all(config, path, snapshot(*peers))
    return {file.name: file.read_text() for file in script.parent.iterdir()}


def test_nobody_else_may_read_what_is_rendered(config: Config, path: Path) -> None:
    script = render.write_all(config, path, snapshot(SWITCH))
    assert stat.S_IMODE(script.parent.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in script.parent.iterdir()} == {0o600}


def test_kamailio_listens_where_the_configuration_says(config: Config, path: Path) -> None:
    lines = written(config, path)["node.cfg"].splitlines()
    assert [line for line in lines if line.startswith("listen=")] == [
        "listen=udp:127.0.0.2:5060", "listen=tcp:[::1]:5060",
    ]  # fmt: skip


def test_only_addresses_of_peers_are_let_in(config: Config, path: Path) -> None:
    lines = written(config, path, SWITCH, CARRIER)["peers.list"].splitlines()
    assert lines[1:] == ["1 192.0.2.0 29 0 vos_3000"]


def test_next_hops_are_probed_but_those_that_want_our_certificate(config: Config, path: Path) -> None:
    lines = written(config, path, CARRIER, SECURE)["dispatcher.list"].splitlines()
    assert lines[1:] == ["1 sip:192.0.2.9:5062 0 0 peer=carrier"]


def test_a_peers_own_certificates_are_found_by_its_name(config: Config, path: Path) -> None:
    text = written(config, path, SECURE)["tls.cfg"]
    assert "server_id = secure\n" in text
    assert "ca_list = /ca.pem\nverify_certificate = yes" in text


def test_a_next_hop_without_a_ca_of_its_own_must_satisfy_the_machines(config: Config, path: Path) -> None:
    text = written(config, path, replace(SECURE, tls=None))["tls.cfg"]
    default = text[text.index("[client:default]") :]
    assert f"ca_list = {render.SYSTEM_CAS}" in default
    assert "verify_certificate = yes" in default


def test_what_hides_the_topology_stays_the_same(config: Config, path: Path) -> None:
    assert written(config, path)["mask.key"] == written(config, path)["mask.key"]


def test_a_lack_of_kamailio_says_what_to_install(config: Config, path: Path, tmp_path: Path) -> None:
    nowhere = config.model_copy(
        update={"kamailio": config.kamailio.model_copy(update={"program": tmp_path / "kamailio"})}
    )
    (problem,) = problems(nowhere, render.write_all(nowhere, path, snapshot()))
    assert f"apt-get install {PACKAGES['tm']} {PACKAGES['app_python3']}" in problem


@installed
def test_the_script_that_comes_with_the_gateway_is_one_that_kamailio_takes(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["kamailio", "check", "--config", str(path)]) == 0
    assert "Kamailio takes it" in capsys.readouterr().out


@installed
def test_a_script_that_kamailio_does_not_take_is_told_with_its_line(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "own.cfg").write_text("#!KAMAILIO\nrequest_route {\n\tno_such_function();\n}\n")
    path.write_text(_CONFIG + '[kamailio]\nscript = "own.cfg"\n')
    assert main(["kamailio", "check", "--config", str(path)]) == 1
    assert "line 3" in capsys.readouterr().err


def test_rendering_says_how_kamailio_is_started(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["kamailio", "render", "--config", str(path)]) == 0
    assert f"-f {path.parent / 'state' / 'kamailio' / 'kamailio.cfg'}" in capsys.readouterr().out


def test_a_script_that_is_not_there_is_the_users_mistake(path: Path) -> None:
    path.write_text(_CONFIG + '[kamailio]\nscript = "gone.cfg"\n')
    assert main(["kamailio", "render", "--config", str(path)]) == 2


@pytest.mark.parametrize("drained", [False, True])
def test_a_drained_node_takes_no_call_from_its_first_moment(
    config: Config, path: Path, drained: bool
) -> None:
    draining.note(config.node.state_dir, drained)
    assert f'#!define DRAINING_AT_START "draining=i:{int(drained)}"' in written(config, path)["node.cfg"]
