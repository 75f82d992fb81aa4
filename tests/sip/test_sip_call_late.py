"""Calls whose decision comes late: the caller has heard 100 and waits, gives up, or is refused in the end."""

from playbook import ANSWER, OFFER, Playbook, say

TOLD = 'Reason: STIR;cause=438;text="Invalid Identity Header"'


def test_a_call_that_waits_is_set_up_once_it_is_decided() -> None:
    with Playbook(decided=False) as book:
        book.caller >> say("INVITE", body=OFFER)
        book.caller << "100"
        book.worker.silent()
        book.decide()
        book.worker << "INVITE a"
        book.worker >> "INVITE b"
        book.carrier << "INVITE"
        book.answer()
        book.caller_hangs_up()


def test_an_invite_repeated_while_it_waits_hears_100_again() -> None:
    with Playbook(decided=False) as book:
        book.caller >> "INVITE"
        book.caller << "100"
        book.call.invited_again()
        book.run()
        book.caller << "100"
        book.turn_down(438, "Invalid Identity Header", [])
        book.caller << "438"
        book.caller >> "ACK"


def test_a_refusal_that_comes_late_is_repeated_until_acknowledged() -> None:
    with Playbook(decided=False) as book:
        book.caller >> "INVITE"
        book.caller << "100"
        book.turn_down(436, "Bad Identity Info", ['Reason: X.int;text="identity.certificate-timeout"'])
        book.caller << "436"
        assert book.caller.heard.phrase == "Bad Identity Info"
        assert book.caller.heard.get("reason") == 'X.int;text="identity.certificate-timeout"'
        assert "fa" in book.repeating
        book.caller >> "ACK"
        assert "fa" not in book.repeating
    assert book.call.record["rule"] == "late"
    assert book.call.record["code"] == 436


def test_a_caller_that_gives_up_while_it_waits_hears_487_and_no_worker_anything() -> None:
    with Playbook(decided=False) as book:
        book.caller >> "INVITE"
        book.caller << "100"
        book.caller >> "CANCEL"
        book.caller << "200 CANCEL"
        book.caller << "487"
        assert book.call.given_up
        book.caller >> "ACK"
        book.worker.silent()


def test_a_node_that_stops_ends_a_call_that_waits() -> None:
    with Playbook(decided=False) as book:
        book.caller >> "INVITE"
        book.caller << "100"
        book.end("node.stopping")
        book.caller << "503"
        assert book.call.given_up
        book.caller >> "ACK"


def test_what_is_to_be_told_upstream_stands_in_the_first_answer_after_100_and_in_no_other() -> None:
    """RFC 9410 §4: in the next provisional, but for 100, or final response."""
    with Playbook(upstream=(TOLD,)) as book:
        book.invite()
        assert not book.caller.heard.get("reason")
        book.carrier >> "180"
        book.caller << "180"
        assert f"Reason: {book.caller.heard.get('reason')}" == TOLD
        book.answer()
        assert not book.caller.heard.get("reason")
        book.caller_hangs_up()


def test_without_a_provisional_answer_it_stands_in_the_final_one() -> None:
    with Playbook(upstream=(TOLD, TOLD.replace("438", "437"))) as book:
        book.invite()
        book.carrier >> say("200", body=ANSWER)
        book.worker << "200 b"
        book.worker >> "ACK b"
        book.worker >> "200 a"
        book.worker << "ACK a"
        book.caller << "200"
        assert len(book.caller.heard.all("reason")) == 2
        book.carrier << "ACK"
        book.caller >> "ACK"
        book.caller_hangs_up()
