"""Verifiers that are not ours, OpenSSL and cryptography, accept what the lab makes and refuse the rest."""

import shutil
import subprocess
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.verification import ExtensionPolicy, PolicyBuilder, Store, VerificationError

from certs import pem
from certs.builders import NOW, Chain, make_chain
from certs.profile import LEAF_LIFETIME, SHAKEN_POLICY

CHAIN = make_chain()
needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")


def openssl(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)


def openssl_verify(
    directory: Path, chain: Chain, anchor: x509.Certificate, at: datetime
) -> subprocess.CompletedProcess[str]:
    files = {"root": anchor, "intermediate": chain.intermediate.certificate, "leaf": chain.leaf}
    for name, certificate in files.items():
        (directory / name).write_bytes(pem.chain(certificate))
    return openssl(
        *("verify", "-x509_strict", "-policy_check", "-policy", SHAKEN_POLICY.dotted_string),
        *("-explicit_policy", "-attime", str(int(at.timestamp()))),
        *("-CAfile", str(directory / "root"), "-untrusted", str(directory / "intermediate")),
        str(directory / "leaf"),
    )


def verify(chain: Chain, anchor: x509.Certificate, at: datetime) -> None:
    # A SHAKEN leaf has no subjectAltName, which a web verifier would demand of it.
    policy = PolicyBuilder().store(Store([anchor])).time(at)
    policy = policy.extension_policies(
        ca_policy=ExtensionPolicy.webpki_defaults_ca(), ee_policy=ExtensionPolicy.permit_all()
    )
    policy.build_client_verifier().verify(chain.leaf, [chain.intermediate.certificate])


OTHER_ROOT = make_chain().root.certificate
FORGED = replace(CHAIN, leaf=make_chain().leaf)
EXPIRED = NOW + LEAF_LIFETIME + timedelta(seconds=1)
REFUSED = [
    pytest.param(CHAIN, OTHER_ROOT, NOW, id="root of the same name with another key"),
    pytest.param(FORGED, CHAIN.root.certificate, NOW, id="leaf signed by another intermediate"),
    pytest.param(CHAIN, CHAIN.root.certificate, EXPIRED, id="leaf expired"),
    pytest.param(CHAIN, CHAIN.root.certificate, NOW - timedelta(hours=1), id="leaf not yet valid"),
]


@needs_openssl
@pytest.mark.parametrize(("chain", "anchor", "at"), REFUSED)
def test_openssl_refuses(tmp_path: Path, chain: Chain, anchor: x509.Certificate, at: datetime) -> None:
    assert openssl_verify(tmp_path, chain, anchor, at).returncode != 0


@pytest.mark.parametrize(("chain", "anchor", "at"), REFUSED)
def test_cryptography_refuses(chain: Chain, anchor: x509.Certificate, at: datetime) -> None:
    with pytest.raises(VerificationError):
        verify(chain, anchor, at)


@needs_openssl
def test_openssl_accepts_the_chain_under_its_policy(tmp_path: Path) -> None:
    result = openssl_verify(tmp_path, CHAIN, CHAIN.root.certificate, NOW)
    assert result.returncode == 0, result.stderr


def test_cryptography_accepts_the_chain() -> None:
    verify(CHAIN, CHAIN.root.certificate, NOW)


@needs_openssl
def test_openssl_checks_the_list_under_the_sti_pa_alone(tmp_path: Path) -> None:
    # Not `verify -crl_check`: RFC 5280 §6.3.3 (f) wants list and certificate under one trust anchor, and the
    # STI-PA has its own.
    (tmp_path / "crl").write_bytes(pem.crl(CHAIN.crl(CHAIN.leaf)))
    for name, party in {"pa": CHAIN.sti_pa, "ca": CHAIN.root}.items():
        (tmp_path / name).write_bytes(pem.chain(party.certificate))
    seen = {
        name: openssl("crl", "-in", str(tmp_path / "crl"), "-noout", "-CAfile", str(tmp_path / name)).stderr
        for name in ("pa", "ca")
    }
    assert "verify OK" in seen["pa"]
    assert "verify OK" not in seen["ca"]


@needs_openssl
def test_openssl_reads_an_indirect_list_and_its_issuers(tmp_path: Path) -> None:
    (tmp_path / "crl").write_bytes(pem.crl(CHAIN.crl(CHAIN.leaf)))
    text = openssl("crl", "-in", str(tmp_path / "crl"), "-noout", "-text").stdout
    assert "Indirect CRL" in text
    assert "CN=TEST ONLY SHAKEN Intermediate CA" in text


@needs_openssl
def test_openssl_finds_the_tnauthlist(tmp_path: Path) -> None:
    (tmp_path / "leaf").write_bytes(pem.chain(CHAIN.leaf))
    listed = openssl("asn1parse", "-in", str(tmp_path / "leaf")).stdout
    # RFC 8226 §9 for one SPC: SEQUENCE { [0] { IA5String "616H" } }
    assert "[HEX DUMP]:3008A0061604" + b"616H".hex() in listed
