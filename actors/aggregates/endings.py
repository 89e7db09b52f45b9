"""What takes something away from others: tokens, sessions, rights, secrets, whole applications.

A process answers from memory, which may be milliseconds old. So whoever caused one of these is
answered when every process knows: then nobody, anywhere, uses for good what is gone. What gives
need not wait: before a process refuses, it catches up. Nor does what follows from one of these by a
cascade: its cause was waited for.
"""

from __future__ import annotations

from collections.abc import Iterable

from personae.actors.domain.idp import events as idp
from personae.actors.domain.instance import events as instance
from personae.actors.domain.oidc_session import events as oidc_session
from personae.actors.domain.org import events as org
from personae.actors.domain.project import events as project
from personae.actors.domain.saml_session import events as saml_session
from personae.actors.domain.session import events as session
from personae.actors.domain.user import events as user
from personae.actors.domain.user import factor_events as factor
from personae.actors.domain.user_grant import events as user_grant
from personae.actors.domain.web_key import events as web_key

_USERS = {
    user.UserDeactivated, user.UserLocked, user.UserRemoved,
    user.PasswordChanged, user.MachineSecretSet, user.MachineSecretRemoved,
    user.MachineKeyRemoved, user.PersonalAccessTokenRemoved, user.ConsentWithdrawn,
    factor.TotpRemoved, factor.OtpSmsRemoved, factor.OtpEmailRemoved,
    factor.RecoveryCodesRemoved, factor.U2fRemoved, factor.PasskeyRemoved, factor.IdpLinkRemoved,
}  # fmt: skip
_SESSIONS = {
    session.SessionTerminated, oidc_session.AccessTokenRevoked, oidc_session.RefreshTokenRevoked,
    saml_session.SAMLResponseRevoked,
}  # fmt: skip
_CLIENTS = {
    project.ProjectChanged, project.ProjectDeactivated, project.ProjectRemoved,
    project.ApplicationDeactivated, project.ApplicationRemoved, project.ApplicationKeyRemoved,
    project.OIDCConfigChanged, project.OIDCSecretChanged, project.OAuthSettingsChanged,
    project.APIConfigChanged, project.APISecretChanged, project.SAMLConfigChanged,
    web_key.WebKeyDeactivated, web_key.WebKeyRemoved, idp.IdpRemoved,
}  # fmt: skip
_RIGHTS = {
    project.RoleRemoved, project.GrantChanged, project.GrantDeactivated, project.GrantRemoved,
    project.GrantMemberChanged, project.GrantMemberRemoved,
    project.ProjectMemberChanged, project.ProjectMemberRemoved,
    user_grant.UserGrantChanged, user_grant.UserGrantDeactivated, user_grant.UserGrantRemoved,
    org.OrgMemberChanged, org.OrgMemberRemoved,
    instance.InstanceMemberChanged, instance.InstanceMemberRemoved,
}  # fmt: skip
_TENANTS = {org.OrgDeactivated, org.OrgRemoved, instance.InstanceRemoved}
ENDINGS: frozenset[type] = frozenset(_USERS | _SESSIONS | _CLIENTS | _RIGHTS | _TENANTS)


def ends(events: Iterable[object]) -> bool:
    """Say whether one of these events takes something away."""
    return any(type(each) in ENDINGS for each in events)
