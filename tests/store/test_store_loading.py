"""A document is loaded whole or not at all; what it does not name stays, and only what differs is a change."""

from typing import Any

import pytest
from policies import WHO, one, policy

from gateway.policy.snapshot import PolicyError
from gateway.store.errors import Refused
from gateway.store.store import Store


def keys(store: Store, resource: str) -> set[str]:
    return {stored.entry.key for stored in store.page(resource).entries}


def country(store: Store) -> str:
    return store.plan().country


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"pears": []}, "pears: unknown key; did you mean 'peers'?"),
        ({"zebras": []}, "zebras: unknown key; known here: country, parameters"),
        ({"peers": {}}, r"peers: write them under \[\[peers\]\]"),
        ({"peers": "all"}, r"peers: write them under \[\[peers\]\]"),
        ({"parameters": []}, r"parameters: write them under \[parameters\]"),
        ({"parameters": 5}, r"parameters: write them under \[parameters\]"),
        ({"country": "XX"}, "no numbering plan for country 'XX'"),
        ({"country": 49}, "country"),
        ({"areas": [1]}, r"areas\[0\]: Input should be a valid dictionary"),
        (
            {"areas": [one("areas"), one("areas", 1), one("areas")]},
            r"areas\[2\]: area '1215' is written twice, first as areas\[0\]",
        ),
        (
            {"number-sections": [one("number-sections", end="12155550099")]},
            r"number-sections\[0\]: begin 12155550100 comes after end 12155550099",
        ),
    ],
)
def test_a_document_that_cannot_be_is_refused(store: Store, document: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=said):
        store.load(document, WHO)
    assert store.revision() == 0


def test_every_mistake_is_told_at_once(store: Store) -> None:
    wrong = policy(
        areas=[{"prefix": "x", "name": "y"}, {"prefix": "44"}],
        rates=[{"table": "t", "prefix": "1", "per_minute": 5}],
        pears=[],
    )
    with pytest.raises(Refused) as caught:
        store.load(wrong, WHO)
    assert len(caught.value.errors) == 4


def test_overlapping_sections_are_refused_with_both_named(store: Store) -> None:
    twelve = [
        one("number-sections", name=f"s{place}", begin=f"+1215555{place:02}00", end=f"+1215555{place:02}99")
        for place in range(30)
    ]
    wrong = [
        *twelve,
        one("number-sections", name="wide", begin="+12155551050", end="+12155551350"),
        one("number-sections", name="inside", begin="+12155552010", end="+12155552020"),
    ]
    with pytest.raises(PolicyError) as caught:
        store.load(policy(number_sections=wrong), WHO)
    text = str(caught.value)
    assert "'wide' (12155551050-12155551350) overlaps 's10' (12155551000-12155551099)" in text
    assert "'s11' (12155551100-12155551199) overlaps 'wide'" in text
    assert "'inside' (12155552010-12155552020) overlaps 's20' (12155552000-12155552099)" in text
    assert store.revision() == 0


def test_several_sections_that_overlap_each_other_alone_are_found(store: Store) -> None:
    store.load(policy(), WHO)
    wrong = [
        one("number-sections", name="outer", begin="+13125550000", end="+13125559999"),
        one("number-sections", name="one", begin="+13125550100", end="+13125550199"),
        one("number-sections", name="two", begin="+13125550200", end="+13125550299"),
    ]
    with pytest.raises(PolicyError, match=r"'one' .* overlaps 'outer'"):
        store.load({"number-sections": wrong}, WHO, merge=True)


def test_an_error_of_the_whole_rolls_everything_back(store: Store) -> None:
    store.load(policy(), WHO)
    with pytest.raises(PolicyError, match="route 'default': peer 'carrier' does not exist"):
        store.load({"peers": [one("peers")], "areas": []}, WHO)
    assert keys(store, "peers") == {"switch", "carrier"}
    assert keys(store, "areas") == {"1215", "44"}
    assert store.revision() == 1


def test_a_resource_in_the_document_is_replaced_and_others_stay(store: Store) -> None:
    store.load(policy(), WHO)
    loaded = store.load({"areas": [one("areas"), {"prefix": "49", "name": "Germany"}]}, WHO)
    assert keys(store, "areas") == {"1215", "49"}
    assert keys(store, "accounts") == {"acme", "bravo"}
    assert loaded.counts == {"areas": 2}
    assert loaded.changes == {"areas": {"added": 1, "removed": 1}}
    assert loaded.revision == 2


def test_an_empty_resource_is_emptied(store: Store) -> None:
    store.load(policy(), WHO)
    store.load({"areas": []}, WHO)
    assert keys(store, "areas") == set()


def test_to_merge_is_to_add_and_change(store: Store) -> None:
    store.load(policy(), WHO)
    loaded = store.load(
        {"areas": [{"prefix": "44", "name": "Britain"}, {"prefix": "49", "name": "Germany"}]}, WHO, merge=True
    )
    assert keys(store, "areas") == {"1215", "44", "49"}
    assert loaded.changes == {"areas": {"changed": 1, "added": 1}}


def test_what_stays_as_it_was_keeps_its_revision(store: Store) -> None:
    store.load(policy(), WHO)
    store.load(policy(areas=[one("areas"), {"prefix": "44", "name": "Britain"}]), WHO)
    revisions = {stored.entry.key: stored.revision for stored in store.page("areas").entries}
    assert revisions == {"1215": 1, "44": 2}


def test_loading_the_same_again_is_no_change(store: Store) -> None:
    store.load(policy(), WHO)
    loaded = store.load(policy(), WHO)
    assert (loaded.revision, loaded.changes) == (1, {})
    assert store.revision() == 1


def test_a_group_keeps_its_numbers_unless_it_is_written_with_others(store: Store) -> None:
    store.load(policy(), WHO)
    store.load({"list-groups": [{"name": "nuisance", "memo": "new"}, {"name": "empty"}]}, WHO)
    assert list(store.every_number("nuisance")) == ["+0000", "+12155550111"]
    store.load({"list-groups": [{"name": "nuisance", "numbers": ["2155550112"]}]}, WHO)
    assert list(store.every_number("nuisance")) == ["+12155550112"]


def test_the_country_of_a_document_is_that_of_its_numbers_and_stays(store: Store) -> None:
    store.load(policy(), WHO)
    section = {"name": "uk", "begin": "020 7183 8750", "end": "020 7183 8759", "account": "acme"}
    store.load({"country": "GB", "number-sections": [section]}, WHO)
    assert store.policy().sections[0].begin == "442071838750"  # type: ignore[index]
    assert country(store) == "GB"
    store.load({"areas": []}, WHO)
    assert country(store) == "GB"


@pytest.mark.parametrize(
    ("document", "merge", "found"),
    [
        ({"parameters": {"SS_CALLERALLOWLENGTH": 18}}, False, ("US", 100, 18)),
        ({"parameters": {"SS_CALLERALLOWLENGTH": 18}}, True, ("US", 50, 18)),
        ({"country": "GB"}, False, ("GB", 50, 15)),
        ({"country": "GB", "parameters": {}}, False, ("GB", 100, 15)),
        ({"parameters": {"country": "GB"}}, False, ("GB", 100, 15)),
        ({"areas": []}, False, ("US", 50, 15)),
    ],
)
def test_parameters_are_one_table(
    store: Store, document: dict[str, Any], merge: bool, found: tuple[str, int, int]
) -> None:
    store.load(policy(), WHO)
    store.load(document, WHO, merge=merge)
    parameters = store.policy().parameters
    assert (country(store), parameters.no_answer_limit, parameters.caller_length) == found
