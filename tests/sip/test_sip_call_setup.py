"""Setting a call up: what each side hears, and in which order, when it is taken, refused, taken back or unanswered."""

import pytest
from playbook import ANSWER, OFFER, SIGNATURE, Playbook, required, say


def test_a_call_is_set_up_talks_and_ends() -> None:
    with Playbook(
        "P-Asserted-Identity: <sip:+12025550123@x>", "X-Key: 7", "Server: vos", offer=OFFER
    ) as book:
        book.invite()
        invite = book.carrier.heard
        assert invite.uri == "sip:+12025550199@198.51.100.1"
        assert invite.get("from") == '"Caller" <sip:+12025550123@192.0.2.250>;tag=abcdefghijklmnopb0'
        assert invite.get("max-forwards") == "69"
        assert invite.get("identity") == "signed"
        assert (invite.get("p-asserted-identity"), invite.get("x-key")) == ("<sip:+12025550123@x>", "7")
        assert not invite.get("server")
        assert invite.body == OFFER
        book.carrier >> "180"
        book.caller << "180"
        book.answer()
        assert book.caller.heard.body == ANSWER
        book.caller_hangs_up()
    assert book.call.record["ended_by"] == "caller"
    assert book.call.record["code"] == 200


def test_the_callee_hangs_up() -> None:
    with Playbook() as book:
        book.talk()
        book.carrier >> say("BYE", 'Reason: Q.850;cause=16;text="bye"')
        book.carrier << "200 BYE"
        book.worker << "BYE b"
        book.worker >> "200 BYE b"
        book.worker >> "BYE a"
        book.worker << "200 BYE a"
        book.caller << "BYE"
        assert book.caller.heard.get("reason") == 'Q.850;cause=16;text="bye"'
        book.caller >> "200 BYE"
    assert book.call.record["ended_by"] == "callee"


def test_both_hang_up_at_once() -> None:
    with Playbook() as book:
        book.talk()
        book.caller >> "BYE"
        book.caller << "200 BYE"
        book.worker << "BYE a"
        book.carrier >> "BYE"
        book.carrier << "200 BYE"
        book.worker << "BYE b"
        book.worker >> "200 BYE a"
        book.worker >> "200 BYE b"


def test_ringing_and_early_media_reach_the_caller_as_they_come() -> None:
    with Playbook() as book:
        book.invite()
        book.carrier >> "100"
        book.carrier >> say("183", "Content-Type: application/sdp", body=ANSWER)
        book.caller << "183"
        assert (book.caller.heard.body, book.caller.heard.phrase) == (ANSWER, "said-183")
        book.carrier >> "180"
        book.caller << "180"
        book.answer()
        book.caller_hangs_up()


def test_what_a_carrier_finds_wrong_with_our_signature_is_noted_and_goes_no_further() -> None:
    """RFC 9410 §6; a complaint about somebody else's token passes."""
    with Playbook() as book:
        book.invite()
        ours = f'Reason: STIR ;cause=437 ;text="Unsupported Credential" ;ppi="..{SIGNATURE}"'
        book.carrier >> say("183", ours, 'Reason: STIR ;cause=438 ;ppi="..another"', "Reason: Q.850;cause=16")
        book.caller << "183"
        assert book.caller.heard.all("reason") == ['STIR ;cause=438 ;ppi="..another"', "Q.850;cause=16"]
        book.answer()
        book.caller_hangs_up()
    assert book.call.record["complaint"] == 437


def test_every_answer_that_makes_a_dialog_carries_the_callers_record_route() -> None:
    """RFC 3261 §12.1.1: the responses a dialog is made of, early ones too."""
    with Playbook("Record-Route: <sip:192.0.2.1;lr>") as book:
        book.invite()
        book.carrier >> "180"
        book.caller << "180"
        assert book.caller.heard.get("record-route") == "<sip:192.0.2.1;lr>"
        book.answer()
        assert book.caller.heard.get("record-route") == "<sip:192.0.2.1;lr>"
        book.caller_hangs_up()


