"""Errors under /stir/v1: one table from error to HTTP status and text, and the form each dialect gives them.

ATIS-1000082 names an error by an identifier and keeps the text apart from its variables; 3GPP TS 24.229 §V.2.4.3 has a
sentence and nothing else. Neither has an error for a client that is not let in, or for a call that the operator's policy
refuses, or for one that comes too slowly: POL4010, POL4030, POL4031, POL4080 and POL4290 are ours.
"""

from __future__ import annotations

import re
from typing import Literal

from pydantic import BaseModel

MessageId = Literal[
    "SVC4000",
    "SVC4001",
    "SVC4002",
    "SVC4003",
    "SVC4004",
    "SVC4005",
    "SVC4006",
    "SVC4007",
    "POL4010",
    "POL4030",
    "POL4031",
    "POL4050",
    "POL4080",
    "POL4290",
    "POL5000",
]

TABLE: dict[MessageId, tuple[int, str]] = {
    "SVC4000": (400, "Error: Missing request body."),
    "SVC4001": (400, "Error: Missing mandatory parameter '%1'."),
    "SVC4002": (406, "Error: Requested response body type '%1' is not supported."),
    "SVC4003": (404, "Error: Requested resource was not found."),
    "SVC4004": (415, "Error: Unsupported request body type, expected '%1'."),
    "SVC4005": (400, "Error: Invalid '%1' parameter value: %2."),
    "SVC4006": (400, "Error: Failed to parse received message body: %1."),
    "SVC4007": (411, "Error: Missing mandatory Content-Length header."),
    "POL4010": (401, "Error: The client is not known: %1."),
    "POL4030": (403, "Error: Refused by policy: %1."),
    "POL4031": (403, "Error: The client may not do this: %1."),
    "POL4050": (405, "Error: Method not allowed."),
    "POL4080": (408, "Error: The message body did not come in time."),
    "POL4290": (429, "Error: Too many requests: %1."),
    "POL5000": (500, "Error: Internal error: %1."),
}
"""HTTP status and text of each error; %1 and %2 stand for its variables."""


class Fault(BaseModel):
    """What went wrong: the text with its variables apart, as the standard wants it."""

    messageId: MessageId
    text: str
    variables: list[str]


class Faults(BaseModel):
    """A service exception (SVC) or a policy exception (POL)."""

    serviceException: Fault | None = None
    policyException: Fault | None = None


class AtisError(BaseModel):
    """The body of every error answer in the ATIS dialect."""

    requestError: Faults


class MsError(BaseModel):
    """The body of every error answer in the 3GPP dialect."""

    error: str


class StirError(Exception):
    """A request that cannot be served; becomes its HTTP answer at the door."""

    def __init__(self, message_id: MessageId, *variables: str) -> None:
        self.message_id = message_id
        self.status, self.text = TABLE[message_id]
        self.variables = variables
        super().__init__(message_id)

    def body(self) -> AtisError:
        """The answer's body in the ATIS dialect."""
        fault = Fault(messageId=self.message_id, text=self.text, variables=list(self.variables))
        if self.message_id.startswith("POL"):
            return AtisError(requestError=Faults(policyException=fault))
        return AtisError(requestError=Faults(serviceException=fault))

    def ms_body(self) -> MsError:
        """The answer's body in the 3GPP dialect: the text with its variables in place."""
        text = self.text.removeprefix("Error: ").removesuffix(".")
        return MsError(error=re.sub(r"%(\d)", lambda found: self.variables[int(found[1]) - 1], text))
