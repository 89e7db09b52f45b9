"""tls_client_auth, self_signed_tls_client_auth: the connection's certificate (RFC 8705, 2)."""

from __future__ import annotations

from personae.actors.aggregates.clients import Client
from personae.actors.domain.kit import Refusal
from personae.http.identity.certificates import Certificate, certificate_shown
from personae.http.oidc.call import Call
from personae.http.oidc.clients.shown import Shown
from personae.http.oidc.errors import CLIENT_CERTIFICATE_INVALID


def show_nothing(_call: Call) -> None:
    """Say that a request shows no more than the client's name: the certificate is beside it."""


async def prove_authority(call: Call, _shown: Shown, client: Client) -> bool:
    """Say whether a known authority certified the registered name (2.1.2).

    Raises OIDC-ClientCertificateInvalid.
    """
    certificate, subject = _valid(call), client.app.oauth.certificate_subject
    if not call.provider.profiles.authorities.certified(certificate):
        raise CLIENT_CERTIFICATE_INVALID(cause="authority")
    if subject is None or not certificate.is_named(subject):
        raise CLIENT_CERTIFICATE_INVALID(cause="name")
    return True


async def prove_self_signed(call: Call, _shown: Shown, client: Client) -> bool:
    """Say whether the certificate is a registered one (2.2).

    Raises OIDC-ClientCertificateInvalid.
    """
    if _valid(call).thumbprint not in client.app.oauth.certificates:
        raise CLIENT_CERTIFICATE_INVALID(cause="unknown")
    return True


def _valid(call: Call) -> Certificate:
    try:
        certificate = certificate_shown()
    except Refusal as refusal:
        raise CLIENT_CERTIFICATE_INVALID(cause=refusal.id) from None
    if certificate is None:
        raise CLIENT_CERTIFICATE_INVALID(cause="missing")
    if not certificate.valid(call.services.world.now()):
        raise CLIENT_CERTIFICATE_INVALID(cause="expired")
    return certificate
