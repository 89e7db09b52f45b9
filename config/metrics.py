"""The server's metrics, by name. Rooms get the bound methods from wiring and call them.

All times are in seconds. Labels hold a small fixed set of values; never a name, an id or a path
with an id in it.
"""

from __future__ import annotations

import os
from functools import cache

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

# Creation times double the number of series and say nothing that the process start does not.
disable_created_metrics()  # type: ignore[no-untyped-call]

FAST = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)


class Metrics:
    """One registry and everything that is measured."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self._logins = Counter(
            "personae_logins", "Finished login checks", ["result", "method"], registry=registry
        )
        self._tokens = Counter(
            "personae_tokens", "Answers of the token endpoint", ["grant", "result"],
            registry=registry,
        )  # fmt: skip
        self._token = cache(self._tokens.labels)
        self._messages = Counter(
            "personae_messages", "Messages to people, by what became of them",
            ["kind", "channel", "result"], registry=registry,
        )  # fmt: skip
        self._hash = Histogram(
            "personae_hash_seconds", "Password hashing, waiting excluded", ["operation"],
            buckets=FAST, registry=registry,
        )  # fmt: skip
        self._live = Gauge(
            "personae_actors_live", "Aggregates in memory",
            multiprocess_mode="livesum", registry=registry,
        )  # fmt: skip
        self._batch = Histogram(
            "personae_lane_batch_commands", "Commands written by one flush",
            buckets=SIZES, registry=registry,
        )  # fmt: skip
        self._flush = Histogram(
            "personae_lane_flush_seconds", "One flush of the log, to durable",
            buckets=FAST, registry=registry,
        )  # fmt: skip
        self._waited = Histogram(
            "personae_lane_wait_seconds",
            "From its append to durable, for the command of each flush that waited longest",
            buckets=FAST, registry=registry,
        )  # fmt: skip
        self._queued = Gauge(
            "personae_lane_queued_events", "Events that wait for a flush",
            multiprocess_mode="livesum", registry=registry,
        )  # fmt: skip
        self._lag = Gauge(
            "personae_projection_lag_events",
            "Events a projection has not applied yet, of the instance it is furthest behind in",
            ["projection"], multiprocess_mode="livemax", registry=registry,
        )  # fmt: skip
        self._loop = Histogram(
            "personae_loop_lag_seconds", "How late the event loop was for a timer",
            buckets=FAST, registry=registry,
        )  # fmt: skip

    def login(self, result: str, method: str) -> None:
        """Count one check: ``ok``/``failed``/``locked`` by ``password``, ``passkey``, ``totp``."""
        self._logins.labels(result, method).inc()

    def token(self, grant: str, result: str = "ok") -> None:
        """Count one answer of the token endpoint: the grant type, and ``ok`` or the error code."""
        self._token(grant, result).inc()

    def message(self, kind: str, channel: str, result: str) -> None:
        """Count a mail or SMS: ``sent``, ``failed`` (for now), ``given_up``, ``no_provider``."""
        self._messages.labels(kind, channel, result).inc()

    def hashed(self, operation: str, seconds: float) -> None:
        """Time one ``hash`` or ``verify`` of a password."""
        self._hash.labels(operation).observe(seconds)

    def live_actors(self, number: int) -> None:
        """Tell how many aggregates are in memory."""
        self._live.set(number)

    def flushed(self, commands: int, seconds: float, waited: float) -> None:
        """Tell about one flush of the log; ``waited``: its oldest command, since its append."""
        self._batch.observe(commands)
        self._flush.observe(seconds)
        self._waited.observe(waited)

    def queued(self, events: int) -> None:
        """Tell how many events wait for a flush."""
        self._queued.set(events)

    def projection_lag(self, projection: str, events: int) -> None:
        """Tell how many events a projection is behind, in the instance where it is most."""
        self._lag.labels(projection).set(events)

    def loop_lag(self, seconds: float) -> None:
        """Tell how late the event loop was."""
        self._loop.observe(seconds)

    def render(self) -> bytes:
        """The text that Prometheus reads (text format 0.0.4).

        With several workers, ``PROMETHEUS_MULTIPROC_DIR`` (set before this module is imported)
        names the folder they share, and the answer is about all of them.
        """
        if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
            return generate_latest(self.registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        return generate_latest(together)
