"""Which methods an address has: what `Allow` says where a request came with another one (RFC 9110 §15.5.6).

Starlette tells those of the first route that fits, though the routes of one address stand apart here, one a method. An
address that is written out (/v1/certificates/rollback) is not one of those that are entries' (/v1/certificates/{name}).
"""

from __future__ import annotations

from collections import defaultdict

from fastapi import Request
from fastapi.routing import iter_route_contexts
from starlette.routing import compile_path


def allowed(request: Request) -> str:
    """The methods of the address that was asked for, as `Allow` lists them."""
    by_parameters: defaultdict[int, set[str]] = defaultdict(set)
    for route in iter_route_contexts(list(request.app.router.routes)):
        pattern, _, parameters = compile_path(route.path or "")
        if route.methods and pattern.match(request.url.path):
            by_parameters[len(parameters)] |= route.methods
    return ", ".join(sorted(by_parameters[min(by_parameters)])) if by_parameters else ""
