"""Orders to a project."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from personae.actors.domain.kit import command
from personae.actors.domain.project.oauth import OAuthChanges
from personae.actors.domain.project.values import (
    APIAuthMethod,
    ApplicationType,
    AuthMethod,
    GrantType,
    LoginVersion,
    PrivateLabeling,
    ResponseType,
    TokenType,
)


@command("project", id="project_id", owner="org_id", creates=True)
class AddProject:
    project_id: str
    org_id: str
    name: str
    role_assertion: bool = False
    role_check: bool = False
    project_check: bool = False
    private_labeling: PrivateLabeling = PrivateLabeling.UNSPECIFIED


@command("project", id="project_id")
class ChangeProject:
    """Change what is given; ``None`` leaves a value as it is."""

    project_id: str
    name: str | None = None
    role_assertion: bool | None = None
    role_check: bool | None = None
    project_check: bool | None = None
    private_labeling: PrivateLabeling | None = None


@command("project", id="project_id")
class RemoveProject:
    project_id: str


@command("project", id="project_id")
class DeactivateProject:
    project_id: str


@command("project", id="project_id")
class ReactivateProject:
    project_id: str


@command("project", id="project_id")
class AddRole:
    project_id: str
    key: str
    display_name: str = ""
    group: str = ""


@command("project", id="project_id")
class ChangeRole:
    """Change what is given; ``None`` leaves a value as it is."""

    project_id: str
    key: str
    display_name: str | None = None
    group: str | None = None


@command("project", id="project_id")
class RemoveRole:
    """Remove a role, also from every grant of the project."""

    project_id: str
    key: str


@command("project", id="project_id")
class AddProjectGrant:
    """Let another organisation give roles of the project to users."""

    project_id: str
    grant_id: str
    granted_org_id: str
    roles: tuple[str, ...]


@command("project", id="project_id")
class ChangeProjectGrant:
    project_id: str
    granted_org_id: str
    roles: tuple[str, ...]


@command("project", id="project_id")
class DeactivateProjectGrant:
    project_id: str
    granted_org_id: str


@command("project", id="project_id")
class ReactivateProjectGrant:
    project_id: str
    granted_org_id: str


@command("project", id="project_id")
class RemoveProjectGrant:
    project_id: str
    granted_org_id: str


@command("project", id="project_id")
class AddProjectMember:
    """Let a user administer the project or, with ``granted_org_id``, only that grant of it."""

    project_id: str
    user_id: str
    roles: tuple[str, ...]
    granted_org_id: str = ""


@command("project", id="project_id")
class ChangeProjectMember:
    project_id: str
    user_id: str
    roles: tuple[str, ...]
    granted_org_id: str = ""


@command("project", id="project_id")
class RemoveProjectMember:
    """``cascade``: because the user was deleted."""

    project_id: str
    user_id: str
    granted_org_id: str = ""
    cascade: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOIDCClient:
    """What an OpenID Connect client is created with."""

    redirect_uris: tuple[str, ...] = ()
    response_types: tuple[ResponseType, ...] = ()
    grant_types: tuple[GrantType, ...] = ()
    application_type: ApplicationType = ApplicationType.WEB
    auth_method_type: AuthMethod = AuthMethod.BASIC
    post_logout_redirect_uris: tuple[str, ...] = ()
    dev_mode: bool = False
    access_token_type: TokenType = TokenType.BEARER
    access_token_role_assertion: bool = False
    id_token_role_assertion: bool = False
    id_token_userinfo_assertion: bool = False
    clock_skew: int = 0
    additional_origins: tuple[str, ...] = ()
    skip_native_app_success_page: bool = False
    back_channel_logout_uri: str = ""
    login_version: LoginVersion = LoginVersion.UNSPECIFIED
    login_base_uri: str = ""


@command("project", id="project_id")
class AddOIDCApp:
    """Add a client; the secret of a confidential one is returned once as ``client_secret``."""

    project_id: str
    app_id: str
    client_id: str
    name: str
    client: NewOIDCClient


@command("project", id="project_id")
class AddAPIApp:
    """Add an API; its secret is returned once as ``client_secret``."""

    project_id: str
    app_id: str
    client_id: str
    name: str
    auth_method: APIAuthMethod = APIAuthMethod.BASIC


@command("project", id="project_id")
class AddSAMLApp:
    """Add a service provider as its ``metadata`` describes it, which the door has read."""

    project_id: str
    app_id: str
    name: str
    entity_id: str
    metadata: bytes
    metadata_url: str = ""
    login_version: LoginVersion = LoginVersion.UNSPECIFIED
    login_base_uri: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SAMLChanges:
    """What changes about a service provider; ``None`` leaves a value as it is."""

    entity_id: str | None = None
    metadata: bytes | None = None
    metadata_url: str | None = None
    login_version: LoginVersion | None = None
    login_base_uri: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OIDCChanges:
    """What changes about an OpenID Connect client; ``None`` leaves a value as it is."""

    redirect_uris: tuple[str, ...] | None = None
    response_types: tuple[ResponseType, ...] | None = None
    grant_types: tuple[GrantType, ...] | None = None
    application_type: ApplicationType | None = None
    auth_method_type: AuthMethod | None = None
    post_logout_redirect_uris: tuple[str, ...] | None = None
    dev_mode: bool | None = None
    access_token_type: TokenType | None = None
    access_token_role_assertion: bool | None = None
    id_token_role_assertion: bool | None = None
    id_token_userinfo_assertion: bool | None = None
    clock_skew: int | None = None
    additional_origins: tuple[str, ...] | None = None
    skip_native_app_success_page: bool | None = None
    back_channel_logout_uri: str | None = None
    login_version: LoginVersion | None = None
    login_base_uri: str | None = None


@command("project", id="project_id")
class ChangeApp:
    """Rename an application, change its configuration, or both; empty parts stay."""

    project_id: str
    app_id: str
    name: str = ""
    oidc: OIDCChanges | None = None
    api: APIAuthMethod | None = None
    saml: SAMLChanges | None = None


@command("project", id="project_id")
class SetOAuthSettings:
    """Change what profiles of OAuth know of an application."""

    project_id: str
    app_id: str
    changes: OAuthChanges


@command("project", id="project_id")
class RegisterClient:
    """Add a client that describes itself (RFC 7591)."""

    project_id: str
    app: AddOIDCApp
    settings: OAuthChanges


@command("project", id="project_id")
class UpdateRegistration:
    """Replace what a client said of itself (RFC 7592); ``presented`` is its token's id."""

    project_id: str
    change: ChangeApp
    settings: OAuthChanges
    presented: str


@command("project", id="project_id")
class SetClientSecret:
    """Replace the secret of an application; returned once as ``client_secret``."""

    project_id: str
    app_id: str


@command("project", id="project_id")
class AddAppKey:
    """Add a public key for private_key_jwt; without one a pair is made."""

    project_id: str
    app_id: str
    key_id: str
    expires: datetime | None = None
    public_key: bytes = b""


@command("project", id="project_id")
class RemoveAppKey:
    project_id: str
    app_id: str
    key_id: str


@command("project", id="project_id")
class RemoveApp:
    project_id: str
    app_id: str


@command("project", id="project_id")
class DeactivateApp:
    project_id: str
    app_id: str


@command("project", id="project_id")
class ReactivateApp:
    project_id: str
    app_id: str
