"""Every certificate the lab makes obeys the SHAKEN profile, and each rule is shown to catch its breach."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA384
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtensionOID, NameOID, SignatureAlgorithmOID

from certs import names
from certs.builders import CRL_URL, NOW, Defect, make_chain
from certs.extensions import authority, policy, revocation_list, subject_key, tn_auth_list
from certs.profile import LEAF_LIFETIME, SHAKEN_POLICY
from certs.refusal import LabRefused
from gateway.stir.tnauthlist import One, Spc
from gateway.trust.credential import TN_AUTH_LIST
from gateway.trust.credential import tn_auth_list as authorised

CHAIN = make_chain(spc="616H")
MADE = {"root": CHAIN.root.certificate, "intermediate": CHAIN.intermediate.certificate, "leaf": CHAIN.leaf}
ALL = ("root", "intermediate", "leaf")
BELOW_ROOT = ("intermediate", "leaf")
CAS = ("root", "intermediate")
LEAF = ("leaf",)

LISTED = {
    ExtensionOID.BASIC_CONSTRAINTS,
    ExtensionOID.KEY_USAGE,
    ExtensionOID.SUBJECT_KEY_IDENTIFIER,
    ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
    ExtensionOID.CERTIFICATE_POLICIES,
    ExtensionOID.CRL_DISTRIBUTION_POINTS,
    TN_AUTH_LIST,
}
USES = (
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"),
    *("key_agreement", "key_cert_sign", "crl_sign"),
)
OTHER_POLICY = x509.ObjectIdentifier("2.16.840.1.114569.1.1.1")
P384 = ec.generate_private_key(ec.SECP384R1())


def oids(certificate: x509.Certificate) -> set[x509.ObjectIdentifier]:
    return {one.oid for one in certificate.extensions}


def common_name(certificate: x509.Certificate) -> str:
    return str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def uses(certificate: x509.Certificate) -> set[str]:
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    return {bit for bit in USES if getattr(usage, bit)}


def is_ca(certificate: x509.Certificate) -> bool:
    return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def key_name(certificate: x509.Certificate) -> bytes:
    """The subject key identifier as RFC 5280 §4.2.1.2 method 1 computes it."""
    point = certificate.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return hashlib.sha1(point).digest()


def ski(certificate: x509.Certificate) -> bytes:
    return certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest


def aki(certificate: x509.Certificate) -> bytes | None:
    return certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier


def policies(certificate: x509.Certificate) -> list[x509.ObjectIdentifier]:
    stated = certificate.extensions.get_extension_for_class(x509.CertificatePolicies).value
    return [one.policy_identifier for one in stated]


def crl_points(certificate: x509.Certificate) -> list[x509.DistributionPoint]:
    return list(certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value)


def renamed(common_name: str) -> Defect:
    """The subject cut down to a common name."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    return lambda template: replace(template, subject=subject)


@dataclass(frozen=True)
class Rule:
    """One line of the profile: whom it binds, how to see that it holds, and a leaf or CA that breaks it."""

    id: str
    clause: str
    binds: tuple[str, ...]
    holds: Callable[[x509.Certificate], bool]
    breach: Defect | None = None
    """None where the library cannot be made to break the rule."""


