"""Turns per second, made of the turns that the tree counts: by who looks, not at every turn."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

LEAST_SECONDS = 1.0
"""The shortest time that a rate is taken over."""

Turns = dict[tuple[str, ...], int]


class Rates:
    """Adds ``turns_per_second`` wherever a tree has ``turns``: since a look a second ago or more.

    At the first look it is the average since this was made.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._looks: deque[tuple[float, Turns]] = deque([(clock(), {})], maxlen=2)

    def added(self, tree: dict[str, Any]) -> dict[str, Any]:
        """Return the tree with the rates in it."""
        now = self._clock()
        old = [look for look in self._looks if look[0] <= now - LEAST_SECONDS]
        then, before = old[-1] if old else self._looks[0]
        seconds = max(now - then, LEAST_SECONDS)
        turns = {}
        for path, node in _nodes(tree, ()):
            turns[path] = node["turns"]
            # Fewer than before: it began anew meanwhile.
            more = node["turns"] - min(before.get(path, 0), node["turns"])
            node["turns_per_second"] = round(more / seconds, 1)
        if self._looks[-1] in old:
            self._looks.append((now, turns))
        return tree


def _nodes(
    node: dict[str, Any], above: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    path = (*above, node["name"])
    if "turns" in node:
        yield path, node
    for child in node.get("children", ()):
        yield from _nodes(child, path)
