"""Proofs of possession at our endpoints (RFC 9449, 5)."""

from __future__ import annotations

from personae.actors.aggregates.clients import Client
from personae.http.identity.bearer import proof_of
from personae.http.identity.dpop import HEADER, proved, use
from personae.http.oidc.call import Call
from personae.http.oidc.fapi.algorithms import allowed


async def key_shown(call: Call, client: Client | None = None) -> str:
    """Return the thumbprint of the key a request proves, or nothing when it has no proof.

    The proof counts once, in whatever process. Raises TOKEN-ProofInvalid.
    """
    request, now = call.request, call.services.world.now()
    if HEADER not in request.headers:
        return ""
    proof = proved(
        proof_of(request.headers),
        method=request.method,
        url=call.issuer + request.path,
        now=now,
        algorithms=allowed(fapi=client is not None and client.app.oauth.fapi),
    )
    await use(proof, call.services.proofs, now)
    return proof.key
