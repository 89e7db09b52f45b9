"""From which pages of the web an application is used."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

_WEB = {"http", "https"}


def web_origins(redirect_uris: Iterable[str], additional: Iterable[str]) -> list[str]:
    """Return the origins (RFC 6454) that browsers may call from: of redirects, and additional ones.

    >>> web_origins(["https://a.test/in", "app:/in"], ["https://B.test/"])
    ['https://a.test', 'https://B.test/']
    """
    parts = [urlsplit(uri) for uri in redirect_uris]
    web = [f"{uri.scheme}://{uri.netloc}" for uri in parts if uri.scheme in _WEB]
    return list(dict.fromkeys([*web, *additional]))


def holds(origins: Iterable[str], origin: str) -> bool:
    """Say whether an ``Origin`` header names one of these."""
    return _plain(origin) in map(_plain, origins)


def _plain(origin: str) -> str:
    return origin.rstrip("/").casefold()
