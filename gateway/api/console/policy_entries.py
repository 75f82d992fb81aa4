"""The number policy, one entry at a time: its form, filled in, stored and taken away.

A form carries the revision it was filled in from. Where the entry has changed since, nothing is stored: the form comes back
with what was filled in, beside it what is there now, and with the new revision, so that overwriting is a decision.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from gateway.access.permissions import Permission
from gateway.api.authorisation import needs, principal
from gateway.api.console.entry_form import EntryForm
from gateway.api.console.errors import pages
from gateway.api.console.nouns import NOUNS
from gateway.api.console.pages import page, redirect
from gateway.api.console.query import Texts, Wrong
from gateway.api.console.revision import revision_of
from gateway.api.forms import form
from gateway.api.sidecar import Sidecar
from gateway.api.store_errors import mistakes
from gateway.api.system_parameters import NEVER, present
from gateway.api.who import who
from gateway.policy.snapshot import PolicyError
from gateway.store.editing import Stored
from gateway.store.errors import Conflict, NotThere
from gateway.store.parameters_entry import KEY
from gateway.store.resources import RESOURCES, Resource, find_resource
from gateway.store.store import Store

Form = Annotated[dict[str, str], Depends(form)]

_MOST_SUGGESTED = 500

_form_of = cache(EntryForm.of)


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry as it stands in its form. key, revision: of the entry that is changed, None for a new one. wrong: by field;
    general: what belongs to none. theirs: by field, what somebody else has stored meanwhile."""

    resource: Resource
    filled: Texts
    key: str | None = None
    revision: int | None = None
    wrong: Wrong = field(default_factory=Wrong)
    general: tuple[str, ...] = ()
    theirs: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, resource: Resource, stored: Stored) -> Draft:
        """The form of an entry as it is stored."""
        filled = Texts(_form_of(resource).shown(stored.entry.written()))
        return cls(resource, filled, stored.entry.key, stored.revision)


def router(sidecar: Sidecar) -> APIRouter:
    """The forms. The parameters are one entry, and have no other address."""
    routes = pages("/console/policy")
    _add_reading(routes, sidecar)
    _add_changing(routes, sidecar)
    return routes


def _add_reading(routes: APIRouter, sidecar: Sidecar) -> None:
    @routes.get("/parameters", dependencies=[needs(Permission.READ)])
    def parameters(request: Request) -> Response:
        store = sidecar.store()
        return _shown(request, store, Draft.of(RESOURCES[KEY], present(store)))

    @routes.get("/{name}/entry", dependencies=[needs(Permission.READ)])
    def entry(request: Request, name: str, key: str) -> Response:
        resource, store = find_resource(name), sidecar.store()
        stored = store.get(name, key)
        if stored is None:
            raise NotThere(f"there is no {resource.noun} {key!r}")
        return _shown(request, store, Draft.of(resource, stored))

    @routes.get("/{name}/new", dependencies=[needs(Permission.POLICY)])
    def new(request: Request, name: str) -> Response:
        resource = _one_of_many(name)
        return _shown(request, sidecar.store(), Draft(resource, Texts(_form_of(resource).shown({}))))


def _add_changing(routes: APIRouter, sidecar: Sidecar) -> None:
    may_change = [needs(Permission.POLICY)]

    @routes.post("/parameters", dependencies=may_change)
    def change_parameters(request: Request, fields: Form) -> Response:
        return _put(request, sidecar.store(), Draft(RESOURCES[KEY], Texts(fields), KEY, revision_of(fields)))

    @routes.post("/{name}/new", dependencies=may_change)
    def add(request: Request, name: str, fields: Form) -> Response:
        return _put(request, sidecar.store(), Draft(_one_of_many(name), Texts(fields)))

    @routes.post("/{name}/entry", dependencies=may_change)
    def change(request: Request, name: str, key: str, fields: Form) -> Response:
        return _put(
            request, sidecar.store(), Draft(_one_of_many(name), Texts(fields), key, revision_of(fields))
        )

    @routes.post("/{name}/remove", dependencies=may_change)
    def remove(request: Request, name: str, key: str, fields: Form) -> Response:
        resource = _one_of_many(name)
        sidecar.store().delete(resource.name, key, who(request), revision_of(fields))
        return redirect(f"/policy/{resource.name}", said="removed")


def _put(request: Request, store: Store, draft: Draft) -> Response:
    """Store what was filled in; or show the form again, with what is wrong."""
    resource, entry_form = draft.resource, _form_of(draft.resource)
    written, unreadable = entry_form.read(draft.filled)
    if unreadable:
        return _refused(request, store, draft, unreadable.items())
    try:
        entry = store.parse(resource.name, written)
        if draft.key not in (None, entry.key):
            return _refused(request, store, draft, [("", _another(resource, entry.key, draft.key))])
        is_new = draft.key is None or draft.revision == NEVER
        store.put(resource.name, entry, who(request), None if is_new else draft.revision, is_new)
    except PolicyError as error:
        return _refused(request, store, draft, ((each.path, each.text) for each in mistakes(error)))
    except Conflict as error:
        return _overtaken(request, store, draft, str(error))
    if resource.name == KEY:
        return redirect("/policy/parameters", said="saved")
    said = "added" if draft.key is None else "saved"
    return redirect(f"/policy/{resource.name}/entry", key=entry.key, said=said)


def _refused(request: Request, store: Store, draft: Draft, found: Iterable[tuple[str, str]]) -> Response:
    """The form, with each complaint (path, text) at its field."""
    placed, rest = _form_of(draft.resource).placed(found)
    again = Draft(draft.resource, draft.filled, draft.key, draft.revision, Wrong(placed), tuple(rest))
    return _shown(request, store, again, 422)


def _overtaken(request: Request, store: Store, draft: Draft, text: str) -> Response:
    """Somebody else was faster: what was filled in, beside what is there now."""
    resource = draft.resource
    if draft.key is None:
        return _shown(request, store, Draft(resource, draft.filled, general=(text,)), 409)
    now = present(store) if resource.name == KEY else store.get(resource.name, draft.key)
    if now is None:
        general = ("Somebody has taken it away meanwhile. Store it to add it again.",)
        return _shown(request, store, Draft(resource, draft.filled, general=general), 409)
    theirs = _form_of(resource).shown(now.entry.written())
    differs = {path: text for path, text in theirs.items() if text.split() != draft.filled[path].split()}
    again = Draft(resource, draft.filled, draft.key, now.revision, theirs=differs)
    return _shown(request, store, again, 409)


def _shown(request: Request, store: Store, draft: Draft, status: int = 200) -> Response:
    noun = NOUNS[draft.resource.name]
    return page(
        request,
        "entry.html",
        status,
        draft=draft,
        noun=noun,
        form=_form_of(draft.resource),
        is_parameters=draft.resource.name == KEY,
        suggested={each: list(_keys(store, each)) for each in set((noun.names or {}).values())},
        may_change=principal(request).may(Permission.POLICY),
    )


def _keys(store: Store, resource: str) -> Iterator[str]:
    """Some keys to choose from."""
    return (stored.entry.key for stored in store.page(resource, limit=_MOST_SUGGESTED).entries)


def _one_of_many(name: str) -> Resource:
    if name == KEY:
        raise NotThere("there is one set of parameters, and it is always there")
    return find_resource(name)


def _another(resource: Resource, key: str, wanted: str | None) -> str:
    return f"that would be another {resource.noun}, {key!r}: add that one, and take {wanted!r} away"
