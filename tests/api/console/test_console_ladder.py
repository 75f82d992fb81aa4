"""One call as a ladder."""

from typing import Any

from gateway.api.console.ladder import Step, ladder
from gateway.store.call_tables import calls


def call(**known: Any) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(calls.columns.keys())
    return row | {"direction": "outbound", "peer": "vos3000", "callee_dialled": "13035550123"} | known


def told(**known: Any) -> list[str]:
    return [f"{step.sender}>{step.receiver} {step.what}" for step in ladder(call(**known)).steps]


def test_a_refused_call_goes_no_further_than_the_gateway() -> None:
    assert told(rule="list.black:account/acme/nuisance", code=603, answered_ms=0.4) == [
        "peer>gateway INVITE 13035550123",
        "gateway>gateway list.black:account/acme/nuisance",
        "gateway>peer 603",
    ]


def test_a_call_of_which_next_to_nothing_is_known_is_still_a_ladder() -> None:
    bare = dict.fromkeys(calls.columns.keys())
    assert ladder(bare).steps == (Step("peer", "gateway", "INVITE", 0),)


def test_a_signed_call_shows_its_identity_and_who_hung_up() -> None:
    known = {"carrier": "carrier", "attest": "A", "rule": "attest.section:acme", "code": 200}
    times = {"progress_ms": 800.0, "answered_ms": 4000.0, "duration_ms": 60_000.0, "ended_by": "callee"}
    assert told(**known, **times) == [
        "peer>gateway INVITE 13035550123",
        "gateway>gateway attest.section:acme",
        "gateway>carrier INVITE + Identity A",
        "carrier>gateway it rings (18x)",
        "gateway>peer it rings (18x)",
        "carrier>gateway 200",
        "gateway>peer 200",
        "carrier>gateway BYE",
        "gateway>peer BYE",
    ]
    bye = ladder(call(**known, **times)).steps[-2]
    assert bye.after == 64_000.0


def test_a_carriers_call_shows_its_verdict() -> None:
    known = {"direction": "inbound", "peer": "carrier", "carrier": "vos3000", "reason": "signature-invalid"}
    found = told(**known, verstat="TN-Validation-Failed", code=486, answered_ms=900.0)
    assert found[1] == "gateway>gateway verified: signature-invalid"
    assert found[2] == "gateway>carrier INVITE, TN-Validation-Failed"


def test_a_call_that_was_given_up_is_cancelled_before_it_is_answered() -> None:
    assert told(carrier="carrier", code=487, answered_ms=9000.0, ended_by="cancelled")[-4:] == [
        "peer>gateway CANCEL",
        "gateway>carrier CANCEL",
        "carrier>gateway 487",
        "gateway>peer 487",
    ]


def test_a_call_that_nobody_hung_up_says_what_ended_it() -> None:
    found = told(carrier="carrier", code=200, answered_ms=10.0, duration_ms=20.0, ended_by="worker-lost")
    assert found[-1] == "gateway>gateway ended: worker-lost"
