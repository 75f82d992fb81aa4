"""Who changes something over HTTP, as the record of changes has it."""

from __future__ import annotations

from fastapi import Request


def who(request: Request) -> str:
    """`api:` and the address of the client."""
    return f"api:{request.client.host if request.client else 'unknown'}"
