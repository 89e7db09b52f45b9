"""Resource indicators (RFC 8707): which of our applications or projects a URI stands for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from personae.actors.domain.instance.state import Instance
from personae.actors.domain.kit import Stream
from personae.actors.domain.oidc_session.terms import Target
from personae.actors.domain.project.oauth import RESOURCES, is_resource
from personae.actors.domain.project.state import Project
from personae.actors.domain.project.values import Status
from personae.http.oidc.call import Call
from personae.http.oidc.errors import TARGET_INVALID
from personae.http.oidc.form import Form

PROJECT = "urn:zitadel:iam:org:project:id:"
OURS = "zitadel"
LONGEST_ID = 200
AT_MOST = 20


async def names_of(call: Call, form: Form) -> tuple[str, ...]:
    """Return what the resources of a request are called in ``aud``."""
    return tuple(target.name for target in await targets_of(call, form.all("resource")))


async def targets_of(call: Call, uris: Sequence[str]) -> tuple[Target, ...]:
    """Return what resources stand for, each once. Raises OIDC-TargetInvalid.

    That is an application by one of its registered URIs, or a project by its URN; known ones
    cost no query.
    """
    if len(uris) > AT_MOST:
        raise TARGET_INVALID()
    certain = partial(call.services.world.certain, call.instance_id)
    found = [await certain(partial(_target, call, uri)) for uri in dict.fromkeys(uris)]
    return tuple(dict.fromkeys(found))


async def _target(call: Call, uri: str) -> Target:
    if not is_resource(uri):
        raise TARGET_INVALID()
    if uri.startswith(PROJECT):
        return await _project(call, uri.removeprefix(PROJECT).removesuffix(":aud"))

    async def still(project_id: str) -> bool:
        return _known(await _state(call, project_id), uri)

    world = call.services.world
    project_id = await world.names.find(call.instance_id, RESOURCES, uri, still)
    if project_id is None or not _known(await _state(call, project_id), uri):
        raise TARGET_INVALID()
    return Target(uri, project_id)


async def _project(call: Call, project_id: str) -> Target:
    if project_id == OURS:
        stream = Stream(call.instance_id, "instance", call.instance_id)
        instance: Instance = await call.services.world.state(stream)
        project_id = instance.project_id
    if len(project_id) > LONGEST_ID or not (await _state(call, project_id)).active:
        raise TARGET_INVALID()
    return Target(project_id, project_id)


def _known(project: Project, uri: str) -> bool:
    """Say whether an application of an active project is known by a URI, and active."""
    return project.active and any(
        uri in app.oauth.resources and app.status is Status.ACTIVE for app in project.apps.values()
    )


async def _state(call: Call, project_id: str) -> Project:
    state: Project = await call.services.world.state(
        Stream(call.instance_id, "project", project_id)
    )
    return state
