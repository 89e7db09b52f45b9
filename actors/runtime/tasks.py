"""Background tasks that neither vanish nor fail in silence."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Coroutine
from typing import Any

logger = logging.getLogger(__name__)


class Tasks:
    """The loop keeps its tasks weakly and says nothing of their errors; this keeps and logs."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def spawn(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Start work in the background; ``name`` stands in the log when it fails."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    async def stop(self, seconds: float = 10) -> None:
        """Cancel all and wait for their clean-up, at most so many seconds."""
        others = self._tasks - {asyncio.current_task()}
        for task in others:
            task.cancel()
        if others:
            _, stuck = await asyncio.wait(others, timeout=seconds)
            for task in stuck:
                logger.error("the task %s did not stop in %s seconds", task.get_name(), seconds)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if error := _error_of(task):
            logger.error("the task %s failed", task.get_name(), exc_info=error)


async def result_of(value: Any) -> Any:
    """Return what a function gave that may or may not be a coroutine function."""
    return await value if inspect.isawaitable(value) else value


def _error_of(task: asyncio.Task[Any]) -> BaseException | None:
    if not task.cancelled():
        return task.exception()
    # Drivers raise CancelledError for reasons of their own; then nobody has asked for it.
    return None if task.cancelling() else asyncio.CancelledError()
