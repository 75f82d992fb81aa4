"""The call log gives back what was put in, whatever it was, the newest first, a page at a time; on both databases."""

from typing import Any

import pytest
from sqlalchemy import Engine, inspect, text

from gateway.policy.areas import Area, AreaTable
from gateway.store.call_record import located, masked, named
from gateway.store.call_tables import calls
from gateway.store.calls import MOST_ATTEMPTS, CallFilters, CallLog
from gateway.store.store import Store

AT = 1_750_000_000.0
ACME = {"id": "acme", "name": "Acme"}


@pytest.fixture
def log(engine: Engine) -> CallLog:
    return CallLog(engine)


def call(id: str = "1", at: float = AT, **more: Any) -> dict[str, Any]:
    return {"id": id, "at": at, **more}


def ids(log: CallLog, filters: CallFilters | None = None) -> list[str]:
    return [each["id"] for each in log.page(filters or CallFilters()).calls]


def test_the_table_is_the_one_that_the_migration_makes(engine: Engine) -> None:
    made = inspect(engine)
    columns = {each["name"]: str(each["type"]).split()[0] for each in made.get_columns("calls")}
    declared = {
        each.name: str(each.type.compile(dialect=engine.dialect)).split()[0] for each in calls.columns
    }
    assert columns == declared
    assert {each["name"]: each["column_names"] for each in made.get_indexes("calls")} == {
        index.name: [column.name for column in index.columns] for index in calls.indexes
    }


def test_a_call_comes_back_as_it_was(log: CallLog) -> None:
    record = call(rule="attest.C", code=200, iat=1_750_000_000, duration_ms=1234.5, caller="12155550100")
    assert log.add([record]) == 1
    found = log.page(CallFilters()).calls[0]
    assert list(found) == [column.name for column in calls.columns]
    assert {name: value for name, value in found.items() if value is not None} == record


def test_what_comes_twice_is_kept_once(log: CallLog) -> None:
    log.add([call("1", code=200)])
    log.add([call("1", code=500), call("2"), call("2")])
    assert [(each["id"], each["code"]) for each in log.page(CallFilters()).calls] == [("2", None), ("1", 200)]


@pytest.mark.parametrize(
    "record", [{}, {"id": "1"}, {"at": AT}, {"id": "", "at": AT}, {"id": "1", "at": "now"}]
)
def test_a_record_without_id_or_time_is_none(log: CallLog, record: dict[str, Any]) -> None:
    assert log.add([record, call("2")]) == 1
    assert ids(log) == ["2"]


@pytest.mark.parametrize(
    ("column", "written", "kept"),
    [
        ("call_id", "a\0b", "ab"),
        ("call_id", "\ud800x", "?x"),
        ("call_id", "Ünïcode ✓ \U0001f4de", "Ünïcode ✓ \U0001f4de"),
        ("call_id", "x" * 5000, "x" * 512),
        ("call_id", "'; DROP TABLE calls; --", "'; DROP TABLE calls; --"),
        ("call_id", ["a", 1], "['a', 1]"),
        ("call_id", "", None),
        ("iat", 2**63, None),
        ("iat", -(2**63), -(2**63)),
        ("iat", "soon", None),
        ("code", 2**40, None),
        ("code", True, 1),
        ("progress_ms", float("nan"), None),
        ("progress_ms", float("inf"), None),
        ("progress_ms", 10**400, None),
        ("progress_ms", 3, 3.0),
        ("ended_at", "later", None),
    ],
)
def test_what_no_database_can_hold_keeps_no_record_out(
    log: CallLog, column: str, written: object, kept: object
) -> None:
    log.add([call(**{column: written})])
    assert log.page(CallFilters()).calls[0][column] == kept


def test_a_column_nobody_knows_is_not_kept(log: CallLog) -> None:
    assert log.add([call(kind="call", no_such_column=1)]) == 1


