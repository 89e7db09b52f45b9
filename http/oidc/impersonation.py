"""Whether somebody may act for somebody else (RFC 8693, 1.1; security policy and permission)."""

from __future__ import annotations

from personae.actors.aggregates.clients import Client
from personae.actors.domain.kit import Stream
from personae.http.oidc.call import Call
from personae.http.oidc.errors import IMPERSONATION_DENIED
from personae.http.oidc.subjects import Subject

END_USERS, ADMINISTRATORS = "impersonation", "admin.impersonation"


async def check_impersonation(call: Call, client: Client, subject: Subject, actor: Subject) -> None:
    """Refuse an actor without the permission for such a user.

    Whoever may act as end users may not act as administrators. Raises OIDC-ImpersonationDenied.
    """
    world = call.services.world
    instance = await world.state(Stream(call.instance_id, "instance", call.instance_id))
    if actor.actors or not instance.policies.security.enable_impersonation:
        raise IMPERSONATION_DENIED()
    needed = ADMINISTRATORS if await _administers(call, client, subject) else END_USERS
    caller = call.caller(actor.user_id)
    if not await world.permissions.allows(caller, needed, subject.org_id):
        raise IMPERSONATION_DENIED()


async def _administers(call: Call, client: Client, subject: Subject) -> bool:
    """Say whether a user is a member of the instance, an organization or a project at hand."""
    places = (
        ("instance", call.instance_id),
        ("org", subject.org_id),
        ("org", client.org_id),
        ("project", client.project_id),
    )
    for kind, id_ in places:
        state = await call.services.world.state(Stream(call.instance_id, kind, id_))
        if subject.user_id in state.members:
            return True
    return False