def test_the_next_request_follows_the_carriers_record_route() -> None:
    with Playbook() as book:
        book.invite()
        route = "<sip:198.51.100.2;lr>"
        book.carrier >> say("200", f"Record-Route: {route}", body=ANSWER)
        book.worker << "200 b"
        book.worker >> "ACK b"
        book.worker >> "200 a"
        book.worker << "ACK a"
        book.caller << "200"
        book.carriers[1] << "ACK"
        assert book.carriers[1].heard.get("route") == route
        assert book.carriers[1].heard.uri == "sip:carrier0@198.51.100.1"
        book.caller >> "ACK"
        book.caller >> "BYE"
        book.caller << "200 BYE"
        book.worker << "BYE a"
        book.worker >> "200 BYE a"
        book.worker >> "BYE b"
        book.worker << "200 BYE b"
        book.carriers[1] << "BYE"
        book.carriers[1] >> "200 BYE"


def test_an_offer_in_the_answer_is_answered_in_the_ack() -> None:
    with Playbook(offer=b"") as book:
        book.ring()
        book.carrier >> say("200", body=OFFER)
        book.worker << "200 b"
        book.worker >> "ACK b"
        book.carrier.silent()
        book.worker >> "200 a"
        book.worker << "ACK a"
        book.caller << "200"
        assert book.caller.heard.body == OFFER
        book.caller >> say("ACK", "Content-Type: application/sdp", body=ANSWER)
        book.carrier << "ACK"
        assert book.carrier.heard.body == ANSWER
        book.carrier >> say("200", body=OFFER)
        book.carrier << "ACK"
        assert book.carrier.heard.body == ANSWER
        book.caller_hangs_up()


def test_an_offer_never_answered_is_acknowledged_all_the_same() -> None:
    with Playbook(offer=b"") as book:
        book.ring()
        book.carrier >> say("200", body=OFFER)
        book.worker << "200 b"
        book.worker >> "ACK b"
        book.worker >> "200 a"
        book.worker << "ACK a"
        book.caller << "200"
        book.caller >> "BYE"
        book.caller << "200 BYE"
        book.worker << "BYE a"
        book.worker >> "200 BYE a"
        book.worker >> "BYE b"
        book.worker << "200 BYE b"
        book.carrier << "ACK"
        book.carrier << "BYE"
        book.carrier >> "200 BYE"


# Taken back


def test_cancel_before_there_is_a_slot() -> None:
    with Playbook(grant=False) as book:
        book.caller >> "INVITE"
        book.caller << "100"
        book.caller >> "CANCEL"
        book.caller << "200 CANCEL"
        book.caller << "487"
        book.caller >> "ACK"
        book.grant()
        book.worker.silent()


def test_cancel_before_the_worker_calls_back() -> None:
    with Playbook() as book:
        book.caller >> say("INVITE", body=OFFER)
        book.caller << "100"
        book.worker << "INVITE a"
        book.caller >> "CANCEL"
        book.caller << "200 CANCEL"
        book.worker << "CANCEL a"
        book.worker >> "200 CANCEL a"
        book.worker >> "487 a"
        book.worker << "ACK a"
        book.caller << "487"
        book.caller >> "ACK"


def test_cancel_crossing_the_workers_call_reaches_no_carrier() -> None:
    with Playbook() as book:
        book.caller >> say("INVITE", body=OFFER)
        book.caller << "100"
        book.worker << "INVITE a"
        book.caller >> "CANCEL"
        book.caller << "200 CANCEL"
        book.worker << "CANCEL a"
        book.worker >> "INVITE b"
        book.worker << "480 b"
        book.carrier.silent()
        book.worker >> "ACK b"
        book.worker >> "487 a"
        book.worker << "ACK a"
        book.caller << "487"
        book.caller >> "ACK"


def cancel_inside(book: Playbook) -> None:
    """The worker ends both legs of a call taken back."""
    book.worker << "CANCEL a"
    book.worker << "480 b"
    book.worker >> "200 CANCEL a"
    book.worker >> "487 a"
    book.worker << "ACK a"
    book.worker >> "ACK b"


def test_cancel_before_the_carrier_says_anything_waits_for_its_first_word() -> None:
    """RFC 3261 §9.1: no CANCEL before a provisional response."""
    with Playbook() as book:
        book.invite()
        book.caller >> "CANCEL"
        book.caller << "200 CANCEL"
        cancel_inside(book)
        book.caller << "487"
        book.caller >> "ACK"
        book.carrier.silent()
        book.carrier >> "100"
        book.carrier << "CANCEL"
        book.carrier >> "200 CANCEL"
        book.carrier >> "487"
        book.carrier << "ACK"


