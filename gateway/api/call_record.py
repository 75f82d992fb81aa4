"""A call as `/v1/calls` tells it: the columns of the call log, each with its meaning."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, Field

from gateway.api.query import as_time

_TIMES = ("at", "ended_at")


class CallRecord(BaseModel):
    """One call that was decided. What is not known is null."""

    id: str
    node: str | None = None
    at: datetime = Field(description="When its INVITE came.")
    ended_at: datetime | None = None
    direction: str | None = Field(
        default=None, description="outbound: from a softswitch, inbound: from a carrier."
    )
    peer: str | None = Field(default=None, description="Who brought it.")
    account: str | None = None
    source: str | None = Field(default=None, description="The address it came from.")
    call_id: str | None = None
    caller_dialled: str | None = Field(
        default=None, description="As its peer wrote it, before any transform."
    )
    callee_dialled: str | None = Field(
        default=None, description="As its peer wrote it, before any transform."
    )
    caller: str | None = Field(default=None, description="Canonical digits.")
    callee: str | None = Field(default=None, description="Canonical digits.")
    caller_area: str | None = None
    callee_area: str | None = None
    caller_country: str | None = Field(default=None, description="ISO 3166.")
    callee_country: str | None = Field(default=None, description="ISO 3166.")
    route: str | None = None
    carrier: str | None = Field(default=None, description="The peer it went to.")
    rule: str | None = Field(
        default=None, description="What decided it.", examples=["list.black:account/acme/nuisance"]
    )
    reason: str | None = Field(default=None, description="Why that attestation, or what was verified.")
    attest: str | None = None
    origid: str | None = None
    iat: int | None = Field(default=None, description="Of the token, in epoch seconds.")
    verstat: str | None = None
    detail: str | None = None
    x5u: str | None = None
    spc: str | None = None
    code: int | None = Field(default=None, description="The final SIP status.")
    ended_by: str | None = None
    progress_ms: float | None = Field(
        default=None, description="From the INVITE to the first sign of ringing."
    )
    answered_ms: float | None = Field(default=None, description="From the INVITE to its final answer.")
    duration_ms: float | None = Field(default=None, description="From the answer to the end.")
    complaint: int | None = Field(
        default=None,
        description="The cause for which a carrier found our signature wrong (RFC 9410), 0 if it gave none.",
    )

    @classmethod
    def of(cls, call: Mapping[str, Any]) -> Self:
        """The record of a row of the call log."""
        times = {name: None if call[name] is None else as_time(call[name]) for name in _TIMES}
        return cls(**{**call, **times})
