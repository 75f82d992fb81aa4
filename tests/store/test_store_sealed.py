"""What is sealed is the mapping it was; what its values have in common is there once."""

import pickle
from typing import Any

import pytest

from gateway.policy.accounts import Account
from gateway.policy.limits import Limits
from gateway.policy.permits import Permits
from gateway.policy.terms import Terms
from gateway.store.sealed import Sealed


def account(name: str, concurrent: int = 10) -> Account:
    """An account whose terms are no other one's object, though they may be equal."""
    terms = Terms(permits=Permits(deny_callees=("881",)), limits=Limits(concurrent=concurrent))
    return Account(name, name.title(), terms=terms)


ACCOUNTS = {"acme": account("acme"), "bolt": account("bolt"), "corp": account("corp", 20)}


@pytest.fixture
def sealed() -> Sealed[Account]:
    return Sealed.of(ACCOUNTS, Terms, Permits, Limits)


def carried(sealed: Sealed[Account]) -> Sealed[Account]:
    """As another process has it."""
    buffers: list[pickle.PickleBuffer] = []
    written = pickle.dumps(sealed, protocol=5, buffer_callback=buffers.append)
    found: Sealed[Account] = pickle.loads(written, buffers=[buffer.raw() for buffer in buffers])
    return found


@pytest.mark.parametrize(
    "common", [(), (Limits,), (Terms, Permits, Limits)], ids=["nothing", "a-part", "all"]
)
def test_it_is_the_mapping_that_was_sealed(common: tuple[type, ...]) -> None:
    sealed = carried(Sealed.of(ACCOUNTS, *common))
    assert dict(sealed) == ACCOUNTS
    assert len(sealed) == len(ACCOUNTS)
    assert "acme" in sealed


def test_a_value_is_opened_once(sealed: Sealed[Account]) -> None:
    assert sealed["acme"] is sealed["acme"]
    assert sealed.get("acme") is sealed["acme"]


def test_equal_parts_are_one_object(sealed: Sealed[Account]) -> None:
    acme, bolt, corp = sealed.values()
    assert acme.terms is bolt.terms
    assert acme.terms is not corp.terms
    assert acme.terms.permits is corp.terms.permits


def test_parts_take_room_once() -> None:
    def size(*common: type) -> int:
        buffers: list[Any] = []
        pickle.dumps(
            Sealed.of({str(n): account(str(n)) for n in range(50)}, *common),
            5,
            buffer_callback=buffers.append,
        )
        return sum(buffer.raw().nbytes for buffer in buffers)

    assert size(Terms, Permits, Limits) < size() / 3


def test_what_is_common_may_be_a_value_itself() -> None:
    limits = {"one": Limits(cps=1), "same": Limits(cps=1)}
    assert dict(Sealed.of(limits, Limits)) == limits


def test_a_key_that_is_not_there(sealed: Sealed[Account]) -> None:
    assert sealed.get("nobody") is None
    assert sealed.get("nobody", ACCOUNTS["acme"]) is ACCOUNTS["acme"]
    assert "nobody" not in sealed
    with pytest.raises(KeyError):
        sealed["nobody"]


def test_what_has_been_opened_can_be_carried_on(sealed: Sealed[Account]) -> None:
    sealed["acme"]
    assert dict(carried(carried(sealed))) == ACCOUNTS
