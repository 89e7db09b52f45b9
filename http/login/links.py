"""Addresses that come from settings or clients, made fit for pages and headers."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_WEB = re.compile(r"https?://[^\s\x00-\x20\x7f\"'<>\\]+", re.IGNORECASE)
_ORIGIN = re.compile(r"https?://(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")
_PLAIN_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]*)*")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*")


def web_link(text: str, language: str) -> str:
    """Return an http(s) address with ``{{.Lang}}`` filled in, or nothing for any other."""
    link = text.strip().replace("{{.Lang}}", language)
    return link if _WEB.fullmatch(link) else ""


def form_target(uri: str) -> str:
    """Return the CSP source that lets a form's answer redirect to an address (CSP3, 6.4.1).

    An origin for the web, the scheme for apps; nothing when the address has neither.
    """
    try:
        parts = urlsplit(uri)
        origin = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}".lower()
    except ValueError:
        return ""
    if parts.scheme in {"http", "https"}:
        return origin if _ORIGIN.fullmatch(origin) else ""
    return f"{parts.scheme}:" if _SCHEME.fullmatch(parts.scheme) else ""


def frame_source(uri: str) -> str:
    """Return the CSP source of a page in a frame: with its path, where that is plain."""
    path = urlsplit(uri).path
    return form_target(uri) + (path if _PLAIN_PATH.fullmatch(path) else "")
