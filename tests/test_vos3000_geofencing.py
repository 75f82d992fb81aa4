"""VOS3000's geofencing beside the engine: a test for each restriction, parameter, code and layer that its operators know,
under its own names and in its order."""

import re
from ipaddress import ip_network
from typing import Any

import pytest

from gateway.engine import Refuse
from gateway.policy.blocks import Block
from gateway.policy.geofence import AddressRange, Fence
from gateway.policy.limits import Limits
from gateway.policy.lists import Attachment
from gateway.policy.parameters import Parameters
from gateway.policy.permits import Permits
from gateway.policy.rates import Rate
from tests.exchange import CALLEE, CARRIER_SOURCE, NOW, OWNED, SOURCE, Exchange, account, peer, policy

FOREIGN = "13035550100"
BAHAMAS, CONGO = "+1-242-555-0100", "+242 06 612 3456"
BRITISH, INDIAN, NIGERIAN = "+44 20 7183 8750", "+91 98765 43210", "+234 803 123 4567"
SATELLITE, PREMIUM = "+881 612 345 678", "1-900-555-0100"
HOUR = 3600


# Restrictions


def test_ip_access_control_denies_by_source_address_and_mask() -> None:
    node = Exchange(policy(address_ranges=(AddressRange(ip_network("192.0.2.0/28"), "by-hand"),)))
    assert node.refusal(source=SOURCE) == "geofence.feed:by-hand"
    assert node.refusal(source="192.0.2.16") is None


@pytest.mark.parametrize(
    ("bound_to", "elsewhere"),
    [("192.0.2.10/32", "192.0.2.11"), ("192.0.2.0/24", "192.0.3.10")],
    ids=["/32", "subnet"],
)
def test_ip_access_control_binds_an_account_to_address_and_mask(bound_to: str, elsewhere: str) -> None:
    bound = account(addresses=(ip_network(bound_to),))
    node = Exchange(policy(bound, parameters={"SS_ACCESS_IP_CHECK": 1}))
    assert node.refusal(source=SOURCE) is None
    assert node.refusal(source=elsewhere) == "access.address:account/acme"


def test_ip_access_control_knows_an_account_by_the_address_it_is_bound_to() -> None:
    node = Exchange(policy(peer(account=None), account(addresses=(ip_network("192.0.2.0/24"),))))
    assert [node.forwarded(source=source).account for source in (SOURCE, "192.0.3.10")] == ["acme", None]


def test_gateway_ip_filtering_accepts_signalling_from_the_gateway_s_own_address_only() -> None:
    peers = policy().peers
    found = {source: peers.find(source) for source in (SOURCE, CARRIER_SOURCE, "192.0.2.11", "::1")}
    assert {source: each.name if each else None for source, each in found.items()} == {
        SOURCE: "vos3000",
        CARRIER_SOURCE: "carrier",
        "192.0.2.11": None,
        "::1": None,
    }


def test_caller_prefix_allow() -> None:
    node = Exchange(policy(peer(permits=Permits(allow_callers=("1", "44", "81")))))
    assert [node.refusal(caller) for caller in (OWNED, BRITISH)] == [None, None]
    assert node.refusal(NIGERIAN) == "prefix.caller-not-allowed:peer/vos3000"


def test_caller_prefix_deny() -> None:
    node = Exchange(policy(peer(permits=Permits(deny_callers=("234", "91")))))
    assert [node.refusal(caller) for caller in (NIGERIAN, INDIAN, OWNED)] == [
        "prefix.caller-denied:peer/vos3000/234",
        "prefix.caller-denied:peer/vos3000/91",
        None,
    ]


def test_called_prefix_allow() -> None:
    node = Exchange(policy(peer(permits=Permits(allow_callees=("1", "44")))))
    assert [node.refusal(callee=callee) for callee in (CALLEE, BRITISH, INDIAN)] == [
        None,
        None,
        "prefix.callee-not-allowed:peer/vos3000",
    ]


def test_called_prefix_deny() -> None:
    node = Exchange(policy(peer(permits=Permits(deny_callees=("881", "882")))))
    assert node.refusal(callee=SATELLITE) == "prefix.callee-denied:peer/vos3000/881"
    assert node.refusal() is None


