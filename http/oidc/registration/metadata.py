"""What a client says of itself: read, bounded, and refused by name where it will not do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from personae.actors.domain.project.oauth import (
    CertificateMethod,
    CertificateSubject,
    ClientKey,
    OAuthChanges,
    SubjectKind,
    is_key_address,
)
from personae.actors.domain.project.redirects import remote
from personae.actors.domain.project.values import (
    ApplicationType,
    AuthMethod,
    GrantType,
    ResponseType,
)
from personae.http.oidc.authorize.types import TYPES
from personae.http.oidc.errors import (
    METADATA_INVALID,
    REDIRECTS_INVALID,
    STATEMENT_UNAPPROVED,
)
from personae.http.oidc.registration.jwks import keys_of

MOST = 50
LONGEST = 2048
LONGEST_NAME = 150

METHODS: dict[str, AuthMethod | CertificateMethod] = {
    "client_secret_basic": AuthMethod.BASIC,
    "client_secret_post": AuthMethod.POST,
    "none": AuthMethod.NONE,
    "private_key_jwt": AuthMethod.PRIVATE_KEY_JWT,
    CertificateMethod.CA.value: CertificateMethod.CA,
    CertificateMethod.SELF_SIGNED.value: CertificateMethod.SELF_SIGNED,
}
GRANTS = {
    "authorization_code": GrantType.AUTHORIZATION_CODE,
    "implicit": GrantType.IMPLICIT,
    "refresh_token": GrantType.REFRESH_TOKEN,
    "urn:ietf:params:oauth:grant-type:device_code": GrantType.DEVICE_CODE,
    "urn:ietf:params:oauth:grant-type:token-exchange": GrantType.TOKEN_EXCHANGE,
}
KINDS = {"web": ApplicationType.WEB, "native": ApplicationType.NATIVE}
SUBJECTS = {kind: f"tls_client_auth_{kind}" for kind in SubjectKind}
UNSUPPORTED = (
    "sector_identifier_uri", "request_uris", "initiate_login_uri",
    "userinfo_signed_response_alg", "userinfo_encrypted_response_alg",
    "id_token_encrypted_response_alg", "request_object_encryption_alg",
    "require_signed_request_object", "default_max_age", "introspection_encrypted_response_alg",
)  # fmt: skip
"""What would change what a client gets, and is not done: refused rather than forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What is registered of a client; its names are those of RFC 7591, section 2."""

    method: AuthMethod | CertificateMethod
    kind: ApplicationType
    name: str
    redirect_uris: tuple[str, ...]
    post_logout_redirect_uris: tuple[str, ...]
    back_channel_logout_uri: str
    grants: tuple[GrantType, ...]
    responses: tuple[ResponseType, ...]
    settings: OAuthChanges = field(default_factory=OAuthChanges)

    @property
    def auth_method_type(self) -> AuthMethod:
        """The method as the published API knows it; certificates take precedence over it."""
        is_plain = isinstance(self.method, AuthMethod)
        return self.method if is_plain else AuthMethod.PRIVATE_KEY_JWT  # type: ignore[return-value]


def read(asked: Mapping[str, Any]) -> Metadata:
    """Return the metadata of a request.

    Raises OIDC-ClientMetadataInvalid, OIDC-RedirectUrisInvalid, OIDC-SoftwareStatementUnapproved.
    """
    if "software_statement" in asked:
        raise STATEMENT_UNAPPROVED()
    for name in UNSUPPORTED:
        if asked.get(name, False) is not False:
            raise METADATA_INVALID(name=name)
    if asked.get("subject_type", "public") != "public":
        raise METADATA_INVALID(name="subject_type")
    grants = _known(GRANTS, "grant_types", texts(asked, "grant_types", ("authorization_code",)))
    words = texts(asked, "response_types", ("code",) if _by_browser(grants) else ())
    found = Metadata(
        method=_one(METHODS, asked, "token_endpoint_auth_method", "client_secret_basic"),
        kind=_one(KINDS, asked, "application_type", "web"),
        name=text(asked, "client_name", longest=LONGEST_NAME),
        redirect_uris=_redirects(asked),
        post_logout_redirect_uris=texts(asked, "post_logout_redirect_uris"),
        back_channel_logout_uri=text(asked, "backchannel_logout_uri"),
        grants=grants,
        responses=_known(
            {" ".join(key): value for key, value in TYPES.items()},
            "response_types",
            tuple(" ".join(sorted(each.split())) for each in words),
        ),
        settings=_settings(asked),
    )
    _check_together(found)
    return found


def _check_together(found: Metadata) -> None:
    """Refuse what contradicts itself (RFC 7591, 2.1)."""
    codes = ResponseType.CODE in found.responses
    tokens = set(found.responses) - {ResponseType.CODE}
    if codes is not (GrantType.AUTHORIZATION_CODE in found.grants):
        raise METADATA_INVALID(name="response_types")
    if bool(tokens) is not (GrantType.IMPLICIT in found.grants):
        raise METADATA_INVALID(name="response_types")
    if _by_browser(found.grants) and not found.redirect_uris:
        raise REDIRECTS_INVALID()
    on_the_web = found.kind is ApplicationType.WEB and GrantType.IMPLICIT in found.grants
    if on_the_web and not all(map(remote, found.redirect_uris)):
        raise REDIRECTS_INVALID()
    by_address = bool(found.settings.jwks_uri)
    if found.method is AuthMethod.PRIVATE_KEY_JWT and not (found.settings.keys or by_address):
        raise METADATA_INVALID(name="jwks")
    if found.method is AuthMethod.NONE and GrantType.TOKEN_EXCHANGE in found.grants:
        raise METADATA_INVALID(name="token_endpoint_auth_method")


def _by_browser(grants: tuple[GrantType, ...]) -> bool:
    return not {GrantType.AUTHORIZATION_CODE, GrantType.IMPLICIT}.isdisjoint(grants)


def _settings(asked: Mapping[str, Any]) -> OAuthChanges:
    method = METHODS.get(str(asked.get("token_endpoint_auth_method")))
    by_certificate = isinstance(method, CertificateMethod)
    keys, certificates = keys_of(asked.get("jwks"))
    return OAuthChanges(
        require_pushed=flag(asked, "require_pushed_authorization_requests"),
        dpop_bound=flag(asked, "dpop_bound_access_tokens"),
        certificate_bound=flag(asked, "tls_client_certificate_bound_access_tokens"),
        certificate_method=method if by_certificate else CertificateMethod.NONE,  # type: ignore[arg-type]
        certificate_subject=_subject(asked),
        certificates=certificates,
        authorization_types=texts(asked, "authorization_details_types"),
        keys=tuple(ClientKey(*key) for key in keys),
        jwks_uri=_key_address(asked),
        front_channel_logout_uri=text(asked, "frontchannel_logout_uri"),
    )


def _key_address(asked: Mapping[str, Any]) -> str:
    """Return where keys are published; never beside keys by value (RFC 7591, 2)."""
    uri = text(asked, "jwks_uri")
    if uri and ("jwks" in asked or not is_key_address(uri)):
        raise METADATA_INVALID(name="jwks_uri")
    return uri


def _subject(asked: Mapping[str, Any]) -> CertificateSubject | None:
    """Return the one name of a certificate (RFC 8705, 2.1.2)."""
    given = [kind for kind, name in SUBJECTS.items() if name in asked]
    if len(given) > 1:
        raise METADATA_INVALID(name=SUBJECTS[given[1]])
    return CertificateSubject(given[0], text(asked, SUBJECTS[given[0]])) if given else None


def _redirects(asked: Mapping[str, Any]) -> tuple[str, ...]:
    uris = asked.get("redirect_uris", [])
    fine = isinstance(uris, list) and len(uris) <= MOST
    if not fine or not all(isinstance(uri, str) and 0 < len(uri) <= LONGEST for uri in uris):
        raise REDIRECTS_INVALID()
    return tuple(uris)


def text(asked: Mapping[str, Any], name: str, *, longest: int = LONGEST) -> str:
    """Return a text, empty when it is not given. Raises OIDC-ClientMetadataInvalid."""
    value = asked.get(name, "")
    if not isinstance(value, str) or len(value) > longest or "\0" in value:
        raise METADATA_INVALID(name=name)
    return value


def texts(asked: Mapping[str, Any], name: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return a list of texts. Raises OIDC-ClientMetadataInvalid."""
    values = asked.get(name, list(default))
    if not isinstance(values, list) or len(values) > MOST:
        raise METADATA_INVALID(name=name)
    if not all(isinstance(each, str) and 0 < len(each) <= LONGEST for each in values):
        raise METADATA_INVALID(name=name)
    return tuple(dict.fromkeys(values))


def flag(asked: Mapping[str, Any], name: str) -> bool:
    """Return a boolean, false when it is not given. Raises OIDC-ClientMetadataInvalid."""
    value = asked.get(name, False)
    if not isinstance(value, bool):
        raise METADATA_INVALID(name=name)
    return value


def _one(known: Mapping[str, Any], asked: Mapping[str, Any], name: str, default: str) -> Any:
    value = text(asked, name) or default
    if value not in known:
        raise METADATA_INVALID(name=name)
    return known[value]


def _known(known: Mapping[str, Any], name: str, values: tuple[str, ...]) -> tuple[Any, ...]:
    if not known.keys() >= set(values):
        raise METADATA_INVALID(name=name)
    return tuple(known[value] for value in values)
