"""What the parts of the API are, for its description."""

from __future__ import annotations

TAGS = [
    {"name": name, "description": text}
    for name, text in {
        "stir": "Signing and verification for other SIP elements, in the shape of ATIS-1000082 or of 3GPP TS 24.229.",
        "peers": "Softswitches that send calls here, and carriers that calls go to and come from.",
        "accounts": "Who calls are made for: bound addresses, permits, geofence, limits, the best attestation.",
        "routes": "Which peer a called number goes to.",
        "number-sections": "Which account owns which numbers. Decides attestation A.",
        "authorisations": "Letters by which an account may use numbers of somebody else's, for a time.",
        "areas": "Names of number prefixes, for the geofence and the call log; the longest prefix wins.",
        "number-transforms": "How a peer's numbers are rewritten before anything looks at them.",
        "list-groups": "Black and white lists of numbers, and the uploads that fill them.",
        "system-whitelist": "Numbers that no black list refuses.",
        "dynamic-blacklist": "Who is kept out for a while, found by itself or blocked by hand.",
        "rates": "What a minute costs, for bounds of spend.",
        "address-ranges": "Networks that are kept out, by hand or from a feed.",
        "parameters": "VOS3000's system parameters under their names, and a few more.",
        "calls": "The call log: every call that was decided, the refused ones too.",
        "explain": "Dry runs: what would become of a call.",
        "audit": "Who changed what.",
        "certificates": "Our certificates, from installation to revocation; and their chains, as verifiers get them.",
        "keys": "Our private keys: made here, never told; certificates are requested for them.",
        "acme": "Certificates ordered from the STI-CA by itself, and renewed.",
        "nodes": "The nodes that share this database: what each says of itself; drained and had to serve again.",
        "me": "Logging in and out, and one's own password and second factor.",
        "users": "Who may log in, as what.",
        "tokens": "Tokens for programs: what each may do, until when.",
        "sessions": "Who is logged in.",
        "health": "Does it live, and can it serve calls?",
        "metrics": "Figures for Prometheus.",
    }.items()
]
"""As OpenAPI wants them, in the order in which they are shown."""
