"""Ways to spoil a SIP message. Pure: the dice are an argument, so a seed gives the same messages again.

What comes out must not make the gateway speak to anybody beyond this machine: see `stays_here`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from random import Random

Spoiler = Callable[[bytes, Random], bytes]

NUMBERS = (
    b"0",
    b"-1",
    b"1",
    b"255",
    b"256",
    b"65536",
    b"2147483647",
    b"2147483648",
    b"9" * 30,
    b"0x10",
    b"1e9",
    b"\xb2",
)
SCRAPS = (
    *(
        b"\0",
        b"\r",
        b"\n",
        b"\r\n",
        b"\r\n\r\n",
        b"\r\n ",
        b"\t",
        b";",
        b",",
        b'"',
        b"\\",
        b"<",
        b">",
        b"@",
        b":",
        b"%00",
    ),
    *(
        b"\xff\xfe",
        b"\xc3\x28",
        b"%s%n",
        b";tag=",
        b";tag=x;tag=y",
        b";branch=",
        b"sip:",
        b"tel:+",
        b"SIP/2.0",
        b"Via:",
        b"\x1b[2J",
    ),
)
MOST_BYTES = 65_507  # the longest a UDP datagram can be
_NUMBER = re.compile(rb"\d+")
_PLACES = re.compile(rb"(?i)(?:^|[\r\n])(?P<line>(?:contact|m|record-route)[ \t]*:[^\r\n]*)")


def spoil(data: bytes, dice: Random) -> bytes:
    """The message with one to three things wrong with it; one in six stays sound, to be merely out of place."""
    for _ in range(dice.choice((0, 1, 1, 1, 2, 3))):
        data = dice.choice(WAYS)(data, dice)
    return data[:MOST_BYTES]


def stays_here(data: bytes, contacts: Collection[bytes]) -> bool:
    """Whether every header that says where to send something is one of `contacts`, to the letter."""
    return all(found["line"] in contacts for found in _PLACES.finditer(data))


def flip_bits(data: bytes, dice: Random) -> bytes:
    changed = bytearray(data)
    for _ in range(dice.choice((1, 2, 8))):
        changed[dice.randrange(len(changed))] ^= 1 << dice.randrange(8)
    return bytes(changed)


def cut(data: bytes, dice: Random) -> bytes:
    return data[: dice.randrange(1, len(data))] if len(data) > 1 else data


def replace_number(data: bytes, dice: Random) -> bytes:
    found = list(_NUMBER.finditer(data))
    if not found:
        return data
    start, end = dice.choice(found).span()
    return data[:start] + dice.choice(NUMBERS) + data[end:]


def insert_scrap(data: bytes, dice: Random) -> bytes:
    at = dice.randrange(len(data) + 1)
    return data[:at] + dice.choice(SCRAPS) * dice.choice((1, 1, 3)) + data[at:]


def stretch(data: bytes, dice: Random) -> bytes:
    at = dice.randrange(len(data))
    return data[:at] + data[at : at + 1] * dice.choice((30, 300, 3000)) + data[at:]


def drop_line(data: bytes, dice: Random) -> bytes:
    lines = data.split(b"\r\n")
    lines.pop(dice.randrange(len(lines)))
    return b"\r\n".join(lines) or b"\r\n"


def repeat_line(data: bytes, dice: Random) -> bytes:
    lines = data.split(b"\r\n")
    at = dice.randrange(len(lines))
    lines[at:at] = [lines[at]] * dice.choice((1, 1, 2, 200))
    return b"\r\n".join(lines)


def swap_lines(data: bytes, dice: Random) -> bytes:
    lines = data.split(b"\r\n")
    a, b = dice.randrange(len(lines)), dice.randrange(len(lines))
    lines[a], lines[b] = lines[b], lines[a]
    return b"\r\n".join(lines)


def empty_value(data: bytes, dice: Random) -> bytes:
    lines = data.split(b"\r\n")
    at = dice.randrange(len(lines))
    lines[at] = lines[at].partition(b":")[0] + b":"
    return b"\r\n".join(lines)


def lie_about_length(data: bytes, dice: Random) -> bytes:
    head, _, tail = data.partition(b"Content-Length: ")
    return head + b"Content-Length: " + dice.choice(NUMBERS) + b"\r\n" + tail.partition(b"\r\n")[2]


def reverse_case(data: bytes, _: Random) -> bytes:
    head, end, body = data.partition(b"\r\n\r\n")
    return head.swapcase() + end + body


WAYS: tuple[Spoiler, ...] = (
    flip_bits, cut, replace_number, insert_scrap, stretch, drop_line, repeat_line, swap_lines, empty_value,
    lie_about_length, reverse_case,
)  # fmt: skip
