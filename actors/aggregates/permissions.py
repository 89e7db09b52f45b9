"""Who may do what: roles of members on instance, organisation and project.

Memberships are read from the aggregates themselves, never from a projection: a right taken away is
gone with the commit that took it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from personae.actors.domain.kit import Caller, Stream
from personae.actors.domain.kit.refusal import PERMISSION_DENIED

StateOf = Callable[[Stream], Awaitable[Any]]


class Permissions:
    """Answers from the members of instance, organisation and project.

    ``roles``: the permissions of each role.
    """

    def __init__(self, roles: Mapping[str, frozenset[str]], state_of: StateOf) -> None:
        self._roles = roles
        self._state_of = state_of

    async def require(
        self,
        caller: Caller,
        permission: str,
        org_id: str = "",
        project_id: str = "",
        grant_id: str = "",
    ) -> None:
        """Refuse a caller without a permission. Raises AUTH-PermissionDenied."""
        if not await self.allows(caller, permission, org_id, project_id, grant_id):
            raise PERMISSION_DENIED(permission=permission)

    async def allows(
        self,
        caller: Caller,
        permission: str,
        org_id: str = "",
        project_id: str = "",
        grant_id: str = "",
    ) -> bool:
        """Say whether a role of the caller, on a level that includes the resource, grants it.

        With ``grant_id`` the level is that grant of the project, in place of the project: who
        owns a project does not manage what other organisations do with it.
        """
        if caller.system:
            return True
        if not caller.user_id:
            return False
        own = "" if grant_id else project_id
        levels = (("instance", caller.instance_id), ("org", org_id), ("project", own))
        for kind, id_ in levels:
            if id_ and self._grants(await self.roles_on(caller, kind, id_), permission):
                return True
        return bool(grant_id) and self._grants(
            await self._roles_on_grant(caller, project_id, grant_id), permission
        )

    async def everywhere(self, caller: Caller, permission: str) -> bool:
        """Say whether the caller has a permission for the whole instance."""
        return await self.allows(caller, permission)

    async def roles_on(self, caller: Caller, kind: str, id_: str) -> tuple[str, ...]:
        """Return the caller's roles as member of one aggregate."""
        if caller.memberships:
            return tuple(
                role
                for each in caller.memberships
                if not each.kind or (each.kind, each.id) == (kind, id_)
                for role in each.roles
            )
        state = await self._state_of(Stream(caller.instance_id, kind, id_))
        return tuple(state.members.get(caller.user_id, ()))

    async def _roles_on_grant(
        self, caller: Caller, project_id: str, grant_id: str
    ) -> tuple[str, ...]:
        project = await self._state_of(Stream(caller.instance_id, "project", project_id))
        grant = project.grants.get(grant_id)
        return tuple(grant.members.get(caller.user_id, ())) if grant else ()

    def granting(self, permission: str) -> list[str]:
        """Return the roles that include a permission."""
        return [role for role, permissions in self._roles.items() if permission in permissions]

    def _grants(self, roles: Iterable[str], permission: str) -> bool:
        return any(permission in self._roles.get(role, frozenset()) for role in roles)
