"""What about a client's configuration is legal but unwise: a list of keys, never a refusal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from personae.actors.domain.project.redirects import LOOPBACK
from personae.actors.domain.project.state import OIDCConfig
from personae.actors.domain.project.values import ApplicationType, AuthMethod, GrantType

V1 = "Application.OIDC.V1"


def problems(client: OIDCConfig) -> list[str]:
    """Return the keys of what does not comply with OpenID Connect 1.0, empty when all does."""
    return [key for check in CHECKS for key in check(client)]


def _no_redirects(client: OIDCConfig) -> Iterator[str]:
    needs = {GrantType.AUTHORIZATION_CODE, GrantType.IMPLICIT} & set(client.grant_types)
    if needs and not client.redirect_uris:
        yield f"{V1}.NoRedirectUris"


def _refresh_without_code(client: OIDCConfig) -> Iterator[str]:
    grants = set(client.grant_types)
    if GrantType.REFRESH_TOKEN in grants and GrantType.AUTHORIZATION_CODE not in grants:
        yield f"{V1}.GrantType.Refresh.NoAuthCode"


def _http_beyond_web(client: OIDCConfig) -> Iterator[str]:
    if client.application_type is ApplicationType.WEB:
        return
    if any(_is_http(uri) and not _is_loopback(uri) for uri in client.redirect_uris):
        yield f"{V1}.Code.RedirectUris.HttpOnlyForWeb"


def _custom_scheme_beyond_native(client: OIDCConfig) -> Iterator[str]:
    if client.application_type is ApplicationType.NATIVE:
        return
    if any(urlsplit(uri).scheme not in {"http", "https"} for uri in client.redirect_uris):
        yield f"{V1}.Code.RedirectUris.CustomOnlyForNative"


def _implicit_over_http(client: OIDCConfig) -> Iterator[str]:
    if GrantType.IMPLICIT in client.grant_types and any(map(_is_http, client.redirect_uris)):
        yield f"{V1}.Implicit.RedirectUris.HttpNotAllowed"


def _secrets_in_public(client: OIDCConfig) -> Iterator[str]:
    kind = {ApplicationType.NATIVE: "Native", ApplicationType.USER_AGENT: "UserAgent"}
    name = kind.get(client.application_type)
    if name and client.auth_method_type is not AuthMethod.NONE:
        yield f"{V1}.{name}.AuthMethodType.NotNone"


def _native_http_beyond_loopback(client: OIDCConfig) -> Iterator[str]:
    if client.application_type is not ApplicationType.NATIVE:
        return
    if any(_is_http(uri) and not _is_loopback(uri) for uri in client.redirect_uris):
        yield f"{V1}.Native.RedirectUris.MustBeHttpLocalhost"


def _is_http(uri: str) -> bool:
    return urlsplit(uri).scheme == "http"


def _is_loopback(uri: str) -> bool:
    return urlsplit(uri).hostname in LOOPBACK


CHECKS: tuple[Callable[[OIDCConfig], Iterator[str]], ...] = (
    _no_redirects,
    _refresh_without_code,
    _http_beyond_web,
    _custom_scheme_beyond_native,
    _implicit_over_http,
    _secrets_in_public,
    _native_http_beyond_loopback,
)
