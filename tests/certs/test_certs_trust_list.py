"""The lab STI-PA's trust list can be checked under pa-root.pem alone, rises in sequence, and says TEST ONLY."""

import json
from base64 import b64decode, urlsafe_b64decode
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography import x509

from certs import pem, show, trust_list
from certs.__main__ import main
from certs.builders import NOW, counted_serials
from certs.lab import Lab
from certs.ledger import Ledger
from certs.refusal import LabRefused


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    made = Lab(tmp_path / "lab")
    made.init(Ledger("https://certs.example.test"), NOW, counted_serials())
    return made


def published(lab: Lab) -> bytes:
    return (lab.directory / "trust-list.jws").read_bytes()


def certificate(lab: Lab, name: str) -> x509.Certificate:
    return pem.certificates((lab.directory / f"{name}.pem").read_bytes())[0]


def part(jws: bytes, number: int) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(urlsafe_b64decode(jws.split(b".")[number] + b"=="))
    return value


@pytest.mark.parametrize(
    "text",
    [
        b"eyJ",
        b"eyJ.!.x",
        b"eyJ.e30.x",
        b"eyJ.W10.x",
        b"eyJ" + trust_list.sign(trust_list.new_key(), {}, {"sequence": 1, "exp": 1e99, "trustList": []})[3:],
    ],
    ids=["one part", "no base64", "nothing in it", "a list", "no such time"],
)
def test_what_is_no_list_is_refused(text: bytes) -> None:
    with pytest.raises(LabRefused, match="not a trust list"):
        show.describe(text, NOW)


@pytest.mark.parametrize("seconds", ["0", "-1", "1.5", "day", "99999999"])
def test_a_lifetime_is_seconds_up_to_a_year(lab: Lab, seconds: str) -> None:
    before = published(lab)
    with pytest.raises(SystemExit):
        main(["trust-list", "--dir", str(lab.directory), f"--lifetime={seconds}"])
    assert published(lab) == before


def test_without_a_lab_there_is_no_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trust-list", "--dir", str(tmp_path)]) == 2
    assert "certs init" in capsys.readouterr().err


def test_it_names_the_root_for_a_day(lab: Lab) -> None:
    listed = trust_list.read(published(lab))
    assert listed.trusted == (certificate(lab, "root"),)
    assert (listed.sequence, listed.expires) == (1, NOW + timedelta(days=1))


def test_it_says_test_only(lab: Lab) -> None:
    assert part(published(lab), 1)["warning"] == "TEST ONLY"


def test_another_library_accepts_its_signature(lab: Lab) -> None:
    header = part(published(lab), 0)
    signer = x509.load_der_x509_certificate(b64decode(header["x5c"][0]))
    assert header["alg"] == "ES256"
    payload = jwt.PyJWS().decode(published(lab), signer.public_key(), algorithms=["ES256"])
    assert json.loads(payload)["sequence"] == 1


def test_its_signer_stands_under_the_sti_pa_for_as_long_as_the_list(lab: Lab) -> None:
    signer, issuer = (
        x509.load_der_x509_certificate(b64decode(one)) for one in part(published(lab), 0)["x5c"]
    )
    assert issuer == certificate(lab, "pa-root")
    signer.verify_directly_issued_by(issuer)
    assert signer.not_valid_after_utc == NOW + timedelta(days=1)
    assert signer.subject.rfc4514_string().count("TEST ONLY") == 2
    assert not signer.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_each_new_list_rises_in_sequence_and_lasts_as_asked(lab: Lab) -> None:
    lab.publish_trust_list(NOW, counted_serials(), lifetime=timedelta(hours=1))
    lab.publish_trust_list(NOW, counted_serials(), lifetime=timedelta(hours=2))
    listed = trust_list.read(published(lab))
    assert (listed.sequence, listed.expires) == (3, NOW + timedelta(hours=2))


def test_a_lab_older_than_its_list_begins_with_the_first(lab: Lab) -> None:
    state = json.loads((lab.directory / "state.json").read_bytes())
    del state["trust_list_sequence"]
    (lab.directory / "state.json").write_text(json.dumps(state))
    lab.publish_trust_list(NOW, counted_serials())
    assert trust_list.read(published(lab)).sequence == 1


@pytest.mark.parametrize(
    ("later", "told"), [(0, "(in force)"), (3601, "(EXPIRED)")], ids=["in its time", "after"]
)
def test_the_shell_publishes_and_shows_it(
    lab: Lab, capsys: pytest.CaptureFixture[str], later: int, told: str
) -> None:
    where, now = ["--dir", str(lab.directory)], int(NOW.timestamp())
    assert main(["trust-list", *where, "--lifetime", "3600", "--now", str(now)]) == 0
    assert "trust list 2: 1 trusted, until 2026-01-01 01:00:00 UTC (in force)" in capsys.readouterr().out
    assert main(["show", *where, "--now", str(now + later), str(lab.directory / "trust-list.jws")]) == 0
    out = capsys.readouterr().out
    assert told in out
    assert "TEST ONLY SHAKEN ROOT" in out
