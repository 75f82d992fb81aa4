"""A policy as large as it is to be: a million listed numbers, a hundred thousand sections, ten thousand accounts.

Everything is arithmetic, so it is the same in every run and made in seconds. Of the numbers of a place the odd ones may
be listed and the even ones call and are called: what a call asks for stands right beside what refuses it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from scenarios.bench import peers_file

ACCOUNTS = 10_000
SECTIONS = 100_000
AREAS = RATES = 50_000
LETTERS = 10_000
FEED = 20_000  # addresses that a feed of bad ones names
WHITE = 1_000  # numbers on the System White List
TRANSFORMS = 50  # of each softswitch
RATE_TABLES = 10
FENCED = 10  # every so many accounts have a geofence
CHOSEN = 20  # every so many accounts may call the numbers of a white group alone

GROUPS: Final = {
    "black-0": 300_000,
    "black-1": 200_000,
    "black-2": 150_000,
    "black-3": 100_000,
    "black-4": 100_000,
    "black-5": 50_000,
    "white-0": 50_000,
    "white-1": 50_000,
}

# Area codes of the accounts' own numbers, and of those they call.
_OWN = (201, 202, 203, 205, 206, 207, 208, 209, 210, 212, 213, 214, 216, 217, 218, 219, 224, 225, 228, 229)
_FAR = (301, 302, 303, 304, 305, 307, 308, 309, 310, 312, 313, 314, 315, 316, 317, 318, 319, 320, 321, 323)
_EVERYWHERE = (*_OWN, *_FAR, *range(401, 412), *range(501, 516))
_EXCHANGES = 800  # of an area code: 200 to 999
_LINES = _EXCHANGES * 10_000
_STRIDE = (
    2_654_435_761  # a prime: multiples of it take every value below any number it does not divide, scattered
)

_OFFICE_HOURS = {"days": ["mon", "tue", "wed", "thu", "fri"], "begin": "06:00", "end": "22:00", "zone": "UTC"}


def document(carrier: int = 5060, softswitch: int = 5060) -> dict[str, Any]:
    """Everything but the listed numbers, as `gateway import` takes it; the ports are those of the peers."""
    made = tomllib.loads(peers_file.written(peers_file.FULL, carrier, softswitch))
    made["accounts"] += _many(_account, ACCOUNTS)
    made["number-sections"] += _many(_section, SECTIONS)
    return made | {
        "authorisations": _many(_letter, LETTERS),
        "areas": _many(_area, AREAS),
        "list-groups": [{"name": name, "memo": f"{size} numbers"} for name, size in GROUPS.items()],
        "system-whitelist": [{"number": f"+{number}"} for number in _scattered(WHITE, _OWN, "black-0")],
        "rates": _many(_rate, RATES),
        "address-ranges": _many(_bad_addresses, FEED),
        "number-transforms": [each for peer in ("vos3000", "trunk") for each in _transforms(peer)],
    }


def listed(group: str) -> Iterator[str]:
    """The numbers of a group, a line each: of callees in `black-1` and `black-4` and the white ones, else of callers."""
    areas = _FAR if group in ("black-1", "black-4") or group.startswith("white") else _OWN
    return (f"+{number}" for number in _scattered(GROUPS[group], areas, group))


def own_number(account: int, which: int) -> str:
    """A number in one of the sections of an account, which no list names."""
    section = account + ACCOUNTS * (which % (SECTIONS // ACCOUNTS))
    return f"{_first(section) + which % 500 * 2}"


def lent_number(account: int) -> str:
    """A number of another account's that this one has a letter of authorisation for."""
    return f"{_first(_lent(account)) + 2 * (account % 50)}"


def far_number(account: int, which: int) -> str:
    """A number that the account may call."""
    group = _white_group(account)
    if group is None:
        return _number(_FAR, which * _STRIDE, odd=False)
    return _number(_FAR, _place(group, which % GROUPS[group]), odd=False)


def source(account: int) -> str:
    """An address that the account is bound to."""
    return f"10.{account // 250}.{account % 250}.5"


def _many(make: Callable[[int], dict[str, Any]], count: int) -> list[dict[str, Any]]:
    return [make(place) for place in range(count)]


def _name(account: int) -> str:
    return f"a{account:05}"


