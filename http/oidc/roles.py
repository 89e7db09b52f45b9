"""Role claims: what a user may do in the projects that a token is for.

``{role: {organization: its primary domain}}``: the organizations that gave the role. From actors'
memory; a grant that is gone is gone from the next answer on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from personae.actors.aggregates.clients import Client, client_of, own_client
from personae.actors.domain.kit import Stream
from personae.http.identity.live import LiveToken
from personae.http.identity.opaque import TokenKind
from personae.http.oidc import scopes
from personae.http.oidc.call import Call

ROLES = "urn:zitadel:iam:org:project:roles"
ROLES_OF = "urn:zitadel:iam:org:project:{}:roles"
PROJECTS_AT_MOST = 50
LONGEST_ID = 200


async def role_claims(
    call: Call, user_id: str, granted: Sequence[str], project_id: str = "", *, always: bool = False
) -> dict[str, Any]:
    """Return the role claims that scopes ask for.

    ``project_id`` is the client's project; ``always``: its roles are asserted unasked.
    """
    requested = scopes.ends(granted, scopes.ROLE)
    every = scopes.ALL_ROLES in granted
    if not (requested or every or always):
        return {}
    named = await scopes.audience(call, (), granted) if every else ()
    orgs = scopes.ends(granted, scopes.ROLES_OF_ORG)
    found: dict[str, Any] = {}
    for each in dict.fromkeys((*filter(None, (project_id,)), *named[:PROJECTS_AT_MOST])):
        roles = await _roles(call, user_id, each, orgs)
        if each == project_id and not (every or always):
            roles = {role: given for role, given in roles.items() if role in requested}
        if roles:
            found[ROLES_OF.format(each)] = roles
    if ROLES_OF.format(project_id) in found:
        found[ROLES] = found[ROLES_OF.format(project_id)]
    return found


async def _roles(
    call: Call, user_id: str, project_id: str, orgs: Sequence[str]
) -> dict[str, dict[str, str]]:
    world = call.services.world
    if len(project_id) > LONGEST_ID:
        return {}
    project = await world.aggregate(Stream(call.instance_id, "project", project_id))
    owner = await world.state(Stream(call.instance_id, "org", project.owner))
    if not owner.active:
        return {}
    held = await world.user_grants.roles(call.instance_id, user_id, project_id)
    found: dict[str, dict[str, str]] = {}
    for org_id, roles in held.items():
        org = await world.state(Stream(call.instance_id, "org", org_id))
        if org.active and (not orgs or org_id in orgs):
            for role in roles:
                found.setdefault(role, {})[org_id] = org.primary_domain
    return found


async def roles_for_client(call: Call, live: LiveToken) -> dict[str, Any]:
    """Return the role claims that the client a token was issued to may see."""
    client = None
    if not own_client(live.client_id, live.user_id):
        client = await client_of(call.services.world, call.instance_id, live.client_id)
    if client is None:
        return await role_claims(call, live.user_id, live.scopes)
    always = client.project.role_assertion
    return await role_claims(call, live.user_id, live.scopes, client.project_id, always=always)


async def roles_for_api(call: Call, api: Client, live: LiveToken) -> dict[str, Any]:
    """Return the role claims that an API may see: those of its own project.

    A personal access token names no project: whoever is shown one sees its own roles.
    """
    asked = scopes.ALL_ROLES in live.scopes or live.kind is TokenKind.PERSONAL
    own = [scope for scope in live.scopes if scope.startswith((scopes.ROLE, scopes.ROLES_OF_ORG))]
    always = asked or api.project.role_assertion
    if not (own or always):
        return {}
    return await role_claims(call, live.user_id, own, api.project_id, always=always)
