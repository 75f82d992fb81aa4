"""Lists on disk count only if they are trusted and no older than what is in force; wanted URLs are noted once."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from structlog.testing import capture_logs

from certs import names, pem, profile
from certs.authority import Authority, new_key
from certs.builders import CRL_URL, NOW, Chain, make_chain
from certs.extensions import authority_key
from certs.sti_pa import make_crl
from gateway.stir import chain
from gateway.stir.path import Anchors
from gateway.stir.reasons import Reason
from gateway.stir.revocation import CrlRefused, Revocations
from gateway.trust.crls import MOST_WANTED, CrlFiles, CrlFolder, judge

CHAIN, STRANGER = make_chain(), make_chain()
ANCHORS = Anchors([CHAIN.root.certificate, CHAIN.sti_pa.certificate])
OTHER_ANCHORS = Anchors([*ANCHORS.certificates, STRANGER.root.certificate])
AT = NOW.timestamp()
LATER = NOW + timedelta(hours=1)
URL, OTHER_URL = "https://pa.example.test/crl", "https://pa.example.test/other"


def crl(*revoked: x509.Certificate, of: Chain = CHAIN, now: datetime = NOW) -> bytes:
    return pem.crl(of.crl(*revoked, now=now))


def reason(files: CrlFiles) -> Reason | None:
    trusted = chain.trust(chain.read(CHAIN.pem), ANCHORS, AT)
    return Revocations(files.lists).problem(trusted, AT, required=True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sti-pa.crl"


# Whether a list counts


@pytest.mark.parametrize(
    ("content", "told"),
    [
        pytest.param(b"", "unreadable", id="empty"),
        pytest.param(b"\x30\x80" * 50, "unreadable", id="garbage"),
        pytest.param(pem.chain(CHAIN.leaf), "unreadable", id="a certificate"),
        pytest.param(crl(of=STRANGER), "untrusted", id="a stranger's"),
        pytest.param(crl() + crl(of=STRANGER), "untrusted", id="a stranger's beside a trusted one"),
    ],
)
def test_a_list_that_is_nobodys_is_refused(content: bytes, told: str) -> None:
    with pytest.raises(CrlRefused) as caught:
        judge(content, ANCHORS, AT)
    assert caught.value.reason == told


def test_a_list_older_than_the_one_in_force_is_refused() -> None:
    in_force = judge(crl(now=LATER), ANCHORS, AT)
    with pytest.raises(CrlRefused) as caught:
        judge(crl(), ANCHORS, AT, in_force=in_force)
    assert caught.value.reason == "older-than-in-force"
    assert judge(crl(now=LATER), ANCHORS, AT, in_force=in_force)


def test_the_last_good_list_stays_in_force(path: Path) -> None:
    files = CrlFiles()
    path.write_bytes(crl(CHAIN.leaf, now=LATER))
    files.load([path], ANCHORS, AT)
    assert (reason(files), files.problems) == (Reason.CERTIFICATE_REVOKED, ())
    for bad, told in (
        (b"", "unreadable"),
        (crl(of=STRANGER), "untrusted"),
        (crl(), "older-than-in-force"),
        (None, "cannot be read: No such file or directory"),
    ):
        path.unlink() if bad is None else path.write_bytes(bad)
        files.load([path], ANCHORS, AT)
        assert (reason(files), files.problems) == (Reason.CERTIFICATE_REVOKED, (f"{path}: {told}",))


def test_a_list_that_other_anchors_made_trusted_is_judged_anew(path: Path) -> None:
    files = CrlFiles()
    path.write_bytes(crl(CHAIN.leaf))
    files.load([path], ANCHORS, AT)
    files.load([path], Anchors([CHAIN.root.certificate]), AT)
    assert (files.lists, files.problems) == ((), (f"{path}: untrusted",))


def test_a_file_that_is_not_named_any_more_does_not_count(path: Path) -> None:
    files = CrlFiles()
    path.write_bytes(crl(CHAIN.leaf))
    files.load([path], ANCHORS, AT)
    files.load([], ANCHORS, AT)
    assert files.lists == ()


def test_a_new_list_takes_the_place_of_the_old(path: Path) -> None:
    files = CrlFiles()
    path.write_bytes(crl())
    files.load([path], ANCHORS, AT)
    assert reason(files) is None
    path.write_bytes(crl(CHAIN.leaf))
    files.load([path], ANCHORS, AT)
    assert reason(files) is Reason.CERTIFICATE_REVOKED
    assert files.of(path) == files.lists


def test_a_file_is_judged_once_for_each_of_its_states_and_each_set_of_anchors(path: Path) -> None:
    files = CrlFiles()
    path.write_bytes(crl())
    files.load([path], ANCHORS, AT)
    (first,) = files.lists
    files.load([path], ANCHORS, AT)
    assert files.lists == (first,)
    files.load([path], OTHER_ANCHORS, AT)
    assert files.lists != (first,)


def test_a_lists_signer_may_lead_to_an_anchor_by_a_certificate_known_beforehand() -> None:
    key, pa = new_key(), CHAIN.sti_pa
    own = profile.sti_pa(key.public_key(), NOW, 77).having(authority_key(pa.certificate).value)
    signer = Authority(pa.issue(replace(own, subject=names.TRUST_LIST, issuer=pa.certificate.subject)), key)
    content = pem.crl(make_crl(signer, CRL_URL, 1, [], NOW))
    with pytest.raises(CrlRefused):
        judge(content, ANCHORS, AT)
    assert judge(content, ANCHORS, AT, signers=[signer.certificate])


# What is wanted


@pytest.fixture
def folder(tmp_path: Path) -> CrlFolder:
    return CrlFolder(tmp_path / "trust")


def test_an_empty_folder_wants_and_holds_nothing(folder: CrlFolder) -> None:
    assert (folder.wanted(), folder.fetched()) == ((), ())


def test_what_one_process_wants_all_see_once(folder: CrlFolder, tmp_path: Path) -> None:
    folder.want(URL)
    folder.want(URL)
    other = CrlFolder(tmp_path / "trust")
    other.want(URL)
    other.want(OTHER_URL)
    assert sorted(folder.wanted()) == sorted(other.wanted()) == [URL, OTHER_URL]
    assert len(list((tmp_path / "trust").iterdir())) == 2


def test_wanting_again_touches_no_disk(folder: CrlFolder, tmp_path: Path) -> None:
    folder.want(URL)
    for note in (tmp_path / "trust").iterdir():
        note.unlink()
    folder.want(URL)
    assert folder.wanted() == ()


def test_not_more_are_noted_than_a_node_can_fetch(tmp_path: Path) -> None:
    for process in range(2):
        folder = CrlFolder(tmp_path / "trust")
        for number in range(MOST_WANTED + 10):
            folder.want(f"{URL}/{process}/{number}")
    assert len(folder.wanted()) == MOST_WANTED


def test_an_endless_url_is_not_noted(folder: CrlFolder) -> None:
    folder.want(URL + "x" * 2048)
    assert folder.wanted() == ()


def test_a_folder_that_cannot_be_written_is_told_and_survived(tmp_path: Path) -> None:
    (tmp_path / "trust").write_bytes(b"a file")
    folder = CrlFolder(tmp_path / "trust")
    with capture_logs() as told:
        folder.want(URL)
    assert [each["event"] for each in told] == ["crl.not-noted"]
    assert folder.wanted() == ()


@pytest.mark.parametrize(
    "note", [b"", b"[]", b"{}", b'{"url": 1}', b'{"url": "https://elsewhere.example.test"}', b"\xff"]
)
def test_a_note_that_is_none_of_ours_is_passed_over(folder: CrlFolder, tmp_path: Path, note: bytes) -> None:
    folder.want(URL)
    (tmp_path / "trust" / "crl-0123456789abcdef0123456789abcdef.json").write_bytes(note)
    assert folder.wanted() == (URL,)


# CAs that were met

CA, OTHER_CA = CHAIN.intermediate.certificate, STRANGER.intermediate.certificate


def test_a_ca_that_one_process_met_all_know_once(folder: CrlFolder, tmp_path: Path) -> None:
    other = CrlFolder(tmp_path / "trust")
    assert other.authorities() == ()
    folder.meet(CA)
    folder.meet(CA)
    other.meet(CA)
    other.meet(OTHER_CA)
    assert set(folder.authorities()) == set(other.authorities()) == {CA, OTHER_CA}
    assert len(folder.authority_files()) == 2


def test_not_more_cas_are_noted_than_a_node_can_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.trust.crls.MOST_AUTHORITIES", 1)
    for each in (CA, OTHER_CA):
        CrlFolder(tmp_path).meet(each)
    assert CrlFolder(tmp_path).authorities() == (CA,)


def test_an_endless_ca_is_not_noted(folder: CrlFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.trust.crls.LARGEST_AUTHORITY", 100)
    folder.meet(CA)
    assert folder.authority_files() == ()


@pytest.mark.parametrize("note", [b"", b"\xff", pem.chain(OTHER_CA), pem.chain(CA, OTHER_CA)])
def test_a_ca_under_anothers_name_is_passed_over(folder: CrlFolder, note: bytes) -> None:
    folder.meet(CA)
    (path,) = folder.authority_files()
    path.write_bytes(note)
    assert folder.authorities() == ()
    path.write_bytes(pem.chain(CA))
    assert folder.authorities() == (CA,)


def test_a_list_is_kept_and_replaced_only_by_another(folder: CrlFolder) -> None:
    folder.keep(URL, b"one")
    before = folder.path(URL).stat().st_ino
    folder.keep(URL, b"one")
    assert folder.path(URL).stat().st_ino == before
    folder.keep(URL, b"two")
    assert folder.path(URL).read_bytes() == b"two"
    assert folder.fetched() == (folder.path(URL),)