def test_cancel_while_it_rings_reaches_the_carrier_with_its_reason() -> None:
    with Playbook() as book:
        book.ring()
        invite = book.carrier.requests["INVITE"]
        book.caller >> say("CANCEL", 'Reason: SIP;cause=200;text="elsewhere"')
        book.caller << "200 CANCEL"
        cancel_inside(book)
        book.caller << "487"
        book.caller >> "ACK"
        book.carrier << "CANCEL"
        assert book.carrier.heard.get("reason") == 'SIP;cause=200;text="elsewhere"'
        assert book.carrier.heard.get("via") == invite.get("via")
        assert book.carrier.heard.get("to") == invite.get("to")
        book.carrier >> "200 CANCEL"
        book.carrier >> "487"
        book.carrier << "ACK"
    assert book.call.record["code"] == 487


def test_cancel_repeated_is_answered_again_and_does_no_more() -> None:
    with Playbook() as book:
        book.ring()
        for _ in range(2):
            book.caller >> "CANCEL"
            book.caller << "200 CANCEL"
        cancel_inside(book)
        book.caller << "487"
        book.caller >> "CANCEL"
        book.caller << "200 CANCEL"
        book.caller >> "ACK"
        book.carrier << "CANCEL"
        book.carrier >> "200 CANCEL"
        book.carrier >> "487"
        book.carrier << "ACK"


def test_cancel_crossing_the_carriers_200_hangs_up_there() -> None:
    with Playbook() as book:
        book.ring()
        book.caller >> "CANCEL"
        book.caller << "200 CANCEL"
        book.carrier >> say("200", body=ANSWER)
        cancel_inside(book)
        book.caller << "487"
        book.carrier << "ACK"
        book.carrier << "BYE"
        book.carrier >> "200 BYE"
        book.caller >> "ACK"


def test_cancel_crossing_the_workers_200_has_no_effect() -> None:
    """RFC 3261 §9.2: once the INVITE has its final answer, a CANCEL changes nothing."""
    with Playbook() as book:
        book.ring()
        book.carrier >> say("200", body=ANSWER)
        book.worker << "200 b"
        book.worker >> "ACK b"
        book.caller >> "CANCEL"
        book.caller << "200 CANCEL"
        book.worker << "CANCEL a"
        book.worker >> "200 CANCEL a"
        book.worker >> "200 a"
        book.worker << "ACK a"
        book.caller << "200"
        book.carrier << "ACK"
        book.caller >> "ACK"
        book.wait(20.0)
        book.caller_hangs_up()


def test_a_carrier_that_answers_after_it_was_cancelled_hears_ack_and_bye() -> None:
    with Playbook() as book:
        book.ring()
        book.caller >> "CANCEL"
        book.caller << "200 CANCEL"
        cancel_inside(book)
        book.caller << "487"
        book.caller >> "ACK"
        book.carrier << "CANCEL"
        book.carrier >> "200 CANCEL"
        book.carrier >> say("200", body=ANSWER)
        book.carrier << "ACK"
        book.carrier << "BYE"
        book.carrier >> say("200", body=ANSWER)
        book.carrier << "ACK"
        book.carrier >> "200 BYE"


def test_bye_before_the_answer_is_as_good_as_cancel() -> None:
    with Playbook() as book:
        book.ring()
        book.caller >> "BYE"
        book.caller << "200 BYE"
        book.caller << "487"
        cancel_inside(book)
        book.caller >> say("ACK", branch=book.caller.branches["INVITE"], cseq=1)
        book.carrier << "CANCEL"
        book.carrier >> "200 CANCEL"
        book.carrier >> "487"
        book.carrier << "ACK"


def test_bye_of_a_carrier_that_never_answered_ends_the_call() -> None:
    """It has no right to (RFC 3261 §15), but the caller must not wait for it."""
    with Playbook() as book:
        book.ring()
        book.carrier >> "BYE"
        book.carrier << "200 BYE"
        book.worker << "480 b"
        book.worker >> "ACK b"
        book.worker >> "480 a"
        book.worker << "ACK a"
        book.caller << "408"
        book.caller >> "ACK"
        book.carrier << "CANCEL"
        book.carrier >> "200 CANCEL"
        book.carrier >> "487"
        book.carrier << "ACK"


# Refused


