"""A trust list counts if somebody pinned signed it; then what it says, and whether it may follow the one in force."""

import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from certs import pem, profile, sti_pa, trust_list
from certs.authority import Authority, new_key
from certs.builders import NOW, counted_serials, make_chain
from gateway.stir.path import Anchors
from gateway.trust.trust_list import LARGEST, ListRefused, TrustList, admit, read, signer_url, with_signer

SERIALS = counted_serials()
PA = sti_pa.found(NOW, SERIALS)
OTHER_PA = sti_pa.found(NOW, SERIALS)
CHAIN = make_chain()
ROOT = CHAIN.root.certificate
SECOND_ROOT = make_chain().root.certificate
PINNED = Anchors([PA.certificate])
AT = NOW.timestamp()
EXP = int(AT) + 86_400


def signer(
    under: Authority = PA, key: ec.EllipticCurvePrivateKey | None = None, days: float = 1
) -> Authority:
    """A certificate that signs lists, with its key."""
    key = key or new_key()
    template = profile.trust_list(key.public_key(), under.certificate, NOW, SERIALS(), timedelta(days=days))
    return Authority(under.issue(template), key)


SIGNER = signer()


def der(certificate: x509.Certificate) -> str:
    return b64encode(certificate.public_bytes(Encoding.DER)).decode()


def text(certificate: x509.Certificate) -> str:
    return pem.chain(certificate).decode()


PAYLOAD = {"sequence": 7, "exp": EXP, "trustList": [text(ROOT)]}
HEADER = {"alg": "ES256", "x5c": [der(SIGNER.certificate)]}


def made(
    header: Mapping[str, Any] = HEADER, key: ec.EllipticCurvePrivateKey = SIGNER.key, **payload: object
) -> bytes:
    """A sound list but for what a case says; a member given as None is left out."""
    members = {name: value for name, value in (PAYLOAD | payload).items() if value is not None}
    return trust_list.sign(key, header, members)


def refused(content: bytes, pinned: Anchors = PINNED) -> str:
    with pytest.raises(ListRefused) as caught:
        read(content, pinned, AT)
    return caught.value.reason


def listed(**changes: Any) -> TrustList:
    return replace(read(made(), PINNED, AT), **changes)


# Whose it is


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"eyJ",
        b"\xff\xfe",
        b"a.b",
        made().replace(b".", b"!", 1),
        made() + b"=",
        made() + b".x",
        b"x" * (LARGEST + 1),
        b"e30." + urlsafe_b64encode(b"[" * 20_000) + b".AAAA",
        pem.chain(ROOT),
    ],
    ids=[
        "nothing",
        "one part",
        "binary",
        "two parts",
        "spoilt",
        "padded",
        "four parts",
        "huge",
        "deep",
        "PEM",
    ],
)
def test_what_is_no_jws_is_refused(content: bytes) -> None:
    assert refused(content) == "not-a-jws"


@pytest.mark.parametrize("alg", [None, "none", "HS256", "RS256", "ES384", "es256", 1, ["ES256"]])
def test_no_algorithm_but_es256_is_taken(alg: object) -> None:
    assert refused(made({**HEADER, "alg": alg})) == "alg-unsupported"


def test_an_extension_that_must_be_understood_is_not() -> None:
    assert refused(made({**HEADER, "crit": ["b64"]})) == "crit-unsupported"


STRANGER = signer(OTHER_PA)
LEAF_SIGNED = Authority(CHAIN.leaf, CHAIN.leaf_key)


