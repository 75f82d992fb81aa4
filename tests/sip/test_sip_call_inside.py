"""Inside a call: what only the two ends understand goes across, and every ending ends both sides."""

import pytest
from playbook import ANSWER, GIVE_UP, OFFER, PROBE_SECONDS, Outsider, Playbook, say

HOLD = b"v=0\r\na=sendonly\r\n"


def ends(book: Playbook, sender: str) -> tuple[Outsider, Outsider]:
    """Who sends and who hears, the call being up."""
    pair = (book.caller, book.carrier)
    return pair if sender == "caller" else (pair[1], pair[0])


either_way = pytest.mark.parametrize("sender", ["caller", "carrier"])


@either_way
def test_a_reinvite_goes_across_with_its_answer_and_its_ack(sender: str) -> None:
    with Playbook() as book:
        book.talk()
        one, other = ends(book, sender)
        one >> say("INVITE", "Content-Type: application/sdp", body=HOLD)
        one << "100"
        other << "INVITE"
        assert other.heard.body == HOLD
        other >> "100"
        other >> say("200", "Session-Expires: 600;refresher=uac", body=ANSWER)
        one << "200"
        assert one.heard.body == ANSWER
        assert one.heard.get("session-expires") == "600;refresher=uac"
        one >> "ACK"
        other << "ACK"
        other >> say("200", body=ANSWER)
        other << "ACK"
        book.caller_hangs_up()


@either_way
def test_a_reinvite_without_offer_is_answered_in_its_ack(sender: str) -> None:
    with Playbook() as book:
        book.talk()
        one, other = ends(book, sender)
        one >> "INVITE"
        one << "100"
        other << "INVITE"
        other >> say("200", body=OFFER)
        one << "200"
        one >> say("ACK", "Content-Type: application/sdp", body=ANSWER)
        other << "ACK"
        assert (other.heard.body, other.heard.get("content-type")) == (ANSWER, "application/sdp")
        book.caller_hangs_up()


@either_way
@pytest.mark.parametrize("code", ["488", "491"])
def test_a_refused_reinvite_leaves_the_call_up(sender: str, code: str) -> None:
    with Playbook() as book:
        book.talk()
        one, other = ends(book, sender)
        one >> say("INVITE", body=HOLD)
        one << "100"
        other << "INVITE"
        for _ in range(2):
            other >> code
            other << "ACK"
        one << code
        one >> "ACK"
        book.caller_hangs_up()


def test_reinvites_that_cross_meet_at_the_ends() -> None:
    with Playbook() as book:
        book.talk()
        book.caller >> say("INVITE", body=HOLD)
        book.carrier >> say("INVITE", body=HOLD)
        book.caller << "100"
        book.carrier << "INVITE"
        book.carrier << "100"
        book.caller << "INVITE"
        book.caller >> "491"
        book.carrier >> "491"
        book.caller << "ACK"
        book.carrier << "491"
        book.carrier << "ACK"
        book.caller << "491"
        book.caller >> "ACK"
        book.carrier >> say("ACK", branch=book.carrier.branches["INVITE"])
        book.caller_hangs_up()


@either_way
def test_a_reinvite_taken_back_is_taken_back_once_it_was_heard_of(sender: str) -> None:
    """RFC 3261 §9.1."""
    with Playbook() as book:
        book.talk()
        one, other = ends(book, sender)
        one >> say("INVITE", body=HOLD)
        one << "100"
        other << "INVITE"
        one >> "CANCEL"
        one << "200 CANCEL"
        other.silent()
        other >> "100"
        other << "CANCEL"
        assert other.heard.get("via") == other.requests["INVITE"].get("via")
        other >> "200 CANCEL"
        other >> "487"
        other << "ACK"
        one << "487"
        one >> "ACK"
        book.caller_hangs_up()


def test_a_cancel_of_nothing_is_told_so() -> None:
    with Playbook() as book:
        book.talk()
        book.reinvited = True
        book.caller >> say("CANCEL", branch="z9hG4bK-nothing")
        book.caller << "481 CANCEL"
        book.caller_hangs_up()


