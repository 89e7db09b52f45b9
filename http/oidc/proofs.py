"""Proofs of possession at our endpoints (RFC 9449, 5)."""

from __future__ import annotations

from personae.actors.aggregates.clients import Client
from personae.http.identity.bearer import proof_of
from personae.http.identity.dpop import HEADER, proved_key
from personae.http.oidc.call import Call
from personae.http.oidc.fapi.algorithms import allowed


def key_shown(call: Call, client: Client | None = None) -> str:
    """Return the thumbprint of the key a request proves, or nothing when it has no proof.

    Raises TOKEN-ProofInvalid.
    """
    request = call.request
    if HEADER not in request.headers:
        return ""
    return proved_key(
        proof_of(request.headers),
        method=request.method,
        url=call.issuer + request.path,
        now=call.services.world.now(),
        seen=call.services.proofs,
        algorithms=allowed(fapi=client is not None and client.app.oauth.fapi),
    )
