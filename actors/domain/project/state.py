"""A project with its roles and applications as decisions and tokens need to know them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import TypeVar

from personae.actors.domain.kit import Kind, replace
from personae.actors.domain.project import events as e
from personae.actors.domain.project.oauth import OAuthSettings
from personae.actors.domain.project.values import (
    APIAuthMethod,
    ApplicationType,
    AuthMethod,
    GrantType,
    LoginVersion,
    PrivateLabeling,
    ResponseType,
    Status,
    TokenType,
)


@dataclass(frozen=True, slots=True)
class AppKey:
    """A public key that a client signs assertions with, by ``algorithm`` only where it is given."""

    public_key: bytes
    expires: datetime | None = None
    algorithm: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OIDCConfig:
    """An OpenID Connect client."""

    client_id: str
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
    back_channel_logout_uri: str = ""
    login_version: LoginVersion = LoginVersion.UNSPECIFIED
    login_base_uri: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class APIConfig:
    """An API that introspects tokens."""

    client_id: str
    hashed_secret: str = ""
    auth_method_type: APIAuthMethod = APIAuthMethod.BASIC


@dataclass(frozen=True, slots=True, kw_only=True)
class SAMLConfig:
    """A SAML service provider, as its metadata describes it."""

    entity_id: str
    metadata: bytes = b""
    metadata_url: str = ""
    login_version: LoginVersion = LoginVersion.UNSPECIFIED
    login_base_uri: str = ""


@dataclass(frozen=True, slots=True)
class Application:
    """One application of a project."""

    name: str
    status: Status = Status.ACTIVE
    oidc: OIDCConfig | None = None
    api: APIConfig | None = None
    keys: Mapping[str, AppKey] = field(default_factory=dict)
    oauth: OAuthSettings = OAuthSettings()
    saml: SAMLConfig | None = None

    @property
    def client_keys(self) -> Mapping[str, AppKey]:
        """All keys it may sign with, by id."""
        if not self.oauth.keys:
            return self.keys
        own = {
            key.id: AppKey(key.public_key.encode(), algorithm=key.algorithm)
            for key in self.oauth.keys
        }
        return {**own, **self.keys}

    @property
    def client_id(self) -> str:
        """The client id of its configuration, if it has one."""
        config = self.oidc or self.api
        return config.client_id if config else ""


@dataclass(frozen=True, slots=True)
class Role:
    """What a user may be granted in this project."""

    display_name: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True)
class ProjectGrant:
    """Roles that another organisation may give to users; ``members`` administer just that."""

    org_id: str
    roles: tuple[str, ...] = ()
    status: Status = Status.ACTIVE
    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Project:
    """The state of one project.

    ``clients`` finds an application by its client id; ``grants`` are by id.
    """

    status: Status = Status.UNKNOWN
    name: str = ""
    role_assertion: bool = False
    role_check: bool = False
    project_check: bool = False
    private_labeling: PrivateLabeling = PrivateLabeling.UNSPECIFIED
    roles: Mapping[str, Role] = field(default_factory=dict)
    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    grants: Mapping[str, ProjectGrant] = field(default_factory=dict)
    apps: Mapping[str, Application] = field(default_factory=dict)
    clients: Mapping[str, str] = field(default_factory=dict)

    @property
    def exists(self) -> bool:
        """Whether it was created and not removed."""
        return self.status in {Status.ACTIVE, Status.INACTIVE}

    @property
    def active(self) -> bool:
        """Whether its applications get tokens."""
        return self.status is Status.ACTIVE

    def grant_to(self, org_id: str) -> str:
        """Return the id of the grant to an organisation, empty when there is none."""
        return next((id_ for id_, grant in self.grants.items() if grant.org_id == org_id), "")

    def provider(self, entity_id: str) -> str:
        """Return the id of the application that is a service provider, empty for none."""
        apps = self.apps.items()
        return next((id_ for id_, a in apps if a.saml and a.saml.entity_id == entity_id), "")


V = TypeVar("V")

PROJECT = Kind("project", Project())
KEPT = tuple(f.name for f in fields(OIDCConfig))


@PROJECT.on(e.ProjectAdded)
def _(_project: Project, event: e.ProjectAdded) -> Project:
    return Project(
        Status.ACTIVE,
        event.name,
        event.project_role_assertion,
        event.project_role_check,
        event.has_project_check,
        event.private_labeling_setting,
    )


@PROJECT.on(e.ProjectChanged)
def _(project: Project, event: e.ProjectChanged) -> Project:
    wanted = {
        "name": event.name,
        "role_assertion": event.project_role_assertion,
        "role_check": event.project_role_check,
        "project_check": event.has_project_check,
        "private_labeling": event.private_labeling_setting,
    }
    return replace(project, **{k: v for k, v in wanted.items() if v is not None})


@PROJECT.on(e.ProjectDeactivated)
def _(project: Project, _event: e.ProjectDeactivated) -> Project:
    return replace(project, status=Status.INACTIVE)


@PROJECT.on(e.ProjectReactivated)
def _(project: Project, _event: e.ProjectReactivated) -> Project:
    return replace(project, status=Status.ACTIVE)


@PROJECT.on(e.ProjectRemoved)
def _(_project: Project, _event: e.ProjectRemoved) -> Project:
    return Project(Status.REMOVED)


@PROJECT.on(e.RoleAdded)
def _(project: Project, event: e.RoleAdded) -> Project:
    role = Role(event.display_name, event.group)
    return replace(project, roles={**project.roles, event.key: role})


@PROJECT.on(e.RoleChanged)
def _(project: Project, event: e.RoleChanged) -> Project:
    old = project.roles.get(event.key, Role())
    role = Role(
        old.display_name if event.display_name is None else event.display_name,
        old.group if event.group is None else event.group,
    )
    return replace(project, roles={**project.roles, event.key: role})


@PROJECT.on(e.RoleRemoved)
def _(project: Project, event: e.RoleRemoved) -> Project:
    return replace(project, roles={k: v for k, v in project.roles.items() if k != event.key})


@PROJECT.on(e.ProjectMemberAdded, e.ProjectMemberChanged)
def _(project: Project, event: e.ProjectMemberAdded) -> Project:
    return replace(project, members={**project.members, event.user_id: event.roles})


@PROJECT.on(e.ProjectMemberRemoved, e.ProjectMemberCascadeRemoved)
def _(project: Project, event: e.ProjectMemberRemoved) -> Project:
    return replace(project, members=without(project.members, event.user_id))


@PROJECT.on(e.GrantAdded)
def _(project: Project, event: e.GrantAdded) -> Project:
    grant = ProjectGrant(event.granted_org_id, event.role_keys)
    return replace(project, grants={**project.grants, event.grant_id: grant})


@PROJECT.on(e.GrantChanged, e.GrantCascadeChanged)
def _(project: Project, event: e.GrantChanged) -> Project:
    return with_grant(project, event.grant_id, roles=event.role_keys)


@PROJECT.on(e.GrantDeactivated)
def _(project: Project, event: e.GrantDeactivated) -> Project:
    return with_grant(project, event.grant_id, status=Status.INACTIVE)


@PROJECT.on(e.GrantReactivated)
def _(project: Project, event: e.GrantReactivated) -> Project:
    return with_grant(project, event.grant_id, status=Status.ACTIVE)


@PROJECT.on(e.GrantRemoved)
def _(project: Project, event: e.GrantRemoved) -> Project:
    return replace(project, grants=without(project.grants, event.grant_id))


@PROJECT.on(e.GrantMemberAdded, e.GrantMemberChanged)
def _(project: Project, event: e.GrantMemberAdded) -> Project:
    members = {**project.grants[event.grant_id].members, event.user_id: event.roles}
    return with_grant(project, event.grant_id, members=members)


@PROJECT.on(e.GrantMemberRemoved, e.GrantMemberCascadeRemoved)
def _(project: Project, event: e.GrantMemberRemoved) -> Project:
    members = without(project.grants[event.grant_id].members, event.user_id)
    return with_grant(project, event.grant_id, members=members)


@PROJECT.on(e.ApplicationAdded)
def _(project: Project, event: e.ApplicationAdded) -> Project:
    return replace(project, apps={**project.apps, event.app_id: Application(event.name)})


@PROJECT.on(e.ApplicationChanged)
def _(project: Project, event: e.ApplicationChanged) -> Project:
    return with_app(project, event.app_id, name=event.name)


@PROJECT.on(e.ApplicationDeactivated)
def _(project: Project, event: e.ApplicationDeactivated) -> Project:
    return with_app(project, event.app_id, status=Status.INACTIVE)


@PROJECT.on(e.ApplicationReactivated)
def _(project: Project, event: e.ApplicationReactivated) -> Project:
    return with_app(project, event.app_id, status=Status.ACTIVE)


@PROJECT.on(e.ApplicationRemoved)
def _(project: Project, event: e.ApplicationRemoved) -> Project:
    return replace(
        project,
        apps={k: v for k, v in project.apps.items() if k != event.app_id},
        clients={k: v for k, v in project.clients.items() if v != event.app_id},
    )


@PROJECT.on(e.OIDCConfigAdded)
def _(project: Project, event: e.OIDCConfigAdded) -> Project:
    config = OIDCConfig(**{name: getattr(event, name) for name in KEPT})
    return with_client(with_app(project, event.app_id, oidc=config), event)


@PROJECT.on(e.OIDCConfigChanged)
def _(project: Project, event: e.OIDCConfigChanged) -> Project:
    oidc = project.apps[event.app_id].oidc
    given = {f.name: getattr(event, f.name) for f in fields(event) if f.name != "app_id"}
    changes = {name: value for name, value in given.items() if value is not None}
    return with_app(project, event.app_id, oidc=oidc and replace(oidc, **changes))


@PROJECT.on(e.OAuthSettingsChanged)
def _(project: Project, event: e.OAuthSettingsChanged) -> Project:
    given = {f.name: getattr(event, f.name) for f in fields(event) if f.name != "app_id"}
    changes = {name: value for name, value in given.items() if value is not None}
    return with_app(
        project, event.app_id, oauth=replace(project.apps[event.app_id].oauth, **changes)
    )


@PROJECT.on(e.SAMLConfigAdded)
def _(project: Project, event: e.SAMLConfigAdded) -> Project:
    given = {f.name: getattr(event, f.name) for f in fields(event) if f.name != "app_id"}
    return with_app(project, event.app_id, saml=SAMLConfig(**given))


@PROJECT.on(e.SAMLConfigChanged)
def _(project: Project, event: e.SAMLConfigChanged) -> Project:
    saml = project.apps[event.app_id].saml
    given = {f.name: getattr(event, f.name) for f in fields(event) if f.name != "app_id"}
    changes = {name: value for name, value in given.items() if value is not None}
    return with_app(project, event.app_id, saml=saml and replace(saml, **changes))


@PROJECT.on(e.APIConfigChanged)
def _(project: Project, event: e.APIConfigChanged) -> Project:
    api = project.apps[event.app_id].api
    changed = api and replace(api, auth_method_type=event.auth_method_type)
    return with_app(project, event.app_id, api=changed)


@PROJECT.on(e.APIConfigAdded)
def _(project: Project, event: e.APIConfigAdded) -> Project:
    config = APIConfig(
        client_id=event.client_id,
        hashed_secret=event.hashed_secret,
        auth_method_type=event.auth_method_type,
    )
    return with_client(with_app(project, event.app_id, api=config), event)


@PROJECT.on(e.OIDCSecretChanged)
def _(project: Project, event: e.OIDCSecretChanged) -> Project:
    oidc = project.apps[event.app_id].oidc
    changed = replace(oidc, hashed_secret=event.hashed_secret) if oidc else None
    return with_app(project, event.app_id, oidc=changed)


@PROJECT.on(e.APISecretChanged)
def _(project: Project, event: e.APISecretChanged) -> Project:
    api = project.apps[event.app_id].api
    changed = replace(api, hashed_secret=event.hashed_secret) if api else None
    return with_app(project, event.app_id, api=changed)


@PROJECT.on(e.ApplicationKeyAdded)
def _(project: Project, event: e.ApplicationKeyAdded) -> Project:
    key = AppKey(event.public_key, event.expiration_date)
    keys = {**project.apps[event.app_id].keys, event.key_id: key}
    return with_app(project, event.app_id, keys=keys)


@PROJECT.on(e.ApplicationKeyRemoved)
def _(project: Project, event: e.ApplicationKeyRemoved) -> Project:
    for app_id, app in project.apps.items():
        if event.key_id in app.keys:
            keys = {k: v for k, v in app.keys.items() if k != event.key_id}
            return with_app(project, app_id, keys=keys)
    return project


def with_app(project: Project, app_id: str, **changes: object) -> Project:
    """Return the project with one application changed."""
    app = replace(project.apps[app_id], **changes)
    return replace(project, apps={**project.apps, app_id: app})


def with_grant(project: Project, grant_id: str, **changes: object) -> Project:
    """Return the project with one grant changed."""
    grant = replace(project.grants[grant_id], **changes)
    return replace(project, grants={**project.grants, grant_id: grant})


def without(mapping: Mapping[str, V], key: str) -> dict[str, V]:
    """Return a mapping without one key."""
    return {k: v for k, v in mapping.items() if k != key}


def with_client(project: Project, event: e.OIDCConfigAdded | e.APIConfigAdded) -> Project:
    """Return the project with a client id that finds its application."""
    return replace(project, clients={**project.clients, event.client_id: event.app_id})
