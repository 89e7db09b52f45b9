"""What takes something away from others: tokens, sessions, rights, secrets, ways to sign in.

A process answers from memory, which may be milliseconds old. So whoever caused one of these is
answered when every process knows: then nobody, anywhere, uses for good what is gone.

Not here: what gives, since a process catches up before it refuses; and what replaces a token by a
newer one (sessions, refresh tokens), since orders with the older one are decided by the log.
"""

from __future__ import annotations

from collections.abc import Iterable

from personae.actors.domain.idp import events as idp
from personae.actors.domain.instance import events as instance
from personae.actors.domain.kit import EVENTS, Recorded
from personae.actors.domain.oidc_session import events as oidc_session
from personae.actors.domain.org import events as org
from personae.actors.domain.policies import LoginPolicy, SecurityPolicy
from personae.actors.domain.policy_family import FAMILY
from personae.actors.domain.project import events as project
from personae.actors.domain.saml_session import events as saml_session
from personae.actors.domain.session import events as session
from personae.actors.domain.user import events as user
from personae.actors.domain.user import factor_events as factor
from personae.actors.domain.user_grant import events as user_grant
from personae.actors.domain.web_key import events as web_key

_USERS = {
    user.UserDeactivated, user.UserLocked, user.UserRemoved,
    user.PasswordChanged, user.EmailChanged, user.PhoneChanged, user.PhoneRemoved,
    user.MachineSecretSet, user.MachineSecretRemoved,
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


def _is_new(name: str) -> bool:
    return name.startswith("instance.") and name.endswith(".added")


_SIGN_IN = tuple(f".{FAMILY[each].stored}." for each in (LoginPolicy, SecurityPolicy))
_POLICIES = {
    known
    for name, known in EVENTS.items()
    if any(each in name for each in _SIGN_IN) and not _is_new(name)
}
"""Who may sign in by what, and who may act for others; a new instance takes nothing away."""
_TENANTS = {org.OrgDeactivated, org.OrgRemoved, instance.InstanceRemoved}
ENDINGS: frozenset[type] = frozenset(_USERS | _SESSIONS | _CLIENTS | _RIGHTS | _POLICIES | _TENANTS)


def ends(recorded: Iterable[Recorded]) -> int:
    """Return the position of the last event that takes something away, 0 when none does."""
    return max((each.position for each in recorded if type(each.event) in ENDINGS), default=0)
