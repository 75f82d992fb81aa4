"""Any message finds its call by one look-up, and only the one it belongs to."""

import pytest
from playbook import TOKEN, Playbook

from gateway.sip.call import Call
from gateway.sip.table import TOKEN_LENGTH, CallTable, new_token

OTHER = "zyxwvutsrqponmlk"


@pytest.fixture
def ringing() -> Call:
    book = Playbook()
    book.ring()
    return book.call


@pytest.fixture
def table(ringing: Call) -> CallTable:
    made = CallTable()
    made.add(ringing)
    return made


def test_tokens_are_short_words_nobody_can_guess() -> None:
    tokens = {new_token() for _ in range(1000)}
    assert len(tokens) == 1000
    assert all(len(token) == TOKEN_LENGTH and token.isalnum() and token == token.lower() for token in tokens)


@pytest.mark.parametrize(
    "via",
    [
        *("", "SIP/2.0/UDP h", "SIP/2.0/UDP h;branch=z9hG4bK", f"SIP/2.0/UDP h;branch={TOKEN}.i0"),
        *(f"SIP/2.0/UDP h;branch=z9hG4bK{TOKEN}", f"SIP/2.0/UDP h;branch=z9hG4bK{TOKEN}."),
        *(
            f"SIP/2.0/UDP h;branch=z9hG4bK{OTHER}.i0",
            f"SIP/2.0/UDP h, SIP/2.0/UDP h;branch=z9hG4bK{TOKEN}.i0",
        ),
    ],
)
def test_a_response_to_nobody_finds_nobody(table: CallTable, via: str) -> None:
    assert table.by_via(via) is None


@pytest.mark.parametrize("end", ["", ";rport=5060;received=192.0.2.1", " ;x=y", ", SIP/2.0/UDP other"])
def test_a_response_finds_its_call_and_the_request_it_answers(
    table: CallTable, ringing: Call, end: str
) -> None:
    assert table.by_via(f"SIP/2.0/UDP 192.0.2.250:5060;branch=z9hG4bK{TOKEN}.i0{end}") == (ringing, "i0")


def test_an_invites_own_transaction_finds_its_call(table: CallTable, ringing: Call) -> None:
    branch, call_id = ringing.invite_key
    assert table.by_invite(branch, call_id) is ringing
    assert table.by_invite(branch, "other") is None
    assert table.by_invite("other", call_id) is None


def test_a_request_within_a_dialog_finds_its_call_and_leg(table: CallTable, ringing: Call) -> None:
    a, b = ringing.a, ringing.b
    assert b
    assert table.by_tag(a.local_tag, a.call_id, "caller-tag") == (ringing, a)
    assert table.by_tag(b.local_tag, b.call_id, "carrier0-tag") == (ringing, b)


@pytest.mark.parametrize(
    ("tag", "call_id", "remote"),
    [
        ("", "call@192.0.2.1", "caller-tag"),
        (TOKEN, "call@192.0.2.1", "caller-tag"),
        (f"{TOKEN}c", "call@192.0.2.1", "caller-tag"),
        (f"{TOKEN}ax", "call@192.0.2.1", "caller-tag"),
        (f"{OTHER}a", "call@192.0.2.1", "caller-tag"),
        (f"{TOKEN}a", "another-call", "caller-tag"),
        (f"{TOKEN}a", "call@192.0.2.1", "another-tag"),
        (f"{TOKEN}a", "call@192.0.2.1", ""),
        (f"{TOKEN}b0", "call@192.0.2.1", "carrier0-tag"),
    ],
    ids=["no-tag", "token", "no-leg", "longer", "other-token", "other-call-id", "other-tag", "tagless", "other-leg"],
)  # fmt: skip
def test_a_request_of_no_dialog_finds_nobody(table: CallTable, tag: str, call_id: str, remote: str) -> None:
    assert table.by_tag(tag, call_id, remote) is None


def test_a_call_removed_is_found_no_more(table: CallTable, ringing: Call) -> None:
    assert (len(table), table.all(), table.by_token(TOKEN)) == (1, [ringing], ringing)
    table.remove(ringing)
    table.remove(ringing)
    assert (len(table), table.all(), table.by_token(TOKEN)) == (0, [], None)
    assert table.by_invite(*ringing.invite_key) is None
