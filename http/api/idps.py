"""Identity providers as requests describe them and answers show them, in v1 and v2 alike."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from personae.actors.domain.idp.presets import ATTRIBUTES, PRESETS
from personae.actors.domain.idp.rules import check
from personae.actors.domain.idp.values import AutoLinking, Idp, IdpKind
from personae.http.identity.jose import PrivateKey
from personae.http.wire.wrong import Wrong
from personae.projections.kit import Row

ACTIVE = 1
CONFIGS = {
    IdpKind.LDAP: "ldap",
    IdpKind.GOOGLE: "google",
    IdpKind.OAUTH: "oauth",
    IdpKind.OIDC: "oidc",
    IdpKind.JWT: "jwt",
    IdpKind.GITHUB: "github",
    IdpKind.GITHUB_ENTERPRISE: "github_es",
    IdpKind.GITLAB: "gitlab",
    IdpKind.GITLAB_SELF_HOSTED: "gitlab_self_hosted",
    IdpKind.AZURE: "azure_ad",
    IdpKind.APPLE: "apple",
}
"""What the member of ``ProviderConfig`` is called that holds a kind's settings."""

TENANTS = ("common", "organizations", "consumers")
"""Tenants by the numbers of ``AzureADTenantType``."""
SECRETS = {IdpKind.LDAP: "bind_password", IdpKind.APPLE: "private_key"}


def idp_of(kind: IdpKind, request: Any) -> Idp:
    """Return the provider a request describes. Raises IDP-Invalid."""
    settings = PRESETS[kind].settings
    names = {field.name for field in request.DESCRIPTOR.fields}
    given = {name: getattr(request, name) for name in settings if name in names}
    if "scopes" in given:
        given["scopes"] = tuple(given["scopes"])
    if kind is IdpKind.AZURE:
        given["tenant"] = _tenant_of(request.tenant)
    if kind is IdpKind.LDAP:
        given |= _directory_of(request)
    idp = Idp(kind=kind, name=request.name, **given, **_options_of(request.provider_options))
    check(idp)
    return idp


def secret_of(kind: IdpKind, request: Any) -> str:
    """Return the secret of a request; empty: none given. Raises KEY-Invalid, KEY-Weak."""
    if kind is IdpKind.JWT:
        return ""
    if kind is not IdpKind.APPLE:
        return str(getattr(request, SECRETS.get(kind, "client_secret")))
    if request.private_key:
        PrivateKey.from_pem("ES256", request.private_key)
    return bytes(request.private_key).decode("ascii", "replace")


def _options_of(options: Any) -> dict[str, Any]:
    same = ("is_linking_allowed", "is_creation_allowed", "is_auto_creation", "is_auto_update")
    try:
        linking = AutoLinking(options.auto_linking)
    except ValueError:
        raise Wrong("defined_only", "auto_linking", "provider_options") from None
    return {**{name: getattr(options, name) for name in same}, "auto_linking": linking}


def _tenant_of(tenant: Any) -> str:
    if tenant.WhichOneof("type") == "tenant_id":
        return str(tenant.tenant_id)
    if not 0 <= tenant.tenant_type < len(TENANTS):
        raise Wrong("defined_only", "tenant_type", "tenant")
    return TENANTS[tenant.tenant_type]


def _directory_of(request: Any) -> dict[str, Any]:
    lists = ("servers", "user_object_classes", "user_filters")
    timeout = request.timeout.seconds * 10**9 + request.timeout.nanos
    return {
        **{name: tuple(getattr(request, name)) for name in lists},
        "timeout": timeout,
        "root_ca": bytes(request.root_ca),
        **{name: getattr(request.attributes, name) for name in ATTRIBUTES},
    }


def config_of(idp: Idp, *, pkce: bool) -> dict[str, Any]:
    """Return a provider's settings as answers show them; ``pkce``: v1 tells that too."""
    config: dict[str, Any] = {name: getattr(idp, name) for name in PRESETS[idp.kind].settings}
    if not pkce:
        config.pop("use_pkce", None)
    if idp.kind is IdpKind.AZURE:
        config["tenant"] = _shown_tenant(idp.tenant)
    if idp.kind is IdpKind.LDAP:
        config["timeout"] = timedelta(microseconds=idp.timeout // 1000)
        config["attributes"] = {name: config.pop(name) for name in ATTRIBUTES}
    return {"options": options_of(idp), CONFIGS[idp.kind]: config}


def _shown_tenant(tenant: str) -> dict[str, Any]:
    if tenant in TENANTS:
        return {"tenant_type": TENANTS.index(tenant)}
    return {"tenant_id": tenant}


def options_of(idp: Idp) -> dict[str, Any]:
    """Return what may happen to people who come from a provider, as answers show it."""
    return {
        "is_linking_allowed": idp.is_linking_allowed,
        "is_creation_allowed": idp.is_creation_allowed,
        "is_auto_creation": idp.is_auto_creation,
        "is_auto_update": idp.is_auto_update,
        "auto_linking": int(idp.auto_linking),
    }


def name_of(idp: Idp) -> str:
    """Return what a provider is called."""
    return idp.name or PRESETS[idp.kind].label


def shown(idp_id: str, idp: Idp, details: dict[str, Any], *, pkce: bool) -> dict[str, Any]:
    """Return a provider as both versions of the API show it."""
    return {
        "id": idp_id,
        "details": details,
        "state": ACTIVE,
        "name": name_of(idp),
        "type": PRESETS[idp.kind].number,
        "config": config_of(idp, pkce=pkce),
    }


def details_of(row: Row) -> dict[str, Any]:
    """Return the ``ObjectDetails`` of a row."""
    return {
        "sequence": row.sequence,
        "creation_date": row.creation_date,
        "change_date": row.change_date,
        "resource_owner": row.resource_owner,
    }
