"""Entries are read and changed one by one, each change is on record, and the policy as a whole stays good."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from conftest import NOW
from policies import WHO, one, policy
from sqlalchemy import Engine

from gateway.policy.hops import NextHop
from gateway.policy.snapshot import PolicyError, compile_snapshot
from gateway.store.errors import Conflict, NotThere
from gateway.store.resources import RESOURCES
from gateway.store.store import Store


@pytest.fixture
def filled(store: Store) -> Store:
    """Everything, as revision 1."""
    store.load(policy(), WHO)
    return store


def put(store: Store, resource: str, written: dict[str, Any], **conditions: Any) -> int:
    return store.put(resource, store.parse(resource, written), WHO, **conditions).revision


def keys(store: Store, resource: str, **filters: str) -> list[str]:
    return [stored.entry.key for stored in store.page(resource, filters).entries]


def test_an_empty_store_holds_an_empty_policy_of_revision_0(store: Store) -> None:
    assert store.revision() == 0
    assert compile_snapshot(store.policy()).revision == "0"
    assert [store.page(resource).entries for resource in RESOURCES] == [()] * len(RESOURCES)


# What is refused


@pytest.mark.parametrize(
    ("resource", "changed", "said"),
    [
        ("peers", {"account": "nobody"}, "peer 'switch': account 'nobody' does not exist"),
        ("number-sections", {"account": "nobody"}, "number-section 'first': account 'nobody' does not exist"),
        ("authorisations", {"account": "nobody"}, "authorisation 'letter': account 'nobody' does not exist"),
        ("routes", {"to": ["nobody"]}, "route 'default': peer 'nobody' does not exist"),
        ("number-transforms", {"peer": "nobody"}, "peer 'nobody' does not exist"),
        (
            "accounts",
            {"lists": [{"group": "nothing", "party": "caller", "kind": "black"}]},
            "account 'acme': list group 'nothing' does not exist",
        ),
        ("accounts", {"limits": {"rates": "nothing"}}, "account 'acme': rate table 'nothing' has no rates"),
        ("accounts", {"limits": {"spend_per_day": "1"}}, "spend_per_day needs rates"),
        (
            "number-sections",
            {"name": "second", "begin": "+12155550150", "end": "+12155550250"},
            "number-section 'second' (12155550150-12155550250) overlaps 'first' (12155550100-12155550199)",
        ),
        (
            "number-sections",
            {"name": "all", "begin": "+12150000000", "end": "+12159999999"},
            "number-section 'first' (12155550100-12155550199) overlaps 'all' (12150000000-12159999999)",
        ),
        (
            "accounts",
            {"id": "twin"},
            "account 'twin': address 192.0.2.128/25 already belongs to account 'acme'",
        ),
    ],
)
def test_an_entry_that_spoils_the_policy_is_refused(
    filled: Store, resource: str, changed: dict[str, Any], said: str
) -> None:
    before = filled.page(resource)
    with pytest.raises(PolicyError) as caught:
        put(filled, resource, one(resource, **changed))
    assert said in str(caught.value)
    assert filled.page(resource) == before
    assert filled.revision() == 1


def test_two_peers_do_not_share_an_address(filled: Store) -> None:
    with pytest.raises(PolicyError, match=r"address 192.0.2.1/32 already belongs to peer"):
        put(filled, "peers", one("peers", name="twin"))


@pytest.mark.parametrize(
    ("resource", "key", "said"),
    [
        ("accounts", "acme", "number-section 'first': account 'acme' does not exist"),
        ("accounts", "bravo", "authorisation 'letter': account 'bravo' does not exist"),
        ("peers", "carrier", "route 'default': peer 'carrier' does not exist"),
        ("peers", "switch", "peer 'switch' does not exist"),
        ("list-groups", "nuisance", "account 'bravo': list group 'nuisance' does not exist"),
    ],
)
def test_what_others_need_is_not_taken_away(filled: Store, resource: str, key: str, said: str) -> None:
    with pytest.raises(PolicyError) as caught:
        filled.delete(resource, key, WHO)
    assert said in str(caught.value)
    assert filled.get(resource, key)
    assert filled.revision() == 1


def test_a_rate_table_stays_as_long_as_it_is_used(filled: Store) -> None:
    filled.delete("rates", "retail:1", WHO)
    with pytest.raises(PolicyError, match="rate table 'retail' has no rates"):
        filled.delete("rates", "retail:", WHO)


def test_what_is_not_there_is_told(filled: Store) -> None:
    assert filled.get("peers", "nobody") is None
    with pytest.raises(NotThere, match="there is no peer 'nobody'"):
        filled.delete("peers", "nobody", WHO)
    with pytest.raises(NotThere, match="no resource 'pears'; do: name one of parameters, areas"):
        filled.page("pears")


def test_an_entry_that_changed_meanwhile_is_not_written_over(filled: Store) -> None:
    put(filled, "areas", {"prefix": "44", "name": "Britain"}, if_revision=1)
    with pytest.raises(Conflict, match=r"area '44' was changed in revision 2, after 1; do: read it again"):
        put(filled, "areas", {"prefix": "44", "name": "UK"}, if_revision=1)
    with pytest.raises(Conflict):
        filled.delete("areas", "44", WHO, if_revision=1)
    filled.delete("areas", "44", WHO, if_revision=2)
    with pytest.raises(Conflict, match="there no more"):
        put(filled, "areas", {"prefix": "44", "name": "UK"}, if_revision=2)


def test_an_entry_that_is_to_be_new_must_be(filled: Store) -> None:
    with pytest.raises(Conflict, match="area '44' is there already"):
        put(filled, "areas", {"prefix": "44", "name": "UK"}, create_only=True)
    assert put(filled, "areas", {"prefix": "49", "name": "Germany"}, create_only=True) == 2


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        ({"nmae": "x"}, "there is no filter 'nmae'; did you mean 'name'"),
        ({"addresses": "192.0.2.1"}, "there is no filter 'addresses'; known here: name, kind, enabled"),
        ({"enabled": "perhaps"}, "enabled is true or false"),
    ],
)
def test_a_filter_that_is_none_is_refused(filled: Store, filters: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        filled.page("accounts", filters)


@pytest.mark.parametrize("text", ["nul\0", "half \ud800", "' OR 1=1 --", "x" * 100_000], ids=repr)
def test_a_text_that_no_database_holds_is_not_there(filled: Store, text: str) -> None:
    assert filled.get("accounts", text) is None
    assert filled.page("accounts", {"name": text}).entries == ()
    assert filled.sections(account=text).entries == ()
    assert filled.audit({"key": text}).entries == ()
    assert filled.blocks({"subject": text}).entries == ()
    with pytest.raises(NotThere):
        filled.numbers(text)


@pytest.mark.parametrize("after", ["", "-1", "x", "9" * 30, "１"])
def test_a_page_that_begins_nowhere_is_refused(filled: Store, after: str) -> None:
    with pytest.raises(ValueError, match="after"):
        filled.audit(after=after)
    with pytest.raises(ValueError, match="after"):
        filled.blocks(after=after)


# What is kept


@pytest.mark.parametrize("resource", [name for name in RESOURCES if name != "parameters"])
def test_an_entry_is_kept_as_it_was_written(filled: Store, resource: str) -> None:
    kind = RESOURCES[resource]
    for written in policy()[resource]:
        entry = filled.parse(resource, written)
        stored = filled.get(resource, entry.key)
        assert stored is not None
        assert kind.row(stored.entry) == kind.row(entry)
        assert stored.revision == 1


def test_the_policy_compiles_to_what_was_written(filled: Store) -> None:
    snapshot = compile_snapshot(filled.policy())
    assert snapshot.revision == "1"
    assert snapshot.by_name["carrier"].next_hops[0] == NextHop("tls", "2001:db8::9", 5061)
    assert (snapshot.by_name["carrier"].plan.country, snapshot.by_name["switch"].plan.country) == ("GB", "US")
    section = snapshot.sections.find("12155550150")
    assert section is not None
    assert section.account == "acme"
    assert list(snapshot.groups["nuisance"]) == ["0000", "12155550111"]
    assert list(snapshot.system_white) == ["12155550123"]
    assert snapshot.parameters.no_answer_limit == 50
    rate = snapshot.rates.find("retail", "12155550100")
    assert rate is not None
    assert (rate.per_minute, rate.increment) == (12_500, 6)
    assert snapshot.authorisations.find("bravo", "12155550105", NOW)
    assert snapshot.address_ranges.find("198.51.100.7", NOW)
    assert snapshot.transforms.apply("switch", "callee", "9117").number == "117"


def test_the_country_of_the_policy_is_that_of_peers_without_one(filled: Store) -> None:
    filled.load({"country": "DE"}, WHO)
    assert {peer.plan.country for peer in filled.policy().peers} == {"DE", "GB"}
    assert filled.plan().country == "DE"


def test_writing_the_same_again_changes_nothing(filled: Store) -> None:
    assert put(filled, "peers", one("peers")) == 1
    assert filled.revision() == 1


def test_each_change_is_a_revision_of_the_policy_and_of_its_entry(filled: Store) -> None:
    assert put(filled, "areas", {"prefix": "49", "name": "Germany"}) == 2
    filled.delete("areas", "44", WHO)
    assert filled.revision() == 3
    revisions = {stored.entry.key: stored.revision for stored in filled.page("areas").entries}
    assert revisions == {"1215": 1, "49": 2}


def test_a_feed_s_range_without_an_end_lasts_as_vos3000_says(filled: Store) -> None:
    put(filled, "parameters", {"SS_SIP_DYNAMIC_BLACKLIST_EXPIRE": 60})
    put(filled, "address-ranges", {"network": "203.0.113.0/24", "feed": "tor"})
    put(filled, "address-ranges", {"network": "203.0.113.0/24"})
    ends = {each.feed: each.until for each in filled.policy().address_ranges if "203" in str(each.network)}
    assert ends == {"tor": NOW + 60, "by-hand": None}


def test_pages_follow_one_another(store: Store) -> None:
    areas = [{"prefix": str(prefix), "name": "x"} for prefix in range(20, 45)]
    store.load({"areas": areas}, WHO)
    seen, after = [], None
    while True:
        page = store.page("areas", limit=10, after=after)
        seen.append([stored.entry.key for stored in page.entries])
        after = page.next
        if after is None:
            break
    assert [len(each) for each in seen] == [10, 10, 5]
    assert [key for each in seen for key in each] == [str(prefix) for prefix in range(20, 45)]


@pytest.mark.parametrize("limit", [0, -1, 10_001])
def test_a_page_has_a_size(store: Store, limit: int) -> None:
    with pytest.raises(ValueError, match="1 to 10000"):
        store.page("areas", limit=limit)


@pytest.mark.parametrize(
    ("resource", "filters", "found"),
    [
        ("accounts", {"kind": "transit"}, ["bravo"]),
        ("accounts", {"enabled": "true"}, ["acme", "bravo"]),
        ("accounts", {"enabled": "false"}, []),
        ("peers", {"role": "carrier"}, ["carrier"]),
        ("peers", {"role": "softswitch", "account": "acme"}, ["switch"]),
        ("rates", {"table": "retail", "prefix": "1"}, ["retail:1"]),
        ("number-sections", {"account": "bravo"}, []),
        ("number-transforms", {"peer": "switch"}, ["switch:callee:9*"]),
    ],
)
def test_filters_choose(filled: Store, resource: str, filters: dict[str, str], found: list[str]) -> None:
    assert keys(filled, resource, **filters) == found


# The record of changes


def test_a_change_is_on_record_with_what_was_before_and_after(filled: Store) -> None:
    put(filled, "areas", {"prefix": "44", "name": "Britain"})
    filled.delete("areas", "44", "somebody else")
    removed, changed = filled.audit({"key": "44"}, limit=2).entries
    assert (removed.who, removed.action, removed.at, removed.revision) == ("somebody else", "removed", NOW, 3)
    assert (removed.before, removed.after) == ({"prefix": "44", "name": "Britain"}, None)
    assert (changed.who, changed.action) == (WHO, "changed")
    assert changed.before == {"prefix": "44", "name": "United Kingdom"}
    assert changed.after == {"prefix": "44", "name": "Britain"}


def test_the_record_is_told_in_pages_newest_first(filled: Store) -> None:
    first = filled.audit(limit=5)
    second = filled.audit(limit=5, after=first.next)
    ids = [change.id for change in (*first.entries, *second.entries)]
    assert ids == sorted(ids, reverse=True)
    assert len(set(ids)) == 10


def test_what_was_refused_is_not_on_record(filled: Store) -> None:
    before = filled.audit()
    with pytest.raises(PolicyError):
        put(filled, "routes", {"prefix": "1", "to": ["nobody"]})
    assert filled.audit() == before


# Number Section Query


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"number": "(215) 555-0100"}, ["first"]),
        ({"number": "+12155550199"}, ["first"]),
        ({"number": "+12155550200"}, []),
        ({"number": "+4930123456"}, ["abroad"]),
        ({"begin": "+12155550000", "end": "+12155550100"}, ["first"]),
        ({"begin": "+12155550199", "end": "+12155559999"}, ["first"]),
        ({"begin": "+12155550200", "end": "+12155559999"}, []),
        ({"account": "acme"}, ["abroad", "first"]),
        ({"account": "bravo"}, []),
        ({"number": "+12155550100", "account": "bravo"}, []),
    ],
)
def test_number_section_query(filled: Store, asked: dict[str, str], found: list[str]) -> None:
    assert [stored.entry.key for stored in filled.sections(**asked).entries] == found


@pytest.mark.parametrize("number", ["nonsense", "*67", "1" * 30, ""])
def test_number_section_query_of_what_is_no_number_is_refused(filled: Store, number: str) -> None:
    with pytest.raises(ValueError, match=r"not a number|digits"):
        filled.sections(number=number)


# What does not change is taken over


LONG = {
    "accounts": {"accounts", "account_addresses"},
    "number-sections": {"sections"},
    "areas": {"areas"},
    "list-groups": {"listed"},
    "system-whitelist": {"system_white"},
    "rates": {"rates"},
    "authorisations": {"authorisations"},
    "address-ranges": {"address_ranges"},
    "parameters": {"accounts"},
    "peers": set(),
}
"""What a change of each resource makes anew of the long tables of a snapshot; all others are taken over."""


@pytest.mark.parametrize("changed", LONG)
def test_long_tables_are_taken_over_unless_what_they_are_made_of_changes(filled: Store, changed: str) -> None:
    before = compile_snapshot(filled.policy())
    filled.load({changed: filled_with(changed)}, WHO, merge=True)
    after = compile_snapshot(filled.policy(before))
    assert after.revision == "2"
    anew = {name for name in set().union(*LONG.values()) if getattr(after, name) is not getattr(before, name)}
    assert anew == LONG[changed]


def filled_with(resource: str) -> Any:
    """One more entry of a resource, or another value where there is but one."""
    if resource == "parameters":
        return {"SS_MAXCONCURRENTCALL": 7}
    if resource == "list-groups":
        return [{"name": "nuisance", "numbers": ["2155550113"]}]
    return [one(resource, **MORE[resource])]


MORE: dict[str, dict[str, Any]] = {
    "accounts": {"id": "more", "addresses": []},
    "number-sections": {"name": "more", "begin": "+13125550100", "end": "+13125550100"},
    "areas": {"prefix": "49"},
    "system-whitelist": {"number": "+12155550124"},
    "rates": {"prefix": "49"},
    "authorisations": {"name": "more"},
    "address-ranges": {"network": "203.0.113.77"},
    "peers": {"name": "more", "addresses": ["192.0.2.77"]},
}


def test_accounts_that_are_taken_over_are_those_that_others_name(filled: Store) -> None:
    before = compile_snapshot(filled.policy())
    put(filled, "number-sections", one("number-sections", **MORE["number-sections"]))
    after = compile_snapshot(filled.policy(before))
    assert after.accounts is before.accounts
    assert after.sections.find("13125550100") is not None


def test_a_bound_for_all_accounts_reaches_those_of_before(filled: Store) -> None:
    before = compile_snapshot(filled.policy())
    filled.load({"parameters": {"SS_MAXCONCURRENTCALL": 7}}, WHO, merge=True)
    after = compile_snapshot(filled.policy(before))
    assert 7 in {account.terms.limits.concurrent for account in after.accounts.values()}


def test_a_table_that_changed_is_read_anew(filled: Store) -> None:
    before = compile_snapshot(filled.policy())
    put(
        filled,
        "number-sections",
        one("number-sections", name="more", begin="+13125550100", end="+13125550100"),
    )
    put(filled, "system-whitelist", {"number": "+12155550124"})
    filled.put_numbers("nuisance", ["2155550112"], WHO)
    after = compile_snapshot(filled.policy(before))
    assert after.sections.find("13125550100") is not None
    assert after.sections.find("12155550100") is not None
    assert list(after.groups["nuisance"]) == ["12155550112"]
    assert len(after.system_white) == 2


def test_a_group_that_was_made_anew_under_its_name_is_read_anew(store: Store) -> None:
    store.load({"list-groups": [{"name": "g", "numbers": ["2155550111"]}]}, WHO)
    before = compile_snapshot(store.policy())
    store.delete("list-groups", "g", WHO)
    put(store, "list-groups", {"name": "g"})
    assert len(store.policy(before).groups[0].numbers) == 0


def test_a_snapshot_of_a_later_revision_is_of_another_database(store: Store, filled: Store) -> None:
    put(filled, "areas", {"prefix": "49", "name": "Germany"})
    later = compile_snapshot(filled.policy())
    with filled.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE policy_state SET revision = 1")
    assert compile_snapshot(filled.policy(later)).sections is not later.sections


def test_a_memo_is_no_reason_to_read_a_million_numbers(filled: Store) -> None:
    before = compile_snapshot(filled.policy())
    put(filled, "list-groups", {"name": "nuisance", "memo": "they ring by day too"})
    (group,) = filled.policy(before).groups
    assert group.memo == "they ring by day too"
    assert group.numbers is before.groups["nuisance"]


# Several at once


def test_writers_follow_one_another(opened: Callable[[], Engine]) -> None:
    stores = [Store(opened(), lambda: NOW) for _ in range(4)]

    def write(store: Store) -> None:
        for place in range(5):
            put(store, "areas", {"prefix": str(1000 + place), "name": f"{id(store)}"})

    with ThreadPoolExecutor(len(stores)) as threads:
        list(threads.map(write, stores))
    assert stores[0].revision() == 20
    assert len(stores[0].page("areas").entries) == 5
    assert len(stores[0].audit(limit=100).entries) == 20


def test_two_loads_at_once_both_succeed_one_after_the_other(opened: Callable[[], Engine]) -> None:
    stores = [Store(opened(), lambda: NOW) for _ in range(2)]
    documents = [policy(areas=[{"prefix": prefix, "name": "x"}]) for prefix in ("44", "49")]
    with ThreadPoolExecutor(2) as threads:
        loaded = list(threads.map(lambda store, document: store.load(document, WHO), stores, documents))
    assert sorted(each.revision for each in loaded) == [1, 2]
    last = "49" if loaded[1].revision == 2 else "44"
    assert keys(stores[0], "areas") == [last]
