"""The session cookie: out of reach of scripts and other sites, and under TLS of anything but TLS and this host."""

from __future__ import annotations

from fastapi import Request, Response

COOKIES = ("__Host-stirgw", "stirgw")
"""What it is called under TLS, and without."""


def session_secret(request: Request) -> str | None:
    """What the session cookie of a request holds, None without one."""
    if "cookie" not in request.headers:
        return None
    return request.cookies.get(_name(request))


def set_session(request: Request, response: Response, secret: str) -> None:
    """Have the browser keep a session until it is closed or the session ends."""
    response.set_cookie(
        _name(request), secret, path="/", secure=_has_tls(request), httponly=True, samesite="strict"
    )


def forget_session(request: Request, response: Response) -> None:
    """Have the browser forget its session."""
    response.delete_cookie(
        _name(request), path="/", secure=_has_tls(request), httponly=True, samesite="strict"
    )


def _has_tls(request: Request) -> bool:
    return request.url.scheme == "https"


def _name(request: Request) -> str:
    return COOKIES[0] if _has_tls(request) else COOKIES[1]
