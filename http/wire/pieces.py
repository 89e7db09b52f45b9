"""Large answers leave piece by piece: of what a client does not read, one piece waits here."""

from __future__ import annotations

from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import Payload

PIECE = 64 * 1024
AT_ONCE = 4 * PIECE
"""Bytes; what is no longer goes out at once."""


class Pieces(Payload):
    """Bytes that are shared by all who are answered with them, and copied for none."""

    _value: bytes
    _autoclose = True

    def __init__(self, value: bytes) -> None:
        super().__init__(value)
        self._size = len(value)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Return the bytes as text."""
        return self._value.decode(encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Write all, each piece when the connection has room for it."""
        view = memoryview(self._value)
        for start in range(0, len(view), PIECE):
            await writer.write(view[start : start + PIECE])
