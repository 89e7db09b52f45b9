"""Answers to a client, carried by the browser (OAuth 2.0 Multiple Response Types; Form Post)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from html import escape

from aiohttp import web
from personae.http.identity.authorization_answer import FORM_POST, FRAGMENT, location

QUERY = 1
MODES = {"query": QUERY, "fragment": FRAGMENT, "form_post": FORM_POST}
"""Response modes by name; the numbers are those of stored requests."""

_SUBMIT = "document.forms[0].submit()"
_HASH = base64.b64encode(hashlib.sha256(_SUBMIT.encode()).digest()).decode()
_PAGE = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>…</title>'
    '<form method="post" action="{action}">{fields}'
    "<noscript><button>Continue</button></noscript></form>"
    f"<script>{_SUBMIT}</script></html>"
)
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        f"default-src 'none'; script-src 'sha256-{_HASH}'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Frame-Options": "DENY",
}


def respond(uri: str, params: Mapping[str, str], mode: int, *, method: str = "GET") -> web.Response:
    """Send the browser to a registered redirect URI with some parameters."""
    present = {name: value for name, value in params.items() if value}
    if mode == FORM_POST:
        return _form_post(uri, present)
    return redirect(location(uri, present, mode), method=method)


def redirect(location: str, *, method: str = "GET") -> web.Response:
    """Send the browser elsewhere; never with 307, which sends a form again (RFC 9700, 4.12)."""
    status = 303 if method == "POST" else 302
    return web.Response(
        status=status,
        headers={
            "Location": location,
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
        },
    )


def _form_post(uri: str, params: Mapping[str, str]) -> web.Response:
    fields = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in params.items()
    )
    page = _PAGE.format(action=escape(uri), fields=fields)
    return web.Response(text=page, content_type="text/html", headers=_HEADERS)
