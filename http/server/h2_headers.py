"""Blocks of HTTP/2 headers: those that come again and again are decoded, checked, encoded once."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, ClassVar

import hpack
from h2.exceptions import ProtocolError
from h2.utilities import HeaderValidationFlags, validate_headers
from hpack.hpack import decode_integer
from hpack.table import HeaderTable

Headers = list[tuple[str, str]]
Fields = tuple[tuple[str, str], ...]

_SHORT, _BLOCKS = 256, 16
"""Longest value and block of headers that is remembered in bytes; blocks of one connection."""
_KNOWN_ANSWERS = (
    ((b":status", b"200"), (b"content-type", b"application/grpc+proto")),
    ((b"grpc-status", b"0"),),
)


@lru_cache(1024)
def literal(data: bytes) -> Any:
    """Return the header that a literal says by itself; paths and tokens come again and again.

    Undoing Huffman's code is half of the time that hpack needs for a request's headers.
    """
    return hpack.Decoder()._decode_literal_no_index(data)[0]  # noqa: SLF001 — its own kind


@lru_cache(128)
def checked(headers: tuple[tuple[bytes, bytes], ...], *, trailers: bool = False) -> Fields:
    """Return headers as text. Raises ``ProtocolError`` for what RFC 9113 section 8.2 forbids.

    h2 checks them one by one for every request; most requests of a client have the same.
    """
    flags = HeaderValidationFlags(
        is_client=False, is_trailer=trailers, is_response_header=False, is_push_promise=False
    )
    try:
        return tuple((n.decode(), v.decode()) for n, v in validate_headers(headers, flags))
    except UnicodeDecodeError as exc:
        raise ProtocolError("not UTF-8") from exc


class KnownDecoder(hpack.Decoder):
    """hpack's decoder; a block that comes again while the table stays the same says the same."""

    def __init__(self, max_header_list_size: int) -> None:
        super().__init__(max_header_list_size)
        self._known: dict[bytes, Any] = {}
        self._table: tuple[Any, ...] = ()

    def decode(self, data: Any, raw: bool = False) -> Any:  # noqa: FBT001, FBT002
        """Return the headers of a block; nobody may change them."""
        if (same := self._known.get(data)) is not None:
            return same
        before, known = self._table, self._known
        self._table, self._known = (), {}
        headers = super().decode(data, raw)
        self._table = (*self.header_table.dynamic_entries, self.header_table.maxsize)
        if self._table == before and len(known) < _BLOCKS:
            self._known = known
            if len(data) < _SHORT:
                known[data] = headers
        return headers

    def _decode_literal_no_index(self, data: Any) -> Any:
        """Return a header that is not to be remembered, and its length (RFC 7541, 6.2.2, 6.2.3).

        Were it called otherwise in hpack some day, this would not be called, and nothing else.
        """
        name, after_name = decode_integer(data, 4)
        if not 0 < name <= HeaderTable.STATIC_TABLE_LENGTH:
            return super()._decode_literal_no_index(data)
        size, after_size = decode_integer(data[after_name:], 7)
        end = after_name + after_size + size
        if not 0 < size < _SHORT or end > len(data):
            return super()._decode_literal_no_index(data)
        return literal(bytes(data[:end])), end


class KnownEncoder(hpack.Encoder):
    """hpack's encoder; how calls that succeed begin and end is encoded once for all."""

    blocks: ClassVar = {
        headers: hpack.Encoder().encode([(name, value, True) for name, value in headers])
        for headers in _KNOWN_ANSWERS
    }

    def encode(self, headers: Any, huffman: bool = True) -> bytes:  # noqa: FBT001, FBT002
        """Return the block of headers; known ones leave the table of the connection alone."""
        block = None if self.header_table.resized else self.blocks.get(tuple(headers))
        return block or super().encode(headers, huffman)
