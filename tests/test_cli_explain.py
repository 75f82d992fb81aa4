"""`gateway explain`: what a node would do with a call, from the files its processes leave."""

import json
from ipaddress import ip_network
from pathlib import Path

import pytest

from gateway.cli import main
from gateway.policy.accounts import Account
from gateway.policy.hops import NextHop
from gateway.policy.lists import Attachment, ListGroup
from gateway.policy.numbersets import NumberSet
from gateway.policy.peers import Peer
from gateway.policy.routes import Route
from gateway.policy.snapshot import PolicyData, compile_snapshot
from gateway.policy.terms import Terms
from gateway.policy.windows import Window
from gateway.stir.tn import NumberPlan
from gateway.store import snapshot_file
from gateway.store.watcher import snapshot_path

SOFTSWITCH, CARRIER = "192.0.2.1", "198.51.100.1"
TRANSIT = Account("acme", "Acme", kind="transit")
AT_NIGHT = Window(frozenset(range(7)), "22:00", "06:00", "UTC")


def policy() -> PolicyData:
    plan, hops = NumberPlan.of("US"), (NextHop.parse("udp:192.0.2.9:5060"),)
    night = Terms(lists=(Attachment("nuisance", "callee", "black", AT_NIGHT),))
    softswitch = Peer("vos3000", "softswitch", plan, (ip_network(SOFTSWITCH),), next_hops=hops, terms=night)
    carrier = Peer("carrier", "carrier", plan, (ip_network(CARRIER),), next_hops=hops)
    return PolicyData(
        accounts=(TRANSIT,),
        peers=(softswitch, carrier),
        routes=(Route("1", ("carrier",), "out"), Route("1", ("vos3000",), "in", from_peer="carrier")),
        groups=(ListGroup("nuisance", "", NumberSet.of(["12155550123"])),),
        revision="7",
    )


@pytest.fixture
def config(tmp_path: Path) -> str:
    path = tmp_path / "gateway.toml"
    path.write_text('[node]\nstate_dir = "."\n[sip]\nlisten = ["udp:127.0.0.1:5060"]\n', encoding="utf-8")
    snapshot_file.write(snapshot_path(tmp_path), compile_snapshot(policy()))
    return str(path)


def explain(config: str, *options: str, source: str = SOFTSWITCH, callee: str = "2155550123") -> int:
    called = ["--from", "2155550100", "--to", callee]
    return main(["explain", "--config", config, "--source", source, *called, *options])


def test_a_node_without_a_policy_is_a_mistake(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text('[node]\nstate_dir = "."\n[sip]\nlisten = ["udp:127.0.0.1:5060"]\n', encoding="utf-8")
    assert explain(str(path)) == 2
    captured = capsys.readouterr()
    assert "no policy has been compiled on this node; do: " in captured.err
    assert captured.out == ""


def test_a_source_that_is_no_address_is_a_mistake(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert explain(config, source="vos3000") == 2
    assert "--source 'vos3000' is no address; do: " in capsys.readouterr().err


@pytest.mark.parametrize("at", ["tomorrow", "2027-01-15T08:00:00", "1800000000"])
def test_a_time_has_a_zone(config: str, at: str) -> None:
    with pytest.raises(SystemExit) as caught:
        explain(config, "--at", at)
    assert caught.value.code == 2


def test_a_stranger_is_refused(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert explain(config, source="203.0.113.1") == 1
    assert capsys.readouterr().out.splitlines()[-1] == "refused: rule source.stranger"


def test_a_refusal_names_the_check_and_the_rule(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert explain(config, "--at", "2027-01-15T23:30:00+00:00") == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "refused: rule list.black:peer/vos3000/nuisance, SIP 603"
    refusing = next(line for line in lines if "refuses" in line)
    assert refusing.split(maxsplit=1)[1].startswith("black and white groups")


def test_the_same_call_goes_on_at_another_time(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert explain(config, "--at", "2027-01-15T12:00:00Z") == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("forwarded: rule attest.")


def test_a_carriers_call_is_one_without_identity(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert explain(config, source=CARRIER) == 0
    assert "delivered: rule identity.no-identity" in capsys.readouterr().out


def test_what_was_typed_cannot_write_on_the_terminal(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    explain(config, callee="\x1b[2J")
    assert "\x1b" not in capsys.readouterr().out


def test_programs_get_json(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    explain(config, "--json", "--at", "2027-01-15T12:00:00Z")
    told = json.loads(capsys.readouterr().out)
    assert (told["outcome"], told["route"], told["targets"]) == ("forwarded", "out", ["carrier"])
    assert [check["number"] for check in told["checks"]] == list(range(1, len(told["checks"]) + 1))
