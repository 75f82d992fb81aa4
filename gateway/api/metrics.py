"""`/metrics`: the node's figures as Prometheus text."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from gateway.api.sidecar import Sidecar
from gateway.metrics import EdgeStatusCollector


class CredentialCollector(Collector):
    """When the signing certificate ends, so that an alarm can go off long before."""

    def __init__(self, sidecar: Sidecar) -> None:
        self._sidecar = sidecar

    def collect(self) -> Iterator[Metric]:
        """The families as they stand now."""
        usable = self._sidecar.credential_problem(self._sidecar.now()) is None
        yield GaugeMetricFamily("stirgw_certificate_usable", "1 if calls can be signed now.", value=usable)
        if self._sidecar.credential:
            ends = GaugeMetricFamily(
                "stirgw_certificate_not_after_seconds",
                "When the signing certificate expires, in seconds since the epoch.",
                labels=["certificate"],
            )
            ends.add_metric([self._sidecar.credential.name], self._sidecar.credential.not_after)
            yield ends


def router(sidecar: Sidecar, registry: CollectorRegistry) -> APIRouter:
    """`/metrics`, for the families of `registry` and those of the edge and the credential."""
    registry.register(EdgeStatusCollector(sidecar.edge))
    registry.register(CredentialCollector(sidecar))
    routes = APIRouter(tags=["metrics"])

    @routes.get("/metrics", summary="Prometheus metrics", response_class=Response)
    async def metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return routes
