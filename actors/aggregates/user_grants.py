"""Which roles a user has in a project: found by claims, remembered, also that there are none.

Roles are given by the organisation that owns the project, and by those it is granted to. Most users
have no grant in most projects, and tokens ask about them at every use: what was found is remembered
until a grant appears, here or in another process. What was found is read anew each time, so a grant
that rests or is gone gives nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable

from personae.actors.aggregates.aggregate import Aggregate
from personae.actors.aggregates.names import REMEMBERED, Names
from personae.actors.domain.kit import Recorded, Stream
from personae.actors.domain.user_grant.decide import USER_GRANTS, claim_value
from personae.actors.domain.user_grant.effective import counts, effective_roles
from personae.actors.domain.user_grant.events import UserGrantAdded


class UserGrants:
    """Finds grants: one query for all who may give some, none for a known answer."""

    def __init__(self, names: Names, aggregate: Callable[[Stream], Awaitable[Aggregate]]) -> None:
        self._names = names
        self._aggregate = aggregate
        self._known: OrderedDict[tuple[str, str, str], tuple[str, ...]] = OrderedDict()
        self._appeared = 0

    async def roles(
        self, instance_id: str, user_id: str, project_id: str
    ) -> dict[str, tuple[str, ...]]:
        """Return the roles that count now, by the organisations whose active grants give them."""
        project = await self._aggregate(Stream(instance_id, "project", project_id))
        grants = await self._grants(instance_id, user_id, project)
        return {
            grant.owner: effective_roles(grant.state, project.state)
            for grant in grants
            if counts(grant.state, project.state)
        }

    async def _grants(self, instance_id: str, user_id: str, project: Aggregate) -> list[Aggregate]:
        name = (instance_id, user_id, project.stream.id)
        ids = self._known.get(name)
        if ids is None:
            before = self._appeared
            ids = await self._find(instance_id, user_id, project)
            if before == self._appeared:
                self._known[name] = ids
                if len(self._known) > REMEMBERED:
                    self._known.popitem(last=False)
        return [await self._aggregate(Stream(instance_id, "usergrant", each)) for each in ids]

    async def _find(self, instance_id: str, user_id: str, project: Aggregate) -> tuple[str, ...]:
        given_over = ((grant.org_id, id_) for id_, grant in project.state.grants.items())
        values = [
            claim_value(org_id, user_id, project.stream.id, grant_id)
            for org_id, grant_id in ((project.owner, ""), *given_over)
        ]
        return tuple((await self._names.holders(instance_id, USER_GRANTS, values)).values())

    def absorb(self, recorded: Iterable[Recorded]) -> None:
        """Hear of what was committed, by whomever: a grant may be there now."""
        for each in recorded:
            if isinstance(each.event, UserGrantAdded):
                event = each.event
                name = (each.stream.instance_id, event.user_id, event.project_id)
                self._known.pop(name, None)
                self._appeared += 1

    def forget(self) -> None:
        """Ask again: what others committed may have been missed."""
        self._known.clear()
        self._appeared += 1
