"""client_secret_post: id and secret in the form (RFC 6749, 2.3.1)."""

from __future__ import annotations

from personae.actors.domain.project.values import AuthMethod
from personae.http.oidc.call import Call
from personae.http.oidc.clients.shown import Shown


def show_post(call: Call) -> Shown | None:
    """Return what the form says."""
    secret = call.form.get("client_secret")
    return Shown(AuthMethod.POST, call.form.required("client_id"), secret) if secret else None
