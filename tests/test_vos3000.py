"""VOS3000's number management (manual, section 2.13) beside the engine: a test for each row of its tables, under its own
names and in its order."""

from ipaddress import ip_network
from typing import Any

import pytest

from gateway.engine import Refuse
from gateway.policy.areas import Area
from gateway.policy.blocks import Block
from gateway.policy.geofence import Fence
from gateway.policy.lists import Attachment, Party, listed_number
from gateway.policy.parameters import Parameters
from gateway.policy.rates import Rate
from gateway.policy.transform import Transform
from gateway.policy.windows import Window
from gateway.stir.tn import NumberPlan
from tests.exchange import CALLEE, NOW, OWNED, SOURCE, Exchange, account, peer, policy

FOREIGN = "13035550100"
PREMIUM = "1-900-555-0100"
HOUR = 3600


def black(group: str, party: Party = "caller", window: Window | None = None) -> Attachment:
    return Attachment(group, party, "black", window)


def white(group: str, party: Party = "caller") -> Attachment:
    return Attachment(group, party, "white")


# Number Section Query


def test_number_section_query_by_number() -> None:
    found = policy().sections.find("12155550123")
    assert found is not None
    assert (found.begin, found.end, found.account) == ("12155550100", "12155550199", "acme")


def test_number_section_query_by_range() -> None:
    sections = policy().sections
    assert [each.name for each in sections.within("12155550150", "12155559999")] == ["philadelphia"]
    assert list(sections.within("12155550200", "12155559999")) == []


def test_number_section_query_by_account() -> None:
    sections = policy().sections
    assert [each.name for each in sections.of_account("acme")] == ["philadelphia"]
    assert list(sections.of_account("bravo")) == []


def test_number_section_is_attestation_a() -> None:
    owned, foreign = Exchange(policy()).forwarded(OWNED), Exchange(policy()).forwarded(FOREIGN)
    assert (owned.attest, owned.rule) == ("A", "attest.section:philadelphia")
    assert (foreign.attest, foreign.rule) == ("B", "attest.account-known")


# Area Information

AREAS = {"1": "NANP", "1212": "New York", "44": "Britain", "4420": "London", "880": "Bangladesh"}
IN_AREAS = {
    "1": "14045550123",
    "1212": "12125550100",
    "44": "441614960100",
    "4420": "442071838750",
    "880": "8801712345678",
}


@pytest.mark.parametrize("prefix", AREAS)
def test_area_information_longest_prefix_wins(prefix: str) -> None:
    areas = policy(areas=tuple(Area(*each) for each in AREAS.items())).areas
    assert areas.find(IN_AREAS[prefix]) == Area(prefix, AREAS[prefix])


@pytest.mark.parametrize("prefix", AREAS)
def test_area_information_is_geofence_by_area(prefix: str) -> None:
    fence = Fence(deny_callee_areas=frozenset({AREAS[prefix]}))
    node = Exchange(policy(peer(fence=fence), areas=tuple(Area(*each) for each in AREAS.items())))
    refused = {called: node.refusal(callee=f"+{called}") for called in IN_AREAS.values()}
    named = f"geofence.callee-area:peer/vos3000/{AREAS[prefix]}"
    assert refused == {called: named if called == IN_AREAS[prefix] else None for called in refused}


# Number Transform


def test_number_transform_rewrites_caller_and_callee_before_policy_and_signing() -> None:
    """Both as dialled are no numbers here; as rewritten they are, and one of them is on a list."""
    transforms = (Transform("vos3000", "caller", "66", "1215555"), Transform("vos3000", "callee", "0*", "*"))
    call = Exchange(policy(transforms=transforms)).forwarded("660100", "014045550123")
    assert (str(call.caller), str(call.callee), call.attest) == (OWNED, CALLEE, "A")
    node = Exchange(policy(peer(lists=(black("bad"),)), transforms=transforms, groups={"bad": [OWNED]}))
    assert node.refusal("660100", "014045550123") == "list.black:peer/vos3000/bad"


EXAMPLES = {
    "0 → 0, 02584316146 → 02584316146": ("0", "0", "02584316146", "02584316146"),
    "010 → 025, 01012345678 → 02512345678": ("010", "025", "01012345678", "02512345678"),
    "025 → (empty), 02584316146 → 84316146": ("025", "", "02584316146", "84316146"),
    "* → 025*, 117 → 025117": ("*", "025*", "117", "025117"),
    "12345? → 7899999999, 123451 → 7899999999": ("12345?", "7899999999", "123451", "7899999999"),
}


