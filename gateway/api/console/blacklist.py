"""The dynamic black list: who is kept out and why, released and blocked by hand."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from gateway.access.permissions import Permission
from gateway.api.authorisation import needs
from gateway.api.blacklist import BlockQuery, block_records
from gateway.api.blocking import TYPE_NAMES, Blocking
from gateway.api.console.errors import pages
from gateway.api.console.pages import page, redirect
from gateway.api.console.query import Texts, Wrong, asked, filled_in
from gateway.api.forms import form
from gateway.api.problems import Unfit
from gateway.api.sidecar import Sidecar
from gateway.api.who import who
from gateway.store.blacklist import Held
from gateway.store.paging import Page

_NOTHING: Page[Held] = Page((), None)

Form = Annotated[dict[str, str], Depends(form)]


def router(sidecar: Sidecar) -> APIRouter:
    """The dynamic black list."""
    routes = pages("/console/blacklist")

    @routes.get("", dependencies=[needs(Permission.READ)])
    def listed(request: Request) -> Response:
        return _page(sidecar, request)

    @routes.post("", dependencies=[needs(Permission.POLICY)])
    def block(request: Request, fields: Form) -> Response:
        filled = {name: fields.get(name, "") for name in ("type", "subject", "until")}
        wanted = filled_in(Blocking, filled)
        if wanted.value is None:
            return _page(sidecar, request, wanted.filled, wanted.mistakes)
        store = sidecar.store()
        try:
            store.add_block(wanted.value.block(store, sidecar.now()), who(request))
        except Unfit as error:
            return _page(
                sidecar, request, wanted.filled, Wrong({each.path: [each.text] for each in error.mistakes})
            )
        return redirect("/blacklist", said="blocked")

    @routes.post("/{id:int}/release", dependencies=[needs(Permission.POLICY)])
    def release(request: Request, id: int) -> Response:
        sidecar.store().release_block(id, who(request))
        return redirect("/blacklist", said="released")

    return routes


def _page(
    sidecar: Sidecar,
    request: Request,
    filled: Texts | None = None,
    wrong: Wrong | None = None,
) -> Response:
    """The list; with what was filled in to block somebody, and is wrong."""
    store = sidecar.store()
    query = asked(BlockQuery, request)
    found, mistakes = _NOTHING, query.mistakes
    if query.value is not None:
        try:
            filters = query.value.filters(store.plan())
            found = store.blocks(filters, query.value.limit, query.value.after, in_force=query.value.active)
        except Unfit as error:
            mistakes = Wrong(number=[str(error)])
    return page(
        request,
        "blacklist.html",
        422 if wrong else 400 if mistakes else 200,
        asked=query,
        mistakes=mistakes,
        blocks=block_records(sidecar, found.entries),
        next=f"?{query.with_(after=found.next)}" if found.next else None,
        first=f"?{query.with_(after=None)}" if query.filled.get("after") else None,
        types=TYPE_NAMES,
        filled=filled or Texts(),
        wrong=wrong or Wrong(),
    )
