"""What goes wrong beside the calls is told where operators look, and takes no readiness away."""

import pytest
from fastapi.testclient import TestClient

from gateway.api.app import create_app
from gateway.api.sidecar import Sidecar
from gateway.metrics import EdgeStatus
from gateway.shared.status import SharedStatus
from gateway.store.recorder_status import Problem, RecorderStatus
from gateway.trust.credential import Credential
from tests.everybody import EVERYBODY

NOW = 1_800_000_000.0
WELL = RecorderStatus(NOW, "7", written=40)
GONE = RecorderStatus(NOW, "7", (Problem("database-gone", "gateway.db: locked", NOW),), bytes=512, lost=2)


def client(credential: Credential, recorder: RecorderStatus | None, records_lost: int = 0) -> TestClient:
    edge = EdgeStatus(NOW, True, False, 1, 2, 3, records_lost=records_lost)
    return TestClient(
        create_app(
            Sidecar.of(credential, lambda: edge, lambda: NOW, recorder=lambda: recorder, access=EVERYBODY)
        )
    )


@pytest.mark.parametrize(
    ("recorder", "records_lost", "alarms"),
    [
        pytest.param(None, 0, ["recorder-silent"], id="no-recorder"),
        pytest.param(GONE, 0, ["database-gone", "records-lost: 2"], id="no-database"),
        pytest.param(WELL, 3, ["records-lost: 3"], id="no-room-in-the-spool"),
        pytest.param(WELL, 0, [], id="all-is-well"),
    ],
)
def test_calls_go_on_and_the_operator_is_told(
    credential: Credential, recorder: RecorderStatus | None, records_lost: int, alarms: list[str]
) -> None:
    found = client(credential, recorder, records_lost).get("/readyz").json()
    assert found["ready"] is True
    assert len(found["alarms"]) == len(alarms)
    assert all(map(str.startswith, found["alarms"], alarms))


def test_the_recorder_has_its_metrics(credential: Credential) -> None:
    said = client(credential, GONE, records_lost=3).get("/metrics").text
    assert "stirgw_recorder_up 1.0" in said
    assert 'stirgw_recorder_problems{problem="database-gone"} 1.0' in said
    assert "stirgw_spool_bytes 512.0" in said
    assert "stirgw_records_unreadable_total 2.0" in said
    assert "stirgw_records_lost_total 3.0" in said


def test_a_silent_recorder_is_down(credential: Credential) -> None:
    assert "stirgw_recorder_up 0.0" in client(credential, None).get("/metrics").text


def test_a_redis_that_is_away_is_an_alarm_and_takes_no_readiness_away(credential: Credential) -> None:
    shared = SharedStatus(False, (), ("redis.example.com port 6379: refused",))
    edge = EdgeStatus(NOW, True, False, 1, 2, 3, shared=shared)
    sidecar = Sidecar.of(credential, lambda: edge, lambda: NOW, recorder=lambda: WELL, access=EVERYBODY)
    found = TestClient(create_app(sidecar)).get("/readyz").json()
    assert found["ready"] is True
    assert found["alarms"] == ["shared-state: redis.example.com port 6379: refused"]
