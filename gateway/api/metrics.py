"""`/metrics`: the node's figures as Prometheus text."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from gateway.access.permissions import Permission
from gateway.api.acme_metrics import AcmeCollector
from gateway.api.authorisation import needs
from gateway.api.headers import Responses
from gateway.api.node_metrics import NodeCollector
from gateway.api.sidecar import Sidecar, TrustInForce
from gateway.metrics import EdgeStatusCollector
from gateway.stir.crl import RevocationList
from gateway.store.recorder_status import RecorderStatus


class CredentialCollector(Collector):
    """When our certificates end, so that an alarm can go off long before."""

    def __init__(self, sidecar: Sidecar) -> None:
        self._sidecar = sidecar

    def collect(self) -> Iterator[Metric]:
        """The families as they stand now."""
        usable = self._sidecar.credential_problem(self._sidecar.now()) is None
        yield GaugeMetricFamily("stirgw_certificate_usable", "1 if calls can be signed now.", value=usable)
        ends = GaugeMetricFamily(
            "stirgw_certificate_not_after_seconds",
            "When a certificate expires, in seconds since the epoch; one that signs for several scopes is there for each.",
            labels=["certificate", "scope", "state"],
        )
        for each in self._sidecar.book.standings():
            ends.add_metric([each.certificate, each.scope, each.state], each.not_after)
        yield ends
        problems = "Keys and certificates that could not be read; the log names them."
        yield GaugeMetricFamily(
            "stirgw_credential_problems", problems, value=len(self._sidecar.credentials.problems)
        )
        stores = GaugeMetricFamily(
            "stirgw_key_store_usable", "1 if the store of private keys can be used.", labels=["store"]
        )
        for store, problem in self._sidecar.credentials.stores.items():
            stores.add_metric([store], problem is None)
        yield stores
        revision = "Revision of the keys and certificates in force here."
        yield GaugeMetricFamily(
            "stirgw_credentials_revision", revision, value=self._sidecar.book.manifest.revision
        )


class TrustCollector(Collector):
    """Whom calls are verified against, and how old that is."""

    def __init__(self, trust: TrustInForce, now: Callable[[], float]) -> None:
        self._trust, self._now = trust, now

    def collect(self) -> Iterator[Metric]:
        """The families as they stand now."""
        trust = self._trust
        anchors = len(trust.anchors.certificates)
        yield GaugeMetricFamily("stirgw_trust_anchors", "Trust anchors in force.", value=anchors)
        problems = "Files of trust that cannot be used; the log names them."
        yield GaugeMetricFamily("stirgw_trust_problems", problems, value=len(trust.problems))
        lists = "Revocation lists in force."
        yield GaugeMetricFamily("stirgw_crls", lists, value=len(trust.revocations.lists))
        if trust.revocations.lists:
            yield from self._ages(trust.revocations.lists)
        if trust.trust_list:
            left = "Until the STI-PA's trust list expires; negative since it has, and it stays in force."
            seconds = trust.trust_list.seconds_left(self._now())
            yield GaugeMetricFamily("stirgw_trust_list_seconds_left", left, value=seconds)

    def _ages(self, lists: Collection[RevocationList]) -> Iterator[Metric]:
        now = self._now()
        age = "Since the oldest revocation list in force was issued."
        oldest = max(now - each.this_update for each in lists)
        yield GaugeMetricFamily("stirgw_crl_age_seconds", age, value=oldest)
        left = "Until the first revocation list in force is out of date; negative since one is."
        first = min(each.next_update - now for each in lists)
        yield GaugeMetricFamily("stirgw_crl_seconds_left", left, value=first)


class RecorderCollector(Collector):
    """Whether the policy is followed and calls are recorded."""

    def __init__(self, status: Callable[[], RecorderStatus | None]) -> None:
        self._status = status

    def collect(self) -> Iterator[Metric]:
        """The families as they stand now."""
        status = self._status()
        up = "1 if the recorder reported lately."
        yield GaugeMetricFamily("stirgw_recorder_up", up, value=status is not None)
        if status is None:
            return
        problems = GaugeMetricFamily(
            "stirgw_recorder_problems",
            "1 for each thing that is wrong; the log says more.",
            labels=["problem"],
        )
        for each in status.problems:
            problems.add_metric([each.name], 1)
        yield problems
        nodes = GaugeMetricFamily(
            "stirgw_nodes",
            "Nodes that share the database, by what they do, as this one saw it last.",
            labels=["standing"],
        )
        for standing, count in status.nodes.items():
            nodes.add_metric([standing], count)
        yield nodes
        aside = "Files of records that were set aside, for an operator to look at."
        yield GaugeMetricFamily("stirgw_spool_files_set_aside", aside, value=status.set_aside)
        waiting = "Bytes of records that wait to be written."
        yield GaugeMetricFamily("stirgw_spool_bytes", waiting, value=status.bytes)
        written = "Records of calls and blocks written to the database."
        yield CounterMetricFamily("stirgw_records_written", written, value=status.written)
        lost = "Records that could not be read again."
        yield CounterMetricFamily("stirgw_records_unreadable", lost, value=status.lost)


_TEXT: Responses = {
    200: {"content": {"text/plain": {"schema": {"type": "string"}, "example": "stirgw_edge_up 1.0\n"}}}
}


def router(sidecar: Sidecar, registry: CollectorRegistry) -> APIRouter:
    """`/metrics`, for the families of `registry` and those of the edge and the credential."""
    registry.register(NodeCollector(sidecar))
    registry.register(EdgeStatusCollector(sidecar.edge))
    registry.register(CredentialCollector(sidecar))
    registry.register(RecorderCollector(sidecar.recorder))
    if sidecar.acme:
        acme = sidecar.acme
        registry.register(AcmeCollector(lambda: acme.current))
    if sidecar.trust:
        registry.register(TrustCollector(sidecar.trust, sidecar.now))
    routes = APIRouter(tags=["metrics"])

    @routes.get(
        "/metrics",
        dependencies=[needs(Permission.METRICS)],
        summary="Prometheus metrics",
        response_class=Response,
        responses=_TEXT,
    )
    async def get_metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return routes
