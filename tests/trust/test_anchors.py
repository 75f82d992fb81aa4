"""Anchors are read whole or refused whole: every mistake is told at once, with its file."""

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from certs import extensions, pem
from certs.builders import NOW, make_chain, make_delegate
from certs.template import Template
from gateway.trust.anchors import AnchorsRefused, load, load_pinned

CHAIN = make_chain()
ROOT, STI_PA = CHAIN.root.certificate, CHAIN.sti_pa.certificate
AT = NOW.timestamp()


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def errors(*paths: Path) -> tuple[str, ...]:
    with pytest.raises(AnchorsRefused) as caught:
        load(paths, AT)
    return caught.value.errors


@pytest.mark.parametrize(
    ("content", "told"),
    [
        pytest.param(b"", "not PEM certificates", id="empty"),
        pytest.param(b"\0\xff", "not PEM certificates", id="binary"),
        pytest.param(pem.crl(CHAIN.crl()), "not PEM certificates", id="a CRL"),
        pytest.param(pem.chain(ROOT)[:200], "cut short", id="cut short"),
        pytest.param(pem.chain(ROOT) + pem.key(CHAIN.root.key), "private key", id="a private key beside it"),
        pytest.param(b"x" * 1_048_577, "more than 1048576 bytes", id="huge"),
        pytest.param(b"-----BEGIN X-----\n" * 1_001, "more than 1000 certificates", id="endless"),
    ],
)
def test_a_file_without_usable_anchors_is_refused(tmp_path: Path, content: bytes, told: str) -> None:
    path = written(tmp_path / "bad.pem", content)
    (error,) = errors(path)
    assert error.startswith(f"{path}: ")
    assert told in error


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    (error,) = errors(tmp_path / "absent.pem")
    assert error == f"{tmp_path / 'absent.pem'}: cannot be read: No such file or directory"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read any file")
def test_what_may_not_be_read_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "root.pem", pem.chain(ROOT))
    path.chmod(0)
    tmp_path.joinpath("closed").mkdir(mode=0)
    assert len(errors(path, tmp_path / "closed")) == 2


def test_a_folder_without_certificates_is_refused(tmp_path: Path) -> None:
    written(tmp_path / "README", b"nothing here")
    (error,) = errors(tmp_path)
    assert ".pem" in error


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    written(tmp_path / "a.pem", b"")
    written(tmp_path / "b.pem", pem.chain(ROOT))
    written(tmp_path / "c.pem", pem.chain(ROOT)[:200])
    found = errors(tmp_path, tmp_path / "absent.pem")
    assert [error.partition(": ")[0].rpartition("/")[2] for error in found] == [
        "a.pem",
        "c.pem",
        "absent.pem",
    ]


def test_files_and_folders_are_read_in_order_and_each_certificate_once(tmp_path: Path) -> None:
    folder = tmp_path / "anchors"
    folder.mkdir()
    written(folder / "2.crt", pem.chain(ROOT))
    written(folder / "1.pem", pem.chain(STI_PA))
    written(folder / ".hidden.pem", b"half written")
    written(folder / "notes.txt", b"not for us")
    single = written(tmp_path / "single", pem.chain(ROOT))
    loaded = load([single, folder], AT)
    assert loaded.certificates == (ROOT, STI_PA)
    assert loaded.warnings == ()


HOUR = timedelta(hours=1)
EXPIRED = make_chain(
    now=NOW - HOUR, root=lambda root: replace(root, not_after=NOW - HOUR / 2)
).root.certificate
FUTURE = make_chain(root=lambda root: replace(root, not_before=NOW + timedelta(seconds=9))).root.certificate
P384 = make_chain(
    root=lambda root: replace(root, public_key=ec.generate_private_key(ec.SECP384R1()).public_key())
).root.certificate


@pytest.mark.parametrize(
    ("certificate", "told"),
    [(EXPIRED, "has expired"), (FUTURE, "is not yet valid"), (P384, "has no key on P-256")],
    ids=["expired", "future", "another curve"],
)
def test_an_anchor_of_no_use_is_loaded_and_warned_of(tmp_path: Path, certificate: object, told: str) -> None:
    path = written(tmp_path / "root.pem", pem.chain(certificate))  # type: ignore[arg-type]
    loaded = load([path], AT)
    assert loaded.certificates == (certificate,)
    (warning,) = loaded.warnings
    assert warning.startswith(f"{path}: CN=TEST ONLY SHAKEN ROOT")
    assert told in warning


def signer(*uses: str) -> x509.Certificate:
    """No CA, with these key usages, or none stated."""

    def changed(template: Template) -> Template:
        if not uses:
            return template.without(x509.KeyUsage.oid)
        return template.having(extensions.key_usage(*uses), critical=True)

    return make_delegate(CHAIN.sti_pa, spc="SIGNER", defect=changed).certificate


@pytest.mark.parametrize("beside", [(), (ROOT,)], ids=["alone", "beside the root"])
@pytest.mark.parametrize("no_ca", [CHAIN.leaf, signer("key_agreement")], ids=["a leaf", "of no use"])
def test_what_is_no_ca_and_signs_no_lists_is_left_out_with_a_warning(
    tmp_path: Path, no_ca: x509.Certificate, beside: tuple[x509.Certificate, ...]
) -> None:
    path = written(tmp_path / "anchors.pem", pem.chain(*beside, no_ca))
    loaded = load([path], AT)
    assert loaded.certificates == beside
    assert loaded.warnings == loaded.left_out
    (warning,) = loaded.warnings
    assert warning.startswith(f"{path}: CN=")
    assert "is not a CA" in warning


@pytest.mark.parametrize("uses", [("crl_sign",), ("digital_signature", "crl_sign"), ()])
def test_a_signer_of_lists_need_not_be_a_ca(tmp_path: Path, uses: tuple[str, ...]) -> None:
    found = signer(*uses)
    loaded = load([written(tmp_path / "pa.pem", pem.chain(found))], AT)
    assert (loaded.certificates, loaded.warnings) == ((found,), ())


def test_without_files_there_are_no_anchors() -> None:
    assert load([], AT).certificates == ()


def test_a_pinned_certificate_need_not_be_a_ca(tmp_path: Path) -> None:
    assert load_pinned(written(tmp_path / "pin.pem", pem.chain(CHAIN.leaf))) == (CHAIN.leaf,)


@pytest.mark.parametrize("content", [None, b""], ids=["missing", "empty"])
def test_a_pin_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "pin.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(AnchorsRefused, match=r"pin\.pem: "):
        load_pinned(path)
