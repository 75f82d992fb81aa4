"""A CSV file of ranges and their countries; what is wrong with one is told with its line."""

from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.store.origin_ranges import LONGEST_LINE, OriginError, OriginRanges


def read(folder: Path, content: str | bytes) -> OriginRanges:
    path = folder / "countries.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return OriginRanges.read(path)


NETWORKS, BOUNDS = "network,country\n", "begin,end,country\n"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "names no range"),
        (NETWORKS, "names no range"),
        (
            "192.0.2.0/24,US\n",
            "line 1: the columns are '192.0.2.0/24,US'; the first line is network,country or",
        ),
        ("network,country,city\n", "line 1: the columns are 'network,country,city'"),
        ("network\n192.0.2.0/24\n", "line 1: the columns are 'network'"),
        ("country,network\nUS,192.0.2.0/24\n", "line 1: the columns are"),
        (f"{BOUNDS}192.0.2.9,192.0.2.1,US\n", "line 2: begin 192.0.2.9 comes after end 192.0.2.1"),
        (
            f"{BOUNDS}192.0.2.9,2001:db8::,US\n",
            "line 2: 192.0.2.9 and 2001:db8:: are not both IPv4 or both IPv6",
        ),
        (f"{BOUNDS}192.0.2.1,192.0.2.9,US\n192.0.2.9,192.0.2.12,CA\n", "the ranges of lines 2 and 3 overlap"),
        (f"{NETWORKS}192.0.2.128/25,US\n192.0.2.0/24,CA\n", "the ranges of lines 2 and 3 overlap"),
        (f"{NETWORKS}192.0.2.0/24,US\n192.0.2.0/24,US\n", "the ranges of lines 2 and 3 overlap"),
        (f"{NETWORKS}192.0.2.0/24,UK\n", "line 2: 'UK' is no country of ISO 3166"),
        (f"{NETWORKS}192.0.2.0/24,\n", "line 2: '' is no country"),
        (f"{NETWORKS}192.0.2.0/24\n", "line 2: 1 columns instead of 2"),
        (f"{NETWORKS}192.0.2.0/24,US,New York\n", "line 2: 3 columns instead of 2"),
        (f"{NETWORKS}192.0.2.0/33,US\n", "line 2: '192.0.2.0/33' is not a network"),
        (f"{NETWORKS}192.0.2.0/-1,US\n", "line 2: '192.0.2.0/-1' is not a network"),
        (f"{NETWORKS}192.0.2.0,US\n", "line 2: '192.0.2.0' is not a network"),
        (f"{NETWORKS}192.0.2.1/24,US\n", "line 2: '192.0.2.1/24' is an address inside a network"),
        (f"{NETWORKS}192.0.2/24,US\n", "line 2: '192.0.2' is not an address"),
        (f"{BOUNDS}1.2.3.4\0,1.2.3.5,US\n", "line 2: '1.2.3.4\\\\x00' is not an address"),
        (f'{NETWORKS}"192.0.2.0/24,US\n', "line 2: unexpected end of data"),
        (NETWORKS.encode() + b"\xff\xfe,US\n", "line 2: 'utf-8' codec can't decode"),
        (
            f"{NETWORKS}192.0.2.0/24,US\n" + "9" * 10_000_000 + "\n",
            f"line 3: longer than {LONGEST_LINE} bytes",
        ),
        (bytes(range(128, 256)), "line 1: "),
    ],
    ids=[
        "empty",
        "header-alone",
        "no-header",
        "unknown-column",
        "missing-column",
        "columns-swapped",
        "range-upside-down",
        "range-of-two-families",
        "overlap-by-one-address",
        "overlap-nested",
        "overlap-repeated",
        "no-such-country",
        "no-country",
        "a-cell-short",
        "a-cell-too-many",
        "length-too-long",
        "length-negative",
        "no-length",
        "host-bits",
        "address-cut-short",
        "null-character",
        "quote-left-open",
        "not-utf-8",
        "line-of-10-mb",
        "garbage",
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_its_line(
    tmp_path: Path, content: str | bytes, why: str
) -> None:
    with pytest.raises(OriginError, match=why):
        read(tmp_path, content)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(f"{NETWORKS}192.0.2.0/25,US\n2001:db8::/32,DE\n192.0.2.128/25,CA\n", id="networks"),
        pytest.param(
            f"{BOUNDS}192.0.2.0,192.0.2.127,US\n192.0.2.128,192.0.2.255,CA\n"
            "2001:db8::,2001:db8:ffff:ffff:ffff:ffff:ffff:ffff,DE\n",
            id="bounds",
        ),
        pytest.param(
            '\ufeffnetwork, country\r\n\r\n"192.0.2.0/25",US\r\n 2001:db8::/32 , DE\r\n192.0.2.128/25,CA',
            id="as-spreadsheets-write-it",
        ),
    ],
)
def test_an_address_is_in_the_country_of_its_range(tmp_path: Path, content: str) -> None:
    found = read(tmp_path, content)
    countries = {
        "192.0.1.255": None,
        "192.0.2.0": "US",
        "192.0.2.127": "US",
        "192.0.2.128": "CA",
        "192.0.2.255": "CA",
        "192.0.3.0": None,
        "2001:db7:ffff::": None,
        "2001:db8::": "DE",
        "2001:db8:ffff::1": "DE",
        "2001:db9::": None,
    }
    assert {address: found.find(ip_address(address)) for address in countries} == countries


def test_all_of_ipv4_is_nothing_of_ipv6(tmp_path: Path) -> None:
    found = read(tmp_path, f"{NETWORKS}0.0.0.0/0,US\n")
    assert found.find(ip_address("255.255.255.255")) == "US"
    assert found.find(ip_address("::1")) is None


@given(
    st.binary(max_size=200)
    | st.text('0123456789./:,\n"USCA', max_size=200).map(lambda t: (NETWORKS + t).encode())
)
def test_any_bytes_are_a_table_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    try:
        found = read(tmp_path_factory.mktemp("ranges"), content)
    except OriginError as error:
        assert len(str(error)) < 200
    else:
        found.find(ip_address("192.0.2.1"))
