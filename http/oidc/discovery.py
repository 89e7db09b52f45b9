"""What this provider offers (OpenID Connect Discovery 1.0, section 3; RFC 8414)."""

from __future__ import annotations

from collections.abc import Iterator

import orjson
from aiohttp import web
from personae.http.identity.jose import ALGORITHMS
from personae.http.oidc import claims, paths, scopes
from personae.http.oidc.answers import answer
from personae.http.oidc.authorize.asked import PROMPTS
from personae.http.oidc.authorize.response import MODES
from personae.http.oidc.call import Call
from personae.http.oidc.grants import GRANTS
from personae.http.oidc.provider import DEFAULT, Profiles
from personae.http.oidc.registration.access import is_open

CACHE = "public, max-age=300, must-revalidate"
ISSUERS_AT_MOST = 10_000

SIGNING = ("EdDSA", "RS256", "RS384", "RS512", "ES256", "ES384", "ES512")
ASSERTION_SIGNING = ("RS256", "PS256", "ES256", "ES384", "ES512", "EdDSA")
CLIENT_METHODS = ("none", "client_secret_basic", "client_secret_post", "private_key_jwt")


async def discovery(call: Call) -> web.Response:
    """Answer with the document, rendered once per issuer."""
    documents, registering = call.provider.documents, await is_open(call)
    kept_as = f"{call.issuer} {registering}"
    if kept_as not in documents:
        if len(documents) >= ISSUERS_AT_MOST:
            documents.clear()
        languages = call.services.texts.languages
        made = document(
            call.issuer,
            languages,
            implicit=call.provider.implicit,
            profiles=call.provider.profiles,
        )
        if call.provider.profiles.details:
            made["authorization_details_types_supported"] = list(call.provider.profiles.details)
        if registering:
            made["registration_endpoint"] = call.issuer + paths.REGISTER
        if call.services.session_state:
            made["check_session_iframe"] = call.issuer + paths.CHECK_SESSION
        documents[kept_as] = orjson.dumps(made)
    return answer(documents[kept_as], CACHE)


def document(
    issuer: str, languages: tuple[str, ...], *, implicit: bool, profiles: Profiles = DEFAULT
) -> dict[str, object]:
    """Return the provider metadata of an issuer."""
    methods = (*CLIENT_METHODS, *_by_certificate(profiles))
    direct = ("id_token", "id_token token") if implicit else ()
    return {
        "issuer": issuer,
        "authorization_endpoint": issuer + paths.AUTHORIZE,
        "pushed_authorization_request_endpoint": issuer + paths.PUSH,
        "device_authorization_endpoint": issuer + paths.DEVICE,
        "token_endpoint": issuer + paths.TOKEN,
        "introspection_endpoint": issuer + paths.INTROSPECT,
        "userinfo_endpoint": issuer + paths.USERINFO,
        "revocation_endpoint": issuer + paths.REVOKE,
        "end_session_endpoint": issuer + paths.END_SESSION,
        "jwks_uri": issuer + paths.KEYS,
        "scopes_supported": scopes.STANDARD,
        "response_types_supported": ["code", *direct],
        "response_modes_supported": list(MODES),
        "grant_types_supported": [*GRANTS, *(("implicit",) if implicit else ())],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": SIGNING,
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": ASSERTION_SIGNING,
        "introspection_endpoint_auth_methods_supported": methods[1:],
        "introspection_signing_alg_values_supported": SIGNING,
        "introspection_endpoint_auth_signing_alg_values_supported": ASSERTION_SIGNING,
        "revocation_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_signing_alg_values_supported": ASSERTION_SIGNING,
        "tls_client_certificate_bound_access_tokens": profiles.certificates,
        "dpop_signing_alg_values_supported": ALGORITHMS,
        "prompt_values_supported": list(PROMPTS),
        "claims_supported": claims.SUPPORTED,
        "code_challenge_methods_supported": ["S256"],
        "ui_locales_supported": languages,
        "authorization_response_iss_parameter_supported": True,
        "request_parameter_supported": True,
        "request_uri_parameter_supported": False,
        "request_object_signing_alg_values_supported": ASSERTION_SIGNING,
        "require_pushed_authorization_requests": False,
        "require_signed_request_object": False,
        "claims_parameter_supported": False,
        "frontchannel_logout_supported": True,
        "frontchannel_logout_session_supported": True,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
    }


def _by_certificate(profiles: Profiles) -> Iterator[str]:
    """Yield how clients may authenticate by certificate (RFC 8705, 2.1.1 and 2.2.1)."""
    if profiles.certificates:
        if profiles.authorities:
            yield "tls_client_auth"
        yield "self_signed_tls_client_auth"
