"""client_secret_basic: id and secret in the ``Authorization`` header (RFC 6749, 2.3.1)."""

from __future__ import annotations

import base64

from personae.actors.domain.project.values import AuthMethod
from personae.http.oidc.call import Call
from personae.http.oidc.clients.shown import Shown
from personae.http.oidc.errors import CLIENT_METHODS_MIXED, CLIENT_NOT_AUTHENTICATED
from personae.http.oidc.form import plain

LONGEST = 4096


def show_basic(call: Call) -> Shown | None:
    """Return what a Basic header says; both halves are urlencoded before base64."""
    headers = call.request.headers.getall("Authorization", ())
    if len(headers) > 1:
        raise CLIENT_METHODS_MIXED()
    scheme, _, text = "".join(headers).partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        shown = base64.b64decode(text.strip()[:LONGEST], validate=True).decode()
        client_id, colon, secret = shown.partition(":")
        client_id, secret = plain(client_id), plain(secret)
    except ValueError:
        raise CLIENT_NOT_AUTHENTICATED() from None
    if not colon or "\0" in client_id:
        raise CLIENT_NOT_AUTHENTICATED()
    if call.form.get("client_id") not in {"", client_id}:
        raise CLIENT_METHODS_MIXED()
    return Shown(AuthMethod.BASIC, client_id, secret)