def test_caller_length() -> None:
    node = Exchange(policy())
    assert node.refusal("123456789012345") is None
    assert node.refusal("1234567890123456") == "caller.too-long"


def test_caller_length_of_one_gateway() -> None:
    node = Exchange(policy(peer(permits=Permits(max_caller_length=11))))
    assert node.refusal() is None
    assert node.refusal(INDIAN) == "caller.too-long:peer/vos3000"


def test_account_authorisation_allow_only_these_prefixes() -> None:
    node = Exchange(policy(account(permits=Permits(allow_callees=("1404",)))))
    assert node.refusal() is None
    assert node.refusal(callee=FOREIGN) == "prefix.callee-not-allowed:account/acme"


def test_account_authorisation_block_these_prefixes() -> None:
    node = Exchange(policy(account(permits=Permits(deny_callees=("1404",)))))
    assert node.refusal() == "prefix.callee-denied:account/acme/1404"
    assert node.refusal(callee=FOREIGN) is None


def test_account_authorisation_block_international() -> None:
    node = Exchange(policy(account(permits=Permits(international=False))))
    assert [node.refusal(callee=callee) for callee in (BRITISH, BAHAMAS, SATELLITE, CALLEE)] == [
        *["prefix.international:account/acme"] * 3,
        None,
    ]


def test_account_authorisation_block_premium_rate() -> None:
    node = Exchange(policy(account(permits=Permits(premium=False))))
    assert [node.refusal(callee=callee) for callee in (PREMIUM, "+44 909 123 4567", CALLEE)] == [
        *["prefix.premium:account/acme"] * 2,
        None,
    ]


def test_ip_range_to_country() -> None:
    node = Exchange(policy(account(fence=Fence(deny_source_countries=frozenset({"RU"})))))
    assert node.refusal(country="RU") == "geofence.source-country:account/acme/RU"
    assert [node.refusal(country=country) for country in ("US", None)] == [None, None]


@pytest.mark.parametrize("feed", ["threat-feed", "tor-exits", "vpn-exits"])
def test_ip_range_of_a_feed_is_kept_out_until_it_expires(feed: str) -> None:
    node = Exchange(policy(address_ranges=(AddressRange(ip_network(SOURCE), feed, NOW + HOUR),)))
    assert node.refusal() == f"geofence.feed:{feed}"
    node.now += HOUR
    assert node.refusal() is None


# Parameters

DEFAULTS = {
    "SS_CALLERALLOWLENGTH": 15,
    "SS_ACCESS_IP_CHECK": 0,
    "SS_REG_FAIL_BLACKLIST_COUNT": 5,
    "SS_REG_FAIL_BLACKLIST_TIME": 3600,
    "SS_SIP_DYNAMIC_BLACKLIST_EXPIRE": 3600,
    "SS_CALLAUTH_INVALID_COUNT": 0,
    "SS_MAXCONCURRENTCALL": 0,
}
"""Where VOS3000 has no default ours is 0, off."""


@pytest.mark.parametrize(("name", "default"), DEFAULTS.items(), ids=DEFAULTS)
def test_default_of(name: str, default: int) -> None:
    assert Parameters().public()[name] == default


@pytest.mark.parametrize(("checked", "rule"), [(0, None), (1, "access.address:account/acme")])
def test_ss_access_ip_check(checked: int, rule: str | None) -> None:
    bound = account(addresses=(ip_network("203.0.113.0/24"),))
    assert Exchange(policy(bound, parameters={"SS_ACCESS_IP_CHECK": checked})).refusal() == rule


def strangers(**parameters: int) -> Exchange:
    """An account whose calls come from where they may not."""
    bound = account(addresses=(ip_network("203.0.113.0/24"),))
    return Exchange(policy(bound, parameters={"SS_ACCESS_IP_CHECK": 1, **parameters}))


def test_ss_reg_fail_blacklist_count() -> None:
    node = strangers(SS_REG_FAIL_BLACKLIST_COUNT=3)
    placed = [node.place().rule for _ in range(4)]
    assert placed == ["access.address:account/acme"] * 3 + ["access.blocked:address"]


