"""What a mad peer says before it is spoiled: sound messages of every kind, picked by dice. Pure."""

from __future__ import annotations

from random import Random

from scenarios.bench.sound import ROUTED, UNROUTED, Dialog, Party, answer_of_carrier, inside, opening

ROUTED_SHARE = 0.005  # of the requests outside calls: those that may become one, and take a slot
ODD_SHARE = 0.1  # of the Contacts: those that lead nowhere
OUTSIDE = ("INVITE",) * 6 + ("OPTIONS", "REGISTER", "MESSAGE", "CANCEL", "BYE", "SUBSCRIBE", "ACK", "invite")
INSIDE = ("INVITE", "UPDATE", "INFO", "PRACK", "ACK", "BYE", "CANCEL", "REFER", "OPTIONS")
CODES = (100, 180, 183, 200, 202, 301, 401, 408, 481, 486, 503, 603, 699)
# Transactions the gateway may have opened towards the carrier: the end of its branch, and the method.
ANSWERED = (
    ("i0", "INVITE"),
    ("i1", "INVITE"),
    ("ci0", "CANCEL"),
    ("yb", "BYE"),
    ("ya", "BYE"),
    ("", "INVITE"),
)
NO_DIALOG = Dialog("<sip:a@127.0.0.11>;tag=f", "<sip:b@127.0.0.2>;tag=aaaaaaaaaaaaaaaaa", "nobody@bench", 1)


def outside_calls(dice: Random, party: Party, name: str) -> bytes:
    """A request of the softswitch outside any dialog; few could become a call."""
    called = ROUTED if dice.random() < ROUTED_SHARE else UNROUTED
    return opening(dice.choice(OUTSIDE), party, name, called, _contact(dice, party))


def inside_call(dice: Random, party: Party, name: str, dialog: Dialog, cseq: int) -> bytes:
    """A request of the softswitch in a call."""
    return inside(dice.choice(INSIDE), party, name, dialog, cseq, _contact(dice, party))


def of_carrier(dice: Random, party: Party, dialog: Dialog) -> bytes:
    """A response of the carrier to something it may have been asked in a call."""
    end, method = dice.choice(ANSWERED)
    return answer_of_carrier(dice.choice(CODES), dialog.token, end, method, _contact(dice, party))


def _contact(dice: Random, party: Party) -> str:
    return dice.choice(party.odd_contacts) if dice.random() < ODD_SHARE else party.contact