@pytest.mark.parametrize("code", ["404", "480", "486", "488", "500", "600", "603"])
def test_a_refusal_reaches_the_caller_in_the_carriers_words(code: str) -> None:
    with Playbook() as book:
        book.ring()
        book.carrier >> say(
            code, "Reason: Q.850;cause=17", "X-Why: so", "Content-Type: text/plain", body=b"why"
        )
        book.carrier << "ACK"
        assert book.carrier.heard.get("via") == book.carrier.requests["INVITE"].get("via")
        book.refuse_inside()
        book.caller << code
        said = book.caller.heard
        assert (said.phrase, said.get("reason"), said.get("x-why")) == (
            f"said-{code}",
            "Q.850;cause=17",
            "so",
        )
        assert (said.get("content-type"), said.body) == ("text/plain", b"why")
        book.caller >> "ACK"
    assert book.call.record["code"] == int(code)


@pytest.mark.parametrize(("code", "becomes"), [("302", "480"), ("401", "403"), ("407", "403")])
def test_a_refusal_the_softswitch_cannot_follow_is_told_as_another(code: str, becomes: str) -> None:
    with Playbook() as book:
        book.invite()
        book.carrier >> say(code, 'WWW-Authenticate: Digest realm="x"')
        book.carrier << "ACK"
        book.refuse_inside()
        book.caller << becomes
        assert book.caller.heard.get("reason") == f"SIP;cause={code}"
        assert not book.caller.heard.get("www-authenticate")
        book.caller >> "ACK"


def test_a_refused_call_gives_its_slot_back_before_the_caller_acknowledges() -> None:
    with Playbook() as book:
        book.invite()
        book.carrier >> "404"
        book.carrier << "ACK"
        book.refuse_inside()
        assert book.freed == 1
        book.caller << "404"
        book.caller >> "ACK"


@pytest.mark.parametrize("code", ["408", "503"])
def test_the_next_target_is_tried_when_one_cannot(code: str) -> None:
    with Playbook(targets=2) as book:
        book.invite()
        book.carrier >> code
        book.carrier << "ACK"
        book.carrier = book.carriers[1]
        book.carrier << "INVITE"
        assert book.carrier.heard.uri == "sip:+12025550199@198.51.100.2"
        assert book.carrier.heard.get("identity") == "signed"
        assert book.carrier.heard.get("call-id") != book.carriers[0].requests["INVITE"].get("call-id")
        book.carrier >> "180"
        book.caller << "180"
        book.answer()
        book.caller_hangs_up()
    assert book.call.record["carrier"] == "peer1"


def test_the_next_target_is_not_tried_once_one_has_rung() -> None:
    with Playbook(targets=2) as book:
        book.ring()
        book.carrier >> "503"
        book.carrier << "ACK"
        book.refuse_inside()
        book.caller << "503"
        book.caller >> "ACK"


def test_the_next_target_is_not_tried_once_the_caller_has_cancelled() -> None:
    with Playbook(targets=2) as book:
        book.invite()
        book.caller >> "CANCEL"
        book.caller << "200 CANCEL"
        book.carrier >> "503"
        book.carrier << "ACK"
        book.carriers[1].silent()
        cancel_inside(book)
        book.caller << "487"
        book.caller >> "ACK"


@pytest.mark.parametrize("key", ["next", "i0"], ids=["silence", "no-connection"])
def test_the_next_target_is_tried_on(key: str) -> None:
    with Playbook(targets=2) as book:
        book.invite()
        book.runs_out(key)
        book.carrier = book.carriers[1]
        book.carrier << "INVITE"
        book.carrier >> "180"
        book.caller << "180"
        book.answer()
        book.caller_hangs_up()


def test_all_targets_silent_is_a_timeout() -> None:
    with Playbook(targets=3) as book:
        book.invite()
        book.wait(5.0)
        book.carriers[1] << "INVITE"
        book.wait(5.0)
        book.carriers[2] << "INVITE"
        book.wait(5.0)
        book.refuse_inside()
        book.caller << "408"
        book.caller >> "ACK"
    assert book.call.record["ended_by"] == "silence"


def test_a_target_that_only_says_100_is_given_up_in_the_end() -> None:
    with Playbook() as book:
        book.invite()
        book.carrier >> "100"
        book.wait(184.0)
        book.silent()
        book.wait(1.0)
        book.carrier << "CANCEL"
        book.carrier >> "200 CANCEL"
        book.carrier >> "487"
        book.carrier << "ACK"
        book.refuse_inside()
        book.caller << "408"
        book.caller >> "ACK"