def test_ss_reg_fail_blacklist_time() -> None:
    node = strangers(SS_REG_FAIL_BLACKLIST_COUNT=1, SS_REG_FAIL_BLACKLIST_TIME=86_400)
    node.place()
    node.now += 86_399
    assert node.refusal() == "access.blocked:address"
    node.now += 1
    assert node.refusal() == "access.address:account/acme"


def test_ss_sip_dynamic_blacklist_expire() -> None:
    expire = Parameters().sip_blacklist_expire
    node = Exchange(policy(), [Block("access", SOURCE, NOW, NOW + expire, "by-hand")])
    node.now += 3599
    assert node.refusal() == "access.blocked:address"
    node.now += 1
    assert node.refusal() is None


def test_ss_callauth_invalid_count() -> None:
    node = Exchange(policy(parameters={"SS_CALLAUTH_INVALID_COUNT": 5}))
    placed = [node.place(callee="alice").rule for _ in range(5)]
    assert placed == ["callee.not-a-number"] * 5
    assert node.refusal() == "account.locked"
    node.now += 365 * 24 * HOUR
    assert node.refusal() == "account.locked"
    node.usage.release("account", "acme", node.now)
    assert node.refusal() is None


def test_ss_maxconcurrentcall() -> None:
    node = Exchange(policy(parameters={"SS_MAXCONCURRENTCALL": 2}))
    placed = [node.place() for _ in range(3)]
    assert placed[2].rule == "limit.concurrent:account/acme"
    node.end(placed[0])
    assert node.refusal() is None


def test_ss_maxconcurrentcall_is_for_accounts_without_a_bound_of_their_own() -> None:
    node = Exchange(policy(account(limits=Limits(concurrent=3)), parameters={"SS_MAXCONCURRENTCALL": 1}))
    assert [isinstance(node.place(), Refuse) for _ in range(4)] == [False, False, False, True]


RECOMMENDED = {
    "SS_ACCESS_IP_CHECK": 1,
    "SS_REG_FAIL_BLACKLIST_COUNT": 3,
    "SS_REG_FAIL_BLACKLIST_TIME": 86_400,
    "SS_CALLAUTH_INVALID_COUNT": 5,
}


@pytest.mark.parametrize(("name", "value"), RECOMMENDED.items(), ids=RECOMMENDED)
def test_recommended_value_of(name: str, value: int) -> None:
    assert Parameters.of({name: value}).public()[name] == value


# Codes an operator considers blocking

CODES = {
    "881 satellite": ("881", "011 881 612 345 678"),
    "882 international networks": ("882", "+882 16 1234567"),
    "883 international networks": ("883", "+883 5100 01234567"),
    "900 premium": ("1900", "900-555-0100"),
    "1-242 wangiri": ("1242", "(242) 555-0100"),
    "1-246 wangiri": ("1246", "1 246 555 0100"),
    "1-809": ("1809", "809-555-0100"),
    "1-829": ("1829", "829-555-0100"),
    "1-849": ("1849", "849-555-0100"),
    "1-876": ("1876", "+1 876 555 0100"),
    "1-473": ("1473", "1-473-555-0100"),
}


@pytest.mark.parametrize(("code", "dialled"), CODES.values(), ids=CODES)
def test_code_considered_for_blocking(code: str, dialled: str) -> None:
    every = tuple(each for each, _ in CODES.values())
    node = Exchange(policy(peer(permits=Permits(deny_callees=every))))
    assert node.refusal(callee=dialled) == f"prefix.callee-denied:peer/vos3000/{code}"
    assert node.refusal() is None


COUNTRIES = {"1242": "BS", "1246": "BB", "1809": "DO", "1829": "DO", "1849": "DO", "1876": "JM", "1473": "GD"}


@pytest.mark.parametrize(("code", "country"), COUNTRIES.items(), ids=COUNTRIES)
def test_code_considered_for_blocking_is_a_country_of_its_own(code: str, country: str) -> None:
    node = Exchange(policy(peer(fence=Fence(deny_callee_countries=frozenset({country})))))
    assert node.refusal(callee=f"{code}5550100") == f"geofence.callee-country:peer/vos3000/{country}"
    assert node.refusal() is None