RECORDS = [
    call(
        "1",
        AT + 1,
        peer="east",
        caller="12155550100",
        callee="442071838750",
        rule="attest.section:a",
        code=200,
    ),
    call("2", AT + 2, peer="west", caller="442071838750", callee="12155550100", rule="attest.C", code=486),
    call(
        "3",
        AT + 3,
        peer="east",
        caller="12155550199",
        account="acme",
        rule="list.black:peer/east/x",
        code=603,
    ),
    call(
        "4",
        AT + 4,
        attest="A",
        origid="o-4",
        verstat="TN-Validation-Passed",
        call_id="c-4",
        direction="inbound",
    ),
]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (CallFilters(), "4321"),
        (CallFilters(peer="east"), "31"),
        (CallFilters(account="acme"), "3"),
        (CallFilters(caller="12155550100"), "1"),
        (CallFilters(callee="12155550100"), "2"),
        (CallFilters(number="12155550100"), "21"),
        (CallFilters(rule="attest."), "21"),
        (CallFilters(rule="list.black:peer/east"), "3"),
        (CallFilters(rule="%"), ""),
        (CallFilters(rule="attest_"), ""),
        (CallFilters(code=486), "2"),
        (CallFilters(attest="A"), "4"),
        (CallFilters(origid="o-4"), "4"),
        (CallFilters(verstat="TN-Validation-Passed"), "4"),
        (CallFilters(call_id="c-4"), "4"),
        (CallFilters(direction="inbound"), "4"),
        (CallFilters(since=AT + 2, until=AT + 4), "32"),
        (CallFilters(peer="east", code=200), "1"),
        (CallFilters(peer="east", code=486), ""),
    ],
    ids=str,
)
def test_filters_are_what_the_calls_have_in_common(log: CallLog, filters: CallFilters, found: str) -> None:
    log.add(RECORDS)
    assert "".join(ids(log, filters)) == found


