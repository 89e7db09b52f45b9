"""Metrics of several workers behind one port: whoever is asked answers for all.

A scrape reaches any one worker. So each writes its numbers into a folder they share, now and then,
and the one that is asked adds those of the others to its own; the label ``worker`` tells them
apart, and no counter ever seems to go back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric

PUBLISH_SECONDS = 5.0


class CrewRegistry(CollectorRegistry):
    """One worker's registry, which answers a scrape for all that publish in ``folder``."""

    def __init__(self, folder: Path, worker: int) -> None:
        super().__init__()
        self._folder = folder
        self._worker = str(worker)

    def collect(self) -> Iterator[Metric]:
        """Return every worker's metrics, each sample labelled with its worker."""
        families: dict[str, Metric] = {}
        for worker, metrics in [(self._worker, self._own()), *self._others()]:
            for name, help_, kind, samples in metrics:
                family = families.setdefault(name, Metric(name, help_, kind))
                for sample, labels, value in samples:
                    family.add_sample(sample, {**labels, "worker": worker}, value)
        yield from families.values()

    async def publish(self) -> None:
        """Write down our own numbers for the others, until cancelled."""
        path = self._folder / self._worker
        while True:
            aside = path.with_suffix(".new")
            aside.write_bytes(orjson.dumps(self._own()))
            aside.replace(path)
            await asyncio.sleep(PUBLISH_SECONDS)

    def _own(self) -> list[Any]:
        return [
            (m.name, m.documentation, m.type, [(s.name, s.labels, s.value) for s in m.samples])
            for m in super().collect()
        ]

    def _others(self) -> Iterator[tuple[str, list[Any]]]:
        for path in sorted(self._folder.iterdir()):
            if path.name.isdecimal() and path.name != self._worker:
                yield path.name, orjson.loads(path.read_bytes())
