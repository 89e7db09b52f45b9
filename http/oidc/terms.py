"""What a client says at the token endpoint about the token it wants, and what it must say."""

from __future__ import annotations

from personae.actors.aggregates.clients import Client
from personae.actors.domain.oidc_session.terms import Terms
from personae.http.identity.certificates import thumbprint_shown
from personae.http.identity.dpop import PROOF_INVALID
from personae.http.oidc.call import Call
from personae.http.oidc.details import details_of
from personae.http.oidc.errors import CERTIFICATE_REQUIRED
from personae.http.oidc.fapi import check_sender
from personae.http.oidc.resources import targets_of


async def terms_of(call: Call, client: Client, key: str) -> Terms:
    """Return the terms of a client's request for tokens; ``key`` is the one it proved, if any.

    Raises OIDC-TargetInvalid, OIDC-DetailsInvalid, OIDC-CertificateRequired, TOKEN-ProofInvalid.
    """
    certificate = certificate_for(client, key)
    return Terms(
        certificate=certificate,
        targets=await targets_of(call, call.form.all("resource")),
        details=details_of(call, client, call.form),
    )


def certificate_for(client: Client, key: str) -> str:
    """Return the certificate that a client's tokens are bound to, if they are.

    Refuses a request without what the client's tokens must be bound to (RFC 8705, 3; RFC 9449,
    5.2).
    """
    oauth = client.app.oauth
    if oauth.dpop_bound and not key:
        raise PROOF_INVALID(cause="header")
    certificate = thumbprint_shown() if oauth.certificate_bound else ""
    if oauth.certificate_bound and not certificate:
        raise CERTIFICATE_REQUIRED()
    check_sender(client, key, certificate)
    return certificate
