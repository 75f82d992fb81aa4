"""Countries and areas of source, caller and callee, on the canonical number; and addresses that may not call."""

import pickle
from ipaddress import ip_address, ip_network
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.policy.areas import Area, AreaTable
from gateway.policy.geofence import AddressRange, AddressRanges, Fence, refusal

OWNER = "account/acme"
NEW_YORK, LONDON, BAHAMAS, CONGO = "12125551212", "442079460018", "12425551212", "242055512345"
AREAS = AreaTable([Area("1212", "New York"), Area("1", "North America"), Area("4420", "London")])


def judged(
    fence: Fence, *, source: str | None = "US", caller: str | None = NEW_YORK, callee: str = LONDON
) -> str | None:
    return refusal(fence, OWNER, source, caller, callee, AREAS)


def some(*names: str) -> frozenset[str]:
    return frozenset(names)


@pytest.mark.parametrize("country", ["UK", "us", "USA", "001", "", "U", "Germany"])
@pytest.mark.parametrize("name", ["allow_source_countries", "deny_caller_countries", "deny_callee_countries"])
def test_a_country_that_is_none_is_refused(name: str, country: str) -> None:
    with pytest.raises(ValueError, match=f"{name}: .* is no country"):
        Fence(**{name: some(country)})


@pytest.mark.parametrize("country", ["US", "GG", "XK", "AQ", "ZZ"])
def test_a_country_may_be_one_without_numbers_or_left_to_users(country: str) -> None:
    assert Fence(deny_source_countries=some(country)).deny_source_countries == {country}


@pytest.mark.parametrize(
    ("fence", "call", "rule"),
    [
        (Fence(deny_source_countries=some("US")), {}, "source-country:account/acme/US"),
        (Fence(allow_source_countries=some("DE")), {}, "source-country:account/acme/US"),
        (Fence(allow_source_countries=some("DE")), {"source": None}, "source-country:account/acme/unknown"),
        (Fence(deny_caller_countries=some("US")), {}, "caller-country:account/acme/US"),
        (Fence(allow_caller_countries=some("CA")), {}, "caller-country:account/acme/US"),
        (Fence(allow_caller_countries=some("US")), {"caller": None}, "caller-country:account/acme/unknown"),
        (Fence(deny_callee_countries=some("BS")), {"callee": BAHAMAS}, "callee-country:account/acme/BS"),
        (Fence(deny_callee_countries=some("CG")), {"callee": CONGO}, "callee-country:account/acme/CG"),
        (Fence(allow_callee_countries=some("US")), {"callee": BAHAMAS}, "callee-country:account/acme/BS"),
        (
            Fence(allow_callee_countries=some("US")),
            {"callee": "8816123456789"},
            "callee-country:account/acme/unknown",
        ),
        (
            Fence(allow_callee_countries=some("GB")),
            {"callee": "18005551212"},
            "callee-country:account/acme/unknown",
        ),
        (
            Fence(allow_callee_countries=some("US", "BS"), deny_callee_countries=some("BS")),
            {"callee": BAHAMAS},
            "callee-country:account/acme/BS",
        ),
        (Fence(deny_callee_areas=some("London")), {}, "callee-area:account/acme/London"),
        (Fence(allow_callee_areas=some("New York")), {}, "callee-area:account/acme/London"),
        (Fence(allow_callee_areas=some("New York")), {"callee": CONGO}, "callee-area:account/acme/unknown"),
        (Fence(deny_caller_areas=some("New York")), {}, "caller-area:account/acme/New York"),
        (Fence(allow_caller_areas=some("North America")), {}, "caller-area:account/acme/New York"),
        (Fence(allow_caller_areas=some("London")), {"caller": None}, "caller-area:account/acme/unknown"),
        (
            Fence(
                deny_callee_countries=some("GB"),
                deny_caller_countries=some("US"),
                deny_source_countries=some("US"),
            ),
            {},
            "source-country:account/acme/US",
        ),
    ],
    ids=[
        "source-denied",
        "source-not-allowed",
        "source-unknown-not-allowed",
        "caller-denied",
        "caller-not-allowed",
        "caller-withheld-not-allowed",
        "callee-denied-1-242-bahamas",
        "callee-denied-242-congo",
        "callee-not-allowed",
        "callee-satellite-not-allowed",
        "freephone-of-another-code-not-allowed",
        "denied-although-allowed",
        "callee-area-denied",
        "callee-area-not-allowed",
        "callee-of-no-area-not-allowed",
        "caller-area-denied",
        "only-the-longest-area-counts",
        "withheld-caller-of-no-area",
        "the-source-is-judged-first",
    ],
)
def test_a_call_from_or_to_outside_names_the_rule(fence: Fence, call: dict[str, str], rule: str) -> None:
    assert judged(fence, **call) == f"geofence.{rule}"


