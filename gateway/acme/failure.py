"""The one way an order says no, so that whoever runs it knows what to do next."""

from __future__ import annotations

_LONGEST = 300


class AcmeFailed(Exception):
    """A step that failed; `reason` is stable kebab-case, the message is for people and holds no secret.

    retry_after: seconds for which the other side does not want to be asked again, None where it did not say.
    ends_order: the order is lost, and the next attempt begins with a new one. forgets_account: so is the account.
    """

    def __init__(
        self,
        reason: str,
        message: str,
        *,
        retry_after: float | None = None,
        ends_order: bool = False,
        forgets_account: bool = False,
    ) -> None:
        super().__init__(message)
        self.reason, self.retry_after = reason, retry_after
        self.ends_order, self.forgets_account = ends_order, forgets_account


def printable(text: str) -> str:
    """What another party said, fit for a log: one line, of bounded length."""
    return "".join(each if each.isprintable() else " " for each in text[:_LONGEST])
