"""Counts and durations of requests, kept as plain numbers and given to Prometheus on demand.

``prometheus_client``'s own counters cost two to three microseconds per request; adding to a list
costs a fraction of one. All of this runs on the event loop's thread, so it needs no locks.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from typing import Any

from aiohttp import web
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds in seconds."""

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_LABELS = ("method", "route", "status")


class Metrics(Collector):
    """HTTP requests by method, route template and status; gRPC calls by method and status."""

    def __init__(self) -> None:
        self._requests: dict[tuple[str, Any, int], list[float]] = {}
        self._calls: Counter[tuple[str, str]] = Counter()

    def count_request(
        self, method: str, resource: web.AbstractResource | None, status: int, seconds: float
    ) -> None:
        """Count one answered request; ``resource`` is ``None`` when it matched no route."""
        key = (method if method in _METHODS else "OTHER", resource, status)
        row = self._requests.get(key)
        if row is None:
            row = self._requests[key] = [0.0] * (len(BUCKETS) + 2)
        row[bisect_left(BUCKETS, seconds)] += 1
        row[-1] += seconds

    def count_call(self, path: str, status: str) -> None:
        """Count one answered gRPC call."""
        self._calls[path, status] += 1

    def describe(self) -> list[Metric]:
        """Return nothing: the names are known at scrape time only."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Return what a scrape shows."""
        yield self._durations()
        yield self._returns()
        yield self._total("http_server_total_request_count", self._answered())
        yield self._grpc()
        yield self._total("grpc_server_total_request_counter", self._calls.total())

    def _answered(self) -> float:
        return sum(sum(row[:-1]) for row in self._requests.values())

    def _durations(self) -> Metric:
        family = HistogramMetricFamily(
            "http_server_request_duration_seconds", "Time to answer a request.", labels=_LABELS
        )
        for (method, resource, status), row in self._requests.items():
            labels = [method, _template(resource), str(status)]
            family.add_metric(labels, _cumulative(row), row[-1])
        return family

    def _returns(self) -> Metric:
        family = CounterMetricFamily(
            "http_server_return_code_counter", "Answers by status.", labels=("return_code",)
        )
        by_status: Counter[int] = Counter()
        for (_, _, status), row in self._requests.items():
            by_status[status] += int(sum(row[:-1]))
        for status, number in sorted(by_status.items()):
            family.add_metric([str(status)], number)
        return family

    def _grpc(self) -> Metric:
        family = CounterMetricFamily(
            "grpc_server_grpc_status_code", "gRPC calls by status.", labels=("method", "status")
        )
        for (path, status), number in self._calls.items():
            family.add_metric([path, status], number)
        return family

    @staticmethod
    def _total(name: str, value: float) -> Metric:
        return CounterMetricFamily(name, "All requests.", value=value)


def _template(resource: Any) -> str:
    return "unmatched" if resource is None else str(resource.canonical)


def _cumulative(row: list[float]) -> list[tuple[str, float]]:
    total, buckets = 0.0, []
    for bound, number in zip((*map(str, BUCKETS), "+Inf"), row[:-1], strict=True):
        total += number
        buckets.append((bound, total))
    return buckets
