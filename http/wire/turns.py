"""What is dear to read is read one at a time: between two of them the loop serves others.

Eight bodies of a megabyte that arrive together would hold it for as long as all of them take, and
whoever asks for little would wait for that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

LARGE = 64 * 1024
"""Bytes from which on reading takes milliseconds."""

T = TypeVar("T")


class Turns:
    """A queue for whatever is large."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    async def read(self, size: int, reader: Callable[[], T]) -> T:
        """Return what ``reader`` reads, once it is its turn if ``size`` is large."""
        if size < LARGE:
            return reader()
        async with self._lock:
            try:
                return reader()
            finally:
                await asyncio.sleep(0)  # the turn ends when the loop has gone round