@either_way
def test_a_reinvite_nobody_answers_is_a_timeout(sender: str) -> None:
    with Playbook() as book:
        book.talk()
        one, other = ends(book, sender)
        one >> say("INVITE", body=HOLD)
        one << "100"
        other << "INVITE"
        book.wait(GIVE_UP)
        one << "408"
        one >> "ACK"
        book.caller_hangs_up()


def test_a_repeated_reinvite_hears_what_was_said_last() -> None:
    with Playbook() as book:
        book.talk()
        book.caller >> say("INVITE", body=HOLD)
        repeated = say("INVITE", branch=book.caller.branches["INVITE"], cseq=book.caller.cseq)
        book.caller << "100"
        book.carrier << "INVITE"
        book.caller >> repeated
        book.caller << "100"
        book.carrier >> say("200", body=ANSWER)
        book.caller << "200"
        book.caller >> repeated
        book.caller << "200"
        book.caller >> "ACK"
        book.carrier << "ACK"
        book.caller_hangs_up()


@either_way
@pytest.mark.parametrize("method", ["UPDATE", "INFO"])
def test_a_request_of_the_ends_goes_across_with_its_answer(sender: str, method: str) -> None:
    with Playbook() as book:
        book.talk()
        one, other = ends(book, sender)
        one >> say(method, "Content-Type: application/dtmf-relay", body=b"Signal=5\r\n")
        other << method
        asked = other.heard
        assert (asked.body, asked.get("content-type")) == (b"Signal=5\r\n", "application/dtmf-relay")
        other >> say(f"200 {method}", body=b"ok")
        one << f"200 {method}"
        assert one.heard.body == b"ok"
        book.caller_hangs_up()


def test_an_update_moves_the_target_and_an_info_does_not() -> None:
    """RFC 3311 §5.1, RFC 6086 §4.2."""

    def asked_at(book: Playbook) -> str:
        book.carrier >> "INFO"
        book.caller << "INFO"
        uri = book.caller.heard.uri
        book.caller >> "200 INFO"
        book.carrier << "200 INFO"
        return uri

    with Playbook() as book:
        book.talk()
        for method, moved in (("INFO", False), ("UPDATE", True)):
            book.caller.name = method.lower()
            book.caller >> method
            book.carrier << method
            book.carrier >> f"200 {method}"
            book.caller << f"200 {method}"
            assert (asked_at(book) == f"sip:{method.lower()}@192.0.2.1") is moved
        book.caller_hangs_up()


def test_an_update_before_the_answer_goes_across() -> None:
    with Playbook() as book:
        book.ring()
        book.caller >> say("UPDATE", body=HOLD)
        book.carrier << "UPDATE"
        book.carrier >> say("200 UPDATE", body=ANSWER)
        book.caller << "200 UPDATE"
        book.answer_after(book.caller)
        book.caller_hangs_up()


def test_prack_names_the_invite_as_the_other_side_counts_it() -> None:
    """RFC 3262 §7.2: our INVITE has a CSeq of its own."""
    with Playbook() as book:
        book.caller.cseq = 41
        book.invite()
        book.carrier >> say("183", "Require: 100rel", "RSeq: 7", body=ANSWER)
        book.caller << "183"
        book.caller >> say("PRACK", "RAck: 7 42 INVITE")
        book.carrier << "PRACK"
        assert book.carrier.heard.all("rack") == ["7 1 INVITE"]
        book.carrier >> "200 PRACK"
        book.caller << "200 PRACK"
        book.answer_after(book.caller, cseq=42)
        book.caller_hangs_up()


@pytest.mark.parametrize(
    "value", ["", "7", "7 x INVITE", "7 \u00b2 INVITE", f"7 {'9' * 5000} INVITE", "7 1 INVITE x"]
)
def test_a_strange_rack_harms_nobody(value: str) -> None:
    with Playbook() as book:
        book.ring()
        book.caller >> say("PRACK", f"RAck: {value}")
        book.carrier << "PRACK"
        book.carrier >> "400 PRACK"
        book.caller << "400 PRACK"
        book.answer_after(book.caller)
        book.caller_hangs_up()


