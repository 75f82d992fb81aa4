"""Logging: one JSON object a line on standard output, one line per call.

The hot path pays for one dictionary and one write. Telephone numbers are masked where the operator asks
for it; keys, tokens and Identity values are never given to a logger.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, Literal

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

Level = Literal["debug", "info", "warning", "error"]

NUMBER_FIELDS = ("caller", "callee", "caller_dialled", "callee_dialled", "orig", "dest")
"""The fields of a call record that hold telephone numbers as text."""

_MASK = "xxxx"
_SHORTEST_MASKED = 7  # what is shorter is a service or emergency number, nobody's own
_unshown = re.compile("[\x80-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""What JSON leaves as it is and a terminal obeys: C1 controls, ends of lines, and what turns the direction of text round."""
_encode = json.JSONEncoder(ensure_ascii=False, default=str).encode  # json.dumps would make one for each line


def setup(level: Level = "info", stream: BinaryIO | None = None) -> None:
    """Send this process's log, and that of the libraries in it, to standard output (or `stream`) from `level` up."""
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.BytesLoggerFactory(stream or sys.stdout.buffer),
    )
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells of every start
    logging.basicConfig(handlers=[_Forward()], level=max(number, logging.INFO), force=True)


def get(name: str) -> FilteringBoundLogger:
    """The logger of one part of the gateway: `get("edge").warning("tls.refused", peer="carrier")`."""
    logger: FilteringBoundLogger = structlog.get_logger(log=name)
    return logger


def call_logger(mask_numbers: bool) -> Callable[[Mapping[str, Any]], None]:
    """A function that writes one call's record as one line, its numbers masked if asked."""
    write = get("call").bind().info  # bound once: finding the configuration costs more than the line

    def plain(record: Mapping[str, Any]) -> None:
        write("call", **record)

    def masked(record: Mapping[str, Any]) -> None:
        write("call", **{**record, **{f: mask(record[f]) for f in NUMBER_FIELDS if record.get(f)}})

    return masked if mask_numbers else plain


def mask(number: str) -> str:
    """The number with its last four characters hidden; enough stays to see the country and the section."""
    return number if len(number) < _SHORTEST_MASKED else number[: -len(_MASK)] + _MASK


def _render(_logger: WrappedLogger, _method: str, event: EventDict) -> bytes:
    line = _encode(event)
    if not line.isascii():
        line = _unshown.sub(lambda found: f"\\u{ord(found[0]):04x}", line)
    return line.encode(errors="replace")


class _Forward(logging.Handler):
    """Lets libraries that use the standard logging module speak through the same door."""

    def emit(self, record: logging.LogRecord) -> None:
        get(record.name).log(record.levelno, record.getMessage(), exc_info=record.exc_info)
