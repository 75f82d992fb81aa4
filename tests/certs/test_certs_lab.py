"""The lab on disk and from a shell: refusals first, then what it makes and how it keeps it."""

import json
import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from certs import files, names, pem, show
from certs.__main__ import main
from certs.authority import new_key
from certs.builders import NOW, counted_serials, make_chain
from certs.lab import Lab
from certs.ledger import Ledger
from certs.refusal import LabRefused
from certs.show import WARNING
from gateway.trust.credential import load_credential

BASE = "https://certs.example.test"


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """A lab at NOW with one leaf, 616H."""
    made, serials = Lab(tmp_path / "lab"), counted_serials()
    made.init(Ledger(BASE), NOW, serials)
    made.leaf("616H", NOW, serials)
    return made


def leaf(lab: Lab, spc: str = "709J", name: str | None = None) -> str:
    return lab.leaf(spc, NOW, x509.random_serial_number, name=name)


def certificate(lab: Lab, name: str) -> x509.Certificate:
    return pem.certificates((lab.directory / f"{name}.pem").read_bytes())[0]


def revoked(lab: Lab) -> set[int]:
    crl = pem.revocation_list((lab.directory / "crl.pem").read_bytes())
    return {entry.serial_number for entry in crl}


def contents(lab: Lab) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in lab.directory.iterdir()}


def command(lab: Lab, *words: str) -> int:
    return main([words[0], "--dir", str(lab.directory), *words[1:]])


# What is refused


def test_a_second_init_changes_nothing(lab: Lab) -> None:
    before = contents(lab)
    with pytest.raises(LabRefused, match="--force"):
        lab.init(Ledger(BASE), NOW, x509.random_serial_number)
    assert contents(lab) == before


def test_a_leaf_of_a_name_in_use_changes_nothing(lab: Lab) -> None:
    before = contents(lab)
    with pytest.raises(LabRefused, match="--force"):
        leaf(lab, "616H")
    assert contents(lab) == before


@pytest.mark.parametrize(
    "name", ["root", "pa-root", "crl", "trust-list", "state", "../616H", "a/b", ".hidden", "a b", "a\n"]
)
def test_a_name_that_is_taken_or_is_no_file_name_is_refused(lab: Lab, name: str) -> None:
    with pytest.raises(LabRefused, match="cannot name a certificate"):
        leaf(lab, name=name)


def test_a_directory_open_to_others_gets_no_keys(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with pytest.raises(LabRefused, match="chmod 700"):
        Lab(tmp_path).init(Ledger(BASE), NOW, x509.random_serial_number)
    assert list(tmp_path.iterdir()) == []


def test_an_authority_key_opened_to_others_is_not_used(lab: Lab) -> None:
    (lab.directory / "intermediate.key").chmod(0o644)
    with pytest.raises(LabRefused, match="chmod 600"):
        leaf(lab)


def test_revoking_an_unknown_name_tells_the_known_ones(lab: Lab) -> None:
    with pytest.raises(LabRefused, match="616H, intermediate"):
        lab.revoke("709J", NOW)


def test_revoking_twice_is_refused(lab: Lab) -> None:
    lab.revoke("616H", NOW)
    with pytest.raises(LabRefused, match="already"):
        lab.revoke("616H", NOW)


@pytest.mark.parametrize(
    "state",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b'{"base": "x", "policy": "x", "crl_number": 1, "issued": []}',
        b'{"base": "x", "policy": "1.2", "crl_number": 1, "issued": [{"name": "a"}]}',
        b'{"base": "x", "policy": "1.2", "crl_number": 1, "issued": '
        b'[{"name": "a", "issuer": "?", "serial": "1", "revoked": null}]}',
    ],
    ids=["empty", "a list", "nothing in it", "not text", "bad policy", "entry cut short", "bad issuer"],
)
def test_a_damaged_state_is_told_as_such(lab: Lab, state: bytes) -> None:
    (lab.directory / "state.json").write_bytes(state)
    with pytest.raises(LabRefused, match="damaged"):
        lab.state()


