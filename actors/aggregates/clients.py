"""OAuth clients: from a client id to the application behind it, out of actors' memory."""

from __future__ import annotations

from typing import NamedTuple

from personae.actors.aggregates.aggregate import Aggregate
from personae.actors.aggregates.world import World
from personae.actors.domain.kit import Stream
from personae.actors.domain.project.state import Application, Project
from personae.actors.domain.project.values import CLIENT_IDS, ENTITY_IDS, Status


class Client(NamedTuple):
    """An application that may be asked for tokens, with the project and organisation it is of."""

    client_id: str
    app_id: str
    app: Application
    project_id: str
    project: Project
    org_id: str

    @property
    def audience(self) -> tuple[str, ...]:
        """What its tokens are for: every client of the project, and the project."""
        return (*self.project.clients, self.project_id)

    @property
    def names(self) -> frozenset[str]:
        """What calls it in the audience of a token."""
        return frozenset((self.client_id, self.project_id, *self.app.oauth.resources))


def own_client(client_id: str, user_id: str) -> bool:
    """Say whether a user is its own client, as machines are: no application stands behind it."""
    return client_id in {"", user_id}


async def client_of(world: World, instance_id: str, client_id: str) -> Client | None:
    """Return the client with an id when it, its project and its organisation are active."""
    project_id = world.names.remembered(instance_id, CLIENT_IDS, client_id)
    if project_id is not None:
        aggregate = await world.aggregate(Stream(instance_id, "project", project_id))
        if client_id in aggregate.state.clients:
            return await _active(world, aggregate, client_id)
    project_id = await _look_up(world, instance_id, client_id)
    if project_id is None:
        return None
    aggregate = await world.aggregate(Stream(instance_id, "project", project_id))
    if client_id not in aggregate.state.clients:  # registered by another process, just now
        aggregate.doubt()
        await aggregate.ready()
    return await _active(world, aggregate, client_id)


async def provider_of(world: World, instance_id: str, entity_id: str) -> Client | None:
    """Return the SAML service provider of a name when it, its project and organisation are active.

    Its ``client_id`` is that name.
    """

    async def still(project_id: str) -> bool:
        project: Project = await world.state(Stream(instance_id, "project", project_id))
        return bool(project.provider(entity_id))

    project_id = await world.names.find(instance_id, ENTITY_IDS, entity_id, still)
    if project_id is None:
        return None
    aggregate = await world.aggregate(Stream(instance_id, "project", project_id))
    return await _active_app(world, aggregate, aggregate.state.provider(entity_id), entity_id)


async def _look_up(world: World, instance_id: str, client_id: str) -> str | None:
    async def still(project_id: str) -> bool:
        project = await world.state(Stream(instance_id, "project", project_id))
        return client_id in project.clients

    return await world.names.find(instance_id, CLIENT_IDS, client_id, still)


async def _active(world: World, aggregate: Aggregate, client_id: str) -> Client | None:
    return await _active_app(world, aggregate, aggregate.state.clients.get(client_id), client_id)


async def _active_app(
    world: World, aggregate: Aggregate, app_id: str | None, client_id: str
) -> Client | None:
    project: Project = aggregate.state
    if not app_id or not project.active:
        return None
    app = project.apps[app_id]
    instance_id, _, project_id = aggregate.stream
    org = await world.state(Stream(instance_id, "org", aggregate.owner))
    if app.status is not Status.ACTIVE or not org.active:
        return None
    return Client(client_id, app_id, app, project_id, project, aggregate.owner)
