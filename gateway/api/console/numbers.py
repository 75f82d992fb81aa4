"""The numbers of a list group: looked up, added, taken away, and a whole file of them at once."""

from __future__ import annotations

import io
from typing import Annotated, BinaryIO, get_args

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import UploadFile

from gateway.access.permissions import Permission
from gateway.api import uploads
from gateway.api.authorisation import needs
from gateway.api.console.errors import pages
from gateway.api.console.pages import page, redirect
from gateway.api.console.query import Texts, Wrong, asked
from gateway.api.forms import form, upload
from gateway.api.numbers import NumberQuery
from gateway.api.problems import Unfit
from gateway.api.sidecar import Sidecar
from gateway.api.store_errors import mistakes
from gateway.api.uploads import Mode, Uploads
from gateway.api.who import who
from gateway.policy.snapshot import PolicyError
from gateway.store.paging import Page

_PATH = "/policy/list-groups/numbers"
_NOTHING: Page[str] = Page((), None)
_MOST_TOLD = 20

_MODES: tuple[Mode, ...] = get_args(Mode)


class Asked(NumberQuery):
    """A group, and which part of it."""

    group: str


def router(sidecar: Sidecar, running: Uploads) -> APIRouter:
    """The numbers of every group; `running` is told of what is sent."""
    routes = pages(f"/console{_PATH}")

    @routes.get("", dependencies=[needs(Permission.READ)])
    def numbers(request: Request, group: str) -> Response:
        return _page(sidecar, running, request, group)

    @routes.post("", dependencies=[needs(Permission.POLICY)])
    def change(
        request: Request,
        group: str,
        fields: Annotated[dict[str, str], Depends(form)],
        file: Annotated[UploadFile | None, Depends(upload)],
    ) -> Response:
        content = file.file if file else io.BytesIO(fields.get("numbers", "").encode())
        mode = _mode(fields)
        try:
            changed = _store(sidecar, running, group, mode, content, who(request))
        except PolicyError as error:
            wrong = [f"{each.path}: {each.text}" for each in mistakes(error)]
            return _page(sidecar, running, request, group, Texts(fields), wrong)
        finally:
            content.close()
        return redirect(_PATH, group=group, changed=str(changed), said="numbers")

    return routes


def _store(sidecar: Sidecar, running: Uploads, group: str, mode: Mode, content: BinaryIO, by: str) -> int:
    """Put the lines in place; how many numbers came or went."""
    store = sidecar.store()
    store.count_numbers(group)  # NotThere before anything is told of it
    size = content.seek(0, io.SEEK_END)
    content.seek(0)
    with running.one(group, mode, size) as one:
        one.received, one.state = size, "storing"
        return store.put_numbers(group, uploads.lines(content), by, mode, one.looked_at)


def _page(
    sidecar: Sidecar,
    running: Uploads,
    request: Request,
    group: str,
    filled: Texts | None = None,
    wrong: list[str] | None = None,
) -> Response:
    """The numbers; with what was filled in to change them, and what is wrong with it."""
    store = sidecar.store()
    query = asked(Asked, request, ours=("changed",))
    found, mistaken = _NOTHING, query.mistakes
    if query.value is not None:
        try:
            found = store.numbers(group, query.value.limit, query.value.after, query.value.number)
        except ValueError as error:
            mistaken = Wrong(number=[str(error)])
    return page(
        request,
        "numbers.html",
        422 if wrong else 400 if mistaken else 200,
        group=group,
        count=store.count_numbers(group),
        numbers=found.entries,
        asked=query,
        mistaken=mistaken,
        filled=filled or Texts(),
        wrong=(wrong or [])[:_MOST_TOLD],
        more_wrong=max(0, len(wrong or []) - _MOST_TOLD),
        modes=_MODES,
        uploads=[each for each in running.told() if each.group == group][:5],
        next=f"?{query.with_(after=found.next)}" if found.next else None,
        first=f"?{query.with_(after=None)}" if query.filled["after"] else None,
    )


def _mode(fields: dict[str, str]) -> Mode:
    for mode in _MODES:
        if fields.get("mode") == mode:
            return mode
    raise Unfit(400, f"say what becomes of the numbers there are: mode is one of {', '.join(_MODES)}")
