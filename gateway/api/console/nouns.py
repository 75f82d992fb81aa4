"""What the console says of each kind of entry: VOS3000's name for it, the columns of its list, which fields are its key, and
where one entry names another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Noun:
    """One kind of entries. columns: paths of the fields a list shows. key: fields that cannot be changed, for they say which
    entry it is. names: by field, the resource whose keys fit."""

    title: str
    one: str
    about: str
    columns: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    names: Mapping[str, str] | None = None


NOUNS: Mapping[str, Noun] = {
    "peers": Noun(
        "Peers",
        "peer",
        "Softswitches (VOS3000: mapping gateways) and carriers (routing gateways), known by the address they call from.",
        ("name", "role", "account", "addresses", "next_hops"),
        ("name",),
        {"account": "accounts"},
    ),
    "accounts": Noun(
        "Accounts",
        "account",
        "Who the calls belong to, and on what terms they call.",
        ("id", "name", "kind", "attest_max", "enabled", "addresses"),
        ("id",),
    ),
    "routes": Noun(
        "Routes",
        "route",
        "Where a called number goes, by its longest prefix. A carrier's calls take routes to softswitches alone.",
        ("name", "prefix", "to", "from_peer"),
        (),
        {"from_peer": "peers"},
    ),
    "number-sections": Noun(
        "Number sections",
        "number section",
        "Number Section Query: who owns which numbers. They decide attestation A; overlaps are refused.",
        ("name", "begin", "end", "account"),
        ("name",),
        {"account": "accounts"},
    ),
    "authorisations": Noun(
        "Authorisations",
        "letter of authorisation",
        "Letters by which an account may use numbers of somebody else's, for a time. They give attestation A too.",
        ("name", "begin", "end", "account", "valid_from", "valid_until"),
        ("name",),
        {"account": "accounts"},
    ),
    "areas": Noun(
        "Areas",
        "area",
        "Area Information: the longest prefix wins. Used by the geofence and the call log.",
        ("prefix", "name"),
        ("prefix",),
    ),
    "number-transforms": Noun(
        "Number transforms",
        "number transform",
        "Number Transform: first of all, numbers as dialled become numbers as meant, and go out so.",
        ("peer", "party", "original", "target"),
        ("peer", "party", "original"),
        {"peer": "peers"},
    ),
    "list-groups": Noun(
        "List groups",
        "list group",
        "Black/White List Group: numbers in full, attached to peers and accounts as black or white.",
        ("name", "memo"),
        ("name",),
    ),
    "system-whitelist": Noun(
        "System White List",
        "number",
        "Numbers that are on no black list, whatever those say.",
        ("number", "memo"),
        ("number",),
    ),
    "rates": Noun(
        "Rates",
        "rate",
        "Rate templates: what a minute costs, for a bound of spend a day. No billing.",
        ("table", "prefix", "per_minute", "increment"),
        ("table", "prefix"),
    ),
    "address-ranges": Noun(
        "Address ranges",
        "address range",
        "Addresses that no call is taken from: threat feeds, and ranges by hand.",
        ("network", "feed", "until"),
        ("network", "feed"),
    ),
    "parameters": Noun(
        "Parameters",
        "set of parameters",
        "VOS3000's system parameters under their names, and a few of our own.",
    ),
}
"""By the name of the resource."""
