"""The country of an address, from a file that may be anything and may change at any time."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maxmind_writer import MARKER, Value, maxmind_file

from gateway.store.origins import Origins


def country(iso_code: str) -> Value:
    return {"country": {"iso_code": iso_code, "names": {"en": iso_code}}, "continent": {"code": "NA"}}


NETWORKS: dict[str, Value] = {
    "192.0.2.0/24": country("US"),
    "192.0.2.128/25": country("CA"),
    "198.51.100.0/24": country("BS"),
    "2001:db8::/32": country("DE"),
    "203.0.113.0/25": {"registered_country": {"iso_code": "US"}},
    "203.0.113.128/25": {"country": {"iso_code": "not a country"}},
}
GOOD = maxmind_file(NETWORKS)
OTHER = maxmind_file({"192.0.2.0/24": country("FR")})


def origins(path: Path, content: bytes, name: str = "countries.mmdb") -> Origins:
    file = path / name
    file.write_bytes(content)
    return Origins(file)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        pytest.param(b"", "not a usable file", id="empty"),
        pytest.param(b"begin,end,country\n", "not a usable file", id="another-format"),
        pytest.param(bytes(range(256)) * 1000, "not a usable file", id="garbage"),
        pytest.param(MARKER, "not a usable file", id="marker-alone"),
        pytest.param(MARKER + b"\xe0", "not a usable file", id="metadata-without-keys"),
        pytest.param(GOOD[: len(GOOD) // 2], "not a usable file", id="second-half-missing"),
        pytest.param(GOOD[:-20], "not a usable file", id="end-missing"),
        pytest.param(GOOD[len(GOOD) // 2 :], "not a usable file", id="first-half-missing"),
        pytest.param(
            maxmind_file({"192.0.2.0/24": {"autonomous_system_number": 64496}}, kind="Test-ASN"),
            "'Test-ASN' holds no countries",
            id="not-about-countries",
        ),
    ],
)
def test_a_file_that_is_not_of_the_format_is_refused_with_its_name(
    tmp_path: Path, content: bytes, why: str
) -> None:
    found = origins(tmp_path, content)
    assert found.problem is not None
    assert found.problem.startswith(f"{tmp_path / 'countries.mmdb'}: {why}")
    assert found.country("192.0.2.1") is None


def test_a_file_that_is_not_there_is_a_problem_until_it_is(tmp_path: Path) -> None:
    found = Origins(tmp_path / "countries.mmdb")
    assert found.problem == f"{tmp_path / 'countries.mmdb'}: No such file or directory"
    (tmp_path / "countries.mmdb").write_bytes(GOOD)
    assert found.reload_if_changed()
    assert found.problem is None
    assert found.country("192.0.2.1") == "US"


def test_without_a_file_no_address_has_a_country() -> None:
    found = Origins(None)
    assert found.country("192.0.2.1") is None
    assert found.problem is None
    assert not found.reload_if_changed()


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        pytest.param("not an address", None, id="no-address"),
        pytest.param("", None, id="nothing"),
        pytest.param("192.0.3.1", None, id="in-no-network"),
        pytest.param("2001:db9::1", None, id="v6-in-no-network"),
        pytest.param("203.0.113.1", None, id="only-registered-in-a-country"),
        pytest.param("203.0.113.200", None, id="a-country-that-is-none"),
        pytest.param("192.0.2.1", "US", id="v4"),
        pytest.param("192.0.2.129", "CA", id="v4-in-the-inner-network"),
        pytest.param("::ffff:192.0.2.129", "CA", id="v4-mapped"),
        pytest.param("2001:db8::1", "DE", id="v6"),
        pytest.param("2001:db8::1%eth0", "DE", id="v6-with-scope"),
    ],
)
def test_an_address_is_in_the_country_the_file_says(
    tmp_path: Path, address: str, expected: str | None
) -> None:
    assert origins(tmp_path, GOOD).country(address) == expected


@pytest.mark.parametrize("key", ["country", "country_code"])
def test_a_country_may_be_plain_text(tmp_path: Path, key: str) -> None:
    assert origins(tmp_path, maxmind_file({"192.0.2.0/24": {key: "US"}})).country("192.0.2.1") == "US"


def test_a_file_of_ipv4_alone_knows_no_ipv6(tmp_path: Path) -> None:
    found = origins(tmp_path, maxmind_file({"192.0.2.0/24": country("US")}, ip_version=4))
    assert (found.country("192.0.2.1"), found.country("2001:db8::1")) == ("US", None)
    assert found.problem is None


def test_a_file_that_did_not_change_is_not_read_again(tmp_path: Path) -> None:
    assert not origins(tmp_path, GOOD).reload_if_changed()


def test_a_new_file_in_its_place_comes_into_force(tmp_path: Path) -> None:
    found = origins(tmp_path, GOOD)
    assert found.country("192.0.2.1") == "US"
    (tmp_path / "new").write_bytes(OTHER)
    (tmp_path / "new").replace(tmp_path / "countries.mmdb")
    assert found.reload_if_changed()
    assert (found.country("192.0.2.1"), found.country("198.51.100.1")) == ("FR", None)


@pytest.mark.parametrize("name", ["countries.mmdb", "countries.csv"])
def test_a_file_overwritten_while_in_use_leaves_the_last_good_one(tmp_path: Path, name: str) -> None:
    good = GOOD if name.endswith("mmdb") else b"network,country\n192.0.2.0/24,US\n"
    found = origins(tmp_path, good, name)
    (tmp_path / name).write_bytes(b"")
    assert found.country("192.0.2.1") == "US"
    assert not found.reload_if_changed()
    assert found.country("192.0.2.7") == "US"
    assert found.problem is not None


def test_a_file_that_vanishes_leaves_the_last_good_one(tmp_path: Path) -> None:
    found = origins(tmp_path, GOOD)
    (tmp_path / "countries.mmdb").unlink()
    assert not found.reload_if_changed()
    assert found.country("192.0.2.1") == "US"
    assert found.problem is not None
    assert found.problem.endswith("No such file or directory")


@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255))
def test_a_file_with_one_wrong_byte_never_stops_a_lookup(
    tmp_path_factory: pytest.TempPathFactory, place: int, byte: int
) -> None:
    found = origins(tmp_path_factory.mktemp("origins"), GOOD[:place] + bytes([byte]) + GOOD[place + 1 :])
    for address in ("192.0.2.1", "192.0.2.129", "203.0.113.1", "2001:db8::1"):
        known = found.country(address)
        assert known is None or len(known) == 2


def test_a_damaged_record_is_unknown_and_told(tmp_path: Path) -> None:
    place = GOOD.index(b"BS") - 1  # the length of the text
    found = origins(tmp_path, GOOD[:place] + b"\xff" + GOOD[place + 1 :])
    assert found.country("192.0.2.1") == "US"
    assert found.country("198.51.100.1") is None
    assert found.problem is not None
    assert "damaged" in found.problem
