"""A revocation list counts if somebody trusted signed it and all of it is understood; then it is believed to the letter."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from time import process_time
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.name import _ASN1Type
from hypothesis import given, settings
from hypothesis import strategies as st

from certs import extensions, names, pem
from certs.authority import Authority
from certs.builders import CRL_URL, NOW, make_chain, make_delegate
from certs.template import Template
from gateway.stir.certificate import name_key
from gateway.stir.chain import Anchors, trust
from gateway.stir.crl import LARGEST_CRL
from gateway.stir.reasons import Reason
from gateway.stir.revocation import CrlFile, CrlRefused, RevocationList, Revocations, read_crl, trust_crl

NOW_AT = NOW.timestamp()
DAY = timedelta(days=1)
HOLD = (x509.CRLReason(x509.ReasonFlags.certificate_hold), False)
UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\0")


def signing_lists(template: Template) -> Template:
    return template.having(extensions.key_usage("key_cert_sign", "crl_sign"), critical=True)


CHAIN = make_chain(intermediate=signing_lists)
OTHER = make_chain()
ROOT, CA, PA = CHAIN.root, CHAIN.intermediate, CHAIN.sti_pa
ANCHORS = Anchors([ROOT.certificate, PA.certificate])
ROOT_ONLY = Anchors([ROOT.certificate])
SERVED = (CHAIN.leaf, CA.certificate)
TRUSTED = trust(SERVED, ANCHORS, NOW_AT)


def point(**members: object) -> x509.IssuingDistributionPoint:
    """An issuingDistributionPoint, indirect unless told otherwise."""
    said: dict[str, object] = {
        "full_name": None,
        "relative_name": None,
        "only_contains_user_certs": False,
        "only_contains_ca_certs": False,
        "only_some_reasons": None,
        "indirect_crl": True,
        "only_contains_attribute_certs": False,
    }
    return x509.IssuingDistributionPoint(**(said | members))  # type: ignore[arg-type]


INDIRECT = (point(), True)
SERIAL = CHAIN.leaf.serial_number


def entry(
    serial: int = SERIAL, issuer: x509.Name | None = None, *others: tuple[x509.ExtensionType, bool]
) -> x509.RevokedCertificate:
    builder = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(NOW)
    if issuer is not None:
        builder = builder.add_extension(x509.CertificateIssuer([x509.DirectoryName(issuer)]), critical=True)
    for value, critical in others:
        builder = builder.add_extension(value, critical)
    return builder.build()


def make_list(
    signer: Authority,
    *entries: x509.RevokedCertificate,
    extra: Iterable[tuple[x509.ExtensionType, bool]] = (),
    start: datetime = NOW,
    end: datetime = NOW + DAY,
    issuer: x509.Name | None = None,
    digest: hashes.SHA256 | hashes.SHA384 = hashes.SHA256(),  # noqa: B008  # it has no state
) -> x509.CertificateRevocationList:
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer or signer.certificate.subject)
        .last_update(start)
        .next_update(end)
    )
    for value, critical in extra:
        builder = builder.add_extension(value, critical)
    for each in entries:
        builder = builder.add_revoked_certificate(each)
    return builder.sign(signer.key, digest)


def indirect(*entries: x509.RevokedCertificate, signer: Authority = PA) -> x509.CertificateRevocationList:
    return make_list(signer, *entries, extra=[INDIRECT])


def refusal(
    crl: x509.CertificateRevocationList, anchors: Anchors = ANCHORS, *signers: x509.Certificate
) -> str:
    with pytest.raises(CrlRefused) as refused:
        trust_crl(crl, anchors, NOW_AT, signers)
    return refused.value.reason


# Reading


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(b"", "unreadable", id="nothing"),
        pytest.param(b"not found", "unreadable", id="text"),
        pytest.param(b"\x30\x80" * 9_000, "unreadable", id="der-that-never-closes"),
        pytest.param(CHAIN.pem, "unreadable", id="certificates-alone"),
        pytest.param(pem.crl(CHAIN.crl())[:-40], "unreadable", id="cut-short"),
        pytest.param((pem.crl(CHAIN.crl()) * 2)[:-40], "unreadable", id="the-second-cut-short"),
        pytest.param(
            pem.crl(CHAIN.crl()) + b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",
            "unreadable",
            id="beside-a-certificate-that-is-none",
        ),
        pytest.param(pem.crl(CHAIN.crl()) + pem.key(PA.key), "holds-a-key", id="with-the-private-key"),
        pytest.param(pem.crl(CHAIN.crl()) * 21, "too-large", id="more-lists-than-anybody-has"),
        pytest.param(b"-----BEGIN X509 CRL-----" * 1_000_000, "too-large", id="nothing-but-beginnings"),
        pytest.param(b"\0" * (LARGEST_CRL + 1), "too-large", id="more-than-32-mib"),
    ],
)
def test_what_is_no_list_is_refused(data: bytes, expected: str) -> None:
    with pytest.raises(CrlRefused) as refused:
        read_crl(data)
    assert refused.value.reason == expected


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(CHAIN.crl().public_bytes(Encoding.DER), id="der"),
        pytest.param(b"STI-PA list\n" + pem.crl(CHAIN.crl()) + b"\n", id="pem-with-text-around"),
    ],
)
def test_a_list_is_read_in_both_forms(data: bytes) -> None:
    (crl,) = read_crl(data).lists
    assert crl.issuer == names.STI_PA


def test_a_bundle_holds_lists_and_those_who_signed_them() -> None:
    bundle = pem.chain(PA.certificate) + pem.crl(CHAIN.crl()) + pem.crl(make_list(CA))
    file = read_crl(bundle)
    assert [each.issuer for each in file.lists] == [names.STI_PA, names.INTERMEDIATE]
    assert file.certificates == (PA.certificate,)


# Trusting


def crl_signer(uses: tuple[str, ...] | None, issuer: Authority = PA, end: datetime = NOW + DAY) -> Authority:
    """An end entity under `issuer` whose key has these uses, or says nothing of them."""

    def changed(template: Template) -> Template:
        template = replace(template, not_after=end)
        if uses is None:
            return template.without(x509.KeyUsage.oid)
        return template.having(extensions.key_usage(*uses), critical=True)

    return make_delegate(issuer, spc="SIGNER", defect=changed)


@pytest.mark.parametrize(
    "signer",
    [
        pytest.param(OTHER.sti_pa, id="a-namesake-of-the-anchor"),
        pytest.param(ROOT, id="an-anchor-that-may-not"),
        pytest.param(crl_signer(None), id="a-key-of-unstated-use"),
        pytest.param(crl_signer(("digital_signature",)), id="a-key-for-calls"),
        pytest.param(crl_signer(("crl_sign",), OTHER.sti_pa), id="a-signer-below-a-namesake"),
        pytest.param(
            crl_signer(("crl_sign",), Authority(CHAIN.leaf, CHAIN.leaf_key)), id="a-signer-made-by-a-leaf"
        ),
        pytest.param(
            crl_signer(("crl_sign",), end=NOW - timedelta(seconds=1)), id="a-signer-that-has-expired"
        ),
    ],
)
def test_a_list_signed_by_somebody_else_is_untrusted(signer: Authority) -> None:
    assert refusal(indirect(signer=signer), ANCHORS, signer.certificate, *SERVED) == "untrusted"


@pytest.mark.parametrize(
    ("crl", "expected"),
    [
        pytest.param(make_list(PA, issuer=names.ROOT), "untrusted", id="in-the-name-of-another"),
        pytest.param(make_list(PA, extra=[(x509.DeltaCRLIndicator(1), True)]), "delta", id="a-delta"),
        pytest.param(make_list(PA, extra=[(UNKNOWN, True)]), "critical-extension", id="critical-and-unknown"),
        pytest.param(
            make_list(PA, entry(1, None, (UNKNOWN, True))),
            "critical-extension",
            id="an-entry-critical-and-unknown",
        ),
        pytest.param(
            make_list(PA, entry(1, names.ROOT)), "issuer-in-direct-list", id="for-others-without-saying-so"
        ),
        pytest.param(
            indirect(entry(1, None, (x509.CertificateIssuer([x509.DNSName("ca.example")]), True))),
            "entry-malformed",
            id="an-entry-whose-issuer-is-no-name",
        ),
    ],
)
def test_a_list_that_cannot_be_understood_is_refused(
    crl: x509.CertificateRevocationList, expected: str
) -> None:
    assert refusal(crl) == expected


SIGNER, LONE = crl_signer(("crl_sign",)), crl_signer(("crl_sign",), OTHER.sti_pa)
WITH_LONE = Anchors([*ANCHORS.certificates, LONE.certificate])


@pytest.mark.parametrize(
    ("crl", "signers"),
    [
        pytest.param(indirect(), (), id="an-anchor"),
        pytest.param(indirect(signer=SIGNER), (SIGNER.certificate,), id="below-an-anchor"),
        pytest.param(indirect(signer=LONE), (), id="an-anchor-that-is-no-ca"),
        pytest.param(make_list(CA), SERVED, id="the-issuer-in-the-chain"),
        pytest.param(make_list(PA, extra=[(UNKNOWN, False)]), (), id="unknown-and-not-critical"),
        pytest.param(make_list(PA, start=NOW - 9 * DAY, end=NOW - DAY), (), id="an-old-one"),
        pytest.param(make_list(PA, digest=hashes.SHA384()), (), id="with-sha384"),
    ],
)
def test_a_list_signed_by_somebody_trusted_is_trusted(
    crl: x509.CertificateRevocationList, signers: tuple[x509.Certificate, ...]
) -> None:
    assert trust_crl(crl, WITH_LONE, NOW_AT, signers).issuer == name_key(crl.issuer)


def test_an_anchor_that_is_no_ca_vouches_for_no_other_signer() -> None:
    signer = crl_signer(("crl_sign",), LONE)
    crl = indirect(signer=signer)
    assert refusal(crl, WITH_LONE, signer.certificate, LONE.certificate) == "untrusted"


def test_an_entry_means_the_issuer_of_the_one_before_unless_it_names_its_own() -> None:
    crl = indirect(
        entry(1), entry(2, names.ROOT), entry(3), entry(4, names.INTERMEDIATE), entry(5), entry(6, names.ROOT)
    )
    revoked = trust_crl(crl, ANCHORS, NOW_AT).revoked
    assert {issuer: set(serials) for issuer, serials in revoked.items()} == {
        name_key(names.STI_PA): {1},
        name_key(names.ROOT): {2, 3, 6},
        name_key(names.INTERMEDIATE): {4, 5},
    }


# Asking


def problem(
    *lists: x509.CertificateRevocationList,
    required: bool = False,
    anchors: Anchors = ANCHORS,
    now: float = NOW_AT,
) -> Reason | None:
    return Revocations.of([CrlFile(lists)], anchors, NOW_AT, SERVED).problem(TRUSTED, now, required)


def shouted(name: x509.Name) -> x509.Name:
    """The same name in another string type, in capitals, with more space."""
    return x509.Name(
        [
            each
            if each.oid == x509.NameOID.COUNTRY_NAME
            else x509.NameAttribute(
                each.oid, str(each.value).upper().replace(" ", "  "), _ASN1Type.PrintableString
            )
            for each in name
        ]
    )


@pytest.mark.parametrize(
    "crl",
    [
        pytest.param(CHAIN.crl(CHAIN.leaf), id="the-leaf"),
        pytest.param(CHAIN.crl(CA.certificate), id="the-intermediate"),
        pytest.param(CHAIN.crl(OTHER.leaf, CA.certificate, CHAIN.leaf), id="among-others"),
        pytest.param(indirect(entry(1, names.INTERMEDIATE), entry()), id="by-the-issuer-of-the-entry-before"),
        pytest.param(
            indirect(entry(SERIAL, shouted(names.INTERMEDIATE))), id="by-a-name-written-in-another-way"
        ),
        pytest.param(make_list(CA, entry()), id="on-its-issuers-own-list"),
        pytest.param(
            make_list(
                PA, entry(SERIAL, names.INTERMEDIATE), extra=[INDIRECT], start=NOW - 9 * DAY, end=NOW - DAY
            ),
            id="on-an-old-list",
        ),
        pytest.param(indirect(entry(SERIAL, names.INTERMEDIATE, HOLD)), id="on-hold"),
    ],
)
def test_a_certificate_of_the_path_on_a_trusted_list_is_revoked(crl: x509.CertificateRevocationList) -> None:
    assert problem(crl) is problem(indirect(), crl, required=True) is Reason.CERTIFICATE_REVOKED


@pytest.mark.parametrize(
    "crl",
    [
        pytest.param(CHAIN.crl(), id="an-empty-list"),
        pytest.param(indirect(entry(SERIAL, names.ROOT)), id="the-serial-of-another-issuer"),
        pytest.param(indirect(entry()), id="the-serial-under-the-lists-own-name"),
        pytest.param(indirect(entry(ROOT.certificate.serial_number, names.ROOT)), id="the-anchor"),
    ],
)
def test_what_is_not_on_the_list_is_not_revoked(crl: x509.CertificateRevocationList) -> None:
    assert problem(crl, required=True) is None


CURRENT = CHAIN.crl()


def shard(url: str) -> x509.CertificateRevocationList:
    return make_list(
        CA, extra=[(point(indirect_crl=False, full_name=[x509.UniformResourceIdentifier(url)]), True)]
    )


@pytest.mark.parametrize(
    "lists",
    [
        pytest.param((), id="none"),
        pytest.param((make_list(PA, extra=[INDIRECT], start=NOW - 9 * DAY, end=NOW - DAY),), id="an-old-one"),
        pytest.param(
            (make_list(PA, extra=[INDIRECT], start=NOW + DAY, end=NOW + 9 * DAY),), id="one-of-tomorrow"
        ),
        pytest.param((make_list(PA),), id="one-that-speaks-for-its-own-issuer"),
        pytest.param((make_list(PA, extra=[(point(only_contains_ca_certs=True), True)]),), id="one-of-cas"),
        pytest.param(
            (
                make_list(
                    PA, extra=[(point(only_some_reasons=frozenset({x509.ReasonFlags.key_compromise})), True)]
                ),
            ),
            id="one-of-some-reasons",
        ),
        pytest.param((shard("https://ca.example/other.crl"),), id="one-for-other-certificates-of-the-issuer"),
    ],
)
def test_where_a_current_list_is_required_others_will_not_do(
    lists: tuple[x509.CertificateRevocationList, ...],
) -> None:
    assert problem(*lists) is None
    assert problem(*lists, required=True) is Reason.CRL_UNAVAILABLE


@pytest.mark.parametrize(
    "crl",
    [
        pytest.param(CURRENT, id="the-sti-pas"),
        pytest.param(make_list(CA), id="the-issuers"),
        pytest.param(shard(CRL_URL), id="the-issuers-for-where-the-leaf-points"),
        pytest.param(
            make_list(PA, extra=[(point(only_contains_user_certs=True), True)]), id="one-of-end-entities"
        ),
    ],
)
def test_a_current_list_that_is_silent_about_the_leaf_is_enough(crl: x509.CertificateRevocationList) -> None:
    assert problem(crl, required=True) is None


def test_a_list_is_current_until_its_next_update() -> None:
    ends = (NOW + DAY).timestamp()
    assert problem(indirect(), required=True, now=ends) is None
    assert problem(indirect(), required=True, now=ends + 1) is Reason.CRL_UNAVAILABLE


@pytest.mark.parametrize(
    ("crl", "expected"),
    [
        pytest.param(CHAIN.crl(CHAIN.leaf), Reason.CRL_UNTRUSTED, id="whom-the-leaf-points-to"),
        pytest.param(OTHER.crl(), Reason.CRL_UNTRUSTED, id="a-namesake-of-whom-the-leaf-points-to"),
        pytest.param(make_list(OTHER.intermediate), Reason.CRL_UNTRUSTED, id="a-namesake-of-the-issuer"),
        pytest.param(make_list(SIGNER, entry()), None, id="somebody-who-has-nothing-to-do-with-it"),
    ],
)
def test_a_list_about_the_chain_that_nobody_trusted_signed_is_not_passed_over(
    crl: x509.CertificateRevocationList, expected: Reason | None
) -> None:
    assert problem(crl, anchors=ROOT_ONLY) is expected


def own_name(*entries: x509.RevokedCertificate, **more: Any) -> x509.CertificateRevocationList:
    """A list of somebody who has nothing to do with the chain, and speaks for others."""
    extra = (INDIRECT, *more.pop("extra", ()))
    return make_list(STRANGER, *entries, extra=extra, **more)


STRANGER = make_delegate(OTHER.root, spc="STRANGER")
NAMELESS = (x509.CertificateIssuer([x509.DNSName("ca.example")]), True)


@pytest.mark.parametrize(
    "crl",
    [
        pytest.param(own_name(entry(SERIAL, names.INTERMEDIATE)), id="by-a-strangers-list"),
        pytest.param(own_name(entry(1), entry(2, names.INTERMEDIATE), entry()), id="as-the-entry-before"),
        pytest.param(own_name(entry(CA.certificate.serial_number, names.ROOT)), id="the-intermediate"),
        pytest.param(make_list(PA, entry(SERIAL, names.INTERMEDIATE)), id="by-a-list-for-its-own-issuer"),
        pytest.param(
            indirect(entry(SERIAL, names.INTERMEDIATE, (UNKNOWN, True))), id="by-an-entry-not-understood"
        ),
        pytest.param(
            make_list(PA, entry(SERIAL, names.INTERMEDIATE), extra=[INDIRECT, (UNKNOWN, True)]),
            id="by-a-list-not-understood",
        ),
        pytest.param(
            make_list(
                PA, entry(SERIAL, names.INTERMEDIATE), extra=[INDIRECT, (x509.DeltaCRLIndicator(1), True)]
            ),
            id="by-a-delta",
        ),
        pytest.param(indirect(entry(SERIAL, None, NAMELESS)), id="by-an-entry-whose-issuer-is-no-name"),
        pytest.param(
            indirect(entry(1, None, NAMELESS), entry()), id="after-an-entry-whose-issuer-is-no-name"
        ),
        pytest.param(
            own_name(entry(SERIAL, names.INTERMEDIATE), start=NOW - 9 * DAY, end=NOW - DAY),
            id="by-an-old-list",
        ),
    ],
)
def test_a_refused_list_that_names_a_certificate_of_the_chain_is_not_passed_over(
    crl: x509.CertificateRevocationList,
) -> None:
    assert asked(crl) is asked(CURRENT, crl) is Reason.CRL_UNTRUSTED


@pytest.mark.parametrize(
    "crl",
    [
        pytest.param(own_name(), id="nobody"),
        pytest.param(own_name(entry(1, names.INTERMEDIATE)), id="another-serial"),
        pytest.param(own_name(entry(SERIAL, names.ROOT)), id="the-serial-of-another-issuer"),
        pytest.param(own_name(entry(SERIAL, names.ROOT), entry()), id="the-serial-as-the-entry-before"),
        pytest.param(own_name(entry()), id="the-serial-under-its-own-name"),
        pytest.param(make_list(PA, entry(SERIAL, names.ROOT)), id="another-issuer-in-a-direct-list"),
        pytest.param(indirect(entry(1, None, NAMELESS)), id="another-serial-of-nobody-known"),
        pytest.param(make_list(PA, extra=[(UNKNOWN, True)]), id="nobody-in-a-list-not-understood"),
    ],
)
def test_a_refused_list_that_is_about_others_changes_nothing(crl: x509.CertificateRevocationList) -> None:
    assert refusal(crl)
    assert asked(crl) is asked(CURRENT, crl) is None


def asked(*lists: x509.CertificateRevocationList) -> Reason | None:
    """What the lists say of a chain that names no publisher but its issuers."""
    return Revocations.of([CrlFile(lists)], ANCHORS, NOW_AT, SERVED).problem(UNPUBLISHED, NOW_AT, False)


UNPUBLISHED = replace(TRUSTED, crl_issuers=tuple(issuer for issuer, _ in TRUSTED.serials))


def test_what_is_known_to_be_revoked_is_so_whatever_else_was_handed_over() -> None:
    assert problem(OTHER.crl(), CHAIN.crl(CHAIN.leaf)) is Reason.CERTIFICATE_REVOKED


def test_without_lists_nothing_is_known() -> None:
    assert Revocations().problem(TRUSTED, NOW_AT, required=False) is None
    assert Revocations().problem(TRUSTED, NOW_AT, required=True) is Reason.CRL_UNAVAILABLE


# Hostile


CHANGES = st.lists(st.tuples(st.integers(0, 899), st.integers(0, 255)), min_size=1, max_size=3)
SOUND = indirect(entry(1, names.ROOT), entry(SERIAL, names.INTERMEDIATE), entry(3)).public_bytes(Encoding.DER)


def judged(data: bytes) -> RevocationList | None:
    try:
        file = read_crl(data)
        return trust_crl(file.lists[0], ANCHORS, NOW_AT, file.certificates)
    except CrlRefused as refused:
        assert refused.reason
    return None


@settings(max_examples=600)
@given(CHANGES)
def test_a_changed_list_is_refused_with_a_reason(changes: list[tuple[int, int]]) -> None:
    made = bytearray(SOUND)
    for place, byte in changes:
        made[place % len(made)] = byte
    found = judged(bytes(made))
    if found is not None:
        assert SERIAL in found.revoked[name_key(names.INTERMEDIATE)]


@settings(max_examples=600)
@given(CHANGES)
def test_a_changed_list_whose_signer_nobody_checks_is_read_or_refused(changes: list[tuple[int, int]]) -> None:
    """The signature would hide a flaw in the reading of entries, so a list is changed before it is signed."""
    tbs = bytearray(x509.load_der_x509_crl(SOUND).tbs_certlist_bytes)
    for place, byte in changes:
        tbs[place % len(tbs)] = byte
    data = signed_anyway(bytes(tbs))
    judged(data)
    with suppress(CrlRefused):
        assert all(claim.named for claim in read_crl(data).claims)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(noise: bytes) -> None:
    assert judged(noise) is None
    assert judged(b"-----BEGIN X509 CRL-----\n" + noise + b"\n-----END X509 CRL-----\n") is None


def signed_anyway(tbs: bytes) -> bytes:
    """A list of these bytes with a signature that holds."""
    signature = PA.key.sign(tbs, ec.ECDSA(hashes.SHA256()))
    algorithm = bytes.fromhex("300a06082a8648ce3d040302")
    return tlv(0x30, tbs + algorithm + tlv(0x03, b"\0" + signature))


def tlv(tag: int, content: bytes) -> bytes:
    size = len(content)
    length = size.to_bytes((size.bit_length() + 7) // 8 or 1)
    return bytes([tag]) + (length if size < 128 else bytes([0x80 | len(length)]) + length) + content


def long_list(entries: int) -> bytes:
    """A list with so many entries, each naming its issuer: the library's builder would take minutes."""
    one = x509.load_der_x509_crl(indirect(entry(SERIAL, names.INTERMEDIATE)).public_bytes(Encoding.DER))
    tbs, serial = one.tbs_certlist_bytes, tlv(0x02, SERIAL.to_bytes(9))
    inside = tbs.index(serial)
    start, end = inside - 3, inside + tbs[inside - 1]
    many = b"".join(
        tbs[start:inside] + tlv(0x02, (SERIAL + place).to_bytes(9)) + tbs[inside + len(serial) : end]
        for place in range(entries)
    )
    return signed_anyway(tlv(0x30, tbs[4 : start - 3] + tlv(0x30, many) + tbs[end:]))


def test_a_list_that_never_gets_old_is_refused() -> None:
    tbs = x509.load_der_x509_crl(SOUND).tbs_certlist_bytes
    ends = tlv(0x17, f"{NOW + DAY:%y%m%d%H%M%S}Z".encode())
    with pytest.raises(CrlRefused) as refused:
        read_crl(signed_anyway(tlv(0x30, tbs[4:].replace(ends, b""))))
    assert refused.value.reason == "no-next-update"


def test_a_long_list_is_read_in_no_time() -> None:
    data = long_list(100_000)
    started = process_time()
    found = judged(data)
    assert found is not None
    assert len(found.revoked[name_key(names.INTERMEDIATE)]) == 100_000
    assert process_time() - started < 10  # it takes half a second
