"""Whatever a certificate host serves, the answer is a chain or a reason, and soon."""

import base64
from contextlib import suppress
from datetime import timedelta
from time import process_time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from certs import extensions, names
from certs.authority import Authority, new_key
from certs.builders import NOW, make_chain
from gateway.stir.chain import Anchors, ChainRefused, TrustedChain, read, trust
from gateway.stir.constraints import ENHANCED_OID, Constraints, encode
from gateway.stir.reasons import Reason
from gateway.stir.tnauthlist import One, Range, Spc

DAY = timedelta(days=1)
ES256 = ECDSA(hashes.SHA256())
SECOND = 1.0
"""Of the processor, for what takes some hundredths: an answer that is late by a factor of ten is still noticed."""

CHAIN = make_chain(
    leaf=lambda leaf: leaf.having(
        x509.UnrecognizedExtension(
            x509.ObjectIdentifier(ENHANCED_OID), encode(Constraints(must_include=("attest",)), ENHANCED_OID)
        )
    ).having(extensions.tn_auth_list([Spc("616H"), Range("12155550100", 9)]).value)
)
ANCHORS = Anchors([CHAIN.root.certificate])
LEAF, CA = (each.public_bytes(Encoding.DER) for each in (CHAIN.leaf, CHAIN.intermediate.certificate))


def as_pem(*ders: bytes) -> bytes:
    return b"".join(
        b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(der) + b"-----END CERTIFICATE-----\n"
        for der in ders
    )


def judged(pem: bytes) -> TrustedChain | Reason:
    try:
        return trust(read(pem), ANCHORS, NOW.timestamp())
    except ChainRefused as refused:
        return refused.reason


CHANGES = st.lists(st.tuples(st.integers(0, 899), st.integers(0, 255)), min_size=1, max_size=3)


def changed(der: bytes, changes: list[tuple[int, int]]) -> bytes:
    """With some bytes replaced."""
    made = bytearray(der)
    for place, byte in changes:
        made[place % len(made)] = byte
    return bytes(made)


@settings(max_examples=600)
@given(CHANGES)
def test_a_changed_leaf_is_refused_with_a_reason(changes: list[tuple[int, int]]) -> None:
    found = judged(as_pem(changed(LEAF, changes), CA))
    if isinstance(found, TrustedChain):
        assert found.path[0].tbs_certificate_bytes == CHAIN.leaf.tbs_certificate_bytes


@settings(max_examples=600)
@given(CHANGES)
def test_a_changed_intermediate_is_refused_with_a_reason(changes: list[tuple[int, int]]) -> None:
    found = judged(as_pem(LEAF, changed(CA, changes)))
    if isinstance(found, TrustedChain):
        assert found.path[1].tbs_certificate_bytes == CHAIN.intermediate.certificate.tbs_certificate_bytes


def signed_anyway(tbs: bytes, issuer: Authority) -> bytes:
    """A certificate of these bytes with a signature that holds."""
    content = tbs + bytes.fromhex("300a06082a8648ce3d040302") + tlv(0x03, b"\0" + issuer.key.sign(tbs, ES256))
    return tlv(0x30, content)


