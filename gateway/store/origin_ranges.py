"""Countries of addresses from a CSV file: a header, then one range a line.

    network,country        192.0.2.0/24,US
    begin,end,country      192.0.2.0,192.0.2.255,US

IPv4 and IPv6 may stand in one file, in any order. No address has two countries: ranges that overlap are refused. The
table is one string of bytes with a row of fixed width for each range, sorted, for files have some 500,000 of them.
"""

from __future__ import annotations

import csv
import struct
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv6Address
from itertools import pairwise
from pathlib import Path
from socket import AF_INET, AF_INET6, inet_pton
from typing import BinaryIO

from gateway.policy.geofence import is_country

LONGEST_LINE = 4096

_HEADERS = (["network", "country"], ["begin", "end", "country"])
_MAPPED = bytes(10) + b"\xff\xff"
_BITS = 128

# First and last address, country, line of the file; big-endian, so that rows sort by their first address.
_ROW = struct.Struct(">16s16s2sI")


class OriginError(ValueError):
    """A file of countries that cannot be used; the text says where and why."""


class OriginRanges:
    """The country of each address that a CSV file names."""

    __slots__ = ("_places", "_rows")

    def __init__(self, rows: bytes) -> None:
        self._rows = rows
        self._places = range(0, len(rows), _ROW.size)

    @classmethod
    def read(cls, path: Path) -> OriginRanges:
        """Read a file; raises OriginError naming the line, OSError if it cannot be read."""
        with path.open("rb") as file:
            rows = sorted(_rows(file))
        if not rows:
            raise OriginError("names no range")
        _refuse_overlaps(rows)
        return cls(b"".join(rows))

    def find(self, address: IPv4Address | IPv6Address) -> str | None:
        """The country of an address, or None where the file says nothing."""
        number = _MAPPED + address.packed if address.version == 4 else address.packed
        place = bisect_right(self._places, number, key=lambda at: self._rows[at : at + 16]) - 1
        if place < 0:
            return None
        _, end, country, _ = _ROW.unpack_from(self._rows, self._places[place])
        return str(country, "ascii") if number <= end else None


def _rows(file: BinaryIO) -> Iterator[bytes]:
    header: Sequence[str] = ()
    for number, line in enumerate(iter(lambda: file.readline(LONGEST_LINE + 1), b""), 1):
        try:
            cells = _cells(line)
            if not header:
                header = _header(cells)
            elif cells:
                yield _row(cells, header, number)
        except (ValueError, csv.Error) as error:
            raise OriginError(f"line {number}: {error}") from None


def _cells(line: bytes) -> list[str]:
    if len(line) > LONGEST_LINE:
        raise ValueError(f"longer than {LONGEST_LINE} bytes")
    return [cell.strip() for cell in next(csv.reader([line.decode("utf-8-sig")], strict=True))]


def _header(cells: list[str]) -> list[str]:
    if cells in _HEADERS:
        return cells
    known = " or ".join(",".join(header) for header in _HEADERS)
    raise ValueError(f"the columns are {','.join(cells)[:80]!r}; the first line is {known}")


def _row(cells: list[str], header: Sequence[str], line: int) -> bytes:
    if len(cells) != len(header):
        raise ValueError(f"{len(cells)} columns instead of {len(header)}")
    *bounds, country = cells
    if not is_country(country):
        raise ValueError(f"{country[:40]!r} is no country of ISO 3166; write two capitals, BS")
    begin, end = _span(*bounds) if len(bounds) == 2 else _network(bounds[0])
    return _ROW.pack(begin, end, country.encode(), line)


def _span(begin: str, end: str) -> tuple[bytes, bytes]:
    first, last = _address(begin), _address(end)
    if first > last:
        raise ValueError(f"begin {begin} comes after end {end}")
    if first.startswith(_MAPPED) != last.startswith(_MAPPED):
        raise ValueError(f"{begin} and {end} are not both IPv4 or both IPv6")
    return first, last


def _network(text: str) -> tuple[bytes, bytes]:
    address, _, length = text.partition("/")
    first, bits = _address(address), _BITS if ":" in address else 32
    if not (length.isdecimal() and length.isascii() and int(length) <= bits):
        raise ValueError(f"{text[:60]!r} is not a network; write 192.0.2.0/24")
    number, hosts = int.from_bytes(first), (1 << bits - int(length)) - 1
    if number & hosts:
        raise ValueError(f"{text[:60]!r} is an address inside a network; write the network's first")
    return first, (number | hosts).to_bytes(_BITS // 8)


def _address(text: str) -> bytes:
    """An address as 16 bytes; IPv4 as the IPv6 it is mapped to (RFC 4291 §2.5.5.2)."""
    try:
        return inet_pton(AF_INET6, text) if ":" in text else _MAPPED + inet_pton(AF_INET, text)
    except (OSError, ValueError):  # ValueError: a null character
        raise ValueError(f"{text[:60]!r} is not an address") from None


def _refuse_overlaps(rows: Sequence[bytes]) -> None:
    for one, next_one in pairwise(rows):
        _, end, _, line = _ROW.unpack(one)
        begin, _, _, other = _ROW.unpack(next_one)
        if begin <= end:
            raise OriginError(f"the ranges of lines {min(line, other)} and {max(line, other)} overlap")
