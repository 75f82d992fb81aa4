"""A delegate speaks for numbers that its parent has, and for no others (RFC 9060)."""

from collections.abc import Sequence

import pytest
from cryptography import x509

from certs.authority import Authority
from certs.builders import NOW, make_chain, make_delegate
from certs.template import Template
from gateway.stir.chain import Anchors, ChainRefused, TrustedChain, trust
from gateway.stir.reasons import Reason
from gateway.stir.tnauthlist import Entry, One, Range, Spc

NUMBERS = Range("12155550100", 100)


def delegating(template: Template) -> Template:
    return template.having(x509.BasicConstraints(ca=True, path_length=None), critical=True)


CHAIN = make_chain(intermediate=delegating)
ANCHORS = Anchors([CHAIN.root.certificate])


def below(*scopes: Sequence[Entry], top: Authority = CHAIN.intermediate) -> tuple[x509.Certificate, ...]:
    """A chain from a leaf with the last of the scopes, under CAs with the others, under `top`."""
    *above, last = scopes
    held, authority = [top.certificate], top
    for place, scope in enumerate(above):
        authority = make_delegate(authority, scope, ca=True, spc=f"PARENT{place}")
        held.insert(0, authority.certificate)
    return (make_delegate(authority, last).certificate, *held)


def trusted(*scopes: Sequence[Entry]) -> TrustedChain:
    return trust(below(*scopes), ANCHORS, NOW.timestamp())


@pytest.mark.parametrize(
    "scopes",
    [
        pytest.param(([NUMBERS], [One("12155550200")]), id="a-number-the-parent-does-not-have"),
        pytest.param(([NUMBERS], [Range("12155550150", 100)]), id="a-range-that-is-too-long"),
        pytest.param(([NUMBERS], [Spc("616H")]), id="a-code-under-numbers"),
        pytest.param(([NUMBERS], [NUMBERS, Spc("616H")]), id="a-code-beside-the-numbers"),
        pytest.param(([Spc("616H")], [Spc("709J")]), id="the-code-of-another"),
        pytest.param(([NUMBERS], [Spc("616H")], [NUMBERS]), id="a-parent-that-exceeds-its-own"),
        pytest.param(([NUMBERS], (), [One("12155550200")]), id="through-a-parent-without-a-list"),
    ],
)
def test_a_scope_beyond_the_parents_is_refused(scopes: tuple[Sequence[Entry], ...]) -> None:
    with pytest.raises(ChainRefused) as refused:
        trusted(*scopes)
    assert refused.value.reason is Reason.SCOPE_EXCEEDED


@pytest.mark.parametrize(
    "scopes",
    [
        pytest.param(([NUMBERS],), id="numbers-from-a-ca-without-a-list"),
        pytest.param(([NUMBERS], [NUMBERS]), id="all-that-the-parent-has"),
        pytest.param(([Spc("616H")], [NUMBERS]), id="numbers-of-a-provider"),
        pytest.param(([Spc("616H"), One("1")], [NUMBERS], [One("12155550150")]), id="two-steps-down"),
        pytest.param(([Spc("616H")], [Spc("616H")]), id="the-providers-own-code"),
    ],
)
def test_a_scope_within_the_parents_is_trusted(scopes: tuple[Sequence[Entry], ...]) -> None:
    found = trusted(*scopes)
    assert found.scope == tuple(scopes[-1])
    assert found.covers("12155550150")


def test_a_leaf_with_numbers_alone_covers_them_and_names_no_provider() -> None:
    found = trusted([Spc("616H")], [NUMBERS, One("12155550300")])
    assert found.spc is None
    covered = [number for number in ("12155550100", "12155550199", "12155550300") if found.covers(number)]
    assert len(covered) == 3
    assert not found.covers("12155550200")


def test_a_leaf_cannot_delegate() -> None:
    leaf = Authority(CHAIN.leaf, CHAIN.leaf_key)
    served = (make_delegate(leaf, [Spc("616H")]).certificate, CHAIN.leaf, CHAIN.intermediate.certificate)
    with pytest.raises(ChainRefused) as refused:
        trust(served, ANCHORS, NOW.timestamp())
    assert refused.value.reason is Reason.CERTIFICATE_USAGE


def test_an_intermediate_that_allows_no_ca_below_it_has_none() -> None:
    strict = make_chain()
    with pytest.raises(ChainRefused) as refused:
        trust(
            below([NUMBERS], [NUMBERS], top=strict.intermediate),
            Anchors([strict.root.certificate]),
            NOW.timestamp(),
        )
    assert refused.value.reason is Reason.CERTIFICATE_USAGE