def test_a_write_that_fails_leaves_the_old_file_and_no_rest(
    tmp_path: Path,
) -> None:
    target = tmp_path / "crl.pem"
    target.mkdir()
    with pytest.raises(IsADirectoryError):
        files.write(target, b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["crl.pem"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        pytest.param(["leaf", "--spc", "709J"], "certs init", id="leaf without a lab"),
        pytest.param(["revoke", "616H"], "certs init", id="revoke without a lab"),
        pytest.param(["show", "absent.pem"], "does not exist", id="show nothing"),
        pytest.param(["show", __file__], "not a PEM certificate", id="show a stranger"),
    ],
)
def test_a_refusal_is_one_line_and_exit_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    assert command(Lab(tmp_path), *words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert told in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [
        pytest.param([], id="no command"),
        pytest.param(["leaf"], id="leaf without SPC"),
        pytest.param(["init", "--spc", "616h"], id="small letters"),
        pytest.param(["init", "--host", "certs.example.test"], id="host without scheme"),
        pytest.param(["init", "--policy", "shaken"], id="policy that is no OID"),
        pytest.param(["init", "--now", "today"], id="time that is no number"),
        pytest.param(["init", "--now", "inf"], id="time without end"),
        pytest.param(["leaf", "--spc", "709J", "--tn", "+12025550100"], id="number with a plus"),
    ],
)
def test_a_wrong_word_is_refused_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2
    assert list(tmp_path.iterdir()) == []


# What is made


def test_keys_and_state_are_for_their_owner_alone(lab: Lab) -> None:
    assert stat.S_IMODE(lab.directory.stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in lab.directory.iterdir()}
    assert modes == {
        **dict.fromkeys(["root.key", "intermediate.key", "pa-root.key", "616H.key", "state.json"], 0o600),
        **dict.fromkeys(["root.pem", "intermediate.pem", "pa-root.pem", "616H.pem", "crl.pem"], 0o644),
        "trust-list.jws": 0o644,
    }


def test_the_mode_does_not_hang_on_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        files.write(tmp_path / "some.key", b"secret")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "some.key").stat().st_mode) == 0o600


def test_a_leaf_and_its_key_are_a_credential(lab: Lab) -> None:
    directory, x5u = lab.directory, lab.state().url("616H.pem")
    credential = load_credential("lab", directory / "616H.key", directory / "616H.pem", x5u)
    assert (credential.spc, credential.warnings) == ("616H", ())
    assert credential.chain == (certificate(lab, "616H"), certificate(lab, "intermediate"))
    assert credential.usable(NOW.timestamp()) is None


def test_leaf_and_list_agree_on_where_the_list_is(lab: Lab) -> None:
    (point,) = certificate(lab, "616H").extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    assert point.full_name == [x509.UniformResourceIdentifier(f"{BASE}/certs/crl.pem")]


def test_a_revoked_leaf_is_listed_and_the_others_are_not(lab: Lab) -> None:
    leaf(lab, "709J")
    lab.revoke("616H", NOW)
    assert revoked(lab) == {certificate(lab, "616H").serial_number}


def test_an_intermediate_is_revoked_in_the_name_of_the_root(lab: Lab) -> None:
    lab.revoke("intermediate", NOW)
    (entry,) = pem.revocation_list((lab.directory / "crl.pem").read_bytes())
    issuer = entry.extensions.get_extension_for_class(x509.CertificateIssuer).value
    assert issuer.get_values_for_type(x509.DirectoryName) == [certificate(lab, "root").subject]


def test_a_name_that_was_replaced_is_revoked_with_all_it_ever_stood_for(lab: Lab) -> None:
    first = certificate(lab, "616H")
    lab.leaf("616H", NOW, x509.random_serial_number, replace=True)
    second = certificate(lab, "616H")
    lab.revoke("616H", NOW)
    assert first != second
    assert revoked(lab) == {first.serial_number, second.serial_number}


def test_each_new_list_keeps_what_is_revoked_and_rises_in_number(lab: Lab) -> None:
    lab.revoke("616H", NOW)
    later = datetime(2026, 6, 1, tzinfo=UTC)
    lab.publish(later)
    crl = pem.revocation_list((lab.directory / "crl.pem").read_bytes())
    assert crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 3
    assert crl.last_update_utc == later
    assert [entry.revocation_date_utc for entry in crl] == [NOW]


