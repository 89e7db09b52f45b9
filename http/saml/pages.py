"""The page that carries a message on: a form that sends itself, or that people send by a button."""

from __future__ import annotations

import secrets
from html import escape

from aiohttp import web
from personae.http.identity.saml.bindings import Sent
from personae.http.saml.call import Call

_PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{title}</title>
<style nonce="{nonce}">
:root {{ color-scheme: light dark; }}
body {{ font: 1rem/1.5 system-ui, sans-serif; margin: 15vh auto; max-width: 22rem; }}
main {{ padding: 0 1rem; }}
button {{ font: inherit; padding: .6rem 1.2rem; min-height: 2.75rem; }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{text}</p>
<form method="post" action="{action}">{fields}
<button>{button}</button>
</form>
</main>
<script nonce="{nonce}">document.forms[0].submit()</script>
</body>
</html>
"""


def leave(call: Call, sent: Sent) -> web.Response:
    """Send the browser on with a message, to an address that the metadata names."""
    return _form(call, sent) if sent.post else redirect(sent.url)


def redirect(location: str) -> web.Response:
    """Send the browser elsewhere, by GET."""
    headers = {"Location": location, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return web.Response(status=303, headers=headers)


def _form(call: Call, sent: Sent) -> web.Response:
    language = call.services.language(call.request.headers.get("Accept-Language", ""))
    texts = call.services.texts.tree(language, "saml")
    nonce = secrets.token_urlsafe(16)
    fields = "".join(
        f'\n<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in sent.fields.items()
    )
    page = _PAGE.format(
        language=language,
        nonce=nonce,
        action=escape(sent.url),
        fields=fields,
        **{name: escape(texts[name]) for name in ("title", "text", "button")},
    )
    # No form-action: Chromium holds the redirects that follow to it too, wherever the service
    # provider leads people next. The one form there is goes where the metadata says.
    policy = (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    headers = {
        "Cache-Control": "no-store",
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
        "X-Frame-Options": "DENY",
    }
    return web.Response(text=page, content_type="text/html", headers=headers)