@pytest.mark.parametrize("party", ["caller", "callee"])
@pytest.mark.parametrize(("original", "target", "dialled", "sent"), EXAMPLES.values(), ids=EXAMPLES)
def test_number_transform_by_example(
    original: str, target: str, dialled: str, sent: str, party: Party
) -> None:
    chinese = peer(plan=NumberPlan.of("CN"))
    node = Exchange(policy(chinese, transforms=(Transform("vos3000", party, original, target),)))
    said = {"caller": "+8613912345678", "callee": "+8613912345679", party: dialled}
    parties = node.decide(**said).parties
    assert parties is not None
    assert (parties.caller_sent, parties.callee_sent) == ((sent, None) if party == "caller" else (None, sent))


def test_number_transform_longest_original_prefix_wins() -> None:
    written = {"*": "1*", "2": "3", "215": "1404", "2155": "1215", "21555501??": OWNED}
    transforms = tuple(Transform("vos3000", "callee", *rule) for rule in written.items())
    node = Exchange(policy(transforms=transforms))
    sent = {
        dialled: parties.callee_sent
        for dialled in ("4045550123", "2025550100", "2145550123", "2155550100", "2155559999", "2154550123")
        if (parties := node.decide(callee=dialled).parties)
    }
    assert sent == {
        "4045550123": "14045550123",
        "2025550100": "3025550100",
        "2145550123": "3145550123",
        "2155550100": OWNED,
        "2155559999": "1215559999",
        "2154550123": "14044550123",
    }


def test_number_transform_rules_are_per_peer_and_per_direction() -> None:
    node = Exchange(policy(transforms=(Transform("carrier", "callee", "1404", "1212"),)))
    inbound, outbound = node.decide_inbound(CALLEE, CALLEE).parties, node.decide(CALLEE, CALLEE).parties
    assert inbound and (inbound.caller_sent, inbound.callee_sent) == (None, "12125550123")
    assert outbound and (outbound.caller_sent, outbound.callee_sent) == (None, None)


# Black/White List Group

OWNERS: dict[str, Any] = {"peer/vos3000": peer, "account/acme": account}


@pytest.mark.parametrize("owner", OWNERS)
@pytest.mark.parametrize("party", ["caller", "callee"])
def test_black_list_group_refuses_the_numbers_it_holds(owner: str, party: Party) -> None:
    node = Exchange(policy(OWNERS[owner](lists=(black("nuisance", party),)), groups={"nuisance": [FOREIGN]}))
    assert node.refusal(**{party: FOREIGN}) == f"list.black:{owner}/nuisance"
    assert node.refusal() is None


@pytest.mark.parametrize("owner", OWNERS)
@pytest.mark.parametrize("party", ["caller", "callee"])
def test_white_list_group_refuses_the_numbers_it_does_not_hold(owner: str, party: Party) -> None:
    node = Exchange(policy(OWNERS[owner](lists=(white("known", party),)), groups={"known": [OWNED, CALLEE]}))
    assert node.refusal(**{party: FOREIGN}) == f"list.white:{owner}/known"
    assert node.refusal() is None


def test_black_white_list_group_is_in_force_in_its_time_window() -> None:
    night = Window(begin="22:00", end="06:00", zone="America/New_York")
    node = Exchange(policy(peer(lists=(black("day", window=night),)), groups={"day": [OWNED]}))
    assert node.refusal() == "list.black:peer/vos3000/day"  # 03:00 in New York
    node.now += 3 * HOUR
    assert node.refusal() is None


# System White List


def test_system_white_list_bypasses_every_blacklist_check() -> None:
    lists = (black("bad"), black("bad", "callee"), white("few"), white("few", "callee"))
    blocks = (
        Block("malicious-call", OWNED, NOW, None, "attempts"),
        Block("no-answer", CALLEE, NOW, None, "no-answer-streak"),
    )
    groups = {"bad": [OWNED, CALLEE], "few": [FOREIGN]}
    kept_out = policy(peer(lists=lists), account(lists=lists), groups=groups)
    let_in = policy(peer(lists=lists), account(lists=lists), groups=groups, white=[OWNED, CALLEE])
    assert Exchange(kept_out, blocks).refusal() == "dynamic.malicious-call:caller"
    assert Exchange(let_in, blocks).refusal() is None