def test_the_state_is_read_as_it_was_written(lab: Lab) -> None:
    lab.revoke("616H", NOW)
    state = lab.state()
    assert [(one.name, one.revoked) for one in state.issued] == [("intermediate", None), ("616H", NOW)]
    assert state.issued[1].issuer == certificate(lab, "intermediate").subject
    assert json.loads((lab.directory / "state.json").read_bytes())["warning"] == "TEST ONLY"


# From a shell


def test_the_shell_makes_a_lab_and_says_loudly_what_it_is_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lab = Lab(tmp_path / "lab")
    assert command(lab, "init", "--spc", "709J", "--host", "http://127.0.0.1:8080/") == 0
    out = capsys.readouterr().out
    assert out.startswith(WARNING)
    assert "TEST ONLY" in WARNING
    assert "x5u  http://127.0.0.1:8080/certs/709J.pem" in out
    assert all(f"{name}.pem" in out for name in ("root", "intermediate", "pa-root", "709J", "crl"))
    assert "PRIVATE" not in out


def test_the_shell_takes_another_policy_name_and_time(tmp_path: Path) -> None:
    lab, policy = Lab(tmp_path / "lab"), "2.16.840.1.114569.1.1.3"
    words = ["--policy", policy, "--name", "main-2", "--now", "1767225600"]
    assert command(lab, "init", *words) == 0
    made = certificate(lab, "main-2")
    stated = made.extensions.get_extension_for_class(x509.CertificatePolicies).value
    assert [one.policy_identifier.dotted_string for one in stated] == [policy]
    assert made.not_valid_after_utc == datetime(2027, 1, 1, tzinfo=UTC)


def test_the_shell_replaces_only_by_force(lab: Lab) -> None:
    before = certificate(lab, "root")
    assert command(lab, "init") == 2
    assert certificate(lab, "root") == before
    assert command(lab, "init", "--force") == 0
    assert certificate(lab, "root") != before


def test_the_shell_issues_shows_and_revokes(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    serial = f"{certificate(lab, '616H').serial_number:x}"
    assert command(lab, "leaf", "--spc", "709J", "--tn", "12025550100") == 0
    assert command(lab, "show", str(lab.directory / "709J.pem")) == 0
    assert "may sign  SPC 709J, 12025550100" in capsys.readouterr().out
    assert command(lab, "revoke", "616H") == 0
    assert f"revoked   {serial}" in capsys.readouterr().out
    assert command(lab, "crl") == 0
    assert f"revoked   {serial}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("now", "told"),
    [("1767225600", "(valid now)"), ("1", "(not yet valid)"), ("4102444800", "(EXPIRED)")],
    ids=["in its time", "before", "after"],
)
def test_show_says_whether_a_certificate_is_in_its_time(
    lab: Lab, capsys: pytest.CaptureFixture[str], now: str, told: str
) -> None:
    assert command(lab, "show", "--now", now, str(lab.directory / "616H.pem")) == 0
    assert told in capsys.readouterr().out


def test_show_reads_a_list_without_a_number() -> None:
    key = new_key()
    builder = x509.CertificateRevocationListBuilder().issuer_name(names.STI_PA)
    crl = builder.last_update(NOW).next_update(NOW).sign(key, SHA256())
    assert show.describe(pem.crl(crl), NOW)[0].startswith("revocation list without a number")


def test_show_refuses_what_it_cannot_read_to_the_end() -> None:
    twice = make_chain().leaf.public_bytes(Encoding.DER).replace(b"\x55\x1d\x0f", b"\x55\x1d\x13")
    with pytest.raises(LabRefused, match="cannot be read"):
        show.describe(pem.chain(x509.load_der_x509_certificate(twice)), NOW)


def test_a_disk_that_refuses_is_one_line_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert command(Lab(tmp_path / "file"), "init") == 2
    assert capsys.readouterr().err.startswith("certs: ")


def test_help_teaches_by_example(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    out = capsys.readouterr().out
    assert "python -m certs init --spc 616H" in out
    assert "TEST ONLY" in out