def _account(account: int) -> dict[str, Any]:
    terms = {"permits": _permits(account), "limits": _limits(account), "lists": list(_lists(account))}
    if account % FENCED == 0:
        terms["geofence"] = {
            "allow_source_countries": ["US", "CA"],
            "deny_callee_countries": ["BS", "DO", "JM", "KP"],
            "deny_callee_areas": [f"Area {code} North" for code in range(700, 710)],
        }
    networks = [f"10.{account // 250}.{account % 250}.0/29"]
    return {"id": _name(account), "name": f"Customer {account}", "addresses": networks, **terms}


def _permits(account: int) -> dict[str, Any]:
    allowed = {"allow_callees": ["1", "44", "49"]} if account % 3 == 0 else {}
    return {
        "deny_callees": ["881", "882", "1900", "1242"],
        "international": account % 2 == 0,
        "premium": False,
    } | allowed


def _limits(account: int) -> dict[str, Any]:
    rates = f"rates-{account % RATE_TABLES}"
    return {"concurrent": 1000, "cps": 1000, "spend_per_day": "10000.00", "rates": rates}


def _lists(account: int) -> Iterator[dict[str, Any]]:
    yield {"group": f"black-{2 + account % 2}", "party": "caller", "kind": "black"}
    yield {"group": "black-4", "party": "callee", "kind": "black", "window": _OFFICE_HOURS}
    if chosen := _white_group(account):
        yield {"group": chosen, "party": "callee", "kind": "white"}


def _white_group(account: int) -> str | None:
    return f"white-{account // CHOSEN % 2}" if account % CHOSEN == 0 else None


def _section(section: int) -> dict[str, Any]:
    first = _first(section)
    owner = _name(section % ACCOUNTS)
    return {"begin": f"+{first}", "end": f"+{first + 999}", "account": owner, "name": f"section {section}"}


def _first(section: int) -> int:
    """The first of the thousand numbers of a section."""
    thousand = section // len(_OWN)
    return 10**10 + _OWN[section % len(_OWN)] * 10**7 + (2_000 + thousand) * 1000


def _letter(account: int) -> dict[str, Any]:
    first = _first(_lent(account))
    return {
        "name": f"letter {account}",
        "account": _name(account),
        "begin": f"+{first}",
        "end": f"+{first + 99}",
        "valid_from": "2020-01-01",
    }


def _lent(account: int) -> int:
    """A section of the next account's."""
    return (account + 1) % ACCOUNTS + ACCOUNTS


def _area(place: int) -> dict[str, Any]:
    exchange, code = divmod(place, len(_EVERYWHERE))
    return {
        "prefix": f"1{_EVERYWHERE[code]}{200 + exchange}",
        "name": f"Area {_EVERYWHERE[code]} {'North' if exchange % 2 else 'South'}",
    }


def _rate(place: int) -> dict[str, Any]:
    table, exchange = place % RATE_TABLES, place // RATE_TABLES
    prefix = f"1{_FAR[exchange % len(_FAR)]}{200 + exchange // len(_FAR)}" if exchange else "1"
    return {"table": f"rates-{table}", "prefix": prefix, "per_minute": f"0.0{place % 9 + 1}", "increment": 6}


def _bad_addresses(place: int) -> dict[str, Any]:
    return {
        "network": f"100.{64 + place // 1024}.{place // 4 % 256}.{place % 4 * 64}/26",
        "feed": "intelligence",
    }


def _transforms(peer: str) -> Iterator[dict[str, Any]]:
    yield {"peer": peer, "party": "caller", "original": "00*", "target": "+*"}
    yield {"peer": peer, "party": "caller", "original": "?????", "target": "12155550100"}
    yield {"peer": peer, "party": "callee", "original": "011*", "target": "+*"}
    for code in range(TRANSFORMS - 3):
        yield {"peer": peer, "party": "callee", "original": f"88{code:02}", "target": "+"}


def _scattered(count: int, areas: tuple[int, ...], group: str) -> Iterable[str]:
    """So many different numbers; those of the black groups are odd ones."""
    odd = group.startswith("black")
    return (_number(areas, _place(group, place), odd=odd) for place in range(count))


def _place(group: str, place: int) -> int:
    return place * _STRIDE + 1_000_003 * list(GROUPS).index(group)


def _number(areas: tuple[int, ...], place: int, *, odd: bool) -> str:
    """Another number for every place below the 80 million that there are."""
    area, line = divmod(place % (len(areas) * _LINES // 2), _LINES // 2)
    return f"1{areas[area]}{2_000_000 + 2 * line + odd}"
