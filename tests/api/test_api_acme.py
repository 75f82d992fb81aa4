"""/v1/acme: who may ask, what is refused, and how the orders stand; the lab answers over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from gateway.access.permissions import Role
from gateway.access.principal import Principal
from gateway.access.shown import Identified, Shown
from gateway.api.app import create_app
from gateway.api.sidecar import Sidecar
from tests.acme.world import SPC, World, world
from tests.everybody import EVERYBODY, EverybodyIsAdmin


class EverybodyIs(EverybodyIsAdmin):
    """A doorkeeper to whom everybody has one role."""

    def __init__(self, role: Role) -> None:
        self.found = Identified(Principal("user", role.value, role.permissions))

    def identify(self, shown: Shown, now: float) -> Identified:
        return self.found


@pytest.fixture
def lab_world(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as found:
        yield found


def client(found: World | None, access: Any = EVERYBODY) -> TestClient:
    acme = found.renewals if found else None
    sidecar = Sidecar.of(None, edge=lambda: None, now=lambda: 0.0, access=access)
    return TestClient(
        create_app(Sidecar(sidecar.credentials, sidecar.edge, sidecar.now, access=access, acme=acme))
    )


# What is refused


@pytest.mark.parametrize(
    ("role", "reads", "renews"), [(Role.AUDITOR, 200, 403), (Role.OPERATOR, 200, 202), (Role.ADMIN, 200, 202)]
)
def test_an_auditor_looks_and_an_operator_renews(
    lab_world: World, role: Role, reads: int, renews: int
) -> None:
    asking = client(lab_world, EverybodyIs(role))
    assert asking.get("/v1/acme").status_code == reads
    assert asking.post("/v1/acme/renew", json={}).status_code == renews


def test_nobody_known_sees_nothing(lab_world: World) -> None:
    asking = client(lab_world, None)
    assert asking.get("/v1/acme").status_code == 401
    assert asking.post("/v1/acme/renew", json={}).status_code == 401
    lab_world.until("good")
    assert lab_world.issued == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param({"order": "709J"}, 404, id="an order nobody wrote"),
        pytest.param({"order": 1}, 422, id="a number"),
        pytest.param({"dry_run": "yes"}, 422, id="a word for a truth"),
        pytest.param({"dryrun": True}, 422, id="an unknown key"),
        pytest.param([], 422, id="a list"),
    ],
)
def test_a_wish_that_is_not_understood_is_refused(lab_world: World, body: object, status: int) -> None:
    answer = client(lab_world).post("/v1/acme/renew", json=body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    lab_world.until("good")
    assert lab_world.issued == 1


def test_a_node_that_orders_nothing_says_so() -> None:
    asking = client(None)
    assert asking.get("/v1/acme").json() == {"directory": None, "problem": None, "orders": []}
    assert asking.post("/v1/acme/renew", json={}).status_code == 409
    assert "stirgw_acme" not in asking.get("/metrics").text


# What is told


def test_an_order_that_fails_is_told_everywhere(lab_world: World) -> None:
    asking = client(lab_world)
    lab_world.faults(sti_pa_unavailable=None)
    lab_world.turn()
    (order,) = asking.get("/v1/acme").json()["orders"]
    assert (order["name"], order["state"], order["failures"], order["urgency"]) == (SPC, "failing", 1, 4)
    assert order["error"]["reason"] == "sti-pa-unavailable"
    assert order["next_attempt"].endswith("Z")
    assert any(each.startswith("acme-renewal: 616H") for each in asking.get("/readyz").json()["alarms"])
    metrics = asking.get("/metrics").text
    assert 'stirgw_acme_failing{order="616H"} 1.0' in metrics
    assert 'stirgw_acme_urgency{order="616H"} 4.0' in metrics


def test_an_order_that_is_filled_is_told_with_its_certificate(lab_world: World) -> None:
    asking = client(lab_world)
    lab_world.turn()
    (order,) = asking.get("/v1/acme").json()["orders"]
    active = lab_world.active()
    assert active and (order["state"], order["certificate"]) == ("good", active.name)
    assert (order["error"], order["order_url"], order["urgency"]) == (None, None, 0)
    assert not any("acme" in each for each in asking.get("/readyz").json()["alarms"])
    metrics = asking.get("/metrics").text
    assert 'stirgw_acme_failing{order="616H"} 0.0' in metrics
    assert samples(metrics)["stirgw_acme_renewed_timestamp_seconds"] == lab_world.now
    assert samples(metrics)["stirgw_acme_seconds_left"] == active.not_after - lab_world.now


def samples(text: str) -> dict[str, float]:
    """The samples of one order by name."""
    families = text_string_to_metric_families(text)
    return {
        each.name: each.value
        for family in families
        for each in family.samples
        if each.labels.get("order") == SPC
    }


def test_a_dry_run_that_is_asked_for_is_made_at_the_next_turn_and_told(lab_world: World) -> None:
    asking = client(lab_world)
    lab_world.turn()
    assert asking.post("/v1/acme/renew", json={"order": SPC, "dry_run": True}).status_code == 202
    lab_world.turn()
    (order,) = asking.get("/v1/acme").json()["orders"]
    assert order["dry_run"]["error"] is None
    assert lab_world.issued == 1


def test_what_stops_all_orders_is_an_alarm_and_a_metric(lab_world: World) -> None:
    (lab_world.folder / "acme").mkdir()
    (lab_world.folder / "acme" / "acme.json").write_text("{")
    asking = client(lab_world)
    lab_world.turn()
    assert "damaged" in asking.get("/v1/acme").json()["problem"]
    assert any(each.startswith("acme-stopped: ") for each in asking.get("/readyz").json()["alarms"])
    assert "stirgw_acme_stopped 1.0" in asking.get("/metrics").text
