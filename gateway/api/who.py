"""Who changes something over HTTP, as the record of changes has it."""

from __future__ import annotations

from fastapi import Request

from gateway.api.authorisation import principal


def who(request: Request) -> str:
    """`user:` or `token:` and its name."""
    return principal(request).who
