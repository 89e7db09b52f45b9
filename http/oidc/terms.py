"""What a client says at the token endpoint about the token it wants."""

from __future__ import annotations

from personae.actors.domain.oidc_session.terms import Terms
from personae.http.oidc.call import Call
from personae.http.oidc.resources import targets_of


async def terms_of(call: Call) -> Terms:
    """Return the terms of a request for tokens. Raises OIDC-TargetInvalid."""
    return Terms(targets=await targets_of(call, call.form.all("resource")))
