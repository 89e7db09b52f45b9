"""Redirect URIs: which may be registered, and which registered one a request names.

RFC 9700 (2.1, 4.1.3) and RFC 8252 (7.3): comparison is by the exact string; only the port of a
native application's loopback address may differ. Anything a browser would run instead of follow
is never accepted.
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

from personae.actors.domain.project.values import ApplicationType

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
RUN_NOT_FOLLOWED = frozenset({"javascript", "data", "vbscript", "file", "blob", "about"})
CONTROL = re.compile(r"[\x00-\x20\x7f\\]")
LOOPBACK_URI = re.compile(
    r"(?P<host>http://(?:localhost|127\.0\.0\.1|\[::1\]))(?::[0-9]{1,5})?(?P<rest>(?:[/?].*)?)"
)
ANY_PATH = re.compile(r"(?<=[^/])/\\\*\\\*")
LONGEST = 2048
STANDARD_PORTS = {"https": 443, "http": 80}


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
    parts = _split(uri)
    if parts is None or parts.scheme in RUN_NOT_FOLLOWED:
        return False
    if uri in known:
        return True
    portless = _without_port(uri) if kind is ApplicationType.NATIVE else None
    if portless and any(portless == _without_port(other) for other in known):
        return True
    if dev_mode and acceptable(uri, kind, dev_mode=True):
        return any("*" in pattern and _fits(uri, pattern) for pattern in known)
    return False


def loadable(uri: str, redirect_uris: tuple[str, ...], *, dev_mode: bool = False) -> bool:
    """Say whether a page may be loaded in a frame to tell a client of a logout.

    "The domain, port, and scheme of this URL MUST be the same as that of a registered
    Redirection URI value" (Front-Channel Logout 1.0, section 2).
    """
    if not acceptable(uri, ApplicationType.WEB, dev_mode=dev_mode):
        return False
    return origin(uri) in map(origin, redirect_uris)


def remote(uri: str) -> bool:
    """Say whether a URI leads by ``https`` to another machine than that of the browser.

    "Web Clients using the OAuth Implicit Grant Type MUST only register URLs using the https scheme
    as redirect_uris; they MUST NOT use localhost as the hostname." (OpenID Connect Registration, 2)
    """
    parts = _split(uri)
    return parts is not None and parts.scheme == "https" and parts.hostname not in LOOPBACK


def callable_at(uri: str) -> bool:
    """Say whether a client may be told of a logout there, by a request of ours.

    "The back-channel logout URI MUST be an absolute URI …" and "MUST NOT include a fragment
    component" (Back-Channel Logout 1.0, 2.2).
    """
    return "#" not in uri and bool(origin(uri))


def origin(uri: str) -> str:
    """Return scheme, host and port of a URI on the web (RFC 6454, 6.1); nothing for another."""
    parts = _split(uri)
    if parts is None or parts.scheme not in STANDARD_PORTS or not parts.hostname:
        return ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    port = parts.port or STANDARD_PORTS[parts.scheme]
    return f"{parts.scheme}://{host}" + ("" if port == STANDARD_PORTS[parts.scheme] else f":{port}")


def _split(uri: str) -> SplitResult | None:
    if len(uri) > LONGEST or CONTROL.search(uri):
        return None
    try:
        parts = urlsplit(uri)
        _ = parts.port, parts.hostname
    except ValueError:
        return None
    return parts if parts.scheme and "@" not in parts.netloc else None


def _without_port(uri: str) -> tuple[str, str] | None:
    """Return what is before and after the port of a loopback URI, as written."""
    found = LOOPBACK_URI.fullmatch(uri)
    return (found["host"], found["rest"]) if found else None


def _fits(uri: str, pattern: str) -> bool:
    """Say whether a URI fits a pattern of the development mode.

    A star crosses nothing that ends a part of a URI, so that the host it is written in stays the
    host; only two stars as a path segment stand for any rest of the path.
    """
    deep = ANY_PATH.sub("/[^?#]*", re.escape(pattern))
    return bool(re.fullmatch(deep.replace(r"\*", "[^/?#:@]*"), uri))