def test_a_repeated_request_is_answered_again_and_not_sent_again() -> None:
    with Playbook() as book:
        book.talk()
        book.caller >> "INFO"
        repeated = say("INFO", branch=book.caller.branches["INFO"], cseq=book.caller.cseq)
        book.carrier << "INFO"
        book.caller >> repeated
        book.silent()
        book.carrier >> "200 INFO"
        book.caller << "200 INFO"
        book.caller >> repeated
        book.caller << "200 INFO"
        book.caller_hangs_up()


def test_requests_without_a_branch_are_told_apart_by_their_number() -> None:
    """RFC 2543 clients send none (RFC 3261 §17.2.3)."""
    with Playbook() as book:
        book.talk()
        for _ in range(2):
            book.caller >> say("INFO", branch="1")
            book.carrier << "INFO"
            book.carrier >> "200 INFO"
            book.caller << "200 INFO"
        book.caller_hangs_up()


def test_a_request_out_of_order_is_refused() -> None:
    """RFC 3261 §12.2.2."""
    with Playbook() as book:
        book.talk()
        book.caller >> say("INFO", cseq=1)
        book.caller << "500 INFO"
        book.caller_hangs_up()


def test_the_carriers_first_request_may_be_number_nought() -> None:
    with Playbook() as book:
        book.talk()
        book.carrier.cseq = -1
        book.carrier >> "INFO"
        book.caller << "INFO"
        book.caller >> "200 INFO"
        book.carrier << "200 INFO"
        book.caller_hangs_up()


@pytest.mark.parametrize("method", ["REFER", "MESSAGE", "SUBSCRIBE", "NOTIFY", "REGISTER", "INVENTED"])
def test_what_we_do_not_serve_is_refused_with_what_we_do(method: str) -> None:
    with Playbook() as book:
        book.talk()
        book.caller >> method
        book.caller << f"405 {method}"
        assert "INVITE" in book.caller.heard.get("allow")
        book.caller_hangs_up()


@either_way
def test_options_within_a_call_say_that_it_lives(sender: str) -> None:
    with Playbook() as book:
        book.talk()
        one, _ = ends(book, sender)
        one >> "OPTIONS"
        one << "200 OPTIONS"
        book.caller_hangs_up()


def test_more_requests_at_once_than_a_talk_has_are_put_off() -> None:
    with Playbook() as book:
        book.talk()
        for _ in range(16):
            book.caller >> "INFO"
            book.carrier << "INFO"
        book.caller >> "INFO"
        book.caller << "500 INFO"
        assert book.caller.heard.get("retry-after")
        book.wait(GIVE_UP)
        for _ in range(16):
            book.caller << "408 INFO"
        book.caller_hangs_up()


def test_many_requests_one_after_the_other_take_no_reinvite_its_ack() -> None:
    def digit() -> None:
        book.caller >> "INFO"
        book.carrier << "INFO"
        book.carrier >> "200 INFO"
        book.caller << "200 INFO"

    with Playbook() as book:
        book.talk()
        for _ in range(14):
            digit()
        book.carrier >> say("INVITE", body=HOLD)
        book.carrier << "100"
        book.caller << "INVITE"
        book.caller >> say("200", body=ANSWER)
        book.carrier << "200"
        digit()
        digit()
        book.carrier >> say("ACK", cseq=book.carrier.cseq)
        book.caller << "ACK"
        book.caller_hangs_up()


# The end


def test_a_request_after_the_end_is_told_so() -> None:
    with Playbook() as book:
        book.talk()
        book.caller_hangs_up()
        book.caller >> "INFO"
        book.caller << "481 INFO"
        book.carrier >> "OPTIONS"
        book.carrier << "481 OPTIONS"