RULES = [
    Rule("version-3", "RFC 5280 §4.1.2.1", ALL, lambda c: c.version is x509.Version.v3),
    Rule(
        "serial-at-least-64-bits",
        "ATIS-1000080 v005",
        ALL,
        lambda c: c.serial_number.bit_length() >= 64,
        lambda t: replace(t, serial=7),
    ),
    Rule(
        "ecdsa-with-sha256",
        "ATIS-1000080",
        ALL,
        lambda c: c.signature_algorithm_oid == SignatureAlgorithmOID.ECDSA_WITH_SHA256,
        lambda t: replace(t, digest=SHA384()),
    ),
    Rule(
        "key-on-p256",
        "ATIS-1000080",
        ALL,
        lambda c: isinstance(getattr(c.public_key(), "curve", None), ec.SECP256R1),
        lambda t: replace(t, public_key=P384.public_key()),
    ),
    Rule(
        "subject-has-country-organization-common-name",
        "ATIS-1000080 v004",
        ALL,
        lambda c: (
            [one.oid for one in c.subject]
            == [NameOID.COUNTRY_NAME, NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME]
        ),
        renamed("SHAKEN 616H"),
    ),
    Rule(
        "organization-says-test-only",
        "the lab's own rule",
        ALL,
        lambda c: (
            all(
                str(one.value).startswith("TEST ONLY")
                for one in c.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
            )
            and bool(c.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME))
        ),
        renamed("SHAKEN 616H"),
    ),
    Rule(
        "leaf-common-name-is-shaken-and-spc",
        "ATIS-1000080 v004",
        LEAF,
        lambda c: common_name(c) == "SHAKEN 616H",
        renamed("TEST ONLY SHAKEN 616H"),
    ),
    Rule("ca-name-has-shaken", "ATIS-1000080", CAS, lambda c: "SHAKEN" in common_name(c), renamed("ROOT")),
    Rule(
        "root-name-has-root", "ATIS-1000080", ("root",), lambda c: "ROOT" in common_name(c), renamed("SHAKEN")
    ),
    Rule(
        "leaf-is-no-ca",
        "RFC 5280 §4.2.1.9",
        LEAF,
        lambda c: not is_ca(c),
        lambda t: t.having(x509.BasicConstraints(ca=True, path_length=None), critical=True),
    ),
    Rule(
        "ca-is-ca",
        "RFC 5280 §4.2.1.9",
        CAS,
        is_ca,
        lambda t: t.having(x509.BasicConstraints(ca=False, path_length=None), critical=True),
    ),
    Rule(
        "leaf-key-signs-data-only",
        "ATIS-1000080",
        LEAF,
        lambda c: uses(c) == {"digital_signature"},
        lambda t: t.having(authority("digital_signature", "key_cert_sign")[1].value, critical=True),
    ),
    Rule(
        "ca-key-signs-certificates",
        "ATIS-1000080",
        CAS,
        lambda c: {"key_cert_sign"} <= uses(c) <= {"key_cert_sign", "digital_signature", "crl_sign"},
        lambda t: t.having(authority("digital_signature")[1].value, critical=True),
    ),
    Rule(
        "ski-is-sha1-of-key",
        "ATIS-1000080, RFC 5280 §4.2.1.2",
        ALL,
        lambda c: ski(c) == key_name(c),
        lambda t: t.having(subject_key(P384.public_key()).value),
    ),
    Rule(
        "aki-equals-issuer-ski",
        "RFC 9060 §6",
        BELOW_ROOT,
        lambda c: aki(c) is not None and len(aki(c) or b"") == 20,
        lambda t: t.having(x509.AuthorityKeyIdentifier(b"\0", None, None)),
    ),
    Rule(
        "exactly-one-policy",
        "ATIS-1000080",
        BELOW_ROOT,
        lambda c: policies(c) == [SHAKEN_POLICY],
        lambda t: t.having(policy(OTHER_POLICY).value),
    ),
    Rule(
        "root-has-no-policy",
        "ATIS-1000080",
        ("root",),
        lambda c: ExtensionOID.CERTIFICATE_POLICIES not in oids(c),
        lambda t: t.having(policy(SHAKEN_POLICY).value),
    ),
    Rule(
        "one-distribution-point-by-url",
        "ATIS-1000080",
        BELOW_ROOT,
        lambda c: [point.full_name for point in crl_points(c)] == [[x509.UniformResourceIdentifier(CRL_URL)]],
        lambda t: t.having(revocation_list("ldap://example.test/", names.STI_PA).value),
    ),
    Rule(
        "distribution-point-names-the-sti-pa",
        "ATIS-1000080 v004",
        BELOW_ROOT,
        lambda c: [point.crl_issuer for point in crl_points(c)] == [[x509.DirectoryName(names.STI_PA)]],
        lambda t: t.having(revocation_list(CRL_URL, names.ROOT).value),
    ),
    Rule(
        "root-has-no-distribution-point",
        "ATIS-1000080",
        ("root",),
        lambda c: ExtensionOID.CRL_DISTRIBUTION_POINTS not in oids(c),
        lambda t: t.having(revocation_list(CRL_URL, names.STI_PA).value),
    ),
    Rule(
        "leaf-has-one-spc",
        "ATIS-1000080, RFC 8226 §9",
        LEAF,
        lambda c: authorised(c) == (Spc("616H"),),
        lambda t: t.having(tn_auth_list([Spc("616H"), One("12025550100")]).value),
    ),
    Rule(
        "ca-has-no-tnauthlist",
        "ATIS-1000080",
        CAS,
        lambda c: TN_AUTH_LIST not in oids(c),
        lambda t: t.having(tn_auth_list([Spc("616H")]).value),
    ),
    Rule(
        "no-unlisted-extension",
        "ATIS-1000080 v005",
        ALL,
        lambda c: oids(c) <= LISTED,
        lambda t: t.having(x509.SubjectAlternativeName([x509.DNSName("example.test")])),
    ),
    Rule(
        "constraints-and-usage-alone-are-critical",
        "ATIS-1000080 v005",
        ALL,
        lambda c: (
            {one.oid for one in c.extensions if one.critical}
            == {ExtensionOID.BASIC_CONSTRAINTS, ExtensionOID.KEY_USAGE}
        ),
        lambda t: t.having(policy(SHAKEN_POLICY).value, critical=True),
    ),
]

