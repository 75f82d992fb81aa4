"""Origins: the country of a source address, from a file the operator provides and replaces while the gateway runs.

The file is in MaxMind's format, or CSV where its name ends in .csv (see `origin_ranges`). It is read into memory
whole: one that is mapped would take the process with it when somebody copies a new version over it. A file that
cannot be used never takes a working one away: the last good one stays in force, and `problem` says what is wrong.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from itertools import islice
from pathlib import Path

import maxminddb

from gateway import log
from gateway.policy.geofence import is_country
from gateway.policy.networks import plain_address
from gateway.store.origin_ranges import OriginError, OriginRanges

_log = log.get("origins")

Find = Callable[[IPv4Address | IPv6Address], str | None]

# Addresses remembered between messages: a flood from invented ones can cost no more memory than this.
_REMEMBERED = 4096

# Networks looked at to see whether a file knows countries at all: one of autonomous systems knows none.
_TRIED = 1000

# What the reader raises where a file contradicts itself; ValueError covers text that is none.
_DAMAGED = (maxminddb.InvalidDatabaseError, ValueError, LookupError, TypeError, RecursionError, struct.error)


class Origins:
    """Follows one file of countries; without a file, no address has a country.

    problem: what is wrong with the file as it is now, None if nothing is.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._seen: tuple[int, ...] | None = ()
        self._country = lru_cache(_REMEMBERED)(self._finding(_nowhere))
        self.problem: str | None = None
        self.reload_if_changed()

    def country(self, address: str) -> str | None:
        """The ISO 3166 country of an address as the socket reports it; None if the file knows none."""
        return self._country(address)

    def reload_if_changed(self) -> bool:
        """Read the file if it is not the one read last; whether a new one came into force.

        A large CSV takes seconds: call it where nothing waits, in a thread if need be. Lookups go on meanwhile.
        """
        if self._path is None:
            return False
        stamp = _stamp(self._path)
        if stamp == self._seen:
            return False
        self._seen = stamp
        try:
            find = _read(self._path)
        except (OriginError, OSError) as error:
            self._keep_last_good(f"{self._path}: {_reason(error)}")
            return False
        self._country, self.problem = lru_cache(_REMEMBERED)(self._finding(find)), None
        _log.info("origins.loaded", file=str(self._path))
        return True

    def _finding(self, find: Find) -> Callable[[str], str | None]:
        """A lookup by text that takes what a damaged part of the file says for unknown, and tells of it."""

        def country(text: str) -> str | None:
            address = plain_address(text)
            try:
                return find(address) if address else None
            except _DAMAGED as error:
                if self.problem is None:  # told once a file, not once an address
                    self._keep_last_good(f"{self._path}: damaged: {error}")
                return None

        return country

    def _keep_last_good(self, problem: str) -> None:
        self.problem = problem
        _log.warning("origins.refused", error=problem)


def _nowhere(_: IPv4Address | IPv6Address) -> None:
    return None


def _read(path: Path) -> Find:
    return OriginRanges.read(path).find if path.suffix.lower() == ".csv" else _read_maxmind(path)


def _read_maxmind(path: Path) -> Find:
    try:
        reader = maxminddb.open_database(path, maxminddb.MODE_MEMORY)
        known = any(_country_in(record) for _, record in islice(reader, _TRIED))
    except _DAMAGED as error:
        raise OriginError(f"not a usable file in MaxMind's format: {error}") from None
    if not known:
        raise OriginError(f"{reader.metadata().database_type[:60]!r} holds no countries")
    only_ipv4 = reader.metadata().ip_version == 4
    return lambda address: None if only_ipv4 and address.version == 6 else _country_in(reader.get(address))


def _country_in(record: object) -> str | None:
    """The country of a record: MaxMind's own `country.iso_code`, or the plain text that others write."""
    if not isinstance(record, dict):
        return None
    country = record.get("country", record.get("country_code"))
    if isinstance(country, dict):
        country = country.get("iso_code")
    return country if isinstance(country, str) and is_country(country) else None


def _stamp(path: Path) -> tuple[int, ...] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino, status.st_size


def _reason(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
