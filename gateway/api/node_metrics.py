"""The node as a whole, for Prometheus: which release runs since when, whether it is ready, how many alarms there are."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from gateway.api.health import readiness
from gateway.api.sidecar import Sidecar
from gateway.version import version


class NodeCollector(Collector):
    """What `/readyz` says, as figures, beside the release."""

    def __init__(self, sidecar: Sidecar) -> None:
        self._sidecar = sidecar
        self._started = sidecar.now()

    def collect(self) -> Iterator[Metric]:
        """The families as they stand now."""
        yield InfoMetricFamily("stirgw_build", "The release that runs.", value={"version": version()})
        started = "When the sidecar started, in seconds since the epoch."
        yield GaugeMetricFamily("stirgw_sidecar_start_time_seconds", started, value=self._started)
        found = readiness(self._sidecar)
        ready = "1 if this node can serve calls, as /readyz says."
        yield GaugeMetricFamily("stirgw_ready", ready, value=found.ready)
        alarms = "What an operator must look at though calls go on; /readyz lists it."
        yield GaugeMetricFamily("stirgw_alarms", alarms, value=len(found.alarms))
