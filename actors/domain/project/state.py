"""A project with its roles and applications as decisions and tokens need to know them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime

from personae.actors.domain.kit import Kind
from personae.actors.domain.project import events as e
from personae.actors.domain.project.values import (
    APIAuthMethod,
    ApplicationType,
    AuthMethod,
    GrantType,
    PrivateLabeling,
    ResponseType,
    Status,
    TokenType,
)


@dataclass(frozen=True, slots=True)
class AppKey:
    """A public key that a client signs assertions with."""

    public_key: bytes
    expires: datetime | None = None


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
    back_channel_logout_uri: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class APIConfig:
    """An API that introspects tokens."""

    client_id: str
    hashed_secret: str = ""
    auth_method_type: APIAuthMethod = APIAuthMethod.BASIC


@dataclass(frozen=True, slots=True)
class Application:
    """One application of a project."""

    name: str
    status: Status = Status.ACTIVE
    oidc: OIDCConfig | None = None
    api: APIConfig | None = None
    keys: Mapping[str, AppKey] = field(default_factory=dict)

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
class Project:
    """The state of one project. ``clients`` finds an application by its client id."""

    status: Status = Status.UNKNOWN
    name: str = ""
    role_assertion: bool = False
    role_check: bool = False
    project_check: bool = False
    private_labeling: PrivateLabeling = PrivateLabeling.UNSPECIFIED
    roles: Mapping[str, Role] = field(default_factory=dict)
    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
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
    return replace(project, **{k: v for k, v in wanted.items() if v is not None})  # type: ignore[arg-type]


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


@PROJECT.on(e.ProjectMemberRemoved)
def _(project: Project, event: e.ProjectMemberRemoved) -> Project:
    left = {k: v for k, v in project.members.items() if k != event.user_id}
    return replace(project, members=left)


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
    app = replace(project.apps[app_id], **changes)  # type: ignore[arg-type]
    return replace(project, apps={**project.apps, app_id: app})


def with_client(project: Project, event: e.OIDCConfigAdded | e.APIConfigAdded) -> Project:
    """Return the project with a client id that finds its application."""
    return replace(project, clients={**project.clients, event.client_id: event.app_id})
