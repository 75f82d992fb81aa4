"""What happens when somebody logs in or out, changes a password, or takes up a second factor.

The routes of the API and those of the console share this. argon2 takes tens of milliseconds and 64 MiB each time: it runs
beside the event loop, two at a time, and few may wait for it.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from typing import TypeVar

import pyotp
from fastapi import Request, Response

from gateway import log
from gateway.access.login import Attempt, LogInRefused
from gateway.access.passwords import WeakPassword, check_password
from gateway.access.sessions import Session
from gateway.access.totp import matching_step
from gateway.access.users import User
from gateway.api.authorisation import NotAllowed, check_site, session
from gateway.api.cookies import forget_session, session_secret, set_session
from gateway.api.problems import Mistake, Unfit
from gateway.api.sidecar import Sidecar
from gateway.store.errors import StoreGone

_MOST_WAITING = 32
_SECRET_BYTES = 32

_log = log.get("access")

T = TypeVar("T")


class _Hashing:
    """Two threads for what hashes, and a count of who waits for them."""

    def __init__(self) -> None:
        self._threads, self._waiting = ThreadPoolExecutor(2, "argon2"), 0

    async def run(self, work: Callable[[], T]) -> T:
        """Do this when there is a thread; raises NotAllowed (429) where too many wait already."""
        if self._waiting >= _MOST_WAITING:
            raise NotAllowed(429, "too-many-requests", "too many log in at once", 1.0)
        self._waiting += 1
        try:
            context = copy_context()  # as asyncio.to_thread hands it over
            return await asyncio.get_running_loop().run_in_executor(self._threads, context.run, work)
        finally:
            self._waiting -= 1


beside = _Hashing().run
"""Do what hashes beside the event loop; raises NotAllowed (429) where too many wait already."""


async def log_in(request: Request, sidecar: Sidecar, name: str, password: str, code: str) -> Session:
    """Begin a session, in place of the one that the request came with; raises NotAllowed (401, 403, 429).

    Have `show_session` tell the browser of it.
    """
    check_site(request)
    people, address = sidecar.logins(), _address(request)
    attempt = Attempt(name, password, code, address)
    try:
        user = await beside(lambda: people.log_in.check(attempt, sidecar.now()))
    except LogInRefused as refused:
        _log.warning("log-in.refused", reason=refused.reason, address=address)
        raise _not_let_in(refused) from None
    _end_shown(request, sidecar)
    secret, csrf = secrets.token_urlsafe(_SECRET_BYTES), secrets.token_urlsafe(_SECRET_BYTES)
    begun = people.sessions.begin(user, secret, csrf, address, sidecar.now())
    request.state.session_secret = secret
    _log.info("log-in", user=user.name, session=begun.id, address=address)
    await asyncio.to_thread(_note, sidecar, user.name, "logged-in", begun)
    return begun


def show_session(request: Request, response: Response) -> None:
    """Give the browser the cookie of the session that `log_in` has begun."""
    set_session(request, response, request.state.session_secret)


async def log_out(request: Request, response: Response, sidecar: Sidecar) -> None:
    """End the session that a request came with."""
    ended = _end_shown(request, sidecar)
    forget_session(request, response)
    if ended:
        _log.info("log-out", user=ended.user, session=ended.id)
        await asyncio.to_thread(_note, sidecar, ended.user, "logged-out", ended)


async def change_password(request: Request, sidecar: Sidecar, present: str, wanted: str) -> None:
    """Give whoever is logged in another password; all other sessions end. NotAllowed, Unfit (422), StoreGone."""
    people, (user, own) = sidecar.logins(), logged_in(request, sidecar)
    check_fit(wanted, user.name, "password")
    await _show_password(request, sidecar, user, present)
    hashed = await beside(lambda: people.log_in.hasher.hash(wanted))
    await _change(sidecar, user.name, "password-changed", password=hashed)
    people.sessions.password_changed(own.id, hashed)
    await asyncio.to_thread(people.look)


def offer_totp(request: Request, sidecar: Sidecar) -> str:
    """A new secret (base32) for the authenticator of whoever is logged in; in force once a code of it was shown.

    Unfit (409) where there is a second factor: it is dropped first, which takes a code of it.
    """
    user, own = logged_in(request, sidecar)
    _check_no_factor(user)
    own.offered_totp = pyotp.random_base32()
    return own.offered_totp


async def take_totp(request: Request, sidecar: Sidecar, present: str, code: str) -> None:
    """Put the second factor in force that was offered; NotAllowed, Unfit (409, 422), StoreGone."""
    user, own = logged_in(request, sidecar)
    _check_no_factor(user)
    if own.offered_totp is None:
        raise Unfit(409, "no second factor was offered in this session; do: ask for one first")
    if matching_step(own.offered_totp, code, sidecar.now()) is None:
        text = "not the code that the authenticator shows now; see that its clock is right"
        raise Unfit(422, text, [Mistake(path="code", text=text)])
    await _show_password(request, sidecar, user, present)
    await _change(sidecar, user.name, "totp-enrolled", totp=own.offered_totp)
    own.offered_totp = None


async def drop_totp(request: Request, sidecar: Sidecar, present: str, code: str) -> None:
    """Do without a second factor from now on; NotAllowed, StoreGone."""
    user, _ = logged_in(request, sidecar)
    await _show_password(request, sidecar, user, present)
    right = await asyncio.to_thread(sidecar.logins().log_in.check_code, user, code, sidecar.now())
    if not right:
        raise NotAllowed(403, "refused", "the password or the code is not right")
    await _change(sidecar, user.name, "totp-dropped", totp=None)


def logged_in(request: Request, sidecar: Sidecar) -> tuple[User, Session]:
    """The user behind a session; raises NotAllowed (403) for a request that came with something else."""
    own = session(request)
    user = sidecar.logins().directory().user(own.user) if own else None
    if own is None or user is None:
        raise NotAllowed(403, "session-missing", "this is for users who have logged in")
    return user, own


def _check_no_factor(user: User) -> None:
    if user.totp is not None:
        raise Unfit(409, "there is a second factor already; do: drop it first, with a code of it")


def check_fit(password: str, name: str, field: str) -> None:
    """Raise Unfit (422) for a password that others would guess."""
    try:
        check_password(password, name)
    except WeakPassword as weak:
        raise Unfit(422, str(weak), [Mistake(path=field, text=str(weak))]) from None


async def _show_password(request: Request, sidecar: Sidecar, user: User, password: str) -> None:
    people, address = sidecar.logins(), _address(request)
    try:
        await beside(lambda: people.log_in.check_password(user, password, address, sidecar.now()))
    except LogInRefused as refused:
        if refused.reason == "locked-out":
            raise _not_let_in(refused) from None
        raise NotAllowed(403, "refused", "the password is not right") from None


async def _change(sidecar: Sidecar, name: str, action: str, **fields: str | None) -> None:
    def change() -> None:
        sidecar.access_store().change_user(name, f"user:{name}", action, **fields)
        sidecar.logins().look()

    await asyncio.to_thread(change)


def _end_shown(request: Request, sidecar: Sidecar) -> Session | None:
    """End the session whose cookie a request shows, in force or not."""
    secret, people = session_secret(request), sidecar.logins()
    found = people.sessions.find(secret, people.directory(), sidecar.now()) if secret else None
    return people.sessions.end(found[0].id) if found else None


def _note(sidecar: Sidecar, user: str, action: str, session: Session) -> None:
    """A record of who came and went, where the database is there to take it; the log has it in any case."""
    with suppress(StoreGone):
        sidecar.access_store().note(f"user:{user}", action, "sessions", session.id)


def _not_let_in(refused: LogInRefused) -> NotAllowed:
    if refused.reason == "locked-out":
        return NotAllowed(429, "locked-out", "too many failures; wait, or ask an admin", refused.wait)
    return NotAllowed(401, "log-in-refused", "name, password or code is not right", refused.wait)


def _address(request: Request) -> str:
    return request.client.host if request.client else ""
