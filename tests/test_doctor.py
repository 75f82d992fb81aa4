"""The doctor says what works, what is off and why, each in one finding."""

from pathlib import Path

import pytest
from sqlalchemy import delete

from gateway import lab
from gateway.access.permissions import Permission, Role
from gateway.access.tokens import make_token
from gateway.access.users import User
from gateway.config import Config, Signing, load
from gateway.credentials.configured import signing_credential
from gateway.doctor import Finding, examine
from gateway.metrics import EdgeStatus, status_path, write_status
from gateway.sip import abilities
from gateway.sip.transport import RECEIVE_BUFFER
from gateway.store import recorder_status
from gateway.store.access import AccessStore
from gateway.store.access_tables import USERS
from gateway.store.database import open_database
from gateway.store.store import Store

NOW = 1_800_000_000.0


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return lab.prepare(tmp_path, NOW)


def found(config: Config, subject: str, now: float = NOW) -> list[Finding]:
    return [finding for finding in examine(config, now) if finding.subject == subject]


def worst(config: Config, subject: str, now: float = NOW) -> Finding:
    order = ["problem", "warning", "off", "ok"]
    return min(found(config, subject, now), key=lambda finding: order.index(finding.state))


def edited(config: Config, old: str, new: str) -> Config:
    path = config.node.state_dir / "gateway.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    return load(path)


def test_no_credential_is_a_problem(config: Config) -> None:
    without = config.model_copy(update={"signing": Signing()})
    assert worst(without, "signing").state == "problem"
    assert "answered 503" in worst(without, "signing").text


def test_a_key_others_may_read_is_a_problem(config: Config) -> None:
    assert config.signing.key is not None
    config.signing.key.chmod(0o644)
    assert "chmod 600" in worst(config, "signing").text


@pytest.mark.parametrize(
    ("before_end", "state", "said"),
    [(-1, "problem", "expired"), (86400, "warning", "renew it now")],
    ids=["expired", "soon"],
)
def test_an_ending_certificate_is_told(config: Config, before_end: int, state: str, said: str) -> None:
    credential = signing_credential(config.signing).credential
    assert credential is not None
    finding = found(config, "signing", credential.not_after - before_end)[0]
    assert finding.state == state
    assert said in finding.text


def test_a_good_certificate_is_shown_with_its_end(config: Config) -> None:
    finding = found(config, "signing")[0]
    assert finding.state == "ok"
    assert "SPC 616H until 20" in finding.text


def test_no_database_is_a_problem_with_a_remedy(config: Config) -> None:
    (config.node.state_dir / "gateway.db").unlink()
    assert "gateway import" in worst(config, "database").text
    assert not (config.node.state_dir / "gateway.db").exists()


def test_a_database_that_is_none_is_a_problem_with_a_remedy(config: Config) -> None:
    (config.node.state_dir / "gateway.db").write_text("a = 1\nb = 2\n")
    assert "restore it from a backup" in worst(config, "database").text


def test_a_policy_without_peers_is_a_problem(config: Config) -> None:
    store = Store(open_database(config.database_url), lambda: NOW)
    for resource in ("routes", "number-transforms", "peers"):
        for each in store.page(resource).entries:
            store.delete(resource, each.entry.key, "a tester")
    assert "no peers" in worst(config, "policy").text


def test_accounts_bound_to_addresses_that_nobody_checks_are_told(config: Config) -> None:
    store = Store(open_database(config.database_url), lambda: NOW)
    store.put("parameters", store.parse("parameters", {"SS_ACCESS_IP_CHECK": 0}), "a tester")
    assert "SS_ACCESS_IP_CHECK is 0" in worst(config, "policy").text


def test_a_next_hop_whose_answers_would_not_be_heard_is_told(config: Config) -> None:
    store = Store(open_database(config.database_url), lambda: NOW)
    peer = {"name": "deaf", "role": "carrier", "next_hops": ["udp:127.0.0.99:5060", "udp:localhost:5060"]}
    store.put("peers", store.parse("peers", peer), "a tester")
    assert worst(config, "policy").text.startswith(
        "127.0.0.99, a next hop of deaf, is in no peer's addresses"
    )


def test_what_the_policy_holds_is_counted(config: Config) -> None:
    assert "3 accounts, 1 number sections, 6 peers" in found(config, "policy")[0].text


def test_what_the_recorder_cannot_do_is_a_problem(config: Config) -> None:
    gone = recorder_status.Problem("database-gone", "gateway.db: locked", NOW)
    status = recorder_status.RecorderStatus(NOW, "3", (gone,))
    recorder_status.write_status(recorder_status.status_path(config.node.state_dir), status)
    assert worst(config, "recorder") == Finding("recorder", "problem", "database-gone: gateway.db: locked")


