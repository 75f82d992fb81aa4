"""The text of one SIP message of a leg, in SIPp's keywords.

A leg names only what matters in it (`Sent`); what every message of a dialog repeats is written here.
``{name}`` is left for the caller to fill from the values of the scenario. Nothing here knows XML or runs SIPp.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

BODIES = Path(__file__).resolve().parents[2] / "scenarios" / "parts" / "bodies"
CONTENT_TYPES = {".sdp": "application/sdp", ".dtmf": "application/dtmf-relay", ".txt": "text/plain"}
CARRIES_CONTACT = {"INVITE", "UPDATE", "SUBSCRIBE", "REGISTER", "REFER", "OPTIONS"}
OUR_TAG = ";tag=[pid]s[call_number]"
VIA = "Via: SIP/2.0/{transport} {sent_by};branch=z9hG4bK-[pid]-[call_number]-"
CONTACT = "Contact: <sip:gate@{sent_by};transport={transport}>"
CALLED = "sip:{called}@[remote_ip]:[remote_port]"


@dataclass(frozen=True, slots=True)
class Sent:
    """What a leg says of a message it sends.

    ``to`` is, for a response, the method it answers; for an ACK, the code it acknowledges.
    """

    kind: str  # method, or code of a response
    phrase: str = ""
    cseq: str = "1"
    to: str = ""
    headers: tuple[str, ...] = ()
    body: str = ""  # a file of scenarios/parts/bodies

    @property
    def is_response(self) -> bool:
        return self.kind.isdigit()

    @property
    def acknowledges_success(self) -> bool:
        return self.kind == "ACK" and self.to.startswith("2")


def request_of_caller(sent: Sent) -> str:
    """A request by the side that opened the dialog."""
    opens = sent.cseq == "1" and not sent.acknowledges_success
    tag = "" if sent.kind == "CANCEL" else "[peer_tag_param]"
    parties = [f"From: {{from}}{OUR_TAG}", f"To: <{CALLED}>{tag}"]
    return _request(sent, CALLED if opens else "[next_url]", parties)


def request_of_called(sent: Sent) -> str:
    """A request by the side that was called: always inside the dialog."""
    return _request(sent, "[next_url]", [f"From:[$dialog_to]{OUR_TAG}", "To:[$dialog_from]"])


def answer_to_invite(sent: Sent, *, first: bool) -> str:
    """An answer to the last INVITE received; ``first`` when it opened the dialog, so that To gets our tag."""
    echoed = [
        "[$invite_routing]",
        "From:[$invite_from]",
        f"To:[$invite_to]{OUR_TAG if first else ''}",
        "[last_Call-ID:]",
        "CSeq:[$invite_cseq]",
    ]
    contact = [] if sent.kind == "100" else [CONTACT]
    return _text([f"SIP/2.0 {sent.kind} {sent.phrase}", *echoed, *contact], sent)


def answer_to_last(sent: Sent) -> str:
    """An answer to the request just received."""
    echoed = ["[last_Via:]", "[last_From:]", "[last_To:]", "[last_Call-ID:]", "[last_CSeq:]"]
    return _text([f"SIP/2.0 {sent.kind} {sent.phrase}", *echoed], sent)


def _request(sent: Sent, uri: str, parties: list[str]) -> str:
    branch = f"{sent.cseq}-ack" if sent.acknowledges_success else sent.cseq
    lines = [
        f"{sent.kind} {uri} SIP/2.0",
        f"{VIA}{branch}",
        *parties,
        "Call-ID: [call_id]",
        f"CSeq: {sent.cseq} {sent.kind}",
        "[routes]",
        "Max-Forwards: {max_forwards}",
    ]
    return _text([*lines, CONTACT] if sent.kind in CARRIES_CONTACT else lines, sent)


def _text(lines: list[str], sent: Sent) -> str:
    lines = [*lines, *sent.headers]
    if sent.body:
        lines.append(f"Content-Type: {CONTENT_TYPES[Path(sent.body).suffix]}")
    body = (BODIES / sent.body).read_text() if sent.body else ""
    return "\n".join([*lines, "Content-Length: [len]", "", body])
