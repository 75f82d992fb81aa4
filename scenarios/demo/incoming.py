"""Carriers' calls of the demonstration: what their Identity says, and what must come of them. PyJWT signs, none of ours.

Each is played like the calls to carriers, the other way round: the carrier's SIPp calls, VOS3000's answers.
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import jwt

from scenarios.demo.lab import Lab
from scenarios.demo.play import Legs, played
from tests.integration.trace import Message

CALLER, CALLED = "+13035550123", "+12155550123"
FROM = f'"Alice" <sip:{CALLER}@[local_ip]:[local_port]>'
SILENT_PORT = 9  # discard: nobody serves certificates there

_VERSTAT = re.compile(r";verstat=([A-Za-z-]+)")
_DISPLAY = re.compile(r'\s*"?([^"<]*?)"?\s*<')


@dataclass(frozen=True, slots=True)
class Incoming:
    """One call and its expectation.

    `signed` False leaves the Identity out; `attest`, `age` (seconds), `dest` and `host_is_dead` make it what it is;
    `again` brings the token of the call before. `code` is what the carrier must see, `told` the verstat VOS3000 must
    see (None: no call), `reason` the cause the carrier must be told of.
    """

    kind: str
    signed: bool = True
    attest: str = "A"
    age: int = 0
    dest: str = CALLED
    host_is_dead: bool = False
    again: bool = False
    code: int = 200
    told: str | None = "TN-Validation-Failed"
    reason: int | None = None

    @property
    def expected(self) -> str:
        """The expectation in a few words."""
        return f"{self.code}, {self.told}" if self.told else str(self.code)


INCOMING = (
    Incoming("signed, A", told="TN-Validation-Passed"),
    Incoming("the same token in another call", again=True, code=438, told=None, reason=438),
    Incoming("signed, C", attest="C", told="TN-Validation-Passed"),
    Incoming("unsigned", signed=False, told="No-TN-Validation"),
    Incoming("signed for another callee", dest="+12155550199", reason=438),
    Incoming("signed five minutes ago", age=300, reason=403),
    Incoming("attest Z", attest="Z", reason=438),
    Incoming("certificate host is down", host_is_dead=True, told="No-TN-Validation", reason=436),
)


@dataclass(frozen=True, slots=True)
class Told:
    """What was heard of a call: the codes the carrier saw and the causes it was told of, what VOS3000 saw of the caller."""

    codes: tuple[int, ...]
    causes: tuple[int, ...]
    verstat: str | None
    display: str
    wrong: tuple[str, ...] = ()


class Carrier:
    """Signs with the lab's key what each call says of itself, and plays it."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self._lab, self._folder = lab, folder
        self._last = ""

    def play(self, call: Incoming, number: int) -> Told:
        """Play a call and compare what was heard with what was expected."""
        self._last = self._last if call.again else self._identity(call)
        refused = call.code >= 300
        legs: Legs = {"carrier": "demo/signed-and-refused" if refused else "demo/signed-and-answered"}
        if not refused:
            legs["vos3000"] = "answers"
        values = {"identity": self._last, "code": str(call.code), "called": CALLED, "from": FROM}
        messages, failures = played(legs, values, self._lab, self._folder / f"incoming-{number}")
        return _told(call, messages, failures)

    def _identity(self, call: Incoming) -> str:
        if not call.signed:
            return "X-Identity: none"
        port = SILENT_PORT if call.host_is_dead else self._lab.api
        x5u = f"http://127.0.0.1:{port}/certs/616H.pem"
        claims = {
            "attest": call.attest,
            "dest": {"tn": [call.dest.lstrip("+")]},
            "iat": int(time.time()) - call.age,
            "orig": {"tn": CALLER.lstrip("+")},
            "origid": str(uuid.uuid4()),
        }
        header = {"ppt": "shaken", "typ": "passport", "x5u": x5u}
        token = jwt.encode(claims, self._lab.key.read_text(), algorithm="ES256", headers=header)
        return f"Identity: {token};info=<{x5u}>;alg=ES256;ppt=shaken"


def _told(call: Incoming, messages: dict[str, list[Message]], failures: list[str]) -> Told:
    answers = [m for m in messages["carrier"] if m.direction == "received" and m.method == "INVITE"]
    reasons = [value for answer in answers for value in answer.headers("Reason") if value.startswith("STIR")]
    arrived = next(
        (m for m in messages.get("vos3000", []) if m.direction == "received" and m.opens_dialog), None
    )
    sender = arrived.header("From") if arrived else ""
    verstat, display = _VERSTAT.search(sender), _DISPLAY.match(sender)
    told = Told(
        codes=tuple(dict.fromkeys(int(answer.code) for answer in answers)),
        causes=tuple(int(cause) for value in reasons for cause in re.findall(r"cause=(\d+)", value)),
        verstat=verstat[1] if verstat else None,
        display=display[1] if display else "",
    )
    return replace(told, wrong=(*failures, *wrong(call, told)))


def wrong(call: Incoming, told: Told) -> Iterator[str]:
    """Where a call did not go as it should."""
    final = told.codes[-1] if told.codes else None
    if final != call.code:
        yield f"the carrier saw {final}, not {call.code}"
    if told.verstat != call.told:
        yield f"VOS3000 was told {told.verstat}, not {call.told}"
    if told.causes != ((call.reason,) if call.reason else ()):
        yield f"the carrier was told {told.causes}, not {call.reason}"
