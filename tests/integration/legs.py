"""Turns a leg as we write it into a scenario SIPp can run.

A leg reads like one side of a ladder: ``<send request="INVITE" body="pcmu.sdp"/>``, ``<recv response="180"/>``;
the rest of each message is written by `messages`. The rules:

* a leg that begins with ``<send>`` calls, one that begins with ``<recv>`` is called;
* ``{name}`` is a value of the scenario, ``[name]`` a keyword of SIPp;
* the text inside such a ``<send>`` is further headers; ``body`` names a file of ``scenarios/parts/bodies``;
* a response answers the last request received, or with ``to="INVITE"`` the last INVITE;
* requests, and final answers to INVITE, are retransmitted (RFC 3261 §17) unless ``retrans="never"``;
* a ``<send>`` without ``request`` or ``response`` is left as it is, and so is everything else SIPp knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET
from xml.sax.saxutils import quoteattr

from .messages import Sent, answer_to_invite, answer_to_last, request_of_called, request_of_caller

T1 = "500"  # milliseconds, RFC 3261 §17.1.1.1
OURS = ("request", "response", "phrase", "cseq", "to", "body")  # attributes of <send> that SIPp does not know
KEPT_OF_INVITE = {
    "invite_cseq": "CSeq:",
    "invite_from": "From:",
    "invite_to": "To:",
}
# Where the answer goes, and what a proxy wants to be asked by: its lines stand together, before all others.
ROUTING_OF_INVITE = "(Record-Route|Via):[^[:cntrl:]]*([[:cntrl:]]+(Record-Route|Via):[^[:cntrl:]]*)*"
KEPT_OF_FIRST_INVITE = {"dialog_from": "From:", "dialog_to": "To:"}


@dataclass(slots=True)
class Ladder:
    """What the writing of one leg has to remember from message to message."""

    calls: bool  # the leg opened the dialog
    values: Mapping[str, str]
    asked: str = ""  # method of the last request received
    invites: int = 0  # INVITEs received so far

    @property
    def at_first_invite(self) -> bool:
        """Whether the last INVITE received is the one that opened the dialog."""
        return self.invites == 1 and not self.calls


def sipp_scenario(leg: Path, values: Mapping[str, str]) -> str:
    """The SIPp XML of a leg; ``values`` fill the ``{name}`` of its text, an unknown name raises KeyError."""
    root = ET.fromstring(fill(leg.read_text(), values))
    ladder = Ladder(begins_the_call(leg), values)
    for step in root:
        if step.tag == "recv":
            _receive(step, ladder)
        elif step.get("request") or step.get("response"):
            _send(step, ladder)
    root.extend(_marked_as_read(root))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{_xml(root)}\n'


def begins_the_call(leg: Path) -> bool:
    """Whether the first thing a leg does is to send."""
    found = re.search(r"<(send|recv)\b", leg.read_text())
    return found is not None and found[1] == "send"


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with the value of each ``{name}`` in its place."""
    return re.sub(r"\{([a-z][a-z0-9_]*)\}", lambda found: values[found[1]], text)


def _receive(step: ET.Element, ladder: Ladder) -> None:
    ladder.asked = step.get("request", ladder.asked)
    if ladder.calls and step.get("response", "100") > "100":
        step.set("rrs", "true")
    if step.get("request") == "INVITE":
        ladder.invites += 1
        step.set("rrs", "true")  # SIPp: take route set and target from it
        _keep(step, KEPT_OF_INVITE | (KEPT_OF_FIRST_INVITE if ladder.at_first_invite else {}))


def _keep(step: ET.Element, variables: Mapping[str, str]) -> None:
    """Save headers of a message received into variables of the leg."""
    action = step.find("action")
    if action is None:
        action = ET.SubElement(step, "action")
    for variable, header in variables.items():
        ET.SubElement(action, "ereg", regexp=".*", search_in="hdr", header=header, assign_to=variable)
    ET.SubElement(action, "ereg", regexp=ROUTING_OF_INVITE, search_in="msg", assign_to="invite_routing")


def _marked_as_read(root: ET.Element) -> Iterator[ET.Element]:
    """SIPp refuses a variable that is set and never read; a Reference counts as reading."""
    names = {ereg.get("assign_to", "") for ereg in root.iter("ereg")}
    if names:
        yield ET.Element("Reference", variables=",".join(sorted(names)))


def _send(step: ET.Element, ladder: Ladder) -> None:
    sent = _sent(step, ladder)
    step.text = f"\n{fill(_text(sent, ladder), ladder.values)}\n"
    if step.get("retrans") == "never":
        del step.attrib["retrans"]
    elif _is_retransmitted(sent):
        step.set("retrans", T1)
    for name in OURS:
        step.attrib.pop(name, None)


def _sent(step: ET.Element, ladder: Ladder) -> Sent:
    lines = (step.text or "").splitlines()
    answered = ladder.asked if step.get("response") else ""
    return Sent(
        kind=step.get("request") or step.get("response") or "",
        phrase=step.get("phrase", ""),
        cseq=step.get("cseq", "1"),
        to=step.get("to", answered),
        headers=tuple(line.strip() for line in lines if line.strip()),
        body=step.get("body", ""),
    )


def _text(sent: Sent, ladder: Ladder) -> str:
    if not sent.is_response:
        return request_of_caller(sent) if ladder.calls else request_of_called(sent)
    if sent.to != "INVITE":
        return answer_to_last(sent)
    return answer_to_invite(sent, first=ladder.at_first_invite)


def _is_retransmitted(sent: Sent) -> bool:
    if sent.is_response:
        return sent.to == "INVITE" and sent.kind >= "200"
    return sent.kind != "ACK"


def _xml(element: ET.Element) -> str:
    """XML in which the text of a <send> is CDATA, as SIPp insists."""
    attributes = "".join(f" {name}={quoteattr(value)}" for name, value in element.attrib.items())
    text = f"<![CDATA[{element.text}]]>" if element.tag == "send" else "\n"
    inner = text + "\n".join(_xml(child) for child in element)
    return f"<{element.tag}{attributes}>{inner}</{element.tag}>"
