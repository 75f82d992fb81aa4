"""Each rule of the certificate profile: what it lets pass, what it warns of, and what it fails, with the words for it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import assume, given
from hypothesis import strategies as st

from certs import extensions
from certs.builders import NOW, Chain, Defect, make_chain, sound
from certs.template import Template
from gateway.stir import tnauthlist
from gateway.stir.certificate import UNPARSABLE
from gateway.stir.lint import Report, Result, lint
from gateway.stir.lint.chain import CHAIN
from gateway.stir.lint.extensions import EXTENSIONS, OBSOLETE_POLICY
from gateway.stir.lint.fields import FIELDS
from gateway.stir.lint.rule import TN_AUTH_LIST
from gateway.stir.tnauthlist import One, Spc

BEFORE_V004 = datetime(2021, 6, 1, tzinfo=UTC)
BEFORE_V005 = datetime(2022, 6, 1, tzinfo=UTC)
CONSTRAINTS = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.27")
SKI = x509.SubjectKeyIdentifier
OTHER_CA = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "SHAKEN another CA")])


def report(chain: Chain, now: datetime = NOW) -> Report:
    return lint([chain.leaf, chain.intermediate.certificate], now)


def result(results: tuple[Result, ...], rule: str) -> Result:
    return next(each for each in results if each.rule == rule)


def names(rules: tuple[object, ...]) -> list[str]:
    return [rule.check.__name__.replace("_", "-") for rule in rules]  # type: ignore[attr-defined]


def attribute(oid: x509.ObjectIdentifier, *values: str) -> Defect:
    """The subject with these values of one attribute, and the others as they were."""

    def changed(template: Template) -> Template:
        kept = [each for each in template.subject if each.oid != oid]
        given = [x509.NameAttribute(oid, value, _validate=False) for value in values]
        return replace(template, subject=x509.Name([*kept, *given]))

    return changed


def serial(number: int) -> Defect:
    return lambda template: replace(template, serial=number)


def without(kind: type[x509.ExtensionType]) -> Defect:
    return lambda template: template.without(kind.oid)


def having(value: x509.ExtensionType, *, critical: bool = False) -> Defect:
    return lambda template: template.having(value, critical=critical)


def uses(*named: str, critical: bool = True) -> Defect:
    value = next(each.value for each in extensions.authority(*named) if isinstance(each.value, x509.KeyUsage))
    return having(value, critical=critical)


def policies(*oids: str) -> Defect:
    found = [x509.PolicyInformation(x509.ObjectIdentifier(oid), None) for oid in oids]
    return having(x509.CertificatePolicies(found))


def points(*found: x509.DistributionPoint) -> Defect:
    return having(x509.CRLDistributionPoints(list(found)))


def point(url: str | None = "https://pa.example/crl", *, issuer: bool = True) -> x509.DistributionPoint:
    return x509.DistributionPoint(
        full_name=[x509.UniformResourceIdentifier(url) if url else x509.DirectoryName(OTHER_CA)],
        relative_name=None,
        reasons=None,
        crl_issuer=[x509.DirectoryName(OTHER_CA)] if issuer else None,
    )


def scope(*entries: tnauthlist.Entry) -> Defect:
    return raw_scope(tnauthlist.encode(entries))


def raw_scope(der: bytes) -> Defect:
    return having(x509.UnrecognizedExtension(TN_AUTH_LIST, der))


def both(*defects: Defect) -> Defect:
    def changed(template: Template) -> Template:
        for defect in defects:
            template = defect(template)
        return template

    return changed


CA_FALSE = x509.BasicConstraints(ca=False, path_length=None)
CA_TRUE = x509.BasicConstraints(ca=True, path_length=None)
ALIEN = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
LIMITS = x509.UnrecognizedExtension(CONSTRAINTS, b"\x30\x00")
AKI_NAMELESS = x509.AuthorityKeyIdentifier(None, [x509.DirectoryName(OTHER_CA)], 1)
AKI_OTHER = x509.AuthorityKeyIdentifier(bytes(20), None, None)

LEAF = {
    "serial-of-55-bits": (serial(1 << 54), "serial-number", "fail", "55 bits"),
    "serial-of-60-bits": (serial(1 << 59), "serial-number", "warn", "60 bits"),
    "sha384": (
        lambda leaf: replace(leaf, digest=hashes.SHA384()),
        "signature-algorithm",
        "fail",
        "ecdsa-with-SHA384, not",
    ),
    "expired": (lambda leaf: replace(leaf, not_after=NOW - timedelta(seconds=30)), "validity", "fail", "expired on 2025-12-31"),
    "not-yet-valid": (lambda leaf: replace(leaf, not_before=NOW + timedelta(1)), "validity", "fail", "not valid before"),
    "ends-soon": (lambda leaf: replace(leaf, not_after=NOW + timedelta(13)), "validity", "warn", "ends on 2026-01-14"),
    "no-country": (attribute(NameOID.COUNTRY_NAME), "subject-country", "fail", "no C"),
    "two-countries": (attribute(NameOID.COUNTRY_NAME, "US", "CA"), "subject-country", "fail", "2 C"),
    "country-small": (attribute(NameOID.COUNTRY_NAME, "us"), "subject-country", "fail", "C=us"),
    "no-organization": (attribute(NameOID.ORGANIZATION_NAME), "subject-organization", "fail", "no O"),
    "no-common-name": (attribute(NameOID.COMMON_NAME), "subject-common-name", "fail", "no CN"),
    "name-without-spc": (attribute(NameOID.COMMON_NAME, "SHAKEN"), "subject-common-name", "fail", "lacks SHAKEN or"),
    "name-of-another-spc": (
        attribute(NameOID.COMMON_NAME, "SHAKEN 617H"),
        "subject-common-name",
        "fail",
        "lacks SHAKEN or the SPC 616H",
    ),
    "name-with-a-company": (
        attribute(NameOID.COMMON_NAME, "SHAKEN Example 616H"),
        "subject-common-name",
        "fail",
        "not SHAKEN 616H",
    ),
    "name-in-two-spaces": (
        attribute(NameOID.COMMON_NAME, "SHAKEN  616H"),
        "subject-common-name",
        "fail",
        "not SHAKEN 616H",
    ),
    "delegate-s-name-is-free": (
        both(scope(One("12155550100")), attribute(NameOID.COMMON_NAME, "Example")),
        "subject-common-name",
        "not-applicable",
        "names no service provider",
    ),
    "no-basic-constraints": (without(x509.BasicConstraints), "basic-constraints", "fail", "missing"),
    "basic-constraints-not-critical": (having(CA_FALSE), "basic-constraints", "fail", "not critical"),
    "no-key-usage": (without(x509.KeyUsage), "key-usage", "fail", "missing"),
    "key-usage-not-critical": (
        uses("digital_signature", critical=False),
        "key-usage",
        "fail",
        "not critical",
    ),
    "key-usage-of-no-use": (uses(), "key-usage", "fail", "no use"),
    "leaf-for-encryption": (
        uses("digital_signature", "key_encipherment"),
        "key-usage",
        "fail",
        "digitalSignature, keyEncipherment; only",
    ),
    "no-ski": (without(SKI), "subject-key-identifier", "fail", "missing"),
    "ski-of-another-key": (having(SKI(bytes(20))), "subject-key-identifier", "fail", "is not the SHA-1"),
    "no-aki": (without(x509.AuthorityKeyIdentifier), "authority-key-identifier", "fail", "missing"),
    "aki-by-name": (having(AKI_NAMELESS), "authority-key-identifier", "fail", "without keyIdentifier"),
    "no-policy": (without(x509.CertificatePolicies), "certificate-policies", "fail", "missing"),
    "two-policies": (policies("1.2.3", "1.2.4"), "certificate-policies", "fail", "2 policies"),
    "first-policy": (policies(OBSOLETE_POLICY), "certificate-policies", "fail", "obsolete"),
    "foreign-policy": (policies("1.2.3"), "certificate-policies", "warn", "1.2.3 is no policy of the US"),
    "no-distribution-point": (without(x509.CRLDistributionPoints), "crl-distribution-points", "fail", "missing"),
    "two-distribution-points": (points(point(), point()), "crl-distribution-points", "fail", "2 entries"),
    "list-by-name": (points(point(None)), "crl-distribution-points", "fail", "no HTTP URL"),
    "list-by-ldap": (points(point("ldap://pa.example")), "crl-distribution-points", "fail", "no HTTP URL"),
    "no-crl-issuer": (points(point(issuer=False)), "crl-distribution-points", "fail", "without cRLIssuer"),
    "no-tnauthlist": (lambda leaf: leaf.without(TN_AUTH_LIST), "tn-auth-list", "fail", "speaks for nobody"),
    "tnauthlist-of-nonsense": (raw_scope(b"nonsense"), "tn-auth-list", "fail", "cannot be read"),
    "two-spcs": (scope(Spc("616H"), Spc("617H")), "tn-auth-list", "fail", "2 SPCs"),
    "numbers-beside-the-spc": (scope(Spc("616H"), One("12155550100")), "tn-auth-list", "fail", "numbers beside"),
    "spc-in-small-letters": (scope(Spc("616h")), "tn-auth-list", "fail", "not digits and capitals"),
    "numbers-alone": (scope(One("12155550100")), "tn-auth-list", "warn", "a delegate certificate"),
    "claim-constraints": (having(LIMITS), "jwt-claim-constraints", "warn", "present"),
    "unlisted-extension": (having(ALIEN), "listed-extensions", "fail", "2.5.29.37"),
    "critical-policies": (
        lambda leaf: leaf.having(x509.CertificatePolicies([]), critical=True),
        "critical-extensions",
        "fail",
        "critical: 2.5.29.32",
    ),
    "critical-constraints": (having(LIMITS, critical=True), "critical-extensions", "fail", CONSTRAINTS.dotted_string),
}  # fmt: skip


@pytest.mark.parametrize(("defect", "rule", "outcome", "found"), LEAF.values(), ids=LEAF)
def test_a_leaf_s_defect_is_told(defect: Defect, rule: str, outcome: str, found: str) -> None:
    told = result(report(make_chain(leaf=defect)).certificates[0].results, rule)
    assert (told.outcome, found in told.found) == (outcome, True), told


INTERMEDIATE = {
    "name-without-shaken": (
        attribute(NameOID.COMMON_NAME, "Example CA"),
        "subject-common-name",
        "fail",
        "lacks SHAKEN",
    ),
    "signs-no-certificates": (
        uses("digital_signature"),
        "key-usage",
        "fail",
        "digitalSignature; keyCertSign",
    ),
    "agrees-on-keys": (uses("key_cert_sign", "key_agreement"), "key-usage", "fail", "keyAgreement"),
    "signs-lists-too": (
        uses("key_cert_sign", "crl_sign"),
        "key-usage",
        "warn",
        "v005 wants keyCertSign alone",
    ),
    "no-policy": (without(x509.CertificatePolicies), "certificate-policies", "fail", "missing"),
    "no-distribution-point": (
        without(x509.CRLDistributionPoints),
        "crl-distribution-points",
        "fail",
        "missing",
    ),
    "tnauthlist": (scope(Spc("616H")), "tn-auth-list", "fail", "a CA has one"),
    "claim-constraints": (having(LIMITS), "jwt-claim-constraints", "fail", "on a CA"),
}


@pytest.mark.parametrize(("defect", "rule", "outcome", "found"), INTERMEDIATE.values(), ids=INTERMEDIATE)
def test_an_intermediate_s_defect_is_told(defect: Defect, rule: str, outcome: str, found: str) -> None:
    told = result(report(make_chain(intermediate=defect)).certificates[1].results, rule)
    assert (told.outcome, found in told.found) == (outcome, True), told


ROOT = {
    "name-without-root": (
        attribute(NameOID.COMMON_NAME, "SHAKEN CA"),
        "subject-common-name",
        "fail",
        "lacks ROOT",
    ),
    "root-in-small-letters": (
        attribute(NameOID.COMMON_NAME, "SHAKEN root"),
        "subject-common-name",
        "pass",
        "CN=",
    ),
    "policy": (policies("1.2.3"), "certificate-policies", "fail", "present on a root"),
    "distribution-point": (points(point()), "crl-distribution-points", "fail", "present on a root"),
    "aki-of-another-key": (having(AKI_OTHER), "authority-key-identifier", "fail", "is not its own SKI"),
}


@pytest.mark.parametrize(("defect", "rule", "outcome", "found"), ROOT.values(), ids=ROOT)
def test_a_root_s_defect_is_told(defect: Defect, rule: str, outcome: str, found: str) -> None:
    def reissued(template: Template) -> Template:
        changed = defect(template)
        return replace(changed, issuer=changed.subject)

    told = result(lint([make_chain(root=reissued).root.certificate], NOW).certificates[0].results, rule)
    assert (told.outcome, found in told.found) == (outcome, True), told


def test_a_root_may_name_its_own_key_as_its_issuer_s() -> None:
    def named(template: Template) -> Template:
        identifier = SKI.from_public_key(template.public_key)
        return template.having(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier))

    told = lint([make_chain(root=named).root.certificate], NOW).certificates[0].results
    assert result(told, "authority-key-identifier").outcome == "pass"


EARLIER = {
    "organization": (attribute(NameOID.ORGANIZATION_NAME), BEFORE_V004, "subject-organization"),
    "name": (attribute(NameOID.COMMON_NAME, "Example SHAKEN cert 616H"), BEFORE_V004, "subject-common-name"),
    "crl-issuer": (points(point(issuer=False)), BEFORE_V004, "crl-distribution-points"),
    "policy": (policies(OBSOLETE_POLICY), BEFORE_V004, "certificate-policies"),
    "serial": (serial(1), BEFORE_V005, "serial-number"),
    "extension": (having(ALIEN), BEFORE_V005, "listed-extensions"),
    "ski": (having(SKI(bytes(20))), BEFORE_V005, "subject-key-identifier"),
    "country": (attribute(NameOID.COUNTRY_NAME, "us"), BEFORE_V005, "subject-country"),
    "spc": (scope(Spc("616h")), BEFORE_V005, "tn-auth-list"),
}


@pytest.mark.parametrize(("defect", "issued", "rule"), EARLIER.values(), ids=EARLIER)
def test_what_became_wrong_after_the_certificate_was_issued_is_a_warning(
    defect: Defect, issued: datetime, rule: str
) -> None:
    told = result(report(make_chain(leaf=defect, now=issued), issued).certificates[0].results, rule)
    assert told.outcome == "warn"
    assert "it was issued earlier" in told.found


@pytest.mark.parametrize(
    ("key", "found"),
    [
        pytest.param(ec.generate_private_key(ec.SECP384R1()), "on secp384r1, not P-256", id="p384"),
        pytest.param(rsa.generate_private_key(65537, 2048), "not an elliptic curve key", id="rsa"),
    ],
)
def test_a_key_of_another_kind_is_told(key: ec.EllipticCurvePrivateKey, found: str) -> None:
    assert result(report(make_chain(leaf_key=key)).certificates[0].results, "public-key").found == found


def as_version_1(certificate: x509.Certificate) -> x509.Certificate:
    """The same without its version field, which is how version 1 is written; the two lengths around it shrink."""
    der = certificate.public_bytes(Encoding.DER).replace(b"\xa0\x03\x02\x01\x02", b"", 1)
    headers = [b"\x30\x82" + (int.from_bytes(der[at + 2 : at + 4]) - 5).to_bytes(2) for at in (0, 4)]
    return x509.load_der_x509_certificate(b"".join(headers) + der[8:])


def test_a_certificate_of_version_1_is_told() -> None:
    chain = make_chain(leaf=lambda leaf: replace(leaf, extensions=()))
    told = lint([as_version_1(chain.leaf)], NOW).certificates[0].results
    assert result(told, "version").outcome == "fail"


def test_an_extension_that_cannot_be_read_fails_the_rules_on_extensions_alone() -> None:
    spoilt = x509.UnrecognizedExtension(x509.KeyUsage.oid, b"\x30")
    (sheet, _) = report(make_chain(leaf=lambda leaf: leaf.having(spoilt, critical=True))).certificates
    assert result(sheet.results, "key-usage").found.startswith("cannot be read")
    assert result(sheet.results, "serial-number").outcome == "pass"
    assert sheet.role == "leaf"


def swapped(chain: Chain) -> list[x509.Certificate]:
    return [chain.intermediate.certificate, chain.leaf]


def pair(chain: Chain) -> list[x509.Certificate]:
    return [chain.leaf, chain.intermediate.certificate]


def mixed(chain: Chain) -> list[x509.Certificate]:
    return [chain.leaf, make_chain().intermediate.certificate]


def with_root(chain: Chain) -> list[x509.Certificate]:
    return [*pair(chain), chain.root.certificate]


def two_intermediates(chain: Chain) -> list[x509.Certificate]:
    return [chain.leaf, chain.intermediate.certificate, chain.intermediate.certificate]


def issued_by(name: x509.Name) -> Defect:
    return lambda template: replace(template, issuer=name)


WHOLE: dict[str, tuple[Defect, Callable[[Chain], list[x509.Certificate]], str, str, str]] = {
    "leaf-last": (sound, swapped, "leaf-first", "fail", "leaves at places 2"),
    "two-leaves": (sound, lambda chain: [chain.leaf, chain.leaf], "leaf-first", "fail", "places 1, 2"),
    "leaf-alone": (sound, lambda chain: [chain.leaf], "intermediates-included", "warn", "the leaf alone"),
    "root-included": (sound, with_root, "root-left-out", "warn", "a root is in the file"),
    "issuer-of-another-name": (issued_by(OTHER_CA), pair, "issued-by-the-next", "fail", "by another than"),
    "issuer-of-another-key": (sound, mixed, "issued-by-the-next", "fail", "does not bear the signature"),
    "aki-of-another-key": (having(AKI_OTHER), pair, "key-identifiers", "fail", "is not the SKI of 2"),
    "no-aki": (without(x509.AuthorityKeyIdentifier), pair, "key-identifiers", "fail", "missing"),
    "too-many-below": (sound, two_intermediates, "path-length", "fail", "allows 0 CAs below it and has 1"),
    "outlives": (
        lambda leaf: replace(leaf, not_after=NOW + timedelta(9999)),
        pair,
        "outlived-by-issuers",
        "warn",
        "certificate 1 ends after",
    ),
}


@pytest.mark.parametrize(("defect", "file", "rule", "outcome", "found"), WHOLE.values(), ids=WHOLE)
def test_a_defect_of_the_whole_file_is_told(
    defect: Defect, file: Callable[[Chain], list[x509.Certificate]], rule: str, outcome: str, found: str
) -> None:
    told = result(lint(file(make_chain(leaf=defect)), NOW).chain, rule)
    assert (told.outcome, found in told.found) == (outcome, True), told


@pytest.mark.parametrize("rule", names((*FIELDS, *EXTENSIONS)))
def test_a_sound_certificate_of_any_kind_departs_from_no_rule(rule: str) -> None:
    chain = make_chain()
    files = [pair(chain), [chain.root.certificate], [chain.sti_pa.certificate]]
    sheets = [sheet for file in files for sheet in lint(file, NOW).certificates]
    assert [sheet.role for sheet in sheets] == ["leaf", "intermediate", "root", "crl-issuer"]
    assert {result(sheet.results, rule).outcome for sheet in sheets} <= {"pass", "not-applicable"}


@pytest.mark.parametrize("rule", names(CHAIN))
def test_a_sound_file_departs_from_no_rule(rule: str) -> None:
    assert result(report(make_chain()).chain, rule).outcome == "pass"


@pytest.mark.parametrize("rule", names(CHAIN))
def test_a_root_in_a_file_of_its_own_is_no_chain(rule: str) -> None:
    assert result(lint([make_chain().root.certificate], NOW).chain, rule).outcome == "not-applicable"


def test_every_result_names_its_clause() -> None:
    found = report(make_chain())
    results = [*found.chain, *(each for sheet in found.certificates for each in sheet.results)]
    assert all(each.clause.startswith(("ATIS-1000080", "RFC ")) for each in results)
    assert found.count("pass") + found.count("not-applicable") == len(results)


SOUND = make_chain()
DER = SOUND.leaf.public_bytes(Encoding.DER)


@given(st.dictionaries(st.integers(0, len(DER) - 1), st.integers(0, 255), min_size=1, max_size=4))
@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
def test_a_spoilt_certificate_that_can_be_loaded_can_be_linted(changes: dict[int, int]) -> None:
    spoilt = bytes(changes.get(place, byte) for place, byte in enumerate(DER))
    try:
        leaf = x509.load_der_x509_certificate(spoilt)
    except UNPARSABLE:
        assume(False)
    assert lint([leaf, SOUND.intermediate.certificate], NOW).certificates[0].results