@pytest.mark.parametrize(
    ("x5c", "key", "pinned", "reason"),
    [
        pytest.param([der(STRANGER.certificate)], STRANGER.key, PINNED, "signer-not-pinned", id="stranger"),
        pytest.param(
            [der(STRANGER.certificate), der(OTHER_PA.certificate)],
            STRANGER.key,
            PINNED,
            "signer-not-pinned",
            id="stranger with its CA",
        ),
        pytest.param(
            [der(STRANGER.certificate), der(PA.certificate)],
            STRANGER.key,
            PINNED,
            "signer-not-pinned",
            id="stranger beside the pinned CA",
        ),
        pytest.param(
            [der(SIGNER.certificate)], SIGNER.key, Anchors([]), "signer-not-pinned", id="nobody pinned"
        ),
        pytest.param(
            [der(SIGNER.certificate)], STRANGER.key, PINNED, "signature-invalid", id="with another key"
        ),
        pytest.param(
            [der(signer(SIGNER).certificate), der(SIGNER.certificate)],
            SIGNER.key,
            PINNED,
            "signer-not-pinned",
            id="issued by what is no CA",
        ),
        pytest.param(
            [der(signer(key=ec.generate_private_key(ec.SECP384R1())).certificate)],
            SIGNER.key,
            PINNED,
            "signature-invalid",
            id="key on another curve",
        ),
        pytest.param([], OTHER_PA.key, PINNED, "signature-invalid", id="nobody named, another key"),
        pytest.param([], PA.key, Anchors([]), "signature-invalid", id="nobody named or pinned"),
        pytest.param("x", SIGNER.key, PINNED, "signer-unreadable", id="x5c is text"),
        pytest.param([1], SIGNER.key, PINNED, "signer-unreadable", id="x5c holds a number"),
        pytest.param(["AAAA"], SIGNER.key, PINNED, "signer-unreadable", id="x5c holds no certificate"),
        pytest.param(["é"], SIGNER.key, PINNED, "signer-unreadable", id="x5c holds no base64"),
        pytest.param(
            [der(SIGNER.certificate)] * 11, SIGNER.key, PINNED, "signer-unreadable", id="x5c of eleven"
        ),
    ],
)
def test_a_list_of_somebody_else_is_refused(
    x5c: object, key: ec.EllipticCurvePrivateKey, pinned: Anchors, reason: str
) -> None:
    assert refused(made({"alg": "ES256", "x5c": x5c}, key), pinned) == reason


@pytest.mark.parametrize("part", [0, 1, 2], ids=["header", "payload", "signature"])
def test_a_list_changed_after_it_was_signed_is_refused(part: int) -> None:
    parts, others = made().split(b"."), made({**HEADER, "typ": "JWT"}, sequence=8).split(b".")
    parts[part] = others[part]
    assert refused(b".".join(parts)) == "signature-invalid"


def test_a_signature_of_another_length_is_refused() -> None:
    assert refused(made().rpartition(b".")[0] + b".AAAA") == "signature-invalid"


def test_a_private_key_below_the_list_is_refused() -> None:
    assert refused(with_signer(made({"alg": "ES256"}), pem.key(SIGNER.key))) == "signer-unreadable"


@pytest.mark.parametrize(
    ("content", "pinned"),
    [
        pytest.param(made(), PINNED, id="CA of the certificate in x5c"),
        pytest.param(
            made({"alg": "ES256", "x5c": [der(SIGNER.certificate), der(PA.certificate)]}),
            PINNED,
            id="CA, which x5c brings along",
        ),
        pytest.param(made(), Anchors([SIGNER.certificate]), id="certificate in x5c"),
        pytest.param(made({"alg": "ES256"}), Anchors([SIGNER.certificate]), id="certificate not presented"),
        pytest.param(made({"alg": "ES256"}), Anchors([PA.certificate, SIGNER.certificate]), id="one of two"),
        pytest.param(
            with_signer(made({"alg": "ES256"}), pem.chain(SIGNER.certificate)), PINNED, id="CA of PEM below"
        ),
        pytest.param(b"\n" + made() + b"\r\n", PINNED, id="space around it"),
    ],
)
def test_a_list_of_somebody_pinned_is_read(content: bytes, pinned: Anchors) -> None:
    found = read(content, pinned, AT)
    assert (found.certificates, found.sequence, found.expires) == ((ROOT,), 7, EXP)
    assert found.signer[0] == SIGNER.certificate


def test_what_the_lab_publishes_is_read() -> None:
    found = read(trust_list.make(PA, [ROOT], 3, NOW, SERIALS), PINNED, AT)
    assert (found.certificates, found.sequence, found.expires) == ((ROOT,), 3, EXP)


