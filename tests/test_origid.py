"""An origid is a random UUID of version 4."""

from uuid import RFC_4122, UUID

from gateway.origid import new_origid


def test_is_a_canonical_version_4_uuid() -> None:
    for text in (new_origid() for _ in range(200)):
        value = UUID(text)
        assert (str(value), value.version, value.variant) == (text, 4, RFC_4122)


def test_no_two_are_alike() -> None:
    assert len({new_origid() for _ in range(10_000)}) == 10_000
