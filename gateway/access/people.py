"""What is done with users who log in: how they are judged, their sessions, and having the roster look at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gateway.access.directory import Directory
from gateway.access.login import LogIn
from gateway.access.sessions import Sessions


@dataclass(frozen=True, slots=True)
class People:
    """The console's side of the door. look: have a change of users and tokens take effect here now, and not in a moment."""

    directory: Callable[[], Directory]
    sessions: Sessions
    log_in: LogIn
    look: Callable[[], None]
