"""The pages that are looked at while calls run: overview, calls, explain, dynamic black list, audit log."""

from dataclasses import replace
from typing import Any

import pytest
from doors import NOW, PEER, Door
from pages import Somebody, elements

from gateway.api.app import create_app
from gateway.metrics import EdgeStatus
from gateway.policy.blocks import Block

CALL: dict[str, Any] = {
    "id": "one@lab",
    "at": NOW - 60,
    "direction": "outbound",
    "peer": "vos3000",
    "caller": "12155550100",
    "callee": "13035550123",
    "caller_dialled": "2155550100",
    "callee_dialled": "13035550123",
    "source": PEER,
    "rule": "list.black:account/acme/nuisance",
    "code": 603,
}


def status(at: float, decided: int) -> EdgeStatus:
    rows = (
        ("decisions", {"peer": "vos3000", "attest": "A", "rule": "attest.section"}, decided),
        ("decisions", {"peer": "vos3000", "attest": "", "rule": "list.black"}, decided),
        ("verifications", {"peer": "carrier", "reason": "passed"}, decided),
    )
    return EdgeStatus(at, True, False, 7, 4, 20, revision="12", counters=rows)


def test_the_overview_of_a_node_without_an_edge_says_what_is_wrong(operator: Somebody) -> None:
    text = operator.sees("/console")
    assert "edge.silent" in text and "certificate.none" in text and "recorder-silent" in text
    assert "No call was attested." in text


def test_the_overview_shows_what_the_edge_counted(door: Door, operator: Somebody) -> None:
    sidecar = replace(door.sidecar, edge=lambda: status(NOW, 30))
    sidecar.history.take(status(NOW - 5, 10))
    sidecar.history.take(status(NOW, 30))
    client = operator.client
    client.app = create_app(sidecar)
    client._transport.app = client.app  # type: ignore[attr-defined]
    text = client.get("/console").text
    assert "<strong>7</strong>" in text
    assert "<strong>8</strong>" in text  # 40 decisions in five seconds
    for part in ("attest", "list.black", "passed"):
        assert part in text
    assert text.count('role="img"') == 2


def test_every_chart_has_its_figures_as_a_table(operator: Somebody) -> None:
    text = operator.sees("/console")
    assert len(elements(text, "figure")) == text.count("As a table") == 2


@pytest.mark.parametrize(
    "query", ["number=2155550100", "rule=list.black", "code=603", "peer=vos3000&direction="]
)
def test_a_call_is_found(door: Door, operator: Somebody, query: str) -> None:
    door.opened.calls.add([CALL])
    assert "one%40lab" in operator.sees(f"/console/calls?{query}")


@pytest.mark.parametrize("query", ["number=12155550199", "rule=geofence", "code=200", "attest=A"])
def test_another_call_is_not(door: Door, operator: Somebody, query: str) -> None:
    door.opened.calls.add([CALL])
    assert "one%40lab" not in operator.sees(f"/console/calls?{query}")


@pytest.mark.parametrize(
    "query", ["since=yesterday", "code=9", "number=alice", "after=nowhere", "nonsense=1"]
)
def test_a_question_that_is_not_understood_is_told_and_the_page_stays(operator: Somebody, query: str) -> None:
    text = operator.sees(f"/console/calls?{query}", 400)
    assert "Search" in text
    assert 'class="mistake"' in text or 'role="alert"' in text


def test_one_call_is_shown_as_a_ladder_and_in_words(door: Door, operator: Somebody) -> None:
    door.opened.calls.add([CALL, CALL | {"id": "two@lab", "at": NOW - 30}])
    text = operator.sees("/console/calls/one?id=one%40lab")
    assert "gateway to vos3000: 603" in text
    assert "two%40lab" in text
    assert "/console/explain?source=" in text


@pytest.mark.parametrize("id", ["none", "%00", "%ED%A0%80"])
def test_a_call_that_is_not_there_is_a_page_that_says_so(operator: Somebody, id: str) -> None:
    assert "no such call" in operator.sees(f"/console/calls/one?id={id}", 404)


def test_a_stranger_to_the_policy_is_explained_as_one(operator: Somebody) -> None:
    answer = operator.sends("/console/explain", {"source": "192.0.2.250", "from": "12155550100", "to": "911"})
    assert "source.stranger" in answer.text


@pytest.mark.parametrize("missing", ["source", "from", "to"])
def test_a_question_that_lacks_something_is_told_at_its_field(operator: Somebody, missing: str) -> None:
    asked = {"source": PEER, "from": "12155550100", "to": "13035550123"} | {missing: ""}
    answer = operator.sends("/console/explain", asked)
    assert answer.status_code == 422
    (field,) = [each for each in elements(answer.text, "input") if each.get("name") == missing]
    assert field["aria-invalid"] == "true"


def test_a_number_is_blocked_by_hand_shown_and_released(door: Door, operator: Somebody) -> None:
    operator.stores("/console/blacklist", {"type": "malicious-call", "subject": "2155550100", "until": ""})
    text = operator.sees("/console/blacklist")
    assert "+12155550100" in text
    (release,) = [
        str(each["action"]) for each in elements(text, "form") if "release" in str(each.get("action"))
    ]
    operator.stores(release, {})
    assert "Nobody." in operator.sees("/console/blacklist")
    assert "released by user:olga" in operator.sees("/console/blacklist?active=false")
    assert operator.sends(release).status_code == 404


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"type": "malicious-call", "subject": "alice"}, "subject-wrong"),
        ({"type": "malicious-call", "subject": ""}, "subject-wrong"),
        ({"type": "account", "subject": "nobody"}, "subject-wrong"),
        ({"type": "access", "subject": "192.0.2.1", "until": "2001-01-01T00:00:00Z"}, "until-wrong"),
        ({"type": "access", "subject": "192.0.2.1", "until": "soon"}, "until-wrong"),
        ({"type": "spam", "subject": "192.0.2.1"}, "type-wrong"),
    ],
)
def test_what_cannot_be_blocked_is_told_at_its_field(
    operator: Somebody, fields: dict[str, str], wrong: str
) -> None:
    answer = operator.sends("/console/blacklist", fields)
    assert answer.status_code == 422
    assert f'id="{wrong}"' in answer.text


def test_an_auditor_sees_blocks_and_no_way_to_release_them(door: Door, auditor: Somebody) -> None:
    door.opened.store.add_block(Block("access", "192.0.2.9", NOW - 1, None, "reg-fail"), "the edge", "lab")
    text = auditor.sees("/console/blacklist")
    assert "192.0.2.9" in text
    assert "Block by hand" not in text and "/release" not in text


def test_the_audit_log_names_who_did_it_and_what_was_there(operator: Somebody) -> None:
    operator.stores("/console/policy/areas/new", {"prefix": "1215", "name": "Philadelphia"})
    text = operator.sees("/console/audit?who=user%3Aolga&resource=areas")
    assert "user:olga" in text and "Philadelphia" in text
    assert "Philadelphia" not in operator.sees("/console/audit?who=user%3Aada")
    operator.sees("/console/audit?after=x", 400)
