"""Who a request is from: the directory, the sessions, the client certificates and addresses that are let in.

Everything is answered from memory. A bearer token is found by its digest, so how long that takes says nothing about how
much of it was right.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gateway.access.buckets import Buckets
from gateway.access.directory import Directory
from gateway.access.permissions import Permission
from gateway.access.places import place
from gateway.access.principal import Principal
from gateway.access.rules import AccessRules
from gateway.access.sessions import Sessions
from gateway.access.shown import Identified, Shown, TooMany, Unknown
from gateway.access.tokens import PREFIX, digest

_LONGEST_SECRET = 128
_STIR = frozenset({Permission.STIR})


class Access:
    """The doorkeeper of one process. directory: the one in force; is_stir_address: whether an address may use /stir/v1.

    subjects: what the holders of client certificates may do, by common name.
    """

    def __init__(
        self,
        rules: AccessRules,
        directory: Callable[[], Directory],
        is_stir_address: Callable[[str], bool],
        subjects: Mapping[str, frozenset[Permission]],
    ) -> None:
        self.rules, self.directory = rules, directory
        self.sessions = Sessions(rules)
        self._is_stir_address, self._subjects = is_stir_address, subjects
        self._known, self._stir, self._strangers, self._public = map(
            Buckets, (rules.rate, rules.stir_rate, rules.stranger_rate, rules.public_rate)
        )

    def identify(self, shown: Shown, now: float) -> Identified:
        """Who sent this; raises Unknown. A credential that is shown and wrong is refused, whatever else is shown."""
        if shown.bearer is not None:
            return Identified(self._of_token(shown.bearer, now))
        if shown.session is not None:
            return self._of_session(shown.session, now, used=not shown.unasked)
        if shown.subject is not None and shown.subject in self._subjects:
            return Identified(Principal("certificate", shown.subject, self._subjects[shown.subject]))
        if self._is_stir_address(shown.address):
            return Identified(Principal("address", shown.address, _STIR))
        raise Unknown("credential-missing")

    def admit(self, shown: Shown, principal: Principal | None, permission: Permission, now: float) -> None:
        """Count a request of somebody, or of nobody known; raises TooMany."""
        if principal is None:
            wait = self._strangers.take(place(shown.address), now)
        else:
            buckets = self._stir if permission is Permission.STIR else self._known
            wait = buckets.take((principal.kind, principal.name), now)
        if wait:
            raise TooMany(wait)

    def admit_anybody(self, address: str, now: float) -> None:
        """Count a request for what is public; raises TooMany."""
        wait = self._public.take(place(address), now)
        if wait:
            raise TooMany(wait)

    def _of_token(self, bearer: str, now: float) -> Principal:
        if not bearer.startswith(PREFIX) or len(bearer) > _LONGEST_SECRET:
            raise Unknown("token-unknown")
        token = self.directory().tokens.get(digest(bearer))
        if token is None:
            raise Unknown("token-unknown")
        if not token.holds(now):
            raise Unknown("token-expired")
        return token.principal

    def _of_session(self, secret: str, now: float, *, used: bool) -> Identified:
        is_possible = len(secret) <= _LONGEST_SECRET
        found = self.sessions.find(secret, self.directory(), now, used=used) if is_possible else None
        if found is None:
            raise Unknown("session-over")
        session, user = found
        return Identified(user.principal, session)