def test_system_white_list_is_matched_in_full() -> None:
    node = Exchange(
        policy(white=[OWNED[:-1], OWNED + "0"]), [Block("no-answer", OWNED, NOW, None, "by-hand")]
    )
    assert node.refusal() == "dynamic.no-answer:caller"


# Dynamic Black List


def unanswered(node: Exchange, calls: int) -> None:
    for _ in range(calls):
        node.end(node.place(), 480)


def test_dynamic_black_list_malicious_call() -> None:
    node = Exchange(policy(parameters={"SS_BLACK_LIST_CALLER_MALICIOUS_CALL_LIMIT": 3}))
    placed = [node.place().rule for _ in range(4)]
    assert placed == ["attest.section:philadelphia"] * 3 + ["dynamic.malicious-call:caller"]


def test_dynamic_black_list_no_answer() -> None:
    node = Exchange(policy(parameters={"SS_BLACK_LIST_NO_ANSWER_LIMIT": 3}))
    unanswered(node, 3)
    assert node.refusal() == "dynamic.no-answer:callee"


def test_dynamic_black_list_is_listed_with_number_type_effective_date_and_expiration_time() -> None:
    node = Exchange(policy(parameters={"SS_BLACK_LIST_NO_ANSWER_LIMIT": 1}))
    unanswered(node, 1)
    listed = node.usage.blocks(node.now)
    assert listed == [Block("no-answer", CALLEE, NOW, NOW + HOUR, "no-answer-streak")]
    assert node.told == listed


def test_dynamic_black_list_is_searched_by_number() -> None:
    node = Exchange(policy(), [Block("malicious-call", OWNED, NOW, None, "by-hand")])
    assert node.usage.blocked("malicious-call", OWNED, NOW) is not None
    assert node.usage.blocked("malicious-call", FOREIGN, NOW) is None


def test_dynamic_black_list_is_released_by_hand() -> None:
    node = Exchange(policy(parameters={"SS_BLACK_LIST_CALLER_MALICIOUS_CALL_LIMIT": 3}))
    for _ in range(3):
        node.place()
    node.usage.release("malicious-call", OWNED, node.now)
    assert [node.refusal(), node.usage.blocks(node.now)] == [None, []]


# Matching modes


def test_matching_mode_full_match_is_for_lists() -> None:
    node = Exchange(policy(peer(lists=(black("bad"),)), groups={"bad": [OWNED[:-1], OWNED + "0"]}))
    assert node.refusal() is None


def test_matching_mode_prefix_match_is_for_areas() -> None:
    fence = Fence(deny_callee_areas=frozenset({"Georgia"}))
    assert Exchange(policy(peer(fence=fence), areas=(Area("1404", "Georgia"),))).refusal() is not None


def test_matching_mode_prefix_match_is_for_rates() -> None:
    rates = policy(rates=(Rate("retail", "1", 100), Rate("retail", "1404", 200))).rates
    found = [rates.find("retail", digits) for digits in (CALLEE, OWNED)]
    assert [rate.per_minute for rate in found if rate] == [200, 100]


@pytest.mark.parametrize("wildcard", ["1215*", "121555501?0", "*"])
def test_matching_mode_wildcard_is_for_transforms_only(wildcard: str) -> None:
    assert Transform("vos3000", "callee", "1215*", "*").open
    with pytest.raises(ValueError, match="wildcard; lists match in full, use a number transform"):
        listed_number(wildcard, NumberPlan.of("US"))


# Dynamic Black List parameters

DEFAULTS = {
    "SS_BLACK_LIST_CALLER_MALICIOUS_CALL_LIMIT": 1000,
    "SS_BLACK_LIST_CALLER_MALICIOUS_CALL_EXPIRE": 3600,
    "SS_BLACK_LIST_NO_ANSWER_LIMIT": 100,
    "SS_BLACK_LIST_NO_ANSWER_EXPIRE": 3600,
}


@pytest.mark.parametrize(("name", "default"), DEFAULTS.items(), ids=DEFAULTS)
def test_default_of(name: str, default: int) -> None:
    assert Parameters().public()[name] == default


def test_ss_black_list_caller_malicious_call_limit() -> None:
    node = Exchange(policy())
    placed = [node.place() for _ in range(1001)]
    assert [isinstance(decided, Refuse) for decided in placed] == [False] * 1000 + [True]
    assert placed[-1].rule == "dynamic.malicious-call:caller"


