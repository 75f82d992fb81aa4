"""An order against the lab over real HTTP: what goes wrong and what becomes of it, then the whole life."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest

from certs.online.faults import RETRY_AFTER
from gateway.acme.renewals import Wish
from gateway.acme.schedule import FIRST_WAIT, LONGEST_WAIT, PATIENCE
from gateway.acme.state import Busy, StateFile
from gateway.stir.path import Anchors
from tests.acme.world import DAY, PASSWORD, SPC, World

# What goes wrong


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        pytest.param("bad-nonce", "bad-nonce", id="every nonce is refused"),
        pytest.param("unavailable", "server-unavailable", id="the ACME server is away"),
        pytest.param("garbage", "bad-answer", id="the ACME server talks nonsense"),
        pytest.param("challenge-invalid", "order-invalid", id="the challenge is found wrong"),
        pytest.param("forged-token", "order-invalid", id="the token is a stranger's"),
        pytest.param("wrong-fingerprint", "token-for-another-key", id="the token is for another key"),
        pytest.param("expired-token", "token-expired", id="the token has expired"),
        pytest.param("sti-pa-unavailable", "sti-pa-unavailable", id="the STI-PA is away"),
        pytest.param("sti-pa-garbage", "sti-pa-bad-answer", id="the STI-PA talks nonsense"),
        pytest.param("sti-pa-refuses", "sti-pa-refused", id="the STI-PA does not know us"),
        pytest.param("certificate-of-another-key", "certificate-of-another-key", id="another key is certified"),
        pytest.param("certificate-of-another-spc", "certificate-of-another-spc", id="another provider is certified"),
    ],
)  # fmt: skip
def test_a_fault_is_told_and_the_order_goes_on_once_it_is_gone(
    lab_world: World, fault: str, reason: str
) -> None:
    lab_world.faults(**{fault: None})
    logged = lab_world.turn()
    failed = lab_world.status()
    assert (failed.standing, failed.failures) == ("failing", 1)
    assert failed.trouble and failed.trouble.reason == reason
    assert {"acme.failed", "acme.renewal-late"} <= {each["event"] for each in logged}
    assert lab_world.active() is None
    lab_world.faults()
    assert lab_world.until("good").failures == 0
    assert lab_world.active() is not None


@pytest.mark.parametrize("fault", ["unavailable", "sti-pa-unavailable", "garbage", "challenge-invalid"])
def test_a_renewal_that_fails_leaves_the_active_certificate_as_it_is(lab_world: World, fault: str) -> None:
    lab_world.until("good")
    before = lab_world.custodian.view()
    lab_world.to_renewal()
    lab_world.faults(**{fault: None})
    lab_world.turn()
    assert lab_world.status().standing == "failing"
    after = lab_world.custodian.view()
    assert (after.active, after.certificates) == (before.active, before.certificates)


def test_a_503_is_not_repeated_before_it_asked_for(lab_world: World) -> None:
    lab_world.faults(unavailable=None)
    lab_world.turn()
    assert lab_world.status().next_attempt == lab_world.now + max(RETRY_AFTER, FIRST_WAIT)
    assert lab_world.turn(RETRY_AFTER) == []


def test_attempts_that_fail_come_less_and_less_often(lab_world: World) -> None:
    lab_world.faults(sti_pa_unavailable=None)
    waits = []
    for _ in range(12):
        lab_world.turn()
        waits.append(lab_world.status().next_attempt - lab_world.now)
        lab_world.now = lab_world.status().next_attempt
    assert waits[:3] == [FIRST_WAIT, 2 * FIRST_WAIT, 4 * FIRST_WAIT]
    assert waits[-1] == LONGEST_WAIT


def test_an_sti_pa_that_is_down_until_the_end_is_alarmed_ever_louder(lab_world: World) -> None:
    lab_world.until("good")
    active = lab_world.active()
    assert active
    lab_world.to_renewal()
    lab_world.faults(sti_pa_unavailable=None)
    heard, alarms = [], []
    for days in (30, 29, 14, 13, 7, 6, 1, 0.5):
        lab_world.now = active.not_after - days * DAY
        heard += [each for each in lab_world.turn() if each["event"] == "acme.renewal-late"]
        alarms.append(lab_world.status().urgency)
        assert lab_world.active() == active
    assert len(heard) == 4  # once for 30, 14, 7 and 1 days
    assert alarms == [1, 1, 2, 2, 3, 3, 4, 4]
    assert any(alarm.startswith("acme-renewal: 616H: ") for alarm in lab_world.renewals.current.alarms)


def test_an_order_that_is_pending_for_long_is_looked_at_when_it_asks_and_goes_on(
    lab_world: World,
) -> None:
    lab_world.faults(challenge_pending=None)
    lab_world.turn()
    looks = []
    while lab_world.progress().waiting and len(looks) < 100:
        looks.append(lab_world.status().next_attempt - lab_world.now)
        lab_world.now += 600
        if len(looks) == 4:
            lab_world.faults()
        lab_world.turn()
    assert looks[0] == RETRY_AFTER and len(looks) == 4
    assert lab_world.ordered == 1
    assert lab_world.status().standing == "good"


def test_an_order_that_comes_to_nothing_is_given_up_and_ordered_anew(lab_world: World) -> None:
    lab_world.faults(order_processing=None)
    lab_world.turn()
    key = lab_world.progress().key_id
    lab_world.turn(PATIENCE + 1)
    assert lab_world.progress().order_url is None
    lab_world.faults()
    lab_world.until("good")
    assert lab_world.ordered == 2
    assert [each.id for each in lab_world.custodian.view().keys if each.label == SPC] == [key]


def test_an_order_that_is_worked_on_for_an_hour_is_an_alarm(lab_world: World) -> None:
    lab_world.faults(order_processing=None)
    lab_world.turn()
    assert list(lab_world.renewals.current.alarms) == []
    lab_world.turn(3601)
    assert any("still at work" in each for each in lab_world.renewals.current.alarms)


def test_a_certificate_that_its_url_does_not_serve_is_not_activated_and_not_bought_again(
    lab_world: World,
) -> None:
    lab_world.hidden = True
    lab_world.turn()
    assert lab_world.status().trouble is not None
    assert (lab_world.active(), lab_world.issued) == (None, 1)
    lab_world.hidden = False
    lab_world.until("good")
    assert lab_world.active() is not None
    assert lab_world.issued == 1


def test_a_chain_that_is_not_trusted_yet_is_installed_once_it_is_and_not_bought_again(
    lab_world: World,
) -> None:
    trusted, lab_world.trust.anchors = lab_world.trust.anchors, Anchors([])
    lab_world.turn()
    trouble = lab_world.status().trouble
    assert trouble and trouble.reason == "no-trust-anchors"
    lab_world.trust.anchors = trusted
    lab_world.until("good")
    assert lab_world.issued == 1


@pytest.mark.parametrize("hours", [-24.0, 24.0])
def test_nothing_is_ordered_under_a_wrong_clock(lab_world: World, hours: float) -> None:
    lab_world.lab_ahead = hours * 3600
    lab_world.turn()
    trouble = lab_world.status().trouble
    assert trouble and trouble.reason == "clock-wrong"
    assert lab_world.ordered == 0


def test_a_clock_that_was_set_back_keeps_no_order_waiting(lab_world: World) -> None:
    lab_world.faults(sti_pa_unavailable=None)
    for _ in range(10):
        lab_world.now = lab_world.status().next_attempt
        lab_world.turn()
    lab_world.faults()
    lab_world.turn(-3600.0)
    assert lab_world.status().standing == "good"


@pytest.mark.parametrize(
    ("mode", "content", "reason"),
    [
        pytest.param(0o644, PASSWORD, "password-readable-by-others", id="open to others"),
        pytest.param(0o600, "", "password-unreadable", id="empty"),
        pytest.param(0o600, "battery staple", "sti-pa-refused", id="wrong"),
    ],
)
def test_a_password_that_will_not_do_is_told_by_its_file_and_never_shown(
    lab_world: World, mode: int, content: str, reason: str
) -> None:
    lab_world.password.write_text(content)
    lab_world.password.chmod(mode)
    logged = lab_world.turn()
    trouble = lab_world.status().trouble
    assert trouble and trouble.reason == reason
    assert not content or content not in json.dumps([logged, str(trouble)], default=str).replace(
        "wrong user", ""
    )


def test_two_processes_never_work_on_the_orders_at_once(lab_world: World) -> None:
    with StateFile(lab_world.folder / "acme").claimed():
        assert lab_world.turn() == []
        with pytest.raises(Busy):
            asyncio.run(lab_world.renewals.work())
    assert lab_world.ordered == 0


def test_a_damaged_state_is_told_and_nothing_is_ordered(lab_world: World) -> None:
    lab_world.until("good")
    (lab_world.folder / "acme" / "acme.json").write_text("{")
    lab_world.now += 340 * DAY
    assert [each["event"] for each in lab_world.turn()] == ["acme.stopped"]
    assert next(iter(lab_world.renewals.current.alarms)).startswith("acme-stopped: ")
    assert lab_world.ordered == 1


def test_no_secret_is_in_the_state_nor_in_the_log(lab_world: World) -> None:
    logged = lab_world.turn()
    written = (lab_world.folder / "acme" / "acme.json").read_text()
    for secret in (PASSWORD, "PRIVATE", "eyJ"):
        assert secret not in written
        assert secret not in json.dumps(logged, default=str)
    assert (lab_world.folder / "acme" / "acme.json").stat().st_mode & 0o777 == 0o600


def test_a_key_that_was_deleted_while_its_certificate_was_made_costs_that_order_alone(
    lab_world: World,
) -> None:
    lab_world.faults(order_processing=1)
    lab_world.turn()
    key_id = lab_world.progress().key_id
    assert key_id
    lab_world.custodian.delete_key(key_id)
    lab_world.until("failing")
    trouble = lab_world.status().trouble
    assert trouble and trouble.reason == "key-unknown"
    lab_world.until("good")
    assert lab_world.ordered == 2


# What an operator asks for


def test_a_dry_run_goes_up_to_the_certificate_and_changes_nothing(lab_world: World) -> None:
    lab_world.until("good")
    before, held = lab_world.custodian.view(), lab_world.progress()
    lab_world.wish(dry_run=True)
    lab_world.turn()
    rehearsal = lab_world.progress().rehearsal
    assert rehearsal and rehearsal.trouble is None
    assert lab_world.custodian.view() == before
    assert (lab_world.issued, lab_world.ordered) == (1, 2)
    assert lab_world.progress().certificate == held.certificate


def test_a_dry_run_says_what_would_go_wrong_without_making_it_an_alarm(lab_world: World) -> None:
    lab_world.until("good")
    lab_world.faults(sti_pa_refuses=None)
    lab_world.wish(dry_run=True)
    lab_world.turn()
    status = lab_world.status()
    assert (
        status.rehearsal and status.rehearsal.trouble and status.rehearsal.trouble.reason == "sti-pa-refused"
    )
    assert (status.standing, status.alarm) == ("good", None)


def test_a_renewal_that_is_asked_for_is_made_before_it_is_due(lab_world: World) -> None:
    lab_world.until("good")
    first = lab_world.active()
    lab_world.wish()
    lab_world.turn()
    assert lab_world.active() != first
    assert lab_world.status().standing == "good"


def test_what_was_asked_for_outlives_a_restart(lab_world: World) -> None:
    lab_world.until("good")
    lab_world.faults(unavailable=1)
    lab_world.wish()
    lab_world.turn()
    lab_world.restarted()
    lab_world.until("good")
    assert lab_world.issued == 2


def test_an_order_that_hangs_is_given_up_where_a_new_one_is_asked_for(lab_world: World) -> None:
    lab_world.faults(order_processing=None)
    lab_world.turn()
    lab_world.faults()
    lab_world.wish(anew=True)
    lab_world.turn()
    assert (lab_world.ordered, lab_world.issued) == (2, 1)


def test_an_order_nobody_wrote_cannot_be_asked_for(lab_world: World) -> None:
    with pytest.raises(KeyError):
        lab_world.renewals.ask("709J", Wish())


# The life


def test_a_certificate_is_ordered_installed_looked_at_and_activated(lab_world: World) -> None:
    lab_world.turn()
    active = lab_world.active()
    assert active and active.spc == SPC
    assert lab_world.looked_at == [active.name]
    assert [(change.who, change.action) for change in lab_world.changes] == [
        ("acme", "made"),
        ("acme:616H", "made"),
        ("acme:616H", "installed"),
        ("acme:616H", "activated"),
    ]
    assert lab_world.status().standing == "good"
    assert lab_world.status().renewal_at == pytest.approx(active.not_after - 30 * DAY)


def test_every_certificate_has_a_new_key_and_a_new_url_and_one_account_orders_them_all(
    lab_world: World,
) -> None:
    lab_world.until("good")
    for _ in range(2):
        lab_world.to_renewal()
        lab_world.until("good")
    found = lab_world.custodian.view().certificates
    assert len({each.key_id for each in found}) == len({each.x5u for each in found}) == 3
    assert len(lab_world.server.online.ca.accounts) == 1
    assert lab_world.active() == found[-1]


def test_nothing_is_done_before_a_certificate_is_due(lab_world: World) -> None:
    lab_world.until("good")
    lab_world.to_renewal()
    assert lab_world.turn(-1.0) == []
    assert lab_world.issued == 1
    lab_world.turn(1.0)
    assert lab_world.issued == 2


def test_a_revoked_certificate_is_replaced_at_once(lab_world: World) -> None:
    lab_world.until("good")
    first = lab_world.active()
    assert first
    lab_world.custodian.revoke(first.name, "key compromise")
    lab_world.turn()
    assert lab_world.active() != first


def test_without_activation_a_certificate_is_installed_and_waits_for_an_operator(lab_world: World) -> None:
    lab_world.restarted(activate=False)
    lab_world.until("good")
    assert lab_world.active() is None
    assert len(lab_world.custodian.view().certificates) == 1
    lab_world.turn(DAY)
    assert lab_world.issued == 1


def test_two_providers_on_one_gateway_have_a_certificate_each(lab_world: World) -> None:
    orders = [
        {"spc": SPC, "organization": "Example Telecom"},
        {
            "spc": "709J",
            "organization": "Other Telecom",
            "account": "other",
            "name": "second",
            "sti_pa_user": "709J",
            "sti_pa_password": str(lab_world.password),
        },
    ]
    lab_world.restarted(orders=orders)
    lab_world.turn()
    default, other = lab_world.active(), lab_world.active("other")
    assert default and other
    assert (default.spc, other.spc) == (SPC, "709J")
    assert other.name.startswith("second-")


def test_one_order_that_fails_keeps_no_other_from_being_filled(lab_world: World) -> None:
    orders = [
        {"spc": "709J", "organization": "Other Telecom", "account": "other"},  # not this STI-PA user's
        {"spc": SPC, "organization": "Example Telecom"},
    ]
    lab_world.restarted(orders=orders)
    lab_world.turn()
    assert lab_world.status("709J").standing == "failing"
    assert lab_world.active() is not None


def test_both_ways_to_ask_the_sti_pa_lead_to_a_certificate(lab_world: World) -> None:
    lab_world.restarted(sti_pa_shape="rfc9448", sti_pa_url=lab_world.server.url("/at"))
    lab_world.turn()
    assert lab_world.active() is not None


def test_an_identifier_in_base64_is_understood_too(lab_world: World) -> None:
    lab_world.restarted(identifier_encoding="base64")
    lab_world.turn()
    assert lab_world.active() is not None


def test_a_bad_nonce_costs_no_attempt(lab_world: World) -> None:
    lab_world.faults(bad_nonce=3)
    lab_world.turn()
    assert lab_world.status().failures == 0
    assert lab_world.active() is not None


@pytest.mark.parametrize(
    "fault", ["challenge-pending", "order-processing", "unavailable", "sti-pa-unavailable"]
)
def test_a_restart_in_the_middle_goes_on_with_the_same_order(lab_world: World, fault: str) -> None:
    lab_world.faults(**{fault: 1})
    lab_world.turn()
    lab_world.restarted()
    lab_world.until("good")
    assert (lab_world.ordered, lab_world.issued) == (1, 1)


def test_a_process_that_died_before_it_noted_what_it_installed_activates_that(lab_world: World) -> None:
    lab_world.hidden = True
    lab_world.turn()
    file = StateFile(lab_world.folder / "acme")
    unnoted = replace(lab_world.progress(), installed=None, pause=None)
    file.write(file.read().having(SPC, unnoted))
    installed = lab_world.custodian.view().certificates
    lab_world.hidden = False
    lab_world.restarted()
    lab_world.until("good")
    assert lab_world.custodian.view().certificates == installed
    assert lab_world.active() == installed[0]


def test_an_account_the_server_has_forgotten_is_made_again_with_the_same_key(lab_world: World) -> None:
    lab_world.until("good")
    lab_world.server.online.ca.accounts.clear()
    lab_world.to_renewal()
    lab_world.turn()
    assert lab_world.status().trouble is not None
    lab_world.until("good")
    assert sum(key.label == "ACME account" for key in lab_world.custodian.view().keys) == 1


def test_an_account_key_that_was_deleted_is_replaced_by_a_new_account(lab_world: World) -> None:
    lab_world.until("good")
    key = next(key for key in lab_world.custodian.view().keys if key.label == "ACME account")
    lab_world.custodian.delete_key(key.id)
    lab_world.to_renewal()
    lab_world.turn()
    lab_world.until("good")
    assert len(lab_world.server.online.ca.accounts) == 2
