"""Which roles a user has in a project: found by claims, remembered, also that there are none.

Most users have no grant in most projects, and tokens ask about them at every use: what was not
there is remembered until one appears, here or in another process.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from personae.actors.aggregates.names import REMEMBERED, Names
from personae.actors.domain.kit import Recorded, Stream
from personae.actors.domain.user_grant.decide import USER_GRANTS, claim_value
from personae.actors.domain.user_grant.effective import effective_roles
from personae.actors.domain.user_grant.events import UserGrantAdded
from personae.actors.domain.user_grant.state import UserGrant


class UserGrants:
    """Finds grants; a known answer costs no query."""

    def __init__(self, names: Names, state: Callable[[Stream], Awaitable[Any]]) -> None:
        self._names = names
        self._state = state
        self._missing: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._appeared = 0

    async def roles(
        self, instance_id: str, org_id: str, user_id: str, project_id: str
    ) -> tuple[str, ...]:
        """Return the roles that an organisation's active grant gives a user in a project."""
        name = (instance_id, claim_value(org_id, user_id, project_id))
        if name in self._missing:
            return ()
        before = self._appeared
        grant = await self._grant(*name, (user_id, project_id))
        if grant is None and before == self._appeared:
            self._missing[name] = None
            if len(self._missing) > REMEMBERED:
                self._missing.popitem(last=False)
        if grant is None:
            return ()
        return effective_roles(grant, await self._state(Stream(instance_id, "project", project_id)))

    async def _grant(
        self, instance_id: str, value: str, between: tuple[str, str]
    ) -> UserGrant | None:
        async def still(grant_id: str) -> bool:
            grant = await self._state(Stream(instance_id, "usergrant", grant_id))
            return (grant.user_id, grant.project_id) == between

        found = await self._names.find(instance_id, USER_GRANTS, value, still)
        if found is None:
            return None
        grant: UserGrant = await self._state(Stream(instance_id, "usergrant", found))
        return grant

    def absorb(self, recorded: Iterable[Recorded]) -> None:
        """Hear of what was committed, by whomever: a grant may be there now."""
        for each in recorded:
            if isinstance(each.event, UserGrantAdded):
                event = each.event
                value = claim_value(each.owner, event.user_id, event.project_id, event.grant_id)
                self._missing.pop((each.stream.instance_id, value), None)
                self._appeared += 1

    def forget(self) -> None:
        """Ask again: what others committed may have been missed."""
        self._missing.clear()
        self._appeared += 1