BOUND = [pytest.param(rule, kind, id=f"{rule.id}-{kind}") for rule in RULES for kind in rule.binds]
BREACHES = [
    pytest.param(rule, rule.breach, kind, id=f"{rule.id}-{kind}")
    for rule in RULES
    if rule.breach
    for kind in rule.binds
]


def broken(kind: str, breach: Defect) -> x509.Certificate:
    """The certificate of that kind in a chain where it alone has the breach."""
    match kind:
        case "root":
            return make_chain(root=breach).root.certificate
        case "intermediate":
            return make_chain(intermediate=breach).intermediate.certificate
        case _:
            return make_chain(leaf=breach).leaf


@pytest.mark.parametrize(("rule", "breach", "kind"), BREACHES)
def test_a_certificate_that_breaks_a_rule_is_seen(rule: Rule, breach: Defect, kind: str) -> None:
    assert not rule.holds(broken(kind, breach)), rule.clause


@pytest.mark.parametrize(("rule", "kind"), BOUND)
def test_each_certificate_obeys_the_profile(rule: Rule, kind: str) -> None:
    assert rule.holds(MADE[kind]), rule.clause


def test_each_certificate_names_its_issuers_key() -> None:
    assert aki(CHAIN.leaf) == ski(CHAIN.intermediate.certificate)
    assert aki(CHAIN.intermediate.certificate) == ski(CHAIN.root.certificate)


@pytest.mark.parametrize("spc", ["", "616h", "61 6H", "616H\n", "616-H", "٦١٦"])
def test_a_code_that_is_not_digits_and_capitals_gets_no_leaf(spc: str) -> None:
    with pytest.raises(LabRefused, match="service provider code"):
        make_chain(spc=spc)


def test_an_expired_intermediate_issues_nothing() -> None:
    with pytest.raises(LabRefused, match="expired"):
        make_chain(intermediate=lambda template: replace(template, not_after=NOW))


def test_a_leaf_never_outlives_its_issuer() -> None:
    end = NOW + LEAF_LIFETIME / 2
    chain = make_chain(intermediate=lambda template: replace(template, not_after=end))
    assert chain.leaf.not_valid_after_utc == end


def test_time_and_serials_are_those_given() -> None:
    again = make_chain(spc="616H")
    assert again.leaf.serial_number == CHAIN.leaf.serial_number
    assert again.leaf.not_valid_after_utc == CHAIN.leaf.not_valid_after_utc == NOW + LEAF_LIFETIME
    assert NOW - timedelta(minutes=1) == again.leaf.not_valid_before_utc


def test_serials_of_one_chain_differ() -> None:
    made = [*MADE.values(), CHAIN.sti_pa.certificate]
    assert len({one.serial_number for one in made}) == len(made)


def test_numbers_stand_beside_the_spc_where_asked_for() -> None:
    assert authorised(make_chain(numbers=["12025550100"]).leaf) == (Spc("616H"), One("12025550100"))


def test_no_private_key_shows_in_a_repr() -> None:
    assert "PrivateKey" not in repr(CHAIN)