@pytest.mark.parametrize("late", ["100", "180"])
def test_an_abandoned_target_that_wakes_up_is_cancelled_and_the_next_one_keeps_its_clock(late: str) -> None:
    with Playbook(targets=2) as book:
        book.invite()
        book.wait(5.0)
        book.carriers[1] << "INVITE"
        book.carrier >> late
        book.carrier << "CANCEL"
        book.carrier >> "200 CANCEL"
        book.carrier >> "487"
        book.carrier << "ACK"
        book.wait(5.0)
        book.refuse_inside()
        book.caller << "408"
        book.caller >> "ACK"


def test_an_abandoned_target_that_answers_hears_ack_and_bye_once_each_time() -> None:
    with Playbook(targets=2) as book:
        book.invite()
        book.wait(5.0)
        book.carriers[1] << "INVITE"
        book.carrier >> say("200", body=ANSWER)
        book.carrier << "ACK"
        book.carrier << "BYE"
        book.carrier >> say("200", body=ANSWER)
        book.carrier << "ACK"
        book.carrier >> "200 BYE"
        book.carrier = book.carriers[1]
        book.carrier >> "180"
        book.caller << "180"
        book.answer()
        book.caller_hangs_up()


# No worker


def test_no_room_is_told_with_a_time_to_come_back() -> None:
    with Playbook(grant=False) as book:
        book.caller >> "INVITE"
        book.caller << "100"
        book.no_room()
        book.caller << "503"
        assert book.caller.heard.get("retry-after") == "5"
        book.caller >> "ACK"


@pytest.mark.parametrize("code", ["486", "488"])
def test_a_worker_that_refuses_is_left_for_another(code: str) -> None:
    with Playbook() as book:
        book.caller >> say("INVITE", body=OFFER)
        book.caller << "100"
        book.worker << "INVITE a"
        book.worker >> f"{code} a"
        book.worker << "ACK a"
        assert book.refused
        book.worker << "INVITE a"
        book.worker >> "INVITE b"
        book.carrier << "INVITE"
        book.answer()
        book.caller_hangs_up()
    assert book.granted == 2


def test_a_worker_that_fails_before_it_calls_back_is_our_failure() -> None:
    with Playbook() as book:
        book.caller >> say("INVITE", body=OFFER)
        book.caller << "100"
        book.worker << "INVITE a"
        book.worker >> "480 a"
        book.worker << "ACK a"
        book.caller << "503"
        book.caller >> "ACK"


def test_a_silent_worker_is_given_up_after_a_second() -> None:
    with Playbook() as book:
        book.caller >> say("INVITE", body=OFFER)
        book.caller << "100"
        book.worker << "INVITE a"
        book.wait(1.0)
        assert book.refused
        book.caller << "500"
        book.caller >> "ACK"
    assert book.call.record["ended_by"] == "worker-silent"


def test_a_worker_that_wakes_up_too_late_calls_nobody() -> None:
    with Playbook() as book:
        book.caller >> say("INVITE", body=OFFER)
        book.caller << "100"
        book.worker << "INVITE a"
        book.wait(1.0)
        book.caller << "500"
        book.worker >> "INVITE b"
        book.worker << "480 b"
        book.carrier.silent()
        book.worker >> "ACK b"
        book.worker >> "480 a"
        book.worker << "ACK a"
        book.caller >> "ACK"


def test_a_cancelled_call_whose_worker_is_silent_ends_with_487() -> None:
    with Playbook() as book:
        book.caller >> say("INVITE", body=OFFER)
        book.caller << "100"
        book.worker << "INVITE a"
        book.caller >> "CANCEL"
        book.caller << "200 CANCEL"
        book.worker << "CANCEL a"
        book.wait(1.0)
        book.caller << "487"
        book.caller >> "ACK"


def test_the_node_stops_while_a_call_waits_for_a_slot() -> None:
    with Playbook(grant=False) as book:
        book.caller >> "INVITE"
        book.caller << "100"
        book.end("drain")
        book.caller << "503"
        book.grant()
        book.worker.silent()
        book.caller >> "ACK"


# Repeated and lost


def test_a_repeated_invite_hears_what_was_said_last() -> None:
    """RFC 3261 §17.2.1: the most recent provisional response, then the final one."""
    with Playbook() as book:
        book.caller >> say("INVITE", body=OFFER)
        book.caller << "100"
        book.worker << "INVITE a"
        book.call.invited_again()
        book.run()
        book.caller << "100"
        book.worker >> "INVITE b"
        book.carrier << "INVITE"
        book.carrier >> "180"
        book.caller << "180"
        book.call.invited_again()
        book.run()
        book.caller << "180"
        book.carrier >> "486"
        book.carrier << "ACK"
        book.refuse_inside()
        book.caller << "486"
        book.call.invited_again()
        book.run()
        book.caller << "486"
        book.caller >> "ACK"


