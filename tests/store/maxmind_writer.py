"""Writes small files in MaxMind's format (MaxMind DB File Format Specification 2.0), records of 24 bits.

A file is the search tree, 16 null bytes, the data, a marker and the metadata. Each node of the tree has a record for
the next bit being 0 and one for 1: the number of another node, the number of nodes (nothing known), or beyond that,
plus 16, the place of a value in the data. IPv4 has its place under ::/96.
"""

from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network

MARKER = b"\xab\xcd\xefMaxMind.com"

Value = str | int | list[str] | Mapping[str, "Value"]


def maxmind_file(values: Mapping[str, Value], *, ip_version: int = 6, kind: str = "Test-Country") -> bytes:
    """A file with these networks (text) and the values of each; a narrower network inside a wider one wins."""
    tree, data = Tree(), b""
    for network in sorted(map(ip_network, values), key=lambda each: each.prefixlen):
        tree.insert(bits(network, ip_version), len(data))
        data += encoded(values[str(network)])
    metadata = encoded(
        {
            "binary_format_major_version": 2,
            "binary_format_minor_version": 0,
            "build_epoch": 1,
            "database_type": kind,
            "description": {"en": "networks for documentation"},
            "ip_version": ip_version,
            "languages": ["en"],
            "node_count": len(tree.nodes),
            "record_size": 24,
        }
    )
    return tree.packed() + bytes(16) + data + MARKER + metadata


def bits(network: IPv4Network | IPv6Network, ip_version: int) -> str:
    before = "0" * 96 if ip_version == 6 and network.version == 4 else ""
    address = f"{int(network.network_address):0{network.max_prefixlen}b}"
    return before + address[: network.prefixlen]


class Tree:
    """Nodes of two records each: another node (int), a value (its place in the data, as a tuple) or None."""

    def __init__(self) -> None:
        self.nodes: list[list[int | tuple[int] | None]] = [[None, None]]

    def insert(self, path: str, place: int) -> None:
        node = self.nodes[0]
        for bit in map(int, path[:-1]):
            child = node[bit]
            if not isinstance(child, int):
                self.nodes.append([child, child])
                child = node[bit] = len(self.nodes) - 1
            node = self.nodes[child]
        node[int(path[-1])] = (place,)

    def packed(self) -> bytes:
        return b"".join(self._record(each).to_bytes(3) for node in self.nodes for each in node)

    def _record(self, record: int | tuple[int] | None) -> int:
        if isinstance(record, int):
            return record
        return len(self.nodes) if record is None else len(self.nodes) + 16 + record[0]


def encoded(value: Value) -> bytes:
    """A value as a control byte (type, size) and its bytes; types above 7 have a second byte for the type."""
    if isinstance(value, str):
        return control(2, len(value.encode())) + value.encode()
    if isinstance(value, int):
        size = (value.bit_length() + 7) // 8
        return control(6, size) + value.to_bytes(size)
    if isinstance(value, list):
        return control(11, len(value)) + b"".join(map(encoded, value))
    return control(7, len(value)) + b"".join(encoded(part) for item in value.items() for part in item)


def control(kind: int, size: int) -> bytes:
    assert size < 29, "longer values have their size in further bytes"
    return bytes([kind << 5 | size]) if kind <= 7 else bytes([size, kind - 7])