@pytest.mark.parametrize(
    ("header", "below", "url"),
    [
        ({"x5u": "https://pa.example.test/pa.pem"}, b"", "https://pa.example.test/pa.pem"),
        ({"x5u": "https://pa.example.test/pa.pem"}, pem.chain(SIGNER.certificate), None),
        ({"x5u": "https://pa.example.test/pa.pem", "x5c": [der(SIGNER.certificate)]}, b"", None),
        ({"x5u": 1}, b"", None),
        ({}, b"", None),
    ],
    ids=["x5u", "PEM below", "x5c", "no text", "none"],
)
def test_the_signers_url_is_told_where_it_is_needed(
    header: dict[str, object], below: bytes, url: str | None
) -> None:
    assert signer_url(with_signer(made(header), below)) == url


# What it says


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        pytest.param({"trustList": None}, "no-certificates", id="no list"),
        pytest.param({"trustList": []}, "no-certificates", id="empty list"),
        pytest.param({"trustList": {}}, "no-certificates", id="an object"),
        pytest.param({"trustList": 1}, "no-certificates", id="a number"),
        pytest.param({"trustList": [1]}, "certificate-unreadable", id="a number in it"),
        pytest.param({"trustList": [text(ROOT), "AAAA"]}, "certificate-unreadable", id="second is none"),
        pytest.param({"trustList": [text(ROOT)[:90]]}, "certificate-unreadable", id="cut short"),
        pytest.param({"trustList": [""]}, "certificate-unreadable", id="empty text"),
        pytest.param({"sequence": None}, "sequence-missing", id="no sequence"),
        pytest.param({"sequence": -1}, "sequence-malformed", id="negative"),
        pytest.param({"sequence": True}, "sequence-malformed", id="true"),
        pytest.param({"sequence": 1.5}, "sequence-malformed", id="half"),
        pytest.param({"sequence": "one"}, "sequence-malformed", id="a word"),
        pytest.param({"sequence": "²"}, "sequence-malformed", id="no digit"),
        pytest.param({"sequence": "9" * 5_000}, "sequence-malformed", id="endless digits"),
        pytest.param({"exp": None}, "exp-missing", id="no expiry"),
        pytest.param({"exp": True}, "exp-malformed", id="expires true"),
        pytest.param({"exp": "tomorrow"}, "exp-malformed", id="expires in a word"),
        pytest.param({"exp": "2026-01-02T00:00:00"}, "exp-malformed", id="no offset"),
        pytest.param({"exp": []}, "exp-malformed", id="expires in a list"),
        pytest.param({"exp": 10**400}, "exp-malformed", id="beyond all numbers"),
    ],
)
def test_what_it_must_say_is_said_readably(payload: dict[str, object], reason: str) -> None:
    assert refused(made(**payload)) == reason


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param({"trustlist": [text(ROOT)]}, id="trustlist"),
        pytest.param({"trust_list": [text(ROOT)]}, id="trust_list"),
        pytest.param({"certificates": [der(ROOT)]}, id="certificates"),
        pytest.param({"trustList": [der(ROOT)]}, id="base64 DER"),
        pytest.param({"trustList": ["\n".join([der(ROOT)[:64], der(ROOT)[64:]])]}, id="base64 in lines"),
        pytest.param({"trustList": text(ROOT)}, id="one text"),
        pytest.param({"trustList": [text(ROOT), der(ROOT)]}, id="twice"),
        pytest.param({"seq": 7, "sequence": None, "trustList": [text(ROOT)]}, id="seq"),
        pytest.param({"version": 7, "sequence": None, "trustList": [text(ROOT)]}, id="version"),
        pytest.param({"version": 1, "trustList": [text(ROOT)]}, id="version beside it"),
        pytest.param({"sequence": "7", "trustList": [text(ROOT)]}, id="sequence in text"),
        pytest.param({"expires": EXP, "exp": None, "trustList": [text(ROOT)]}, id="expires"),
        pytest.param({"exp": "2026-01-02T00:00:00Z", "trustList": [text(ROOT)]}, id="RFC 3339"),
        pytest.param({"exp": "2026-01-02T01:00:00+01:00", "trustList": [text(ROOT)]}, id="with an offset"),
        pytest.param({"exp": float(EXP), "trustList": [text(ROOT)]}, id="with a fraction"),
    ],
)
def test_every_likely_spelling_is_read(payload: dict[str, object]) -> None:
    found = read(made(**({"trustList": None} | payload)), PINNED, AT)
    assert (found.certificates, found.sequence, found.expires) == ((ROOT,), 7, EXP)


