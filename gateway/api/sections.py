"""`GET /v1/number-sections`: VOS3000's Number Section Query. Whose is this number, who has numbers in this range, what does
this account own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Self

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, model_validator

from gateway.access.permissions import Permission
from gateway.api.authorisation import needs
from gateway.api.problems import Unfit, problems
from gateway.api.query import Paging, WrittenNumber, asked, parameters
from gateway.api.sidecar import Sidecar
from gateway.store.editing import Stored
from gateway.store.store import Store


class SectionQuery(Paging):
    """By number, by range, by account, or by range and account."""

    number: Annotated[WrittenNumber | None, Field(description="The section that holds it.")] = None
    begin: Annotated[
        WrittenNumber | None, Field(description="Sections that hold this number or a later one.")
    ] = None
    end: Annotated[
        WrittenNumber | None, Field(description="Sections that hold this number or an earlier one.")
    ] = None
    account: Annotated[str | None, Field(max_length=64, description="The account's id.")] = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.number is not None and (self.begin is not None or self.end is not None):
            raise ValueError("number goes without begin and end")
        return self


class Section(BaseModel):
    """A range of numbers and the account that owns it."""

    name: str
    begin: str = Field(examples=["+12155550100"])
    end: str = Field(examples=["+12155550199"])
    account: str = Field(description="The account's id.")
    account_name: str


class SectionList(BaseModel):
    """A page of sections by name; `next` is the `after` of the following page."""

    items: list[Section]
    next: str | None


def router(sidecar: Sidecar) -> APIRouter:
    """The query; what changes sections is as for every other entry."""
    routes = APIRouter(prefix="/v1", tags=["number-sections"], dependencies=[needs(Permission.READ)])

    @routes.get(
        "/number-sections",
        summary="Number Section Query: by number, by range or by account",
        responses=problems({400: "The query is not understood", 503: "The database is away"}),
        openapi_extra=parameters(SectionQuery),
    )
    def query(request: Request) -> SectionList:
        wanted = asked(SectionQuery, request)
        store = sidecar.store()
        try:
            found = store.sections(
                wanted.number, wanted.begin, wanted.end, wanted.account, wanted.limit, wanted.after
            )
        except ValueError as error:
            raise Unfit(400, str(error)) from None
        return SectionList(items=_named(store, found.entries), next=found.next)

    return routes


def _named(store: Store, found: Iterable[Stored]) -> list[Section]:
    """The sections with their accounts' names."""
    written = [stored.entry.written() for stored in found]
    names = {id: _name(store, id) for id in {each["account"] for each in written}}
    return [Section(**each, account_name=names[each["account"]]) for each in written]


def _name(store: Store, account: str) -> str:
    """Empty for an account that was taken away with its sections since they were read."""
    stored = store.get("accounts", account)
    return str(stored.entry.written()["name"]) if stored else ""
