"""The STI-PA's list is an indirect one: it names the CA of each entry, and matches what leaves point to."""

from datetime import timedelta

import pytest
from cryptography import x509

from certs.builders import CRL_URL, NOW, make_chain
from certs.extensions import authority_key
from certs.sti_pa import CRL_LIFETIME, make_crl

CHAIN = make_chain()


def test_an_empty_list_revokes_nothing() -> None:
    assert list(CHAIN.crl()) == []
    assert CHAIN.crl().get_revoked_certificate_by_serial_number(CHAIN.leaf.serial_number) is None


@pytest.mark.parametrize(
    "certificate",
    [
        pytest.param(CHAIN.leaf, id="leaf, under the intermediate"),
        pytest.param(CHAIN.intermediate.certificate, id="intermediate, under the root"),
    ],
)
def test_an_entry_names_the_serial_the_time_and_the_issuer(certificate: x509.Certificate) -> None:
    (entry,) = CHAIN.crl(certificate)
    assert (entry.serial_number, entry.revocation_date_utc) == (certificate.serial_number, NOW)
    issuer = entry.extensions.get_extension_for_class(x509.CertificateIssuer)
    assert issuer.critical
    assert issuer.value.get_values_for_type(x509.DirectoryName) == [certificate.issuer]


def test_entries_of_different_issuers_keep_their_own() -> None:
    crl = CHAIN.crl(CHAIN.intermediate.certificate, CHAIN.leaf)
    issuers = [
        entry.extensions.get_extension_for_class(x509.CertificateIssuer).value.get_values_for_type(
            x509.DirectoryName
        )
        for entry in crl
    ]
    assert issuers == [[CHAIN.root.certificate.subject], [CHAIN.intermediate.certificate.subject]]


def test_the_list_says_that_it_is_indirect_and_critical() -> None:
    point = CHAIN.crl().extensions.get_extension_for_class(x509.IssuingDistributionPoint)
    assert point.critical
    assert point.value.indirect_crl


def test_the_list_is_the_one_the_leaf_points_to() -> None:
    (pointed,) = CHAIN.leaf.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    crl = CHAIN.crl()
    published = crl.extensions.get_extension_for_class(x509.IssuingDistributionPoint).value
    assert published.full_name == pointed.full_name == [x509.UniformResourceIdentifier(CRL_URL)]
    assert pointed.crl_issuer == [x509.DirectoryName(crl.issuer)]


def test_the_sti_pa_signs_and_nobody_else_did() -> None:
    crl = CHAIN.crl(CHAIN.leaf)
    assert crl.is_signature_valid(CHAIN.sti_pa.key.public_key())
    assert not crl.is_signature_valid(CHAIN.root.key.public_key())
    assert not crl.is_signature_valid(CHAIN.intermediate.key.public_key())
    assert list(crl.extensions)[1].value == authority_key(CHAIN.sti_pa.certificate).value


def test_the_sti_pa_may_sign_lists_and_stands_apart_from_the_ca() -> None:
    certificate = CHAIN.sti_pa.certificate
    assert certificate.extensions.get_extension_for_class(x509.KeyUsage).value.crl_sign
    assert certificate.issuer == certificate.subject != CHAIN.root.certificate.subject
    assert certificate.subject.rfc4514_string().count("TEST ONLY") == 2


def test_the_list_is_fresh_for_its_lifetime_and_numbered() -> None:
    later = NOW + timedelta(days=1)
    crl = make_crl(CHAIN.sti_pa, CRL_URL, 9, [], later)
    assert (crl.last_update_utc, crl.next_update_utc) == (later, later + CRL_LIFETIME)
    assert crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 9
