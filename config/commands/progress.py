"""How far a long work is: a bar in a terminal, a line of JSON a second elsewhere.

It goes to standard error: what a command has to say stands on standard output, alone.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

import orjson
from personae.projections.kit.progress import Meter, Progress

if TYPE_CHECKING:
    from rich.progress import TaskID

LINE_SECONDS = 1.0


class Shown:
    """Shows :class:`Progress` as long as it is entered; ``report`` takes it."""

    def __init__(self, out: TextIO | None = None) -> None:
        out = out or sys.stderr
        self._show: Bars | Lines = Bars(out) if out.isatty() else Lines(out)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._show.close()

    def report(self, progress: Progress) -> None:
        """Show how far something is."""
        self._show.report(progress)

    def begun(self, name: str) -> Callable[[int], Callable[[int], None]]:
        """Return what is told how much there is, and returns what is told how much more is done."""

        def begin(total: int) -> Callable[[int], None]:
            meter, done = Meter(name, self.report), 0
            meter.at(0, total)

            def passed(more: int) -> None:
                nonlocal done
                done += more
                meter.at(done, total)

            return passed

        return begin


class Lines:
    """A line of JSON when something begins, ends, or a second has passed."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._next: dict[str, float] = {}

    def report(self, progress: Progress) -> None:
        """Write a line, unless there was one just now."""
        now = time.monotonic()
        if progress.done < progress.total and now < self._next.get(progress.table, 0.0):
            return
        self._next[progress.table] = now + LINE_SECONDS
        left = progress.seconds_left
        line = {
            "progress": progress.table,
            "done": progress.done,
            "total": progress.total,
            "percent": round(progress.percent, 1),
            "rate": round(progress.rate, 1),
            "seconds_left": None if left is None else round(left, 1),
        }
        print(orjson.dumps(line).decode(), file=self._out, flush=True)

    def close(self) -> None:
        """Nothing is left to do."""


class Bars:
    """A bar each, with percent, rate and the time that is left."""

    def __init__(self, out: TextIO) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        self._tasks: dict[str, TaskID] = {}
        self._bars = RichProgress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[rate]:,.0f}/s"),
            TimeRemainingColumn(),
            console=Console(file=out),
        )
        self._bars.start()

    def report(self, progress: Progress) -> None:
        """Move a bar."""
        name = progress.table
        if name not in self._tasks:
            self._tasks[name] = self._bars.add_task(name, total=progress.total, rate=0.0)
        self._bars.update(
            self._tasks[name],
            completed=progress.done,
            total=progress.total,
            rate=progress.rate,
        )

    def close(self) -> None:
        """Leave the bars as they are."""
        self._bars.stop()
