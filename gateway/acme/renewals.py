"""All orders of a node, each whenever it is due: one process at a time works on them, and whichever goes on where the last
one stopped. No call waits for any of it.

A failure is logged, shown and tried again later; the certificate that signs stays as it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from gateway import log
from gateway.acme import telling
from gateway.acme.accounts import Accounts
from gateway.acme.failure import AcmeFailed
from gateway.acme.issuing import Issuing, Outside
from gateway.acme.schedule import PATIENCE, Pause, look_after, wait_after
from gateway.acme.settings import Acme, OrderSettings
from gateway.acme.state import Busy, Progress, Rehearsal, StateFile, Trouble
from gateway.acme.steps import Done, Quest
from gateway.acme.sti_pa import StiPa
from gateway.acme.telling import OrderStatus, Standings
from gateway.acme.wire import Wire
from gateway.credentials.custodian import Custodian
from gateway.credentials.keyring import Keyring
from gateway.credentials.manifest_file import ManifestUnreadable
from gateway.trust.credential import Credential, CredentialRefused

LOOK_EVERY = 1.0
"""Seconds between two looks for what is due."""

_log = log.get("acme")


@dataclass(frozen=True, slots=True)
class Wish:
    """What an operator asked for: a dry run, or a certificate now. anew: not with the order under way, but a new one."""

    dry_run: bool = False
    anew: bool = False


@dataclass(frozen=True, slots=True)
class Means:
    """What the orders are worked on with. now: epoch seconds. jitter: from 0 to 1, another at each call. wire: made for each
    pass."""

    custodian: Custodian
    keyring: Keyring
    configured: Credential | None
    outside: Outside
    now: Callable[[], float]
    jitter: Callable[[], float]
    wire: Callable[[], Wire]


class Renewals:
    """The orders of `[acme]`. `current`: how they stood at the last turn, to be read from any thread."""

    def __init__(self, acme: Acme, file: StateFile, means: Means) -> None:
        self.settings, self._file, self._means = acme, file, means
        self._accounts = Accounts(acme, file, means.custodian, means.keyring, means.now)
        self._wishes: dict[str, Wish] = {}
        self._told: dict[str, int] = {}
        self.current = Standings()

    async def run(self) -> None:
        """Do whatever falls due, until cancelled."""
        while True:
            await self.turn()
            await asyncio.sleep(LOOK_EVERY)

    def ask(self, name: str, wish: Wish) -> None:
        """Have this order worked on at the next turn; KeyError if there is none of that name."""
        if self.settings.order(name) is None:
            raise KeyError(name)
        self._wishes[name] = wish

    async def turn(self) -> None:
        """Work once on what is due, and see how all of it stands. Nothing is raised: what cannot be done now is told, and done
        later."""
        problem = None
        try:
            await self.work()
        except Busy:
            pass  # whoever is at it does it for all
        except (AcmeFailed, ManifestUnreadable, CredentialRefused) as error:
            problem = str(error)
        orders = self.current.orders
        try:
            orders = await asyncio.to_thread(self.statuses)
        except (AcmeFailed, ManifestUnreadable) as error:
            problem = str(error)
        if problem and problem != self.current.problem:
            _log.error("acme.stopped", error=problem)
        self.current = Standings(orders, problem)

    def statuses(self) -> tuple[OrderStatus, ...]:
        """How every order stands. Blocking. AcmeFailed, ManifestUnreadable where that cannot be read."""
        means = self._means
        state, manifest = self._file.read(), means.custodian.view()
        return tuple(telling.statuses(self.settings, state, manifest, means.configured, means.now()))

    async def work(self) -> None:
        """Work once on what is due. What keeps all work from being done is raised: Busy where another process is at it,
        AcmeFailed, ManifestUnreadable, CredentialRefused."""
        due = await asyncio.to_thread(self._due)
        if not due:
            return
        with self._file.claimed():
            for order in await asyncio.to_thread(self._due):
                wish = self._wishes.pop(order.called, None)
                if wish and wish.dry_run:
                    await self._rehearse(order)
                else:
                    await self._attempt(order, wish)

    def _due(self) -> list[OrderSettings]:
        """What is to be worked on now. Blocking."""
        now, state, manifest = self._means.now(), self._file.read(), self._means.custodian.view()
        found = []
        for order in self.settings.orders:
            mine = telling.held(manifest, self._means.configured, order.spc, now)
            progress = state.of(order.called)
            if order.called in self._wishes or telling.is_due(
                progress, mine, self.settings.renew_before, now
            ):
                found.append(order)
        return found

    async def _rehearse(self, order: OrderSettings) -> None:
        """A dry run, with an order of its own; the one under way is left alone."""
        trouble = None
        try:
            async with self._issuing(order) as issuing:
                _, end = await issuing.walk(Quest(), _forget, dry_run=True)
            if not isinstance(end, Done):
                trouble = self._trouble(
                    "still-waiting", "the STI-CA is still at work: everything up to there went well"
                )
        except AcmeFailed as failed:
            trouble = self._trouble(failed.reason, str(failed))
        now = self._means.now()
        await self._change(order, lambda progress: replace(progress, rehearsal=Rehearsal(now, trouble)))
        _log.info("acme.rehearsed", order=order.called, trouble=trouble.reason if trouble else None)

    async def _attempt(self, order: OrderSettings, wish: Wish | None) -> None:
        """Go on with an order, or begin one."""
        now = self._means.now()

        def begin(progress: Progress) -> Progress:
            if wish and wish.anew:
                progress = progress.at(Quest(key_id=progress.key_id), now)
            asked = progress.asked or wish is not None
            return replace(progress, asked=asked, waiting=False, pause=None)

        progress = await self._change(order, begin)

        async def keep(quest: Quest) -> None:
            await self._change(order, lambda progress: progress.at(quest, self._means.now()))

        try:
            async with self._issuing(order) as issuing:
                quest, end = await issuing.walk(progress.quest, keep)
            if isinstance(end, Done):
                await self._succeeded(order, quest)
            else:
                await self._waiting(order, issuing.client.retry_after)
        except AcmeFailed as failed:
            await self._failed(order, failed)

    async def _succeeded(self, order: OrderSettings, quest: Quest) -> None:
        now, jitter = self._means.now(), self._means.jitter()
        await self._change(
            order,
            lambda last: Progress(
                jitter=jitter, renewed_at=now, certificate=quest.installed, rehearsal=last.rehearsal
            ),
        )
        self._told.pop(order.called, None)
        _log.info("acme.renewed", order=order.called, certificate=quest.installed)

    async def _waiting(self, order: OrderSettings, retry_after: float | None) -> None:
        now = self._means.now()

        def wait(progress: Progress) -> Progress:
            elapsed = max(0.0, now - (progress.begun_at or now))
            if elapsed > PATIENCE:
                raise AcmeFailed(
                    "order-too-slow", "the STI-CA did not get done with the order", ends_order=True
                )
            pause = Pause.of(now, look_after(elapsed, retry_after))
            return replace(progress, waiting=True, failures=0, trouble=None, pause=pause)

        await self._change(order, wait)
        await self._tell_urgency(order)

    async def _failed(self, order: OrderSettings, failed: AcmeFailed) -> None:
        now, jitter = self._means.now(), self._means.jitter()

        def fail(progress: Progress) -> Progress:
            failures = progress.failures + 1
            if failed.ends_order:
                # A key that a certificate may have been issued for is not used again.
                lost = failed.reason.startswith(("certificate-", "key-"))
                key_id = None if lost else progress.key_id
                progress = progress.at(Quest(key_id=key_id), now)
            return replace(
                progress,
                failures=failures,
                waiting=False,
                trouble=Trouble(now, failed.reason, str(failed)),
                pause=Pause.of(now, wait_after(failures, failed.retry_after, jitter)),
            )

        progress = await self._change(order, fail)
        if failed.forgets_account:
            await asyncio.to_thread(self._accounts.forget)
        _log.warning(
            "acme.failed",
            order=order.called,
            reason=failed.reason,
            error=str(failed),
            failures=progress.failures,
        )
        await self._tell_urgency(order)

    async def _tell_urgency(self, order: OrderSettings) -> None:
        """Say once for each threshold that a renewal which is due has not come off."""
        for each in await asyncio.to_thread(self.statuses):
            if each.name == order.called and each.alarm and each.urgency > self._told.get(each.name, 0):
                self._told[each.name] = each.urgency
                _log.error("acme.renewal-late", order=each.name, left=each.days_left, reason=each.alarm)

    @asynccontextmanager
    async def _issuing(self, order: OrderSettings) -> AsyncIterator[Issuing]:
        """What an order is worked on with; AcmeFailed where the account cannot be had."""
        acme, means = self.settings, self._means
        wire = await asyncio.to_thread(means.wire)  # the public CAs take a tenth of a second to read
        try:
            client = await self._accounts.client(wire)
            yield Issuing(
                acme,
                order,
                client,
                wire,
                _sti_pa(acme, order),
                means.custodian.by(f"acme:{order.called}"),
                means.outside,
                means.now,
            )
        finally:
            await wire.close()

    async def _change(self, order: OrderSettings, change: Callable[[Progress], Progress]) -> Progress:
        """Note how far an order has come."""

        def changed() -> Progress:
            state = self._file.read()
            progress = change(state.of(order.called))
            self._file.write(state.having(order.called, progress))
            return progress

        return await asyncio.to_thread(changed)

    def _trouble(self, reason: str, text: str) -> Trouble:
        return Trouble(self._means.now(), reason, text)


async def _forget(_quest: Quest) -> None:
    """Nothing of a dry run is kept."""


def _sti_pa(acme: Acme, order: OrderSettings) -> StiPa:
    user, password = order.sti_pa_user or acme.sti_pa_user, order.sti_pa_password or acme.sti_pa_password
    assert acme.sti_pa_url is not None and user is not None and password is not None  # as the settings see to
    return StiPa(acme.sti_pa_url, acme.sti_pa_shape, order.sti_pa_account or order.spc, user, password)
