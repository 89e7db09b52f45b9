"""Metadata that only some providers can fulfil."""

from __future__ import annotations

from personae.actors.domain.project.oauth import CertificateMethod
from personae.actors.domain.project.values import GrantType
from personae.http.oidc.call import Call
from personae.http.oidc.errors import METADATA_INVALID
from personae.http.oidc.registration.metadata import Metadata


async def check_served(call: Call, found: Metadata) -> None:
    """Refuse what this provider has turned off. Raises OIDC-ClientMetadataInvalid."""
    profiles, settings = call.provider.profiles, found.settings
    if found.method is CertificateMethod.CA and not profiles.authorities:
        raise METADATA_INVALID(name="token_endpoint_auth_method")
    if isinstance(found.method, CertificateMethod) and not profiles.certificates:
        raise METADATA_INVALID(name="token_endpoint_auth_method")
    if settings.certificate_bound and not profiles.certificates:
        raise METADATA_INVALID(name="tls_client_certificate_bound_access_tokens")
    if not profiles.details.keys() >= set(settings.authorization_types or ()):
        raise METADATA_INVALID(name="authorization_details_types")
    if GrantType.IMPLICIT in found.grants and not call.provider.implicit:
        raise METADATA_INVALID(name="grant_types")