def test_pages_hold_every_call_once_also_those_of_one_moment(log: CallLog) -> None:
    log.add(call(f"{n:02}", AT + n // 5 + 0.1) for n in range(23))
    seen, after = [], None
    while True:
        page = log.page(CallFilters(), 5, after)
        seen += [each["id"] for each in page.calls]
        after = page.next
        if after is None:
            break
    assert seen == [f"{n:02}" for n in reversed(range(23))]


def test_a_call_that_comes_meanwhile_moves_no_page(log: CallLog) -> None:
    log.add(call(str(n), AT + n) for n in range(4))
    first = log.page(CallFilters(), 2)
    log.add([call("new", AT + 100)])
    assert [each["id"] for each in log.page(CallFilters(), 2, first.next).calls] == ["1", "0"]


@pytest.mark.parametrize("after", ["", "1", "x,1", "nan,1", "inf,1", "1e999,1"])
def test_a_place_that_no_page_named_is_refused(log: CallLog, after: str) -> None:
    with pytest.raises(ValueError, match="not a place in the call log"):
        log.page(CallFilters(), 5, after)


def test_a_number_also_finds_calls_that_were_masked(log: CallLog) -> None:
    log.add([call("1", caller="1215555xxxx"), call("2", caller="1215555yyyy")])
    assert ids(log, CallFilters(number="12155550100")) == ["1"]


# Traceback


def test_a_trace_finds_the_call_of_an_origid(log: CallLog) -> None:
    log.add(RECORDS)
    found = log.traceback(origid="o-4")
    assert found is not None
    assert (found.call["id"], found.attempts, found.facts) == ("4", (), ())


@pytest.mark.parametrize(
    ("at", "id"), [(None, "3"), (AT + 11, "1"), (AT + 16, "2"), (AT - 9999, "1"), (AT + 9999, "3")]
)
def test_of_a_number_the_call_nearest_in_time_is_traced(log: CallLog, at: float | None, id: str) -> None:
    log.add(
        [
            call("1", AT + 10, caller="12155550100"),
            call("2", AT + 20, callee="12155550100"),
            call("3", AT + 30, caller="12155550100"),
        ]
    )
    found = log.traceback(number="12155550100", at=at)
    assert found is not None
    assert found.call["id"] == id


def test_there_is_no_trace_of_what_did_not_happen(log: CallLog) -> None:
    log.add(RECORDS)
    assert log.traceback(origid="none") is None
    assert log.traceback(number="19995550100", at=AT) is None


def test_a_trace_tells_the_other_attempts_of_the_number_and_of_the_call_id(log: CallLog) -> None:
    log.add(
        [
            call("it", AT, caller="12155550100", call_id="c", origid="o"),
            call("before", AT - 3600, caller="12155550100"),
            call("after", AT + 3600, callee="12155550100"),
            call("too-early", AT - 3601, caller="12155550100"),
            call("other-number", AT, caller="12155550101"),
            call("same-call-id", AT + 9000, call_id="c"),
        ]
    )
    found = log.traceback(origid="o")
    assert found is not None
    assert [each["id"] for each in found.attempts] == ["same-call-id", "after", "before"]


def test_calls_without_a_call_id_are_not_each_other_s_attempts(log: CallLog) -> None:
    log.add([call("1", origid="o"), call("2", AT + 1)])
    found = log.traceback(origid="o")
    assert found is not None
    assert found.attempts == ()


def test_of_very_many_attempts_the_latest_are_told(log: CallLog) -> None:
    log.add(call(str(n), AT + n, caller="12155550100") for n in range(MOST_ATTEMPTS + 2))
    found = log.traceback(number="12155550100", at=AT)
    assert found is not None
    assert (found.call["id"], len(found.attempts), found.more) == ("0", MOST_ATTEMPTS, True)


def test_a_trace_tells_the_entries_as_they_stood_when_the_call_came(log: CallLog, engine: Engine) -> None:
    now = AT - 100
    store = Store(engine, lambda: now)
    section = {"name": "first", "begin": "+12155550100", "end": "+12155550199", "account": "acme"}
    store.load({"accounts": [ACME], "number-sections": [section]}, "anna")
    log.add([call(account="acme", peer="gone", rule="attest.section:first", origid="o")])
    now = AT + 100
    store.put("accounts", store.parse("accounts", ACME | {"name": "Acme II"}), "bert")
    now = AT + 200
    store.put("accounts", store.parse("accounts", ACME | {"name": "Acme III"}), "bert")
    found = log.traceback(origid="o")
    assert found is not None
    account, peer, owner = found.facts
    assert account.entry is not None
    assert owner.entry is not None
    assert (account.resource, account.key, account.entry["name"], account.changed) == (
        "accounts",
        "acme",
        "Acme",
        True,
    )
    assert (peer.resource, peer.key, peer.entry, peer.changed) == ("peers", "gone", None, False)
    assert (owner.resource, owner.key, owner.entry["account"]) == ("number-sections", "first", "acme")


# What the recorder makes of a record


AREAS = AreaTable([Area("1215", "Philadelphia")])


def test_both_parties_are_placed_by_their_canonical_numbers() -> None:
    found = located({"caller": "12155550100", "callee": "12425550100"}, AREAS)
    assert (found["caller_area"], found["caller_country"]) == ("Philadelphia", "US")
    assert (found["callee_area"], found["callee_country"]) == (None, "BS")


@pytest.mark.parametrize("number", [None, "", "+12155550100", "*67", "anonymous", "١٢٣"])
def test_what_is_no_canonical_number_is_placed_nowhere(number: str | None) -> None:
    assert located({"caller": number}, AREAS) == {"caller": number}


def test_an_id_is_of_one_node() -> None:
    assert named({"call": "abc"}, "east")["id"] != named({"call": "abc"}, "west")["id"]
    assert named({}, "east")["id"] is None


def test_masking_hides_every_number_and_keeps_the_rest() -> None:
    record = {
        "caller": "12155550100",
        "callee_dialled": "+12155550101",
        "callee": "911",
        "caller_country": "US",
    }
    found = masked(record | {"detail": "orig 12155550100 is not 12155550102"})
    assert "0100" not in str(found)
    assert "0101" not in str(found)
    assert "0102" not in str(found)
    assert (found["callee"], found["caller_country"]) == ("911", "US")


def test_the_database_stays_usable_by_hand(log: CallLog, engine: Engine) -> None:
    log.add([call("1", rule="attest.C")])
    with engine.connect() as connection:
        assert connection.execute(text("SELECT rule FROM calls WHERE id = '1'")).scalar_one() == "attest.C"
