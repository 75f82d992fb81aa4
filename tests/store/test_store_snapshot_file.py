"""A snapshot comes out of its file as it went in, or is refused: never half, never another version's."""

from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path

import pytest

from gateway.policy.accounts import Account
from gateway.policy.areas import Area
from gateway.policy.hops import NextHop
from gateway.policy.lists import ListGroup
from gateway.policy.numbersets import NumberSet
from gateway.policy.peers import Peer
from gateway.policy.routes import Route
from gateway.policy.sections import NumberSection
from gateway.policy.snapshot import PolicyData, compile_snapshot
from gateway.stir.tn import NumberPlan
from gateway.store import snapshot_file
from gateway.store.files import replace
from gateway.store.snapshot_file import SnapshotRefused

US = NumberPlan.of("US")
POLICY = PolicyData(
    accounts=(Account("acme", "Acme"), Account("bolt", "Bolt", enabled=False)),
    sections=(NumberSection("12155550100", "12155550199", "acme", "first"),),
    peers=(
        Peer("switch", "softswitch", US, addresses=(ip_network("192.0.2.0/24"),), account="acme"),
        Peer("carrier", "carrier", US, next_hops=(NextHop("udp", "192.0.2.9", 5060),)),
    ),
    routes=(Route("", ("carrier",), "default"),),
    areas=(Area("1215", "Philadelphia"),),
    groups=(ListGroup("nuisance", "", NumberSet.of(["12155550123", "99"])),),
    revision="7",
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "run" / "snapshot"
    snapshot_file.write(path, compile_snapshot(POLICY))
    return path


def test_what_is_read_answers_as_what_was_written(path: Path) -> None:
    snapshot = snapshot_file.read(path)
    section, area = snapshot.sections.find("12155550150"), snapshot.areas.find("12155550150")
    assert snapshot.revision == "7"
    assert section is not None
    assert (section.name, section.account) == ("first", "acme")
    assert area == Area("1215", "Philadelphia")
    assert list(snapshot.groups["nuisance"]) == ["99", "12155550123"]
    assert snapshot.peers.find("192.0.2.77") is snapshot.by_name["switch"]


def test_accounts_are_the_same_mapping(path: Path) -> None:
    written, found = compile_snapshot(POLICY).accounts, snapshot_file.read(path).accounts
    assert dict(found) == dict(written)
    assert found["acme"] is found["acme"]
    assert found.get("nobody") is None
    assert "nobody" not in found


def test_a_snapshot_that_was_read_can_be_written_again(path: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    snapshot_file.read(path).accounts["acme"]
    snapshot_file.write(again, snapshot_file.read(path))
    assert dict(snapshot_file.read(again).accounts) == dict(snapshot_file.read(path).accounts)


def test_a_snapshot_in_use_outlives_its_file(path: Path) -> None:
    snapshot = snapshot_file.read(path)
    snapshot_file.write(path, compile_snapshot(PolicyData()))
    path.unlink()
    assert snapshot.sections.find("12155550150") is not None


def test_the_file_is_ours_alone(path: Path) -> None:
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["snapshot"]


def _another_version(content: bytes) -> bytes:
    first, rest = content.split(b"\n", 1)
    return first + b"0\n" + rest


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda content: b"",
    "another-version": _another_version,
    "another-file": lambda content: b"[[accounts]]\n" * 100,
    "no-second-line": lambda content: content.split(b"\n")[0] + b"\n",
    "second-line-no-json": lambda content: content.replace(b'{"bytes"', b'{"bytes', 1),
    "second-line-a-list": lambda content: content.split(b"\n")[0] + b"\n[]\n" + content,
    "cut-by-one": lambda content: content[:-1],
    "cut-in-half": lambda content: content[: len(content) // 2],
    "longer": lambda content: content + b"\0",
    "a-byte-of-the-pickle": lambda content: content.replace(b"Snapshot", b"Snapshat"),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_another_file_is_refused(path: Path, damage: Callable[[bytes], bytes]) -> None:
    replace(path, damage(path.read_bytes()))
    with pytest.raises(SnapshotRefused, match=str(path)):
        snapshot_file.read(path)


def test_no_file_is_not_a_refused_one(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        snapshot_file.read(tmp_path / "none")
