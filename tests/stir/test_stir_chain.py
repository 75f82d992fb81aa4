"""Only a chain that leads to an anchor, is valid now and may sign calls is trusted; each other one has its own reason."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtensionOID

from certs import extensions, names, pem
from certs.authority import Authority, new_key
from certs.builders import CRL_URL, NOW, Chain, make_chain, make_delegate
from certs.template import Template
from gateway.stir.certificate import name_key
from gateway.stir.chain import (
    ENHANCED_JWT_CLAIMS,
    JWT_CLAIMS,
    TN_AUTH_LIST,
    Anchors,
    ChainRefused,
    TrustedChain,
    read,
    trust,
)
from gateway.stir.constraints import ENHANCED_OID, OID, Constraints, encode
from gateway.stir.reasons import Reason
from gateway.stir.tnauthlist import Range, Spc

Change = Callable[[Template], Template]

NOW_AT = NOW.timestamp()
DAY = timedelta(days=1)
CHAIN = make_chain()
OTHER = make_chain()
NUMBERS = Range("12155550100", 100)


def anchors(*chains: Chain) -> Anchors:
    return Anchors(each.root.certificate for each in chains)


def trusted(chain: Chain, now: float = NOW_AT) -> TrustedChain:
    return trust(read(chain.pem), anchors(chain), now)


def reason(
    served: bytes | tuple[x509.Certificate, ...], trusting: Anchors, now: float = NOW_AT
) -> Reason | None:
    """Why the served chain is refused; None if it is trusted."""
    try:
        trust(read(served) if isinstance(served, bytes) else served, trusting, now)
    except ChainRefused as refused:
        return refused.reason
    return None


def raw(oid: x509.ObjectIdentifier, der: bytes, *, critical: bool = False) -> Change:
    """With an extension of these bytes, whatever they are."""
    return lambda template: template.having(x509.UnrecognizedExtension(oid, der), critical=critical)


def without(oid: x509.ObjectIdentifier) -> Change:
    return lambda template: template.without(oid)


def uses(*names: str) -> Change:
    return lambda template: template.having(extensions.key_usage(*names), critical=True)


def constrained(*, ca: bool, path_length: int | None = None) -> Change:
    value = x509.BasicConstraints(ca=ca, path_length=path_length)
    return lambda template: template.having(value, critical=True)


def valid(start: timedelta, end: timedelta) -> Change:
    return lambda template: replace(template, not_before=NOW + start, not_after=NOW + end)


# Reading


@pytest.mark.parametrize(
    "file",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"not found\n", id="text"),
        pytest.param(b"\0" * 60_000, id="zeros"),
        pytest.param(b"\x30\x80" * 30_000, id="bare-der-that-opens-and-never-closes"),
        pytest.param(CHAIN.leaf.public_bytes(Encoding.DER), id="bare-der"),
        pytest.param(CHAIN.pem[:-40], id="cut-short"),
        pytest.param(CHAIN.pem.replace(b"MII", b"!!!", 1), id="no-base64"),
        pytest.param(CHAIN.pem.replace(b"CERTIFICATE", b"X509 CRL"), id="of-another-kind"),
        pytest.param(CHAIN.pem + pem.key(CHAIN.leaf_key), id="with-the-private-key"),
        pytest.param(pem.chain(*[CHAIN.leaf] * 11), id="eleven-certificates"),
        pytest.param(pem.chain(*[CHAIN.leaf] * 1000), id="a-thousand-certificates"),
        pytest.param(CHAIN.pem + b"\n" * 65_536, id="more-than-64-kib"),
        pytest.param(b"-----BEGIN CERTIFICATE-----\n" * 2_000, id="beginnings"),
        pytest.param(
            b"-----BEGIN CERTIFICATE-----\nMIAwgDCAMIAwgDCAMIAwgDCAMIAwgDCA\n-----END CERTIFICATE-----\n",
            id="sequences-in-sequences",
        ),
    ],
)
def test_what_is_no_chain_is_unreadable(file: bytes) -> None:
    with pytest.raises(ChainRefused) as refused:
        read(file)
    assert refused.value.reason is Reason.CERTIFICATE_UNREADABLE


@pytest.mark.parametrize(
    "file",
    [
        pytest.param(CHAIN.pem, id="as-it-is"),
        pytest.param(b"subject=/CN=SHAKEN\n" + CHAIN.pem + b"\nend\n", id="text-around"),
        pytest.param(CHAIN.pem.replace(b"\n", b"\r\n"), id="lines-of-windows"),
    ],
)
def test_certificates_come_in_the_order_of_the_file(file: bytes) -> None:
    assert read(file) == (CHAIN.leaf, CHAIN.intermediate.certificate)


def test_a_file_of_anchors_may_be_longer_where_its_reader_says_so() -> None:
    many = pem.chain(*[CHAIN.root.certificate] * 40)
    assert len(read(many, most=40, largest=len(many))) == 40


# Refusing


@pytest.mark.parametrize(
    ("defective", "expected"),
    [
        pytest.param(make_chain(leaf=constrained(ca=True)), Reason.CERTIFICATE_IS_CA, id="leaf-is-a-ca"),
        pytest.param(
            make_chain(leaf_key=ec.generate_private_key(ec.SECP384R1())),
            Reason.CERTIFICATE_KEY,
            id="leaf-on-p384",
        ),
        pytest.param(
            make_chain(leaf=lambda leaf: replace(leaf, digest=hashes.SHA384())),
            Reason.CERTIFICATE_KEY,
            id="leaf-signed-with-sha384",
        ),
        pytest.param(
            make_chain(intermediate=lambda ca: replace(ca, digest=hashes.SHA384())),
            Reason.CERTIFICATE_KEY,
            id="intermediate-signed-with-sha384",
        ),
        pytest.param(
            make_chain(leaf=without(ExtensionOID.KEY_USAGE)),
            Reason.CERTIFICATE_USAGE,
            id="leaf-without-key-usage",
        ),
        pytest.param(
            make_chain(leaf=uses("key_agreement")), Reason.CERTIFICATE_USAGE, id="leaf-may-not-sign"
        ),
        pytest.param(
            make_chain(intermediate=without(ExtensionOID.BASIC_CONSTRAINTS)),
            Reason.CERTIFICATE_USAGE,
            id="intermediate-does-not-say-ca",
        ),
        pytest.param(
            make_chain(intermediate=constrained(ca=False)),
            Reason.CERTIFICATE_USAGE,
            id="intermediate-is-no-ca",
        ),
        pytest.param(
            make_chain(intermediate=without(ExtensionOID.KEY_USAGE)),
            Reason.CERTIFICATE_USAGE,
            id="intermediate-without-key-usage",
        ),
        pytest.param(
            make_chain(intermediate=uses("digital_signature", "crl_sign")),
            Reason.CERTIFICATE_USAGE,
            id="intermediate-may-not-sign-certificates",
        ),
        pytest.param(
            make_chain(root=uses("crl_sign")), Reason.CERTIFICATE_USAGE, id="root-may-not-sign-certificates"
        ),
        pytest.param(
            make_chain(root=constrained(ca=True, path_length=0)),
            Reason.CERTIFICATE_USAGE,
            id="root-wants-no-ca-below",
        ),
        pytest.param(make_chain(leaf=without(TN_AUTH_LIST)), Reason.TNAUTHLIST_MISSING, id="no-tnauthlist"),
        pytest.param(
            make_chain(leaf=raw(TN_AUTH_LIST, b"\x30\0")), Reason.TNAUTHLIST_MALFORMED, id="empty-tnauthlist"
        ),
        pytest.param(
            make_chain(intermediate=raw(TN_AUTH_LIST, b"junk")),
            Reason.TNAUTHLIST_MALFORMED,
            id="intermediate-junk-list",
        ),
        pytest.param(
            make_chain(leaf=raw(JWT_CLAIMS, b"\x30\0")), Reason.CONSTRAINTS_MALFORMED, id="constraints"
        ),
        pytest.param(
            make_chain(leaf=raw(ENHANCED_JWT_CLAIMS, b"junk")),
            Reason.CONSTRAINTS_MALFORMED,
            id="enhanced-constraints",
        ),
        pytest.param(
            make_chain(leaf=raw(x509.ObjectIdentifier("1.2.3.4"), b"\x05\0", critical=True)),
            Reason.CERTIFICATE_UNTRUSTED,
            id="leaf-with-a-critical-extension-nobody-knows",
        ),
        pytest.param(
            make_chain(intermediate=raw(x509.ObjectIdentifier("1.2.3.4"), b"\x05\0", critical=True)),
            Reason.CERTIFICATE_UNTRUSTED,
            id="intermediate-with-a-critical-extension-nobody-knows",
        ),
        pytest.param(
            make_chain(leaf=lambda leaf: leaf.having(x509.AuthorityKeyIdentifier(b"\1" * 20, None, None))),
            Reason.CERTIFICATE_UNTRUSTED,
            id="leaf-names-another-key-of-its-issuer",
        ),
        pytest.param(
            make_chain(leaf=lambda leaf: replace(leaf, issuer=names.ROOT)),
            Reason.CERTIFICATE_UNTRUSTED,
            id="leaf-names-another-issuer",
        ),
    ],
)
def test_one_defect_has_one_reason(defective: Chain, expected: Reason) -> None:
    assert reason(defective.pem, anchors(defective)) is expected


@pytest.mark.parametrize(
    ("short", "expected"),
    [
        pytest.param({"leaf": valid(-DAY, DAY)}, Reason.CERTIFICATE_EXPIRED, id="leaf-expired"),
        pytest.param(
            {"intermediate": valid(-DAY, DAY)}, Reason.CERTIFICATE_EXPIRED, id="intermediate-expired"
        ),
        pytest.param({"root": valid(-DAY, DAY)}, Reason.CERTIFICATE_EXPIRED, id="root-expired"),
        pytest.param(
            {"leaf": valid(3 * DAY, 4 * DAY)}, Reason.CERTIFICATE_NOT_YET_VALID, id="leaf-of-tomorrow"
        ),
        pytest.param(
            {"intermediate": valid(3 * DAY, 4 * DAY)},
            Reason.CERTIFICATE_NOT_YET_VALID,
            id="intermediate-of-tomorrow",
        ),
        pytest.param(
            {"root": valid(3 * DAY, 4 * DAY)}, Reason.CERTIFICATE_NOT_YET_VALID, id="root-of-tomorrow"
        ),
        pytest.param({"root": valid(2 * DAY, 2 * DAY)}, None, id="root-in-its-only-second"),
    ],
)
def test_expiry_is_told_from_everything_else(short: dict[str, Change], expected: Reason | None) -> None:
    long = {name: valid(-DAY, 9 * DAY) for name in ("root", "intermediate", "leaf")} | short
    chain = make_chain(root=long["root"], intermediate=long["intermediate"], leaf=long["leaf"])
    assert reason(chain.pem, anchors(chain), (NOW + 2 * DAY).timestamp()) is expected


@pytest.mark.parametrize(
    ("served", "expected"),
    [
        pytest.param(CHAIN.pem, Reason.CERTIFICATE_UNTRUSTED, id="of-somebody-elses-root"),
        pytest.param(pem.chain(CHAIN.leaf), Reason.CERTIFICATE_UNTRUSTED, id="the-leaf-alone"),
        pytest.param(
            pem.chain(CHAIN.leaf, OTHER.intermediate.certificate),
            Reason.CERTIFICATE_UNTRUSTED,
            id="an-intermediate-of-the-same-name-and-another-key",
        ),
        pytest.param(
            pem.chain(CHAIN.leaf, CHAIN.intermediate.certificate, CHAIN.root.certificate),
            Reason.CERTIFICATE_UNTRUSTED,
            id="a-root-that-came-along",
        ),
        pytest.param(pem.chain(OTHER.root.certificate), Reason.CERTIFICATE_IS_CA, id="the-anchor-as-a-leaf"),
        pytest.param(
            pem.chain(OTHER.intermediate.certificate, OTHER.leaf),
            Reason.CERTIFICATE_IS_CA,
            id="an-intermediate-as-a-leaf",
        ),
    ],
)
def test_a_chain_that_is_not_below_the_anchor_is_refused(served: bytes, expected: Reason) -> None:
    assert reason(served, anchors(OTHER)) is expected


def test_without_anchors_nothing_is_trusted() -> None:
    assert reason(CHAIN.pem, Anchors([])) is Reason.NO_TRUST_ANCHORS
    assert not Anchors([])


def test_no_certificates_are_no_chain() -> None:
    assert reason((), anchors(CHAIN)) is Reason.CERTIFICATE_UNREADABLE


def self_signed(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, *, ca: bool) -> x509.Certificate:
    return (
        x509.CertificateBuilder()
        .subject_name(names.ROOT)
        .issuer_name(names.ROOT)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - DAY)
        .not_valid_after(NOW + DAY)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def test_a_leaf_that_signed_itself_is_untrusted_even_as_an_anchor() -> None:
    alone = self_signed(new_key(), ca=False)
    assert reason((alone,), anchors(CHAIN)) is Reason.CERTIFICATE_UNTRUSTED
    assert reason((alone,), Anchors([alone])) is Reason.CERTIFICATE_UNTRUSTED


def test_an_rsa_certificate_is_of_the_wrong_kind() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert reason((self_signed(key, ca=False),), anchors(CHAIN)) is Reason.CERTIFICATE_KEY


def test_an_anchor_on_another_curve_is_of_the_wrong_kind() -> None:
    key = ec.generate_private_key(ec.SECP384R1())
    root = Authority(self_signed(key, ca=True), key)
    assert reason((make_delegate(root, [Spc("616H")]).certificate,), Anchors([root.certificate])) is (
        Reason.CERTIFICATE_KEY
    )


# Trusting


@pytest.mark.parametrize(
    "chain",
    [
        pytest.param(CHAIN, id="as-the-profile-wants-it"),
        pytest.param(make_chain(root=without(ExtensionOID.KEY_USAGE)), id="root-without-key-usage"),
        pytest.param(
            make_chain(intermediate=without(ExtensionOID.AUTHORITY_KEY_IDENTIFIER)),
            id="no-key-identifier-of-the-root",
        ),
        pytest.param(
            make_chain(leaf=without(ExtensionOID.BASIC_CONSTRAINTS)), id="leaf-that-does-not-mention-cas"
        ),
        pytest.param(
            make_chain(root=lambda root: replace(root, digest=hashes.SHA384())), id="root-signed-its-own-way"
        ),
        pytest.param(
            make_chain(
                intermediate=lambda ca: ca.having(
                    x509.BasicConstraints(ca=True, path_length=0), critical=False
                )
            ),
            id="basic-constraints-not-critical",
        ),
        pytest.param(
            make_chain(
                leaf=lambda leaf: leaf.having(
                    x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier("1.2.3"), None)]),
                    critical=True,
                )
            ),
            id="policy-critical",
        ),
        pytest.param(make_chain(numbers=["12155550100"]), id="numbers-beside-the-code"),
    ],
)
def test_what_the_standards_leave_open_is_trusted(chain: Chain) -> None:
    assert trusted(chain).path == (chain.leaf, chain.intermediate.certificate, chain.root.certificate)


@pytest.mark.parametrize(
    "served",
    [
        pytest.param(
            (CHAIN.leaf, CHAIN.intermediate.certificate, CHAIN.root.certificate), id="with-the-anchor"
        ),
        pytest.param(
            (CHAIN.leaf, CHAIN.root.certificate, CHAIN.intermediate.certificate), id="in-another-order"
        ),
        pytest.param((CHAIN.leaf, OTHER.leaf, CHAIN.intermediate.certificate), id="with-a-stranger"),
        pytest.param((CHAIN.leaf, CHAIN.intermediate.certificate, CHAIN.leaf), id="with-the-leaf-again"),
    ],
)
def test_what_else_is_in_the_file_does_not_matter(served: tuple[x509.Certificate, ...]) -> None:
    found = trust(served, anchors(OTHER, CHAIN), NOW_AT)
    assert found.path == (CHAIN.leaf, CHAIN.intermediate.certificate, CHAIN.root.certificate)


def test_an_intermediate_may_be_the_anchor() -> None:
    found = trust(read(CHAIN.pem), Anchors([CHAIN.intermediate.certificate]), NOW_AT)
    assert found.path == (CHAIN.leaf, CHAIN.intermediate.certificate)


def test_of_a_ca_with_two_certificates_the_valid_one_is_taken() -> None:
    old = make_delegate(CHAIN.root, ca=True, spc="CA", defect=valid(-2 * DAY, -DAY))
    subject, key = old.certificate.subject, old.key.public_key()
    renewed = CHAIN.root.issue(
        Template(
            subject=subject,
            issuer=CHAIN.root.certificate.subject,
            public_key=key,
            serial=99,
            not_before=NOW - DAY,
            not_after=NOW + DAY,
            extensions=extensions.authority("key_cert_sign"),
        )
    )
    leaf = make_delegate(old, [Spc("616H")]).certificate
    for served in ((leaf, old.certificate, renewed), (leaf, renewed, old.certificate)):
        assert trust(served, anchors(CHAIN), NOW_AT).path[1] == renewed
    assert reason((leaf, old.certificate), anchors(CHAIN)) is Reason.CERTIFICATE_EXPIRED


def test_a_trusted_chain_says_whose_it_is_and_where_it_is_revoked() -> None:
    found = trusted(CHAIN)
    assert (found.spc, found.scope) == ("616H", (Spc("616H"),))
    assert found.subject == CHAIN.leaf.subject.rfc4514_string()
    assert found.key.public_numbers() == CHAIN.leaf_key.public_key().public_numbers()
    assert found.crl_urls == (CRL_URL,)
    assert set(found.crl_issuers) == {
        name_key(each) for each in (names.INTERMEDIATE, names.ROOT, names.STI_PA)
    }
    assert found.serials == (
        (name_key(names.INTERMEDIATE), CHAIN.leaf.serial_number),
        (name_key(names.ROOT), CHAIN.intermediate.certificate.serial_number),
    )


def test_it_is_valid_while_all_of_it_is() -> None:
    chain = make_chain(
        root=valid(-9 * DAY, 9 * DAY), intermediate=valid(-DAY, 2 * DAY), leaf=valid(-2 * DAY, DAY)
    )
    found, day = trusted(chain), DAY.total_seconds()
    assert (found.not_before, found.not_after) == (NOW_AT - day, NOW_AT + day)
    assert found.problem_at(found.not_before - 1) is Reason.CERTIFICATE_NOT_YET_VALID
    assert found.problem_at(found.not_before) is found.problem_at(found.not_after) is None
    assert found.problem_at(found.not_after + 1) is Reason.CERTIFICATE_EXPIRED
    assert found.problem_at(float("nan")) is Reason.CERTIFICATE_EXPIRED


@pytest.mark.parametrize("moment", [float("nan"), float("inf"), -1e300, 1e300])
def test_a_moment_outside_of_all_time_is_outside_of_every_certificate(moment: float) -> None:
    assert reason(CHAIN.pem, anchors(CHAIN), moment) in (
        Reason.CERTIFICATE_EXPIRED,
        Reason.CERTIFICATE_NOT_YET_VALID,
    )


def test_constraints_are_those_of_the_leaf() -> None:
    plain = raw(JWT_CLAIMS, encode(Constraints(must_include=("attest",)), OID))
    enhanced = raw(ENHANCED_JWT_CLAIMS, encode(Constraints(must_exclude=("rcd",)), ENHANCED_OID))
    found = trusted(make_chain(leaf=lambda leaf: enhanced(plain(leaf)), intermediate=enhanced))
    assert found.violated({}) == "attest"
    assert found.violated({"attest": "A", "rcd": {}}) == "rcd"
    assert found.violated({"attest": "A"}) is None
    assert trusted(make_chain(intermediate=enhanced)).violated({"rcd": {}}) is None


def test_the_version_names_a_set_of_anchors_and_not_their_order() -> None:
    one, two = CHAIN.root.certificate, OTHER.root.certificate
    assert Anchors([one, two]).version == Anchors([two, one, two]).version
    assert len({Anchors(each).version for each in ([], [one], [two], [one, two])}) == 4
    assert Anchors([one, two, one]).certificates == (one, two)
