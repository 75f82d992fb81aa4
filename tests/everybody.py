"""For tests of something else: whoever knocks is an admin on this machine. Nothing like it is in the gateway."""

from gateway.access.permissions import Permission, Role
from gateway.access.principal import Principal
from gateway.access.shown import Identified, Shown

ADMIN = Principal("user", "everybody", Role.ADMIN.permissions)


class EverybodyIsAdmin:
    """A doorkeeper that lets everybody do everything."""

    def identify(self, shown: Shown, now: float) -> Identified:
        """An admin."""
        return Identified(ADMIN)

    def admit(self, shown: Shown, principal: Principal | None, permission: Permission, now: float) -> None:
        """As often as one likes."""

    def admit_anybody(self, address: str, now: float) -> None:
        """As often as one likes."""


EVERYBODY = EverybodyIsAdmin()
