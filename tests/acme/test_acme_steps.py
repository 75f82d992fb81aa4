"""Which step is next, for every state that an order can be in."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.acme.answers import Authorization, Challenge, Order, Problem
from gateway.acme.failure import AcmeFailed
from gateway.acme.steps import (
    Activate,
    Answer,
    AskToken,
    Done,
    Download,
    Finalize,
    Install,
    MakeKey,
    OpenOrder,
    Quest,
    ReadAuthorization,
    ReadOrder,
    Step,
    Wait,
    next_step,
)

URL = "https://ca.example.test"


def order(status: str, **more: Any) -> Order:
    return Order(status=status, authorizations=(f"{URL}/authz",), finalize=f"{URL}/finalize", **more)


def authorization(status: str, challenge: str = "pending", *, kind: str = "tkauth-01") -> Authorization:
    one = Challenge.model_validate(
        {"type": kind, "tkauth-type": "atc", "url": f"{URL}/challenge", "status": challenge}
    )
    return Authorization(status=status, challenges=(one,))


def quest(status: str, found: Authorization | None = None, **more: Any) -> Quest:
    return Quest(order_url=f"{URL}/order", order=order(status), authorization=found, **more)


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        pytest.param(quest("invalid"), "order-invalid", id="the order is invalid"),
        pytest.param(quest("new"), "bad-answer", id="a status nobody knows"),
        pytest.param(quest("pending", authorization("invalid", "invalid")), "authorization-invalid", id="refused"),
        pytest.param(quest("pending", authorization("expired")), "authorization-invalid", id="too late"),
        pytest.param(quest("pending", authorization("deactivated")), "authorization-invalid", id="deactivated"),
        pytest.param(quest("pending", authorization("pending", "invalid")), "authorization-invalid", id="challenge lost"),
        pytest.param(quest("pending", authorization("pending", kind="http-01")), "challenge-missing", id="web challenge"),
        pytest.param(quest("pending", Authorization(status="pending", challenges=())), "challenge-missing", id="none"),
        pytest.param(quest("valid"), "bad-answer", id="valid without a certificate"),
    ],
)  # fmt: skip
def test_an_order_that_leads_nowhere_is_given_up(known: Quest, reason: str) -> None:
    with pytest.raises(AcmeFailed) as failed:
        next_step(known, activate=True)
    assert (failed.value.reason, failed.value.ends_order) == (reason, True)


def test_a_refusal_says_what_the_challenge_says_first() -> None:
    error = Problem(type="urn:ietf:params:acme:error:unauthorized", detail="wrong\nfingerprint")
    refused = authorization("invalid", "invalid").challenges[0].model_copy(update={"error": error})
    known = quest("pending", Authorization(status="invalid", challenges=(refused,)))
    with pytest.raises(AcmeFailed, match="unauthorized: wrong fingerprint"):
        next_step(known, activate=True)


@pytest.mark.parametrize(
    ("known", "step"),
    [
        pytest.param(Quest(), OpenOrder(), id="nothing yet"),
        pytest.param(Quest(order_url=f"{URL}/order"), ReadOrder(f"{URL}/order"), id="after a restart"),
        pytest.param(quest("pending"), ReadAuthorization(f"{URL}/authz"), id="pending"),
        pytest.param(quest("pending", authorization("pending")), AskToken(), id="a token is wanted"),
        pytest.param(
            quest("pending", authorization("pending"), token="t"), Answer(f"{URL}/challenge", "t"), id="a token is there"
        ),
        pytest.param(quest("pending", authorization("pending", "processing")), Wait(), id="the token is judged"),
        pytest.param(quest("pending", authorization("pending"), answered=True), Wait(), id="not looked at yet"),
        pytest.param(quest("pending", authorization("valid", "valid")), Wait(), id="the order has not heard of it"),
        pytest.param(quest("ready"), MakeKey(), id="ready"),
        pytest.param(quest("ready", key_id="k"), Finalize(f"{URL}/finalize", "k"), id="ready with a key"),
        pytest.param(quest("processing", key_id="k"), Wait(), id="being issued"),
        pytest.param(
            Quest(order_url="o", order=order("valid", certificate=f"{URL}/chain")), Download(f"{URL}/chain"), id="issued"
        ),
        pytest.param(quest("valid", chain=b"pem"), Install(b"pem"), id="downloaded"),
        pytest.param(Quest(order_url="o", installed="n"), Activate("n"), id="installed"),
        pytest.param(Quest(order_url="o", installed="n", done=True), Done(), id="done"),
    ],
)  # fmt: skip
def test_the_next_step_follows_from_what_was_answered(known: Quest, step: Step) -> None:
    assert next_step(known, activate=True) == step


def test_what_is_installed_is_enough_where_an_operator_activates() -> None:
    assert next_step(Quest(order_url="o", installed="n"), activate=False) == Done()


def test_a_dry_run_ends_where_a_certificate_would_be_asked_for() -> None:
    assert next_step(quest("ready", key_id="k"), activate=True, dry_run=True) == Done()
    assert next_step(quest("pending"), activate=True, dry_run=True) == ReadAuthorization(f"{URL}/authz")


def test_neither_token_nor_chain_is_shown() -> None:
    for each in (Quest(token="secret", chain=b"secret"), Answer(URL, "secret"), Install(b"secret")):
        assert "secret" not in repr(each)
