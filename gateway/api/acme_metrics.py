"""The orders by ACME as Prometheus families."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from gateway.acme.telling import OrderStatus, Standings

_FIGURES: tuple[tuple[str, str, Callable[[OrderStatus], float | None]], ...] = (
    ("failing", "1 where the last attempt at an order failed.", lambda each: each.standing == "failing"),
    ("failures", "Attempts in a row that came to nothing.", lambda each: each.failures),
    (
        "urgency",
        "Of 30, 14, 7 and 1 days left, how many a renewal that is due has passed.",
        lambda each: each.urgency,
    ),
    (
        "seconds_left",
        "Until the certificate that is to be renewed ends; 0 where there is none.",
        lambda each: each.seconds_left,
    ),
    (
        "next_attempt_timestamp_seconds",
        "Nothing is tried before, in seconds since the epoch.",
        lambda each: each.next_attempt,
    ),
    (
        "renewed_timestamp_seconds",
        "When an order was filled last, in seconds since the epoch.",
        lambda each: each.renewed_at,
    ),
)


class AcmeCollector(Collector):
    """How the orders stood at the last turn."""

    def __init__(self, current: Callable[[], Standings]) -> None:
        self._current = current

    def collect(self) -> Iterator[Metric]:
        """The families as they stand now."""
        current = self._current()
        stopped = "1 where no order can be worked on; the log says why."
        yield GaugeMetricFamily("stirgw_acme_stopped", stopped, value=current.problem is not None)
        for name, text, value_of in _FIGURES:
            family = GaugeMetricFamily(f"stirgw_acme_{name}", text, labels=["order"])
            for each in current.orders:
                value = value_of(each)
                if value is not None:
                    family.add_metric([each.name], value)
            yield family