def test_a_file_of_countries_that_cannot_be_read_is_a_problem(config: Config) -> None:
    lost = edited(config, "[log]", '[geofence]\ncountries = "none.mmdb"\n[log]')
    assert worst(lost, "geofence").state == "problem"


def test_what_is_off_says_why(config: Config) -> None:
    assert worst(config, "tls") == Finding("tls", "off", "[sip] listen names no tls: socket")
    assert worst(config, "edge").state == "off"


def test_a_kernel_without_room_for_bursts_is_told_how_to_give_it(config: Config) -> None:
    finding = worst(config, "buffers")
    if int(Path("/proc/sys/net/core/rmem_max").read_text()) < RECEIVE_BUFFER:
        assert finding.state == "warning"
        assert f"sysctl net.core.rmem_max={RECEIVE_BUFFER}" in finding.text
    else:
        assert finding == Finding("buffers", "ok", f"a socket holds {RECEIVE_BUFFER} bytes of a burst")


def test_a_running_edge_is_seen(config: Config) -> None:
    write_status(status_path(config.node.state_dir), EdgeStatus(NOW, True, False, 7, 8, 9))
    assert worst(config, "edge") == Finding("edge", "ok", "serves calls: 7 now, room for 9 more")


def test_an_open_side_door_is_a_warning(config: Config) -> None:
    opened = edited(config, 'listen = "127.0.0.1:8080"', 'listen = "0.0.0.0:8080"\nallow_public = true')
    assert worst(opened, "api").state == "warning"


def test_the_room_for_calls_follows_from_the_pjsua2_build(config: Config) -> None:
    first = found(config, "pjsua2")[0]
    try:
        slots = abilities.read().slots
    except abilities.Pjsua2Missing:
        assert first.state == "problem"
        assert "no call can be carried" in first.text
    else:
        assert first.state == "ok"
        assert f"{slots} calls a worker, so 200 calls need {200 // slots} workers" in first.text


def test_a_node_without_an_admin_is_told_how_to_make_one(config: Config) -> None:
    access = AccessStore(open_database(config.database_url), lambda: NOW)
    assert worst(config, "access").text == "1 users, 0 tokens"
    access.add_user(User("bob", Role.AUDITOR, "a hash"), "a test")
    with access.engine.begin() as connection:
        connection.execute(delete(USERS).where(USERS.c.name == "admin"))
    assert worst(config, "access").text.endswith("run `gateway user add NAME --role admin`")


@pytest.mark.parametrize(
    ("left", "said"), [(8, None), (6, "token sbc ends in 6.0 days"), (-1, "token sbc has ended")]
)
def test_a_token_that_ends_soon_is_told(config: Config, left: int, said: str | None) -> None:
    access = AccessStore(open_database(config.database_url), lambda: NOW)
    _, token = make_token("sbc", frozenset({Permission.STIR}), b"x" * 32, "me", NOW, NOW + left * 86400)
    access.add_token(token, "a test")
    found = worst(config, "access")
    assert (found.state, found.text.startswith(said or "1 users")) == ("warning" if said else "ok", True)


ACME = """
[acme]
directory = "https://ca.example.test/directory"
sti_pa_url = "https://pa.example.test/api/v1"
sti_pa_user = "616H"
sti_pa_password = "sti-pa.password"
[[acme.orders]]
spc = "616H"
organization = "Example Telecom"
"""


def ordering(config: Config, mode: int = 0o600) -> Config:
    """The same node with an order, and the password it needs."""
    password = config.node.state_dir / "sti-pa.password"
    password.write_text("secret\n")
    password.chmod(mode)
    return edited(config, "[log]", f"{ACME}\n[log]")


def test_a_node_that_orders_nothing_renews_by_hand(config: Config) -> None:
    assert worst(config, "acme").state == "off"


def test_a_password_others_may_read_keeps_orders_from_being_filled(config: Config) -> None:
    finding = found(ordering(config, 0o644), "acme")[-1]
    assert finding.state == "warning"
    assert "chmod 600" in finding.text and "secret" not in finding.text


def test_an_order_is_told_with_what_it_renews(config: Config) -> None:
    finding = found(ordering(config), "acme")[-1]
    assert (finding.state, finding.text) == ("ok", "616H: 616H has 365.0 days left")


def test_orders_without_a_url_to_publish_under_are_a_warning(config: Config) -> None:
    without = edited(config, 'certs_url = "http://127.0.0.1:8080/certs/"\n', "")
    assert "certs_url is missing" in worst(ordering(without), "acme").text
