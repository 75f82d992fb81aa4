"""Our certificates: what signs for whom and for how long, installed, looked at from outside, activated, rolled back, ended.

A form carries the revision of keys and certificates it was made of, so that of two rotations at once one is told of the other.
"""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from gateway.access.permissions import Permission
from gateway.api.acme import Renewal, acme_state, ask_for_renewal
from gateway.api.authorisation import needs
from gateway.api.certificates import check_account, check_ours
from gateway.api.console.errors import pages
from gateway.api.console.pages import page, redirect
from gateway.api.console.query import Texts
from gateway.api.console.revision import revision_of
from gateway.api.credential_errors import STATUSES
from gateway.api.custody import CertificateShown, certificate_shown, configured_shown, custodian, key_shown
from gateway.api.forms import form
from gateway.api.sidecar import Sidecar
from gateway.credentials.manifest import Manifest
from gateway.trust.credential import CredentialRefused

Form = Annotated[dict[str, str], Depends(form)]

_MOST_ACCOUNTS = 500


def router(sidecar: Sidecar) -> APIRouter:
    """The certificates."""
    routes = pages("/console/certificates")
    _add_reading(routes, sidecar)
    _add_rotating(routes, sidecar)
    _add_acme(routes, sidecar)
    _add_changing(routes, sidecar)
    return routes


def _add_reading(routes: APIRouter, sidecar: Sidecar) -> None:
    @routes.get("", dependencies=[needs(Permission.READ)])
    def every(request: Request) -> Response:
        return _list_page(sidecar, request)

    @routes.get("/{name}", dependencies=[needs(Permission.READ)])
    def one(request: Request, name: str) -> Response:
        return _page_of_one(sidecar, request, name)


def _add_rotating(routes: APIRouter, sidecar: Sidecar) -> None:
    may_rotate = [needs(Permission.ROTATE)]

    @routes.post("/rollback", dependencies=may_rotate)
    def roll_back(request: Request, fields: Form) -> Response:
        custodian(sidecar, request).roll_back(fields.get("account") or None, revision_of(fields))
        return redirect("/certificates", said="rolled-back")

    @routes.post("/{name}/activate", dependencies=may_rotate)
    async def activate(request: Request, name: str, fields: Form) -> Response:
        account, force = (fields.get(each, "").strip() or None for each in ("account", "force"))
        check_ours(sidecar, name)
        check_account(sidecar, account)
        keeper = custodian(sidecar, request)
        try:
            await sidecar.outside.activate(keeper, name, account, revision_of(fields), force)
        except CredentialRefused as error:
            if error.reason != "not-served":
                raise
            return await asyncio.to_thread(_page_of_one, sidecar, request, name, str(error), Texts(fields))
        return redirect("/certificates", said="activated")

    @routes.post("/{name}/check", dependencies=may_rotate)
    async def check(request: Request, name: str) -> Response:
        manifest = await asyncio.to_thread(custodian(sidecar, request).view)
        seen = await sidecar.outside.look(manifest.certificate(name))
        if seen.reason is None:
            return redirect(f"/certificates/{name}", said="checked")
        text = f"{seen.x5u} does not serve this chain: {seen.reason}. {seen.detail}"
        return await asyncio.to_thread(_page_of_one, sidecar, request, name, text)


def _add_acme(routes: APIRouter, sidecar: Sidecar) -> None:
    @routes.post("/acme/renew", dependencies=[needs(Permission.ROTATE)])
    def renew(fields: Form) -> Response:
        is_dry = fields.get("how") == "dry-run"
        ask_for_renewal(sidecar, Renewal(order=fields.get("order") or None, dry_run=is_dry))
        return redirect("/certificates", said="renewing")


def _add_changing(routes: APIRouter, sidecar: Sidecar) -> None:
    may_change = [needs(Permission.CERTIFICATES)]

    @routes.post("", dependencies=may_change)
    def install(request: Request, fields: Form) -> Response:
        chain, name = fields.get("chain", ""), fields.get("name", "").strip() or None
        try:
            installed = custodian(sidecar, request).install(chain.encode(), name)
        except CredentialRefused as error:
            return _list_page(sidecar, request, Texts(fields), error)
        return redirect(f"/certificates/{installed.certificate.name}", said="installed")

    @routes.post("/{name}/retire", dependencies=may_change)
    def retire(request: Request, name: str, fields: Form) -> Response:
        custodian(sidecar, request).retire(name, fields.get("reason", ""), revision_of(fields))
        return redirect(f"/certificates/{name}", said="retired")

    @routes.post("/{name}/revoke", dependencies=may_change)
    def revoke(request: Request, name: str, fields: Form) -> Response:
        custodian(sidecar, request).revoke(name, fields.get("reason", ""), revision_of(fields))
        return redirect(f"/certificates/{name}", said="revoked")

    @routes.post("/{name}/remove", dependencies=may_change)
    def remove(request: Request, name: str, fields: Form) -> Response:
        custodian(sidecar, request).delete_certificate(name, revision_of(fields))
        return redirect("/certificates", said="deleted")


def _list_page(
    sidecar: Sidecar, request: Request, filled: Texts | None = None, refused: CredentialRefused | None = None
) -> Response:
    """Everything; with a chain that was to be installed, and why it was refused."""
    manifest = custodian(sidecar, request).view() if sidecar.custodian else sidecar.book.manifest
    return page(
        request,
        "certificates.html",
        STATUSES.get(refused.reason, 422) if refused else 200,
        certificates=_shown(sidecar, manifest),
        keys=[key_shown(each, manifest) for each in manifest.keys],
        active=manifest.active,
        revision=manifest.revision,
        in_force=sidecar.book.manifest.revision,
        alarms=[*sidecar.book.alarms(sidecar.now()), *sidecar.credentials.problems],
        acme=acme_state(sidecar.acme),
        may_store=sidecar.custodian is not None,
        filled=filled or Texts(),
        refused=refused,
    )


def _shown(sidecar: Sidecar, manifest: Manifest) -> list[CertificateShown]:
    """Each as it is told, what signs first."""
    found = [certificate_shown(each, manifest, sidecar) for each in manifest.certificates]
    if sidecar.book.configured:
        found.append(configured_shown(sidecar.book.configured, manifest, sidecar.now()))
    return sorted(found, key=lambda each: (not each.active_for, each.ended is not None, -each.days_left))


def _page_of_one(
    sidecar: Sidecar, request: Request, name: str, wrong: str = "", filled: Texts | None = None
) -> Response:
    """One certificate; with what was seen of it from outside that is wrong."""
    configured = sidecar.book.configured
    manifest = custodian(sidecar, request).view() if sidecar.custodian else sidecar.book.manifest
    if configured and configured.name == name:
        shown = configured_shown(configured, manifest, sidecar.now())
    else:
        shown = certificate_shown(manifest.certificate(name), manifest, sidecar)
    served = sidecar.book.served(name)
    return page(
        request,
        "certificate.html",
        409 if wrong else 200,
        shown=shown,
        revision=manifest.revision,
        chain=served.pem.decode() if served else "",
        accounts=_accounts(sidecar),
        wrong=wrong,
        filled=filled or Texts(),
    )


def _accounts(sidecar: Sidecar) -> list[str]:
    """Some of those who may have a certificate of their own."""
    return sorted(sidecar.in_force.snapshot().accounts)[:_MOST_ACCOUNTS] if sidecar.in_force else []