def test_a_repeated_bye_is_answered_again() -> None:
    with Playbook() as book:
        book.talk()
        book.caller_hangs_up()
        book.caller >> say("BYE", branch=book.caller.branches["BYE"], cseq=book.caller.cseq)
        book.caller << "200 BYE"


def test_a_bye_nobody_answers_ends_the_call_all_the_same() -> None:
    with Playbook() as book:
        book.talk()
        book.caller >> "BYE"
        book.caller << "200 BYE"
        book.worker << "BYE a"
        book.worker >> "200 BYE a"
        book.worker >> "BYE b"
        book.worker << "200 BYE b"
        book.carrier << "BYE"
        book.wait(GIVE_UP)
        assert not book.repeating


@pytest.mark.parametrize("when", ["set-up", "called", "ringing", "answered", "up"])
def test_a_worker_that_dies_ends_its_call_on_both_sides(when: str) -> None:
    with Playbook() as book:
        if when == "set-up":
            book.caller >> say("INVITE", body=OFFER)
            book.caller << "100"
            book.worker << "INVITE a"
        elif when == "called":
            book.invite()
        else:
            book.ring()
        if when == "answered":
            book.carrier >> say("200", body=ANSWER)
            book.worker << "200 b"
        if when == "up":
            book.answer()
        book.die()
        if when == "up":
            book.caller << "BYE"
            book.caller >> "200 BYE"
        else:
            book.caller << "500"
            book.caller >> "ACK"
        if when == "ringing":
            book.carrier << "CANCEL"
            book.carrier >> "200 CANCEL"
            book.carrier >> "487"
            book.carrier << "ACK"
        if when == "answered":
            book.carrier << "ACK"
        if when in ("answered", "up"):
            book.carrier << "BYE"
            book.carrier >> "200 BYE"
    assert book.call.record["ended_by"] == "worker-lost"


def test_a_worker_that_does_not_pass_a_hang_up_across_is_done_without() -> None:
    with Playbook() as book:
        book.talk()
        book.caller >> "BYE"
        book.caller << "200 BYE"
        book.worker << "BYE a"
        book.wait(1.0)
        assert book.refused
        book.carrier << "BYE"
        book.carrier >> "200 BYE"


@pytest.mark.parametrize("leg", ["a", "b"])
def test_a_worker_that_hangs_up_of_itself_ends_both_sides(leg: str) -> None:
    with Playbook() as book:
        book.talk()
        book.worker >> f"BYE {leg}"
        book.worker << f"200 BYE {leg}"
        (book.caller if leg == "a" else book.carrier) << "BYE"
        book.wait(1.0)
        (book.carrier if leg == "a" else book.caller) << "BYE"
        book.caller >> "200 BYE"
        book.carrier >> "200 BYE"


@pytest.mark.parametrize(
    "sayings", [["CANCEL b"], ["BYE b"], ["BYE a"], ["BYE a", "BYE b"]], ids=" then ".join
)
def test_a_worker_that_gives_up_while_it_rings_costs_the_call_and_no_more(sayings: list[str]) -> None:
    with Playbook() as book:
        book.ring()
        for saying in sayings:
            book.worker >> saying
        book.wait(1.0)
        book.worker.ears.clear()
        book.caller << "408"
        book.caller >> "ACK"
        book.carrier << "CANCEL"
        book.carrier >> "200 CANCEL"
        book.carrier >> "487"
        book.carrier << "ACK"


def test_a_worker_that_answers_for_the_carrier_is_not_believed() -> None:
    with Playbook() as book:
        book.ring()
        book.worker >> "200 a"
        book.worker << "ACK a"
        book.worker << "BYE a"
        book.worker << "480 b"
        book.caller << "500"
        book.caller >> "ACK"
        book.carrier << "CANCEL"
        book.carrier >> "200 CANCEL"
        book.carrier >> "487"
        book.carrier << "ACK"
        book.worker >> "200 BYE a"
    assert book.call.record["ended_by"] == "worker-nonsense"