def test_code_considered_for_blocking_is_matched_on_the_canonical_number() -> None:
    """1-242 is the Bahamas however it is dialled, and not the Congo, whose number begins with 242."""
    node = Exchange(policy(peer(permits=Permits(deny_callees=("1242",)))))
    dialled = (BAHAMAS, "2425550100", "12425550100", "sip:+12425550100@192.0.2.1;user=phone")
    assert {node.refusal(callee=callee) for callee in dialled} == {"prefix.callee-denied:peer/vos3000/1242"}
    assert [node.refusal(callee=callee) for callee in (CONGO, "011 242 06 612 3456")] == [None, None]
    congo = Exchange(policy(peer(permits=Permits(deny_callees=("242",)))))
    assert congo.refusal(callee=CONGO) == "prefix.callee-denied:peer/vos3000/242"
    assert [congo.refusal(callee=callee) for callee in dialled] == [None] * 4


# Five layers


def test_layer_1_ip_whitelist() -> None:
    node = strangers()
    assert node.snapshot.peers.find("203.0.113.9") is None
    assert node.refusal() == "access.address:account/acme"


def test_layer_2_dynamic_ip_blacklist() -> None:
    node = Exchange(policy(), [Block("access", SOURCE, NOW, NOW + HOUR, "failed-access")])
    assert node.refusal() == "access.blocked:address"


def test_layer_3_destination_blocking() -> None:
    node = Exchange(policy(account(permits=Permits(deny_callees=("1242",)))))
    assert node.refusal(callee=BAHAMAS) == "prefix.callee-denied:account/acme/1242"


def test_layer_4_rate_limits_concurrent_calls_per_account() -> None:
    node = Exchange(policy(account(limits=Limits(concurrent=1))))
    placed = [node.place(), node.place()]
    assert placed[1].rule == "limit.concurrent:account/acme"
    node.end(placed[0])
    assert node.refusal() is None


def test_layer_4_rate_limits_calls_per_second_per_account() -> None:
    node = Exchange(policy(account(limits=Limits(cps=2))))
    assert [isinstance(node.place(), Refuse) for _ in range(2)] == [False, False]
    assert node.refusal() == "limit.cps:account/acme"
    node.now += 1
    assert node.refusal() is None


def test_layer_5_balance_limit_by_a_prefix_rate_table() -> None:
    """Ten a minute, and twenty a day: a call of 61 seconds is two minutes, all of it."""
    limits = Limits(spend_per_day=20_000_000, rates="retail")
    node = Exchange(policy(account(limits=limits), rates=(Rate("retail", "1", 10_000_000),)))
    call = node.place()
    node.now += 61
    node.end(call, 200, lasted=61)
    assert node.refusal() == "limit.spend:account/acme"
    node.now += 16 * HOUR  # the next day
    assert node.refusal() is None


# Over-blocking

OVER_BLOCKING: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "list group": ((peer(lists=(Attachment("all", "caller", "black"),)),), {"groups": {"all": [OWNED]}}),
    "caller prefix": ((peer(permits=Permits(deny_callers=("1",))),), {}),
    "called prefix": ((account(permits=Permits(deny_callees=("1",))),), {}),
    "country": ((account(fence=Fence(deny_callee_countries=frozenset({"US"}))),), {}),
    "address": ((), {"address_ranges": (AddressRange(ip_network(SOURCE), "by-hand"),)}),
    "limit": ((account(limits=Limits(cps=0)),), {}),
    "locked account": ((account(enabled=False),), {}),
    "no route": ((), {"routes": ()}),
}


@pytest.mark.parametrize(("entries", "data"), OVER_BLOCKING.values(), ids=OVER_BLOCKING)
def test_over_blocking_every_refusal_names_the_rule(entries: tuple[Any, ...], data: dict[str, Any]) -> None:
    decided = Exchange(policy(*entries, **data)).decide()
    assert isinstance(decided, Refuse)
    assert re.fullmatch(r"[a-z]+\.[a-z-]+(:[A-Za-z0-9/-]+)?", decided.rule)
    assert OWNED not in decided.rule
    assert decided.parties and decided.parties.caller == OWNED
