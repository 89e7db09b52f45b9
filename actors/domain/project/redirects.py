"""Redirect URIs: which may be registered, and which registered one a request names.

RFC 9700 (2.1, 4.1.3) and RFC 8252 (7.3): comparison is by the exact string; only the port of a
native application's loopback address may differ. Anything a browser would run instead of follow
is never accepted.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import SplitResult, urlsplit

from personae.actors.domain.project.values import ApplicationType

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
RUN_NOT_FOLLOWED = frozenset({"javascript", "data", "vbscript", "file", "blob", "about"})
CONTROL = re.compile(r"[\x00-\x20\x7f\\]")
LOOPBACK_URI = re.compile(
    r"(http://(?:localhost|127\.0\.0\.1|\[::1\]))(?::[0-9]{1,5})?([/?][^#]*)?"
)
LONGEST = 2048


def acceptable(uri: str, kind: ApplicationType, *, dev_mode: bool = False) -> bool:
    """Say whether a URI may be registered at all for this kind of application.

    ``http`` beyond loopback and glob patterns need the development mode (OIDC Core, 3.1.2.1).
    """
    parts = _split(uri)
    if parts is None or "#" in uri or parts.scheme in RUN_NOT_FOLLOWED:
        return False
    if parts.scheme == "https":
        return bool(parts.hostname)
    if parts.scheme == "http":
        return bool(parts.hostname) and (dev_mode or parts.hostname in LOOPBACK)
    # Custom schemes (com.example.app:/done) belong to native applications: RFC 8252, 7.1.
    return kind is ApplicationType.NATIVE


def registered(
    uri: str, known: tuple[str, ...], kind: ApplicationType, *, dev_mode: bool = False
) -> bool:
    """Say whether a request's redirect URI is one of the registered ones."""
    if uri in known:
        return True
    if _split(uri) is None:
        return False
    if kind is ApplicationType.NATIVE and (portless := _without_port(uri)):
        return any(_without_port(other) == portless for other in known)
    if dev_mode and acceptable(uri, kind, dev_mode=True):
        return any("*" in pattern and _compiled(pattern).fullmatch(uri) for pattern in known)
    return False


def _split(uri: str) -> SplitResult | None:
    if len(uri) > LONGEST or CONTROL.search(uri):
        return None
    try:
        parts = urlsplit(uri)
        _ = parts.port, parts.hostname
    except ValueError:
        return None
    return parts if parts.scheme and not (parts.username or parts.password) else None


@lru_cache(maxsize=1_000)
def _compiled(pattern: str) -> re.Pattern[str]:
    """Return a glob pattern as it is matched: ``*`` ends at a slash, ``**`` does not."""
    escaped = re.escape(pattern)
    return re.compile(escaped.replace(r"\*\*", ".*").replace(r"\*", "[^/]*"))


def _without_port(uri: str) -> str:
    """Return a loopback URI without its port, all else byte by byte; empty for any other URI."""
    found = LOOPBACK_URI.fullmatch(uri)
    return f"{found[1]}{found[2] or ''}" if found else ""
