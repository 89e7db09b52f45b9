"""How much and how long."""

from __future__ import annotations

import re

from personae.http.wire.wrong import Wrong

DEADLINE = 30.0
"""Seconds that a call may take, also when its client would wait longer."""
MESSAGE = 4 << 20
"""Bytes of a gRPC message, if the server room does not allow less. HTTP bodies are bounded by the
application's ``client_max_size``."""
PARAMETERS = 200
"""Query parameters of one request."""

_UNITS = {"H": 3600.0, "M": 60.0, "S": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9}
_GRPC = re.compile(r"(\d{1,8})([HMSmun])", re.ASCII)
_MILLISECONDS = re.compile(r"\d{1,10}", re.ASCII)


def grpc_seconds(timeout: str | None) -> float:
    """Return the seconds of a ``grpc-timeout``, at most ours. Raises :class:`Wrong`."""
    if timeout is None:
        return DEADLINE
    match = _GRPC.fullmatch(timeout)
    if match is None:
        raise Wrong("timeout", "grpc-timeout")
    return min(DEADLINE, int(match[1]) * _UNITS[match[2]])


def connect_seconds(timeout: str | None) -> float:
    """Return the seconds of a ``Connect-Timeout-Ms``, at most ours. Raises :class:`Wrong`."""
    if timeout is None:
        return DEADLINE
    if not _MILLISECONDS.fullmatch(timeout):
        raise Wrong("milliseconds", "connect-timeout-ms")
    return min(DEADLINE, int(timeout) / 1000)
