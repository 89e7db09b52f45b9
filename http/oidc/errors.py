"""Refusals in the words of OAuth: the one place where they meet.

Everything in this room refuses with a :class:`Reason`; here each is given its ``error`` code and
HTTP status (RFC 6749, 4.1.2.1 and 5.2; RFC 6750, 3.1; OIDC Core, 3.1.2.6).
"""

from __future__ import annotations

from dataclasses import dataclass

from personae.actors.domain.auth_request import refusals as auth_request
from personae.actors.domain.device_auth import refusals as device_auth
from personae.actors.domain.instance.refusals import NOT_FOUND as INSTANCE_NOT_FOUND
from personae.actors.domain.kit import Code, Reason, Refusal, reason
from personae.actors.domain.oidc_session import refusals as oidc_session
from personae.actors.domain.project import refusals as project
from personae.actors.domain.user.refusals import NOT_ACTIVE as USER_NOT_ACTIVE
from personae.actors.domain.values import UNREADABLE
from personae.http.identity.dpop import PROOF_INVALID


@dataclass(frozen=True, slots=True)
class OAuthError:
    """What a client is told: a registered code, and the status of a direct answer."""

    code: str
    status: int = 400


INVALID_REQUEST = OAuthError("invalid_request")
INVALID_CLIENT = OAuthError("invalid_client", 401)
INVALID_GRANT = OAuthError("invalid_grant")
INVALID_SCOPE = OAuthError("invalid_scope")
INVALID_TOKEN = OAuthError("invalid_token", 401)
ACCESS_DENIED = OAuthError("access_denied", 403)
LOGIN_REQUIRED = OAuthError("login_required")
SERVER_ERROR = OAuthError("server_error", 500)
UNAVAILABLE = OAuthError("temporarily_unavailable", 503)

_BY_REASON: dict[str, OAuthError] = {
    INSTANCE_NOT_FOUND.id: OAuthError("invalid_request", 404),
    auth_request.PUSHED_INVALID.id: OAuthError("invalid_request_uri"),
    auth_request.CODE_INVALID.id: INVALID_GRANT,
    auth_request.CODE_USED.id: INVALID_GRANT,
    auth_request.CODE_EXPIRED.id: INVALID_GRANT,
    auth_request.CODE_FOREIGN.id: INVALID_GRANT,
    auth_request.KEY_WRONG.id: INVALID_GRANT,
    oidc_session.KEY_WRONG.id: INVALID_GRANT,
    PROOF_INVALID.id: OAuthError("invalid_dpop_proof"),
    auth_request.VERIFIER_WRONG.id: INVALID_GRANT,
    auth_request.SESSION_INVALID.id: INVALID_GRANT,
    auth_request.WRONG_USER.id: LOGIN_REQUIRED,
    auth_request.WRONG_ORG.id: ACCESS_DENIED,
    auth_request.NO_GRANT.id: ACCESS_DENIED,
    auth_request.CONSENT_NEEDED.id: OAuthError("consent_required"),
    oidc_session.REFRESH_INVALID.id: INVALID_GRANT,
    oidc_session.REFRESH_REUSED.id: INVALID_GRANT,
    oidc_session.ENDED.id: INVALID_GRANT,
    oidc_session.SCOPE_WIDER.id: INVALID_SCOPE,
    oidc_session.TARGET_WIDER.id: OAuthError("invalid_target"),
    oidc_session.DETAILS_WIDER.id: OAuthError("invalid_authorization_details"),
    oidc_session.CERTIFICATE_WRONG.id: INVALID_GRANT,
    USER_NOT_ACTIVE.id: INVALID_GRANT,
    device_auth.CODE_INVALID.id: INVALID_GRANT,
    device_auth.PENDING.id: OAuthError("authorization_pending"),
    device_auth.DENIED.id: OAuthError("access_denied"),
    device_auth.EXPIRED.id: OAuthError("expired_token"),
}
_METADATA = OAuthError("invalid_client_metadata")
_BY_REASON |= {
    project.REDIRECT_INVALID.id: OAuthError("invalid_redirect_uri"),
    project.CERTIFICATE_MISSING.id: _METADATA,
    project.BACK_CHANNEL_INVALID.id: _METADATA,
    project.LOGOUT_URI_INVALID.id: _METADATA,
    project.KEYS_URI_INVALID.id: _METADATA,
    project.NAME_INVALID.id: _METADATA,
    UNREADABLE.id: _METADATA,
    project.REGISTRATION_INVALID.id: INVALID_TOKEN,
}
_BY_CODE: dict[Code, OAuthError] = {
    Code.INTERNAL: SERVER_ERROR,
    Code.UNAVAILABLE: UNAVAILABLE,
    Code.RESOURCE_EXHAUSTED: UNAVAILABLE,
    Code.DEADLINE_EXCEEDED: UNAVAILABLE,
    Code.ABORTED: UNAVAILABLE,
    Code.PERMISSION_DENIED: ACCESS_DENIED,
}


