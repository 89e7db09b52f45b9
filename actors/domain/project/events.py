"""What happens to projects, their roles and applications."""

from __future__ import annotations

from datetime import datetime

from personae.actors.domain.kit import event, wire
from personae.actors.domain.project.oauth import CertificateMethod, CertificateSubject, ClientKey
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


@event("project.added")
class ProjectAdded:
    name: str
    project_role_assertion: bool = False
    project_role_check: bool = False
    has_project_check: bool = False
    private_labeling_setting: PrivateLabeling = PrivateLabeling.UNSPECIFIED


@event("project.changed")
class ProjectChanged:
    name: str | None = None
    project_role_assertion: bool | None = None
    project_role_check: bool | None = None
    has_project_check: bool | None = None
    private_labeling_setting: PrivateLabeling | None = None


@event("project.deactivated")
class ProjectDeactivated:
    pass


@event("project.reactivated")
class ProjectReactivated:
    pass


@event("project.removed")
class ProjectRemoved:
    name: str = ""


@event("project.role.added")
class RoleAdded:
    key: str
    display_name: str = ""
    group: str = ""


@event("project.role.changed")
class RoleChanged:
    key: str
    display_name: str | None = None
    group: str | None = None


@event("project.role.removed")
class RoleRemoved:
    key: str


@event("project.member.added")
class ProjectMemberAdded:
    user_id: str
    roles: tuple[str, ...] = ()


@event("project.member.changed")
class ProjectMemberChanged:
    user_id: str
    roles: tuple[str, ...] = ()


@event("project.member.removed")
class ProjectMemberRemoved:
    user_id: str


@event("project.member.cascade.removed")
class ProjectMemberCascadeRemoved:
    user_id: str


@event("project.grant.added")
class GrantAdded:
    grant_id: str
    granted_org_id: str
    role_keys: tuple[str, ...] = ()


@event("project.grant.changed")
class GrantChanged:
    grant_id: str
    role_keys: tuple[str, ...] = ()


@event("project.grant.cascade.changed")
class GrantCascadeChanged:
    grant_id: str
    role_keys: tuple[str, ...] = ()


@event("project.grant.deactivated")
class GrantDeactivated:
    grant_id: str


@event("project.grant.reactivated")
class GrantReactivated:
    grant_id: str


@event("project.grant.removed")
class GrantRemoved:
    grant_id: str
    granted_org_id: str = ""


@event("project.grant.member.added")
class GrantMemberAdded:
    user_id: str
    grant_id: str
    roles: tuple[str, ...] = ()


@event("project.grant.member.changed")
class GrantMemberChanged:
    user_id: str
    grant_id: str
    roles: tuple[str, ...] = ()


@event("project.grant.member.removed")
class GrantMemberRemoved:
    user_id: str
    grant_id: str


@event("project.grant.member.cascade.removed")
class GrantMemberCascadeRemoved:
    user_id: str
    grant_id: str


@event("project.application.added")
class ApplicationAdded:
    app_id: str
    name: str = ""


@event("project.application.changed")
class ApplicationChanged:
    app_id: str
    name: str = ""


@event("project.application.deactivated")
class ApplicationDeactivated:
    app_id: str


@event("project.application.reactivated")
class ApplicationReactivated:
    app_id: str


@event("project.application.removed")
class ApplicationRemoved:
    app_id: str


@event("project.application.config.oidc.added")
class OIDCConfigAdded:
    app_id: str
    client_id: str
    oidc_version: int = 0
    hashed_secret: str = ""
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
    back_channel_logout_uri: str = wire("backChannelLogoutURI", default="")
    login_version: LoginVersion = LoginVersion.UNSPECIFIED
    login_base_uri: str = wire("loginBaseURI", default="")


@event("project.application.config.oidc.changed")
class OIDCConfigChanged:
    app_id: str
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
    back_channel_logout_uri: str | None = wire("backChannelLogoutURI", default=None)
    login_version: LoginVersion | None = None
    login_base_uri: str | None = wire("loginBaseURI", default=None)


@event("project.application.config.oidc.secret.changed")
class OIDCSecretChanged:
    app_id: str
    hashed_secret: str = ""


@event("project.application.config.oauth.changed")
class OAuthSettingsChanged:
    """What profiles of OAuth know of an application; what is not there stays as it was."""

    app_id: str
    fapi: bool | None = None
    require_pushed: bool | None = None
    dpop_bound: bool | None = None
    certificate_bound: bool | None = None
    certificate_method: CertificateMethod | None = None
    certificate_subject: CertificateSubject | None = None
    certificates: tuple[str, ...] | None = None
    resources: tuple[str, ...] | None = None
    authorization_types: tuple[str, ...] | None = None
    ask_consent: bool | None = None
    front_channel_logout_uri: str | None = wire("frontChannelLogoutURI", default=None)
    keys: tuple[ClientKey, ...] | None = None
    registration: str | None = None
    jwks_uri: str | None = wire("jwksURI", default=None)


@event("project.application.config.api.added")
class APIConfigAdded:
    app_id: str
    client_id: str
    hashed_secret: str = ""
    auth_method_type: APIAuthMethod = APIAuthMethod.BASIC


@event("project.application.config.api.changed")
class APIConfigChanged:
    app_id: str
    auth_method_type: APIAuthMethod


@event("project.application.config.api.secret.changed")
class APISecretChanged:
    app_id: str
    hashed_secret: str = ""


@event("project.application.config.saml.added")
class SAMLConfigAdded:
    """What a service provider says of itself (``metadata``), read by the door that took it."""

    app_id: str
    entity_id: str
    metadata: bytes = b""
    metadata_url: str = wire("metadata_url", default="")
    login_version: LoginVersion = LoginVersion.UNSPECIFIED
    login_base_uri: str = wire("loginBaseURI", default="")


@event("project.application.config.saml.changed")
class SAMLConfigChanged:
    app_id: str
    entity_id: str | None = None
    metadata: bytes | None = None
    metadata_url: str | None = wire("metadata_url", default=None)
    login_version: LoginVersion | None = None
    login_base_uri: str | None = wire("loginBaseURI", default=None)


@event("project.application.oidc.key.added")
class ApplicationKeyAdded:
    app_id: str
    key_id: str
    client_id: str = ""
    key_type: int = wire("type", default=1)
    expiration_date: datetime | None = None
    public_key: bytes = b""


@event("project.application.oidc.key.removed")
class ApplicationKeyRemoved:
    key_id: str
