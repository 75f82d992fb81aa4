"""The first page: what goes on now, what needs somebody, and what became of the last hour's calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from fastapi import APIRouter, Request, Response

from gateway.access.permissions import Permission
from gateway.api.authorisation import needs
from gateway.api.console import charts
from gateway.api.console.errors import pages
from gateway.api.console.pages import page
from gateway.api.health import readiness
from gateway.api.sidecar import Sidecar
from gateway.store.calls import Call, CallFilters
from gateway.store.errors import StoreGone

SPAN = 900.0
"""Seconds that a line goes back."""

_LAST_CALLS = 8

_REFUSING = (
    *(
        "access",
        "account",
        "callee",
        "certificate",
        "dynamic",
        "geofence",
        "limit",
        "list",
        "node",
        "prefix",
        "route",
    ),
    *("caller.too-long", "identity.required", "max-forwards", "uri-scheme", "unsupported"),
)
"""How the rules begin that refuse whatever they decide."""

_LEVELS = {"A": "a", "B": "b", "C": "c"}


def router(sidecar: Sidecar) -> APIRouter:
    """The overview."""
    routes = pages()

    @routes.get("/console", dependencies=[needs(Permission.READ)])
    def overview(request: Request) -> Response:
        now, history = sidecar.now(), sidecar.history
        points = history.points()
        decisions = history.counted("decisions", now)
        return page(
            request,
            "overview.html",
            readiness=readiness(sidecar),
            edge=sidecar.edge(),
            recorder=sidecar.recorder(),
            calls=charts.line("Live calls", [(each.at, each.calls) for each in points], now, SPAN),
            rate=charts.line(
                "Calls a second",
                [(each.at, each.rate) for each in points if each.rate is not None],
                now,
                SPAN,
            ),
            attested=charts.stack(_attested(decisions)),
            refused=charts.bars(_refused(decisions)),
            verdicts=charts.bars(_verdicts(history.counted("verifications", now))),
            codes=charts.bars(_codes(history.counted("calls", now))),
            blocks=charts.bars(
                (f"{type}: {why}", count, "warn")
                for (type, why), count in history.counted("blocks", now).items()
            ),
            standings=[each for each in sidecar.book.standings() if each.scope],
            trust=sidecar.trust,
            last=_last_calls(sidecar),
            now=now,
        )

    return routes


def _attested(decisions: Counter[tuple[str, ...]]) -> Iterable[tuple[str, int, str]]:
    """Of a softswitch's calls: each level, those that went out unsigned, and those that were signed already."""
    levels: Counter[str] = Counter()
    for (attest, rule), count in decisions.items():
        if rule.startswith("attest."):
            levels[attest or "unsigned"] += count
        elif rule == "identity.present":
            levels["signed before"] += count
    yield from ((level, levels[level], tone) for level, tone in _LEVELS.items())
    yield "unsigned", levels["unsigned"], "warn"
    yield "signed before", levels["signed before"], "muted"


def _refused(decisions: Counter[tuple[str, ...]]) -> Iterable[tuple[str, int, str]]:
    rules: Counter[str] = Counter()
    for (_, rule), count in decisions.items():
        if rule.startswith(_REFUSING):
            rules[rule] += count
    return ((rule, count, "bad") for rule, count in rules.items())


def _verdicts(reasons: Counter[tuple[str, ...]]) -> Iterable[tuple[str, int, str]]:
    tones = {"passed": "good", "no-identity": "muted"}
    return ((reason, count, tones.get(reason, "bad")) for (reason,), count in reasons.items())


def _codes(codes: Counter[tuple[str, ...]]) -> Iterable[tuple[str, int, str]]:
    for (code,), count in codes.items():
        yield code, count, "good" if code.startswith("2") else "warn" if code.startswith("4") else "bad"


def _last_calls(sidecar: Sidecar) -> tuple[Call, ...] | None:
    """None while the database is away: the rest of the page does without."""
    try:
        return sidecar.call_log().page(CallFilters(), _LAST_CALLS).calls
    except StoreGone:
        return None
