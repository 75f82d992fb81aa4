"""What a page says was just done: a sentence for each word that may stand behind `said=` in an address, and none else."""

from __future__ import annotations

from collections.abc import Mapping

SAID: Mapping[str, str] = {
    "added": "Added. It is in force within two seconds.",
    "saved": "Saved. It is in force within two seconds.",
    "removed": "Taken away. That is in force within two seconds.",
    "blocked": "Blocked. The edge knows within two seconds.",
    "released": "Released. The edge knows within two seconds, and counts anew.",
    "numbers": "The numbers were changed. That is in force within two seconds.",
    "activated": "Activated. New calls are signed with it within two seconds; the old certificate stays published.",
    "rolled-back": "Rolled back. The certificate that signed before signs again.",
    "installed": "Installed and published. It signs nothing until you activate it.",
    "retired": "Retired. It signs nothing any more and stays published.",
    "revoked": "Noted as revoked. Nothing is signed with it any more.",
    "deleted": "Deleted. Its name will not be used again.",
    "checked": "Its public URL returns exactly this chain.",
    "key-made": "A new key is there. Make a request for a certificate with it.",
    "key-deleted": "The key is gone.",
    "user-changed": "The user was changed.",
    "user-removed": "The user was taken away.",
    "token-revoked": "The token was revoked.",
    "session-ended": "The session was ended.",
    "password-changed": "Your password was changed.",
    "totp-on": "From now on you log in with a code of your authenticator too.",
    "totp-off": "You log in without a code now.",
    "logged-out": "You are logged out.",
    "timed-out": "Your session has ended. Log in again.",
    "drained": "It takes no new calls within two seconds. Calls that are up go on.",
    "served": "It takes calls again within two seconds.",
    "forgotten": "Forgotten. It comes back if it reports again.",
    "renewing": "A renewal was started. Its progress is told below.",
}