def test_several_cas_are_read_from_one_text_or_several() -> None:
    both = (ROOT, SECOND_ROOT)
    assert read(made(trustList=[text(ROOT) + text(SECOND_ROOT)]), PINNED, AT).certificates == both
    assert read(made(trustList=[text(ROOT), der(SECOND_ROOT)]), PINNED, AT).certificates == both


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(["trustList", "sequence", "exp"]), ANYTHING)
def test_a_member_of_any_kind_is_read_or_refused(name: str, value: object) -> None:
    with suppress(ListRefused):
        assert isinstance(read(made(**{name: value}), PINNED, AT), TrustList)


@given(st.dictionaries(st.sampled_from(["alg", "x5c", "x5u", "crit"]), ANYTHING))
def test_a_header_of_any_kind_is_read_or_refused(header: dict[str, object]) -> None:
    with suppress(ListRefused):
        assert isinstance(read(made({"alg": "ES256", **header}), PINNED, AT), TrustList)


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_refused(content: bytes) -> None:
    refused(content)


def test_a_refusal_is_readable_by_people() -> None:
    with pytest.raises(ListRefused) as caught:
        read(made({"alg": "ES256", "x5c": [der(STRANGER.certificate)]}, STRANGER.key), PINNED, AT)
    assert str(caught.value).startswith("signer-not-pinned: CN=TEST ONLY STI-PA trust list")
    assert json.loads(json.dumps(caught.value.reason)) == "signer-not-pinned"


# Whether it may follow


@pytest.mark.parametrize(
    ("new", "in_force", "now", "reason"),
    [
        pytest.param({}, None, EXP + 1, "expired", id="expired"),
        pytest.param({"expires": EXP * 2}, None, EXP + 1, "signer-expired", id="signer expired"),
        pytest.param({}, None, AT - 61, "signer-expired", id="signer not yet valid"),
        pytest.param({"sequence": 6}, {}, AT, "sequence-lower", id="rolled back"),
        pytest.param(
            {"certificates": (SECOND_ROOT,)}, {}, AT, "sequence-reused", id="other CAs, same sequence"
        ),
        pytest.param(
            {"certificates": (ROOT, SECOND_ROOT)}, {}, AT, "sequence-reused", id="one CA more, same sequence"
        ),
    ],
)
def test_a_list_that_must_not_follow_is_refused(
    new: dict[str, Any], in_force: dict[str, Any] | None, now: float, reason: str
) -> None:
    with pytest.raises(ListRefused) as caught:
        admit(listed(**new), None if in_force is None else listed(**in_force), now)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("new", "in_force", "now"),
    [
        pytest.param({}, None, AT, id="the first"),
        pytest.param({}, {}, EXP, id="the same, at its last second"),
        pytest.param({"sequence": 8}, {}, AT, id="the next"),
        pytest.param({"sequence": 80, "certificates": (SECOND_ROOT,)}, {}, AT, id="a later one, other CAs"),
        pytest.param({"expires": EXP + 9.0}, {}, AT, id="the same with a longer life"),
        pytest.param({"sequence": 8}, {"expires": AT - 1}, AT, id="after an expired one"),
    ],
)
def test_a_list_that_may_follow_is_admitted(
    new: dict[str, Any], in_force: dict[str, Any] | None, now: float
) -> None:
    admit(listed(**new), None if in_force is None else listed(**in_force), now)


def test_its_age_is_told() -> None:
    found = listed()
    assert (found.seconds_left(EXP - 60), found.is_expired(EXP)) == (60, False)
    assert (found.seconds_left(EXP + 60), found.is_expired(EXP + 60)) == (-60, True)