def test_ss_black_list_caller_malicious_call_expire() -> None:
    node = Exchange(
        policy(
            parameters={
                "SS_BLACK_LIST_CALLER_MALICIOUS_CALL_LIMIT": 1,
                "SS_BLACK_LIST_CALLER_MALICIOUS_CALL_EXPIRE": 60,
            }
        )
    )
    node.place()
    node.now += 59
    assert node.refusal() == "dynamic.malicious-call:caller"
    node.now += 1
    assert node.refusal() is None


def test_ss_black_list_no_answer_limit() -> None:
    node = Exchange(policy())
    unanswered(node, 99)
    assert node.refusal() is None
    unanswered(node, 1)
    assert node.refusal() == "dynamic.no-answer:callee"


def test_ss_black_list_no_answer_limit_counts_consecutive_calls() -> None:
    node = Exchange(policy(parameters={"SS_BLACK_LIST_NO_ANSWER_LIMIT": 2}))
    for _ in range(3):
        unanswered(node, 1)
        node.end(node.place(), 200)
    assert node.refusal() is None


def test_ss_black_list_no_answer_expire() -> None:
    node = Exchange(
        policy(parameters={"SS_BLACK_LIST_NO_ANSWER_LIMIT": 1, "SS_BLACK_LIST_NO_ANSWER_EXPIRE": 60})
    )
    unanswered(node, 1)
    node.now += 59
    assert node.refusal() == "dynamic.no-answer:callee"
    node.now += 1
    assert node.refusal() is None


# Malicious activity to detect


def test_malicious_activity_many_concurrent_calls_from_one_number() -> None:
    node = Exchange(policy(parameters={"malicious_concurrent": 3}))
    for _ in range(3):
        node.place()
    assert node.refusal() == "dynamic.malicious-call:caller"
    assert [block.why for block in node.told] == ["concurrent"]


def test_malicious_activity_many_attempts_in_a_short_time() -> None:
    node = Exchange(
        policy(parameters={"SS_BLACK_LIST_CALLER_MALICIOUS_CALL_LIMIT": 3, "malicious_window": 60})
    )
    for _ in range(5):
        node.place()
        node.now += 60
    assert node.told == []
    for _ in range(3):
        node.place()
    assert [block.why for block in node.told] == ["attempts"]


def test_malicious_activity_unusual_share_of_premium_destinations() -> None:
    node = Exchange(policy(parameters={"malicious_premium_share": 50}))
    for _ in range(10):
        node.place(FOREIGN)
        node.place(callee=PREMIUM)
        node.place()
    assert node.refusal() == "dynamic.malicious-call:caller"
    assert node.refusal(FOREIGN) is None
    assert [block.why for block in node.told] == ["premium-share"]


def test_malicious_activity_repeated_authentication_failures() -> None:
    bound = account(addresses=(ip_network("203.0.113.0/24"),))
    node = Exchange(policy(bound, parameters={"SS_ACCESS_IP_CHECK": 1}))
    placed = [node.place().rule for _ in range(6)]
    assert placed == ["access.address:account/acme"] * 5 + ["access.blocked:address"]
    assert node.told == [Block("access", SOURCE, NOW, NOW + HOUR, "failed-access")]


# Layers


def layered(*, white: tuple[str, ...] = (), blocks: tuple[Block, ...] = ()) -> Exchange:
    return Exchange(
        policy(peer(lists=(black("bad"),)), groups={"bad": [OWNED]}, white=white),
        blocks,
    )


def test_layer_1_system_white_list_goes_before_the_others() -> None:
    blocks = (Block("malicious-call", OWNED, NOW, None, "attempts"),)
    assert layered(white=(OWNED,), blocks=blocks).refusal() is None


def test_layer_2_black_white_groups() -> None:
    assert layered().refusal() == "list.black:peer/vos3000/bad"


def test_layer_3_dynamic_black_list() -> None:
    blocks = (Block("no-answer", CALLEE, NOW, None, "no-answer-streak"),)
    assert layered(blocks=blocks).refusal(FOREIGN) == "dynamic.no-answer:callee"


def test_layer_4_monitoring_tells_what_was_blocked_and_which_call_was_refused() -> None:
    node = Exchange(policy(parameters={"SS_BLACK_LIST_CALLER_MALICIOUS_CALL_LIMIT": 1}))
    node.place()
    decided = node.place()
    assert [block.subject for block in node.told] == [OWNED]
    assert (decided.rule, decided.parties and decided.parties.caller) == (
        "dynamic.malicious-call:caller",
        OWNED,
    )