def test_a_repeated_answer_hears_the_same_ack() -> None:
    with Playbook() as book:
        book.talk()
        first = book.carrier.requests["ACK"]
        book.carrier >> say("200", body=ANSWER)
        book.carrier << "ACK"
        assert book.carrier.heard.headers == first.headers
        book.caller_hangs_up()


def test_a_repeated_refusal_hears_the_ack_again() -> None:
    with Playbook() as book:
        book.invite()
        for _ in range(2):
            book.carrier >> "404"
            book.carrier << "ACK"
        book.refuse_inside()
        book.caller << "404"
        book.caller >> "ACK"


def test_a_repeated_refusal_of_the_first_target_hears_the_ack_again() -> None:
    with Playbook(targets=2) as book:
        book.invite()
        book.carrier >> "503"
        book.carrier << "ACK"
        book.carriers[1] << "INVITE"
        book.carrier >> "503"
        book.carrier << "ACK"
        book.carrier = book.carriers[1]
        book.answer()
        book.caller_hangs_up()


def test_a_second_answer_of_a_forked_call_is_acknowledged_and_ended() -> None:
    """RFC 3261 §13.2.2.4; its repetitions hear the ACK again and no other BYE."""
    with Playbook() as book:
        book.talk()
        book.carrier >> say("200", tag="other", body=ANSWER)
        book.carrier << "ACK"
        assert book.carrier.heard.get("to").endswith(";tag=other")
        book.carrier << "BYE"
        assert book.carrier.heard.get("to").endswith(";tag=other")
        book.carrier >> say("200", tag="other", body=ANSWER)
        book.carrier << "ACK"
        book.carrier >> "200 BYE"
        book.caller_hangs_up()


def test_an_answer_never_acknowledged_is_torn_down_on_both_sides() -> None:
    with Playbook() as book:
        book.ring()
        book.carrier >> say("200", body=ANSWER)
        book.worker << "200 b"
        book.worker >> "ACK b"
        book.worker >> "200 a"
        book.worker << "ACK a"
        book.caller << "200"
        book.carrier << "ACK"
        book.runs_out("fa")
        book.worker << "BYE a"
        book.carrier << "BYE"
        book.caller << "BYE"
        book.worker >> "200 BYE a"
        book.worker >> "BYE b"
        book.worker << "200 BYE b"
        book.carrier >> "200 BYE"
        book.caller >> "200 BYE"
    assert book.call.record["ended_by"] == "never-acknowledged"


def test_a_refusal_never_acknowledged_is_over() -> None:
    with Playbook() as book:
        book.invite()
        book.carrier >> "404"
        book.carrier << "ACK"
        book.refuse_inside()
        book.caller << "404"
        book.runs_out("fa")


def test_a_callee_that_hangs_up_at_once_waits_for_the_callers_ack() -> None:
    """RFC 3261 §15: no BYE to the caller before it has acknowledged the 2xx, or never will."""
    with Playbook() as book:
        book.ring()
        book.carrier >> say("200", body=ANSWER)
        book.worker << "200 b"
        book.worker >> "ACK b"
        book.worker >> "200 a"
        book.worker << "ACK a"
        book.caller << "200"
        book.carrier << "ACK"
        book.carrier >> "BYE"
        book.carrier << "200 BYE"
        book.worker << "BYE b"
        book.worker >> "200 BYE b"
        book.worker >> "BYE a"
        book.worker << "200 BYE a"
        book.caller.silent()
        assert "fa" in book.repeating
        book.caller >> "ACK"
        book.caller << "BYE"
        book.caller >> "200 BYE"


def test_an_ack_of_nothing_changes_nothing() -> None:
    with Playbook() as book:
        book.ring()
        book.caller >> say("ACK", branch=book.caller.branches["INVITE"], cseq=1)
        book.silent()
        book.answer()
        book.caller_hangs_up()


def test_reliable_ringing_keeps_its_marks() -> None:
    with Playbook("Supported: 100rel, timer, path") as book:
        book.invite()
        assert book.carrier.heard.get("supported") == "100rel, timer"
        book.carrier >> say("183", "Require: 100rel", "RSeq: 7", body=ANSWER)
        book.caller << "183"
        assert (required(book.caller.heard), book.caller.heard.get("rseq")) == (["100rel"], "7")
        book.answer()
        book.caller_hangs_up()
