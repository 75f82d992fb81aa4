"""What can be permitted, and which of it each role has. A route asks for one permission, never for a role."""

from __future__ import annotations

from enum import StrEnum


class Permission(StrEnum):
    """One kind of thing that can be done."""

    READ = "read"
    """See everything under /v1, and ask what would become of a call."""
    POLICY = "policy"
    """Change the number policy; block and release; drain nodes, have them serve, forget those that are gone."""
    ROTATE = "rotate"
    """Activate a certificate, roll back, renew."""
    CERTIFICATES = "certificates"
    """Keys, CSRs, ACME; install, retire and revoke certificates."""
    ACCESS = "access"
    """Users, tokens, and other people's sessions."""
    STIR = "stir"
    """Have calls signed and verified under /stir/v1."""
    METRICS = "metrics"
    """/metrics and /readyz."""


class Role(StrEnum):
    """What a user is."""

    AUDITOR = "auditor"
    OPERATOR = "operator"
    ADMIN = "admin"

    @property
    def permissions(self) -> frozenset[Permission]:
        """What users of this role may do."""
        return _PERMISSIONS[self]


_AUDITOR = frozenset({Permission.READ, Permission.METRICS})
_OPERATOR = _AUDITOR | {Permission.POLICY, Permission.ROTATE}
_PERMISSIONS = {Role.AUDITOR: _AUDITOR, Role.OPERATOR: _OPERATOR, Role.ADMIN: frozenset(Permission)}
