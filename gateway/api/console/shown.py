"""How figures and times look on a page. Times are UTC: an operator compares them with logs and with other people's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from markupsafe import Markup, escape

from gateway.store import toml_file

_DAY = 86_400.0


def moment(seconds: float | datetime | None) -> Markup:
    """A time as people read it, with the machine's form beside it; a dash for none."""
    if seconds is None:
        return Markup('<span class="none">–</span>')
    at = seconds if isinstance(seconds, datetime) else datetime.fromtimestamp(seconds, UTC)
    return Markup('<time datetime="{}">{:%Y-%m-%d %H:%M:%S}</time>').format(at.isoformat(), at)


def prose(text: str) -> Markup:
    """A text of ours, with what stands between backticks as code."""
    parts = (
        Markup("<code>{}</code>").format(part) if odd % 2 else escape(part)
        for odd, part in enumerate(text.split("`"))
    )
    return Markup("").join(parts)


def fact(value: object) -> str:
    """A fact that a check saw."""
    if value is None:
        return "–"
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def figure(value: float | None) -> str:
    """A number with its thousands apart; a dash for none."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:,.1f}"


def share(value: float) -> str:
    """Per cent, and not nothing where there is something."""
    return "< 1 %" if 0 < value < 1 else f"{value:.0f} %"


def millis(value: float | None) -> str:
    """Milliseconds as a length of time."""
    if value is None:
        return "–"
    if value < 1000:
        return f"{value:.0f} ms"
    return span(value / 1000) if value >= 60_000 else f"{value / 1000:.1f} s"


def span(seconds: float) -> str:
    """A length of time by its two largest units."""
    whole = int(seconds)
    for unit, size, next_unit, next_size in (
        ("d", 86_400, "h", 3600),
        ("h", 3600, "min", 60),
        ("min", 60, "s", 1),
    ):
        if whole >= size:
            rest = whole % size // next_size
            return f"{whole // size} {unit}" + (f" {rest} {next_unit}" if rest else "")
    return f"{whole} s"


def days(seconds: float) -> str:
    """How many days are left, rounded down; hours of the last one."""
    if seconds < 0:
        return "expired"
    return f"{seconds / _DAY:.0f} days" if seconds >= 2 * _DAY else span(seconds)


def urgency(seconds: float) -> str:
    """How much of an alarm the time that is left is: good, warn (30 days), bad (7 days)."""
    left = seconds / _DAY
    return "bad" if left < 7 else "warn" if left < 30 else "good"


def outcome(code: int | None) -> str:
    """How a final SIP status is coloured."""
    if code is None:
        return "muted"
    if 200 <= code < 300:
        return "good"
    return "bad" if code in (403, 503, 603, 607, 608) or code >= 500 else "warn"


def entry(written: Mapping[str, Any]) -> str:
    """An entry, or a part of one, as TOML."""
    return "\n".join(toml_file.assignments(written))


FILTERS: Mapping[str, Callable[..., Any]] = {
    each.__name__: each
    for each in (moment, figure, share, millis, span, days, urgency, outcome, entry, prose, fact)
}