def oauth_error(refusal: Refusal) -> OAuthError:
    """Return what a client is told about a refusal."""
    return _BY_REASON.get(refusal.id) or _BY_CODE.get(refusal.code, INVALID_REQUEST)


def server_side(refusal: Refusal) -> bool:
    """Say whether a refusal says nothing about what was asked: this server cannot tell now.

    Whoever gives refusals another name leaves these alone, or a good token would be called bad.
    """
    return oauth_error(refusal).status >= SERVER_ERROR.status


def _refused(id_: str, error: OAuthError, code: Code = Code.INVALID_ARGUMENT) -> Reason:
    _BY_REASON[id_] = error
    return reason(id_, code)


PARAMETER_REPEATED = _refused("OIDC-ParameterRepeated", INVALID_REQUEST)
PARAMETER_MISSING = _refused("OIDC-ParameterMissing", INVALID_REQUEST)
PARAMETER_INVALID = _refused("OIDC-ParameterInvalid", INVALID_REQUEST)
FORM_INVALID = _refused("OIDC-FormInvalid", INVALID_REQUEST)

CLIENT_NOT_AUTHENTICATED = _refused(
    "OIDC-ClientNotAuthenticated", INVALID_CLIENT, Code.UNAUTHENTICATED
)
CLIENT_METHOD_WRONG = _refused("OIDC-ClientMethodWrong", INVALID_CLIENT, Code.UNAUTHENTICATED)
CLIENT_ASSERTION_INVALID = _refused(
    "OIDC-ClientAssertionInvalid", INVALID_CLIENT, Code.UNAUTHENTICATED
)
CLIENT_CERTIFICATE_INVALID = _refused(
    "OIDC-ClientCertificateInvalid", INVALID_CLIENT, Code.UNAUTHENTICATED
)
CERTIFICATE_REQUIRED = _refused("OIDC-CertificateRequired", INVALID_REQUEST)
SENDER_UNBOUND = _refused("OIDC-SenderUnbound", INVALID_REQUEST)
CLIENT_METHODS_MIXED = _refused("OIDC-ClientMethodsMixed", INVALID_REQUEST)
NOT_REVOCABLE = _refused("OIDC-TokenNotRevocable", OAuthError("unsupported_token_type"))
TOKEN_OF_ANOTHER = _refused("OIDC-TokenOfAnotherClient", INVALID_CLIENT, Code.PERMISSION_DENIED)