@pytest.mark.parametrize(
    ("fence", "call"),
    [
        (Fence(), {"source": None, "caller": None}),
        (Fence(deny_callee_countries=some("CG")), {"callee": BAHAMAS}),
        (Fence(deny_callee_countries=some("BS")), {"callee": CONGO}),
        (Fence(deny_source_countries=some("DE")), {"source": None}),
        (Fence(deny_caller_countries=some("DE")), {"caller": None}),
        (Fence(deny_callee_countries=some("US")), {"callee": "8816123456789"}),
        (Fence(allow_callee_countries=some("GB")), {"callee": "911"}),
        (Fence(allow_callee_areas=some("London")), {"callee": "*67"}),
        (Fence(allow_callee_countries=some("US")), {"callee": "18005551212"}),
        (Fence(allow_callee_countries=some("GB"), allow_callee_areas=some("London")), {}),
    ],
    ids=[
        "no-fence",
        "1-242-is-not-the-congo",
        "242-is-not-the-bahamas",
        "unknown-source-is-not-denied",
        "withheld-caller-is-not-denied",
        "satellite-is-not-denied",
        "short-code-is-at-home-everywhere",
        "service-code-is-at-home-everywhere",
        "freephone-is-at-home-in-each-country-of-its-code",
        "allowed-country-and-area",
    ],
)
def test_a_call_inside_the_fence_goes_on(fence: Fence, call: dict[str, str]) -> None:
    assert judged(fence, **call) is None


def address_range(network: str, feed: str = "feed", until: float | None = None) -> AddressRange:
    return AddressRange(ip_network(network), feed, until)


@pytest.mark.parametrize("until", [-1.0, nan, inf, 1e300])
def test_an_end_that_is_no_time_is_refused(until: float) -> None:
    with pytest.raises(ValueError, match="until"):
        address_range("192.0.2.0/24", until=until)


RANGES = AddressRanges(
    [
        address_range("192.0.2.0/24", "country"),
        address_range("192.0.2.0/28", "tor", until=1000),
        address_range("192.0.2.1/32", "by-hand", until=500),
        address_range("2001:db8::/32", "country", until=2000.5),
    ]
)


@pytest.mark.parametrize("address", ["198.51.100.1", "2001:db9::1", "", "no address", "192.0.2.0/24"])
def test_an_address_outside_every_range_may_call(address: str) -> None:
    assert RANGES.find(address, 0) is None


@pytest.mark.parametrize(
    ("address", "now", "expected"),
    [
        ("192.0.2.1", 499.9, address_range("192.0.2.1/32", "by-hand", 500)),
        ("192.0.2.1", 500, address_range("192.0.2.0/28", "tor", 1000)),
        ("192.0.2.1", 1000, address_range("192.0.2.0/24", "country")),
        ("192.0.2.99", 1e11, address_range("192.0.2.0/24", "country")),
        ("::ffff:192.0.2.1", 0, address_range("192.0.2.1/32", "by-hand", 500)),
        ("2001:db8::9", 2000.4, address_range("2001:db8::/32", "country", 2000.5)),
        ("2001:db8::9", 2000.5, None),
    ],
    ids=["innermost", "at-its-end-the-next", "then-the-outermost", "for-good", "mapped", "v6", "v6-ended"],
)
def test_the_most_specific_range_in_force_is_found(
    address: str, now: float, expected: AddressRange | None
) -> None:
    assert RANGES.find(address, now) == expected


def test_ranges_come_back_from_their_pickle() -> None:
    again: AddressRanges = pickle.loads(pickle.dumps(RANGES, protocol=5))
    assert len(again) == 4
    assert again.find("192.0.2.1", 0) == RANGES.find("192.0.2.1", 0)


def network_of(number: int, length: int) -> AddressRange:
    address = ip_address(number << 28 | number)
    return AddressRange(ip_network(f"{address}/{length}", strict=False), "feed", float(number * length))


MANY = st.lists(st.builds(network_of, st.integers(0, 15), st.integers(0, 32)), max_size=10)


@given(MANY, st.integers(0, 15), st.integers(0, 500))
def test_ranges_agree_with_looking_at_every_one(ranges: list[AddressRange], number: int, now: int) -> None:
    address = ip_address(number << 28 | number)
    holding = [each for each in ranges if address in each.network and now < (each.until or 0)]
    found = AddressRanges(ranges).find(str(address), now)
    innermost = max((each.network.prefixlen for each in holding), default=None)
    assert (found in holding and found.network.prefixlen == innermost) if holding else found is None
