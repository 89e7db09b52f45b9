"""The state of one user grant."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from personae.actors.domain.kit import Kind, replace
from personae.actors.domain.user_grant import events as e


class Status(IntEnum):
    """Life of a user grant."""

    UNKNOWN = 0
    ACTIVE = 1
    INACTIVE = 2
    REMOVED = 3


@dataclass(frozen=True, slots=True)
class UserGrant:
    """Which roles a user has in a project; only ACTIVE ones count."""

    status: Status = Status.UNKNOWN
    user_id: str = ""
    project_id: str = ""
    grant_id: str = ""
    roles: tuple[str, ...] = ()


USER_GRANT = Kind("usergrant", UserGrant())


@USER_GRANT.on(e.UserGrantAdded)
def _(_grant: UserGrant, event: e.UserGrantAdded) -> UserGrant:
    return UserGrant(
        Status.ACTIVE, event.user_id, event.project_id, event.grant_id, event.role_keys
    )


@USER_GRANT.on(e.UserGrantChanged, e.UserGrantCascadeChanged)
def _(grant: UserGrant, event: e.UserGrantChanged) -> UserGrant:
    return replace(grant, roles=event.role_keys)


@USER_GRANT.on(e.UserGrantDeactivated)
def _(grant: UserGrant, _event: e.UserGrantDeactivated) -> UserGrant:
    return replace(grant, status=Status.INACTIVE)


@USER_GRANT.on(e.UserGrantReactivated)
def _(grant: UserGrant, _event: e.UserGrantReactivated) -> UserGrant:
    return replace(grant, status=Status.ACTIVE)


@USER_GRANT.on(e.UserGrantRemoved, e.UserGrantCascadeRemoved)
def _(_grant: UserGrant, _event: e.UserGrantRemoved) -> UserGrant:
    return UserGrant(Status.REMOVED)
