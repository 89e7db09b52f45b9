"""What a client is told of its registration (RFC 7591, 3.2.1): all that is registered of it."""

from __future__ import annotations

from typing import Any

from personae.actors.domain.project.oauth import OAuthSettings
from personae.actors.domain.project.state import Application, OIDCConfig
from personae.actors.domain.project.values import ApplicationType
from personae.http.identity.jose import PublicKey
from personae.http.identity.signer import signer_of
from personae.http.oidc import paths
from personae.http.oidc.authorize.types import TYPES
from personae.http.oidc.call import Call
from personae.http.oidc.registration.access import project_of
from personae.http.oidc.registration.metadata import GRANTS, METHODS, SUBJECTS

_GRANTS = {grant: name for name, grant in GRANTS.items()}
_METHODS = {method: name for name, method in METHODS.items()}
_RESPONSES = {response: " ".join(words) for words, response in TYPES.items()}


async def described(call: Call, app_id: str, token: str, secret: str = "") -> dict[str, Any]:
    """Return the client information response; a secret is told once, when it is made."""
    app = (await project_of(call)).apps[app_id]
    assert app.oidc is not None  # noqa: S101 — for the type checker; nothing else registers itself
    signer = await signer_of(call.services, call.instance_id, fapi=app.oauth.fapi)
    where = call.issuer + paths.REGISTRATION.format(client_id=app.client_id)
    found = {
        "client_id": app.client_id,
        **({"client_secret": secret, "client_secret_expires_at": 0} if secret else {}),
        "registration_access_token": token,
        "registration_client_uri": where,
        "client_name": app.name,
        **_client(app, app.oidc),
        "id_token_signed_response_alg": signer.key.algorithm,
        **_profiles(app.oauth),
    }
    return {name: value for name, value in found.items() if value not in ("", (), [], None)}


def _client(app: Application, oidc: OIDCConfig) -> dict[str, Any]:
    native = oidc.application_type is ApplicationType.NATIVE
    return {
        "redirect_uris": oidc.redirect_uris,
        "token_endpoint_auth_method": app.oauth.certificate_method.value
        or _METHODS[oidc.auth_method_type],
        "grant_types": [_GRANTS[each] for each in oidc.grant_types],
        "response_types": [_RESPONSES[each] for each in oidc.response_types],
        "application_type": "native" if native else "web",
        "subject_type": "public",
        "post_logout_redirect_uris": oidc.post_logout_redirect_uris,
        "backchannel_logout_uri": oidc.back_channel_logout_uri,
    }


def _profiles(settings: OAuthSettings) -> dict[str, Any]:
    subject = settings.certificate_subject
    keys = [
        dict(PublicKey.from_pem(key.id, key.public_key, key.algorithm).jwk) for key in settings.keys
    ]
    return {
        "require_pushed_authorization_requests": settings.require_pushed,
        "dpop_bound_access_tokens": settings.dpop_bound,
        "tls_client_certificate_bound_access_tokens": settings.certificate_bound,
        "authorization_details_types": settings.authorization_types,
        "jwks": {"keys": keys} if keys else None,
        "jwks_uri": settings.jwks_uri,
        "frontchannel_logout_uri": settings.front_channel_logout_uri,
        **({SUBJECTS[subject.kind]: subject.value} if subject else {}),
    }