def tlv(tag: int, content: bytes) -> bytes:
    size = len(content)
    length = size.to_bytes((size.bit_length() + 7) // 8 or 1)
    return bytes([tag]) + (length if size < 128 else bytes([0x80 | len(length)]) + length) + content


@settings(max_examples=600)
@given(CHANGES, CHANGES, st.booleans())
def test_what_a_ca_signs_by_mistake_is_a_chain_or_a_reason(
    of_leaf: list[tuple[int, int]], of_ca: list[tuple[int, int]], above: bool
) -> None:
    """A signature that fails would hide a flaw in the reading of extensions, so here it holds."""
    leaf = signed_anyway(changed(CHAIN.leaf.tbs_certificate_bytes, of_leaf), CHAIN.intermediate)
    ca = signed_anyway(changed(CHAIN.intermediate.certificate.tbs_certificate_bytes, of_ca), CHAIN.root)
    found = judged(as_pem(LEAF, ca) if above else as_pem(leaf, CA))
    if isinstance(found, TrustedChain):
        assert found.problem_at(NOW.timestamp()) is None
        assert found.covers("12155550100") in (True, False)
        found.violated({"attest": "A"})


@settings(max_examples=300)
@given(st.integers(0, 899), st.integers(1, 40), st.binary(max_size=40))
def test_a_leaf_cut_and_stuffed_is_refused(place: int, size: int, stuffing: bytes) -> None:
    start = place % len(LEAF)
    der = LEAF[:start] + stuffing + LEAF[start + size :]
    if der != LEAF:
        assert isinstance(judged(as_pem(der, CA)), Reason)


@given(CHANGES)
def test_a_changed_file_is_a_chain_or_a_reason(changes: list[tuple[int, int]]) -> None:
    judged(changed(CHAIN.pem, changes))


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(noise: bytes) -> None:
    assert judged(noise) is Reason.CERTIFICATE_UNREADABLE
    assert judged(as_pem(noise)) is Reason.CERTIFICATE_UNREADABLE


def nested(depth: int) -> bytes:
    der = b""
    for _ in range(depth):
        size = len(der).to_bytes(4)
        der = b"\x30\x84" + size + der
    return der


@pytest.mark.parametrize(
    "pem",
    [
        pytest.param(as_pem(nested(7_000)), id="sequences-in-sequences"),
        pytest.param(as_pem(b"\x30\x84\xff\xff\xff\xff" + b"\0" * 40_000), id="a-length-of-four-gigabytes"),
        pytest.param(as_pem(b"\x30\x80" * 20_000), id="lengths-never-told"),
        pytest.param(b"-----BEGIN CERTIFICATE-----" * 2_400, id="nothing-but-beginnings"),
        pytest.param(b"-" * 65_536, id="dashes"),
        pytest.param(as_pem(*[LEAF] * 11), id="one-certificate-too-many"),
    ],
)
def test_a_bomb_goes_off_in_no_time(pem: bytes) -> None:
    started = process_time()
    assert judged(pem) is Reason.CERTIFICATE_UNREADABLE
    assert process_time() - started < SECOND


def looped(size: int) -> tuple[x509.Certificate, ...]:
    """Certificates of one name, each signed with the key of the one before, and the first with the last's."""
    keys = [new_key() for _ in range(size)]
    made = [
        x509.CertificateBuilder()
        .subject_name(names.ROOT)
        .issuer_name(names.ROOT)
        .public_key(keys[place].public_key())
        .serial_number(place + 1)
        .not_valid_before(NOW - DAY)
        .not_valid_after(NOW + DAY)
        .sign(keys[place - 1], hashes.SHA256())
        for place in range(size)
    ]
    return tuple(made)


def crossed(size: int) -> tuple[x509.Certificate, ...]:
    """Certificates of one name and one key: each may have issued each."""
    key = new_key()
    return tuple(
        x509.CertificateBuilder()
        .subject_name(names.ROOT)
        .issuer_name(names.ROOT)
        .public_key(key.public_key())
        .serial_number(place + 1)
        .not_valid_before(NOW - DAY)
        .not_valid_after(NOW + DAY)
        .sign(key, hashes.SHA256())
        for place in range(size)
    )


@pytest.mark.parametrize(
    "served",
    [
        pytest.param(looped(10), id="a-loop"),
        pytest.param(looped(10)[::-1], id="a-loop-the-other-way-round"),
        pytest.param(crossed(10), id="everybody-signed-everybody"),
    ],
)
def test_a_maze_of_signatures_comes_to_an_end(served: tuple[x509.Certificate, ...]) -> None:
    started = process_time()
    with pytest.raises(ChainRefused) as refused:
        trust(served, ANCHORS, NOW.timestamp())
    assert refused.value.reason is Reason.CERTIFICATE_UNTRUSTED
    assert process_time() - started < SECOND


def test_a_list_of_thousands_of_numbers_is_asked_in_no_time() -> None:
    numbers = [One(f"1215{figure:07}") for figure in range(0, 4_000, 2)]
    long = make_chain(leaf=lambda leaf: leaf.having(extensions.tn_auth_list(numbers).value))
    started = process_time()
    found = trust(read(long.pem), Anchors([long.root.certificate]), NOW.timestamp())
    assert all(found.covers(each.number) for each in numbers)
    assert process_time() - started < SECOND


def test_a_subject_of_any_kind_is_told_or_refused() -> None:
    """The names of a certificate are shown to people, so they are read as well."""
    place = LEAF.index(b"SHAKEN 616H") - 2
    for kind in range(256):
        with suppress(ChainRefused):
            judged(as_pem(changed(LEAF, [(place, kind)]), CA))
