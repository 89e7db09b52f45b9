"""Tidies up after what was removed: by commands, so that names are freed and the log says so.

Removing an organisation removes its users and projects, removing a user its memberships and
grants; a role or project that is gone is taken from who had it. An organisation that proved a
domain takes the user names of others that end in it. Every step may be done twice:
whoever comes second finds nothing to do. How far the work is done is kept in the database.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from typing import Any, Protocol

from personae.actors.aggregates.dispatch import Dispatch
from personae.actors.domain.instance.members import RemoveInstanceMember
from personae.actors.domain.instance.state import Instance
from personae.actors.domain.kit import EVENTS, Caller, Code, Recorded, Refusal, Stream
from personae.actors.domain.org.commands import RemoveOrgMember
from personae.actors.domain.org.events import OrgDomainVerified, OrgRemoved
from personae.actors.domain.project import commands as project
from personae.actors.domain.project import events as p
from personae.actors.domain.user.commands import GiveUpDomain, RemoveUser
from personae.actors.domain.user.events import UserRemoved
from personae.actors.domain.user_grant.commands import TidyUserGrant
from personae.projections.holdings import HOLDINGS
from personae.projections.kit import ALL, Condition, Projections, Question, Row, Table
from personae.projections.kit.page import MAX_LIMIT
from personae.projections.members import GRANT, MEMBERS
from personae.projections.project_grants import PROJECT_GRANTS
from personae.projections.user_grants import USER_GRANTS
from personae.projections.users import USERS, named_in
from personae.store.log import PAGE

NAME = "cascades"
LOOK_SECONDS = 60.0
PASSING = {Code.ABORTED, Code.UNAVAILABLE, Code.DEADLINE_EXCEEDED}
"""Refusals that another try may not meet."""

TRIGGERS = (
    OrgRemoved,
    OrgDomainVerified,
    UserRemoved,
    p.ProjectRemoved,
    p.RoleRemoved,
    p.GrantChanged,
    p.GrantCascadeChanged,
    p.GrantRemoved,
)
TYPES = sorted(name for name, event in EVENTS.items() if event in TRIGGERS)

logger = logging.getLogger(__name__)


class Positions(Protocol):
    """Where it is kept how far the work is done."""

    async def row(self, sql: str, params: tuple[Any, ...]) -> Any:
        """Return one row, or nothing."""

    async def run(self, sql: str, params: tuple[Any, ...]) -> int:
        """Change rows."""


class Cascades:
    """Follows the logs of all instances. Put :meth:`heard` into ``log.on_committed``."""

    def __init__(self, dispatch: Dispatch, views: Projections, positions: Positions) -> None:
        self._dispatch = dispatch
        self._views = views
        self._positions = positions
        self._wake = asyncio.Event()

    def heard(self, recorded: list[Recorded]) -> None:
        """Take note that there is something to do."""
        if any(isinstance(each.event, TRIGGERS) for each in recorded):
            self._wake.set()

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            self._wake.clear()
            try:
                for instance_id in await self._dispatch.world.log.instances():
                    await self.catch_up(instance_id)
            except Exception as error:  # noqa: BLE001 — the database is away: look again later
                logger.warning("could not tidy up: %s", type(error).__name__)
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                pass

    async def catch_up(self, instance_id: str) -> None:
        """Do what is to be done for one instance. Raises :class:`Refusal`: try again later."""
        log = self._dispatch.world.log
        done = await self._done(instance_id)
        while done < (head := await log.head(instance_id)):
            events = await log.after(instance_id, done, PAGE, TYPES)
            for each in events:
                await self._after(each)
            done = events[-1].position if len(events) == PAGE else head
            await self._keep(instance_id, done)

    async def _done(self, instance_id: str) -> int:
        sql = "SELECT position FROM workers WHERE name = %s AND instance_id = %s"
        found = await self._positions.row(sql, (NAME, instance_id))
        return int(found[0]) if found else 0

    async def _keep(self, instance_id: str, position: int) -> None:
        await self._positions.run(
            "INSERT INTO workers (name, instance_id, position) VALUES (%s, %s, %s)"
            " ON CONFLICT (name, instance_id) DO UPDATE"
            " SET position = greatest(workers.position, excluded.position)",
            (NAME, instance_id, position),
        )

    async def _after(self, recorded: Recorded) -> None:
        async for order in self._orders(recorded):
            try:
                await self._dispatch.send(order, Caller.of_system(recorded.stream.instance_id))
            except Refusal as refusal:
                if refusal.code in PASSING:
                    raise
                if refusal.code is not Code.NOT_FOUND:
                    logger.warning("%s refused: %s", type(order).__name__, refusal.id)

    async def _orders(self, recorded: Recorded) -> AsyncIterator[object]:
        """Yield what follows from an event."""
        id_ = recorded.stream.id
        match recorded.event:
            case OrgRemoved():
                async for row in self._rows(HOLDINGS, recorded, {"resource_owner": id_}):
                    yield _removal(row)
                async for row in self._rows(PROJECT_GRANTS, recorded, {"granted_org": id_}):
                    yield project.RemoveProjectGrant(project_id=row.project_id, granted_org_id=id_)
            case OrgDomainVerified(domain=domain):
                async for order in self._claimed(domain, recorded):
                    yield order
            case UserRemoved():
                async for row in self._rows(MEMBERS, recorded, {"user_id": id_}):
                    yield await self._end_of_membership(row)
        async for row in self._grants(recorded):
            yield TidyUserGrant(user_grant_id=row.id)

    async def _claimed(self, domain: str, recorded: Recorded) -> AsyncIterator[GiveUpDomain]:
        """Yield new names for users of other organisations that end in a domain."""
        stream = Stream(recorded.stream.instance_id, "instance", recorded.stream.instance_id)
        instance: Instance = await self._dispatch.world.state(stream)
        async for row in self._rows(USERS, recorded, {}, named_in(domain)):
            if row.resource_owner != recorded.stream.id:
                new = f"{self._dispatch.world.new_id()}@temporary.{instance.primary_domain}"
                yield GiveUpDomain(user_id=row.id, domain=domain, user_name=new)

    async def _grants(self, recorded: Recorded) -> AsyncIterator[Row]:
        """Yield the user grants that an event may concern."""
        id_, event = recorded.stream.id, recorded.event
        where: dict[str, Any] = {"project_id": id_}
        match event:
            case OrgRemoved() | OrgDomainVerified():
                return
            case UserRemoved():
                where = {"user_id": id_}
            case p.RoleRemoved():
                where["roles"] = [event.key]
            case p.GrantChanged() | p.GrantCascadeChanged() | p.GrantRemoved():
                where["grant_id"] = event.grant_id
        async for row in self._rows(USER_GRANTS, recorded, where):
            yield row

    async def _end_of_membership(self, row: Row) -> object:
        named = {"user_id": row.user_id, "cascade": True}
        if row.kind == "instance":
            return RemoveInstanceMember(instance_id=row.instance_id, **named)
        if row.kind == "org":
            return RemoveOrgMember(org_id=row.aggregate_id, **named)
        granted_org = ""
        if row.kind == GRANT:
            state = await self._dispatch.state(row.instance_id, "project", row.project_id)
            grant = state.grants.get(row.aggregate_id)
            granted_org = grant.org_id if grant else row.aggregate_id
        return project.RemoveProjectMember(
            project_id=row.project_id, granted_org_id=granted_org, **named
        )

    async def _rows(
        self,
        table: Table,
        recorded: Recorded,
        where: Mapping[str, Any],
        *conditions: Condition,
    ) -> AsyncIterator[Row]:
        """Yield all rows, read when the table has seen the event."""
        instance_id, after = recorded.stream.instance_id, None
        while not await self._views.reached(table, instance_id, recorded.position):
            logger.info("%s lags; waiting", table.name)
        while True:
            page = await self._views.ask(
                Question(
                    table=table,
                    instance_id=instance_id,
                    allowed=ALL,
                    where=where,
                    conditions=conditions,
                    limit=MAX_LIMIT,
                    after=after,
                )
            )
            for row in page.rows:
                yield row
            if page.next is None:
                return
            after = page.next


def _removal(row: Row) -> object:
    match row.kind:
        case "user":
            return RemoveUser(user_id=row.id)
        case "project":
            return project.RemoveProject(project_id=row.id)
    return TidyUserGrant(user_grant_id=row.id)
