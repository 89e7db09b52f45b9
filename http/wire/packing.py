"""Messages under gzip (RFC 1952): taken apart within bounds, made where a client asks for it."""

from __future__ import annotations

import gzip
import zlib

from personae.http.wire.limits import MESSAGE
from personae.http.wire.reasons import TOO_LARGE
from personae.http.wire.wrong import Wrong

SMALLEST = 1024
"""Bytes below which packing costs more than it saves."""
FAST = 1
_GZIP = 16 + zlib.MAX_WBITS


def packed(data: bytes) -> bytes:
    """Return data under gzip."""
    return gzip.compress(data, FAST, mtime=0)


def unpacked(data: bytes) -> bytes:
    """Return what gzip holds. Raises :class:`Wrong`, and ``Refusal`` when it is too much."""
    reader = zlib.decompressobj(_GZIP)
    try:
        found = reader.decompress(data, MESSAGE + 1)
    except zlib.error:
        raise Wrong("gzip") from None
    if len(found) > MESSAGE:
        raise TOO_LARGE()
    if not reader.eof or reader.unused_data:
        raise Wrong("gzip")
    return found


def accepted(encodings: str) -> bool:
    """Tell whether an ``Accept-Encoding`` (RFC 9110, 12.5.3) takes gzip."""
    for each in encodings.lower().split(","):
        name, _, weight = each.partition(";")
        if name.strip() in {"gzip", "*"}:
            return weight.strip().replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False