GRANT_UNSUPPORTED = _refused("OIDC-GrantUnsupported", OAuthError("unsupported_grant_type"))
GRANT_NOT_ALLOWED = _refused("OIDC-GrantNotAllowed", OAuthError("unauthorized_client"))
CODE_UNREADABLE = _refused("OIDC-CodeInvalid", INVALID_GRANT)
REFRESH_UNREADABLE = _refused("OIDC-RefreshTokenInvalid", INVALID_GRANT)
ASSERTION_INVALID = _refused("OIDC-AssertionInvalid", INVALID_GRANT)
TARGET_INVALID = _refused("OIDC-TargetInvalid", OAuthError("invalid_target"))
TOKEN_TYPE_UNSUPPORTED = _refused("OIDC-TokenTypeUnsupported", INVALID_REQUEST)
# "… the error parameter MUST be the invalid_request error code" (RFC 8693, 2.2.2)
SUBJECT_INVALID = _refused("OIDC-SubjectTokenInvalid", INVALID_REQUEST)
SUBJECT_FOREIGN = _refused("OIDC-SubjectTokenOfAnotherClient", INVALID_GRANT)
ACTOR_REQUIRED = _refused("OIDC-ActorRequired", INVALID_REQUEST)
IMPERSONATION_DENIED = _refused("OIDC-ImpersonationDenied", ACCESS_DENIED, Code.PERMISSION_DENIED)
SLOW_DOWN = _refused("OIDC-SlowDown", OAuthError("slow_down"))
SCOPE_MISSING = _refused("OIDC-ScopeMissing", INVALID_SCOPE)
SCOPE_TOO_LONG = _refused("OIDC-ScopeTooLong", INVALID_SCOPE)
TOKEN_TWICE = _refused("OIDC-TokenTwice", INVALID_REQUEST)
TOKEN_MISSING = _refused("OIDC-TokenMissing", INVALID_TOKEN, Code.UNAUTHENTICATED)
TOKEN_INVALID = _refused("OIDC-TokenInvalid", INVALID_TOKEN, Code.UNAUTHENTICATED)
PROOF_REFUSED = _refused(
    "OIDC-ProofInvalid", OAuthError("invalid_dpop_proof", 401), Code.UNAUTHENTICATED
)

RESPONSE_TYPE_UNSUPPORTED = _refused(
    "OIDC-ResponseTypeUnsupported", OAuthError("unsupported_response_type")
)
CHALLENGE_REQUIRED = _refused("OIDC-ChallengeRequired", INVALID_REQUEST)
CHALLENGE_INVALID = _refused("OIDC-ChallengeInvalid", INVALID_REQUEST)
PROMPT_NONE_ALONE = _refused("OIDC-PromptNoneAlone", INVALID_REQUEST)
SIGN_IN_NEEDED = _refused("OIDC-SignInNeeded", LOGIN_REQUIRED)
HINT_REFUSED = _refused("OIDC-HintRefused", LOGIN_REQUIRED)
REQUEST_INVALID = _refused("OIDC-RequestObjectInvalid", OAuthError("invalid_request_object"))
PUSH_REQUIRED = _refused("OIDC-PushRequired", INVALID_REQUEST)
DETAILS_INVALID = _refused("OIDC-DetailsInvalid", OAuthError("invalid_authorization_details"))
METADATA_INVALID = _refused("OIDC-ClientMetadataInvalid", _METADATA)
REDIRECTS_INVALID = _refused("OIDC-RedirectUrisInvalid", OAuthError("invalid_redirect_uri"))
STATEMENT_UNAPPROVED = _refused(
    "OIDC-SoftwareStatementUnapproved", OAuthError("unapproved_software_statement")
)
NONCE_REQUIRED = _refused("OIDC-NonceRequired", INVALID_REQUEST)
REQUEST_URI_UNSUPPORTED = _refused(
    "OIDC-RequestUriUnsupported", OAuthError("request_uri_not_supported")
)
REGISTRATION_UNSUPPORTED = _refused(
    "OIDC-RegistrationUnsupported", OAuthError("registration_not_supported")
)

# Told to the person at the browser, on a page: there is no client that could be trusted with it.
CLIENT_NOT_FOUND = _refused("OIDC-ClientNotFound", INVALID_REQUEST)
REDIRECT_NOT_REGISTERED = _refused("OIDC-RedirectUriNotRegistered", INVALID_REQUEST)
OTHER_BROWSER = _refused("OIDC-OtherBrowser", INVALID_REQUEST)
HINT_INVALID = _refused("OIDC-IdTokenHintInvalid", INVALID_REQUEST)
