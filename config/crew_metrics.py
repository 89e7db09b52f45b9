"""Metrics and supervisor trees of several workers behind one port: who is asked answers for all.

A scrape reaches any one worker. So each writes its numbers into a folder they share, now and then,
and the one that is asked adds those of the others to its own; the label ``worker`` tells them
apart, and no counter ever seems to go back. The trees of ``/debug/actors`` go the same way.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
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

    async def publish(self, tree: Callable[[], Any]) -> None:
        """Write down our own numbers and tree for the others, until cancelled."""
        while True:
            self._write(self._worker, self._own())
            self._write(f"{self._worker}.tree", {**tree(), "name": f"worker {self._worker}"})
            await asyncio.sleep(PUBLISH_SECONDS)

    def trees(self, own: Mapping[str, Any]) -> dict[str, Any]:
        """Return one tree of all workers: our own as it stands, theirs as they last wrote it."""
        found = {f"{self._worker}.tree": {**own, "name": f"worker {self._worker}"}}
        for path in self._folder.glob("*.tree"):
            if path.name not in found:
                old = time.time() - path.stat().st_mtime
                found[path.name] = {**orjson.loads(path.read_bytes()), "seconds_old": round(old, 1)}
        workers = [tree for _, tree in sorted(found.items(), key=lambda item: _number(item[0]))]
        return {"name": "personae", "state": own["state"], "children": workers}

    def _write(self, name: str, value: Any) -> None:
        path = self._folder / name
        aside = path.with_name(f"{name}.new")
        aside.write_bytes(orjson.dumps(value))
        aside.replace(path)

    def _own(self) -> list[Any]:
        return [
            (m.name, m.documentation, m.type, [(s.name, s.labels, s.value) for s in m.samples])
            for m in super().collect()
        ]

    def _others(self) -> Iterator[tuple[str, list[Any]]]:
        for path in sorted(self._folder.iterdir()):
            if path.name.isdecimal() and path.name != self._worker:
                yield path.name, orjson.loads(path.read_bytes())


def _number(name: str) -> int:
    return int(name.partition(".")[0])
