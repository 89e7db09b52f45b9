"""An asyncio future in pykka's clothes."""

from __future__ import annotations

import asyncio
import concurrent.futures
import sys
from collections.abc import Generator
from types import TracebackType
from typing import Any, TypeVar

import pykka

T = TypeVar("T")
ExcInfo = tuple[type[BaseException] | None, BaseException | None, TracebackType | None]


def running_loop() -> asyncio.AbstractEventLoop | None:
    """Return the loop of this thread, or ``None`` in a thread without one."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


class LoopFuture(pykka.Future[T]):
    """The reply of a :class:`LoopActor`: ``await`` it on the loop, ``get`` it in other threads.

    pykka's own ``await future`` calls the blocking ``get`` and so stops the loop; this one does
    not. ``set`` after the caller has gone (or twice) does nothing: a reply nobody waits for is no
    error. ``reply`` is the asyncio future within.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        super().__init__()
        self._loop = loop or running_loop()
        # What pykka derives (map, join, …) has a hook instead, and may be made in any thread.
        self.reply: asyncio.Future[Any] | None = (
            None if self._loop is None else self._loop.create_future()
        )

    def set(self, value: T | None = None) -> None:
        """Answer; to be called on the loop."""
        if self.reply is not None and not self.reply.done():
            self.reply.set_result(value)

    def set_exception(self, exc_info: ExcInfo | None = None) -> None:
        """Answer with an exception (as of ``sys.exc_info()``); to be called on the loop."""
        error = (exc_info or sys.exc_info())[1]
        if self.reply is not None and not self.reply.done() and error is not None:
            self.reply.set_exception(error)

    def get(self, *, timeout: float | None = None) -> T:
        """Wait for the reply in another thread than the loop's, at most ``timeout`` seconds.

        Raises ``RuntimeError`` on the loop's own thread, where waiting would wait for ever, and
        ``pykka.Timeout``.
        """
        if self._loop is not None and running_loop() is self._loop:
            raise RuntimeError("get() would block the event loop it waits for: await the future")
        if self._get_hook is not None:
            return super().get(timeout=timeout)
        return self._wait(timeout)

    def _wait(self, timeout: float | None) -> T:
        if self._loop is None:
            raise RuntimeError("this future belongs to no event loop")
        waiting = asyncio.run_coroutine_threadsafe(self._shielded(), self._loop)
        try:
            return waiting.result(timeout)
        except concurrent.futures.TimeoutError:
            if not waiting.done():
                waiting.cancel()
                raise pykka.Timeout(f"{timeout} seconds") from None
            raise

    async def _shielded(self) -> T:
        assert self.reply is not None  # noqa: S101 — set together with the loop
        return await asyncio.shield(self.reply)

    def __await__(self) -> Generator[Any, None, T]:
        """Wait on the loop, without blocking it."""
        if self._get_hook is not None or self.reply is None:
            return asyncio.get_running_loop().run_in_executor(None, self.get).__await__()
        return self.reply.__await__()

    __iter__ = __await__