@pytest.mark.parametrize(
    "saying", ["ACK b", "ACK a", "OPTIONS a", "INVITE a", "180 a", "200 CANCEL a", "CANCEL b"]
)
def test_a_word_of_the_worker_that_means_nothing_changes_nothing(saying: str) -> None:
    with Playbook() as book:
        book.caller >> say("INVITE", body=OFFER)
        book.caller << "100"
        book.worker << "INVITE a"
        book.worker >> saying
        book.silent()
        book.worker >> "INVITE b"
        book.carrier << "INVITE"
        book.answer()
        book.caller_hangs_up()


def test_the_node_ends_a_call() -> None:
    with Playbook() as book:
        book.talk()
        book.end("drain")
        book.worker << "BYE a"
        book.worker >> "200 BYE a"
        book.worker >> "BYE b"
        book.worker << "200 BYE b"
        for end in (book.carrier, book.caller):
            end << "BYE"
            end >> "200 BYE"
        book.worker >> "200 BYE a"
        book.worker >> "BYE b"
        book.worker << "200 BYE b"
        book.caller >> "200 BYE"
        book.carrier >> "200 BYE"


def test_a_call_that_never_finishes_ending_is_forgotten() -> None:
    """A carrier that is cancelled and says nothing more."""
    with Playbook() as book:
        book.ring()
        book.die()
        book.caller << "500"
        book.caller >> "ACK"
        book.carrier << "CANCEL"
        book.wait(GIVE_UP)
        assert not book.over
        book.wait(8.0)
        assert book.over


def test_a_response_to_what_we_never_asked_stops_nothing() -> None:
    with Playbook() as book:
        book.ring()
        book.carrier >> say("200", body=ANSWER)
        book.worker << "200 b"
        book.worker >> "ACK b"
        book.worker >> "200 a"
        book.worker << "ACK a"
        book.caller << "200"
        book.carrier << "ACK"
        book.forge(book.carrier.requests["INVITE"], 200, "fa")
        assert "fa" in book.repeating
        book.caller >> "ACK"
        book.caller_hangs_up()


def test_a_probe_that_both_ends_answer_leaves_the_call_up() -> None:
    with Playbook() as book:
        book.talk()
        book.wait(PROBE_SECONDS)
        book.caller << "OPTIONS"
        book.carrier << "OPTIONS"
        book.caller >> "200 OPTIONS"
        book.carrier >> "405 OPTIONS"
        book.caller_hangs_up()


@pytest.mark.parametrize("code", ["481", "408"])
def test_an_end_that_does_not_know_the_call_any_more_ends_it(code: str) -> None:
    with Playbook() as book:
        book.talk()
        book.wait(PROBE_SECONDS)
        book.caller << "OPTIONS"
        book.carrier << "OPTIONS"
        book.caller >> "200 OPTIONS"
        book.carrier >> f"{code} OPTIONS"
        assert book.call.record["ended_by"] == "party-gone"
        book.worker << "BYE a"
        book.worker >> "200 BYE a"
        book.worker >> "BYE b"
        book.worker << "200 BYE b"
        for end in (book.carrier, book.caller):
            end << "BYE"
            end >> "200 BYE"


def test_an_end_that_vanished_ends_the_call() -> None:
    with Playbook() as book:
        book.talk()
        book.wait(PROBE_SECONDS)
        book.caller << "OPTIONS"
        book.carrier << "OPTIONS"
        book.caller >> "200 OPTIONS"
        book.runs_out("ob")
        assert book.call.record["ended_by"] == "party-gone"
        book.worker << "BYE a"
        book.worker >> "200 BYE a"
        book.worker >> "BYE b"
        book.worker << "200 BYE b"
        for end in (book.carrier, book.caller):
            end << "BYE"
            end >> "200 BYE"


@either_way
def test_a_request_that_demands_an_unknown_extension_is_refused_with_its_name(sender: str) -> None:
    with Playbook() as book:
        book.talk()
        one, _ = ends(book, sender)
        one >> say("UPDATE", "Require: timer, gruu")
        one << "420 UPDATE"
        assert one.heard.get("unsupported") == "gruu"
        book.caller_hangs_up()
