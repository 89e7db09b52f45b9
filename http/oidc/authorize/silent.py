"""prompt=none: an answer without a page, or none (OIDC Core, 3.1.2.1)."""

from __future__ import annotations

from datetime import datetime, timedelta

from personae.actors.domain.auth_request.commands import AddLinkedRequest, LinkSession
from personae.actors.domain.auth_request.events import AuthRequestAdded
from personae.actors.domain.auth_request.refusals import CONSENT_NEEDED
from personae.actors.domain.kit import Refusal
from personae.actors.domain.session.state import Session
from personae.http.identity.agent import agent_of, living
from personae.http.identity.assurance import assured
from personae.http.identity.instances import domain_of
from personae.http.oidc.call import Call
from personae.http.oidc.errors import SIGN_IN_NEEDED, server_side


async def link_silently(call: Call, request_id: str, asked: AuthRequestAdded, *, new: bool) -> None:
    """Link a session that this browser holds; a ``new`` request is kept with that, or not at all.

    Raises OIDC-SignInNeeded when none will do, AUTHREQUEST-ConsentNeeded when nothing else is
    missing.
    """
    services = call.services
    agent = agent_of(call.request, services, call.instance_id)
    now = services.world.now()
    domain = domain_of(call.request.get("host") or call.request.host)
    why = SIGN_IN_NEEDED()
    for held, session in await living(agent, services, call.instance_id):
        if not usable(session, asked, now):
            continue
        if await assured(services, call.instance_id, session, domain):
            order: object = LinkSession(
                request_id=request_id, session_id=held.session_id, presented=held.token_id
            )
            if new:
                order = AddLinkedRequest(
                    request_id=request_id,
                    instance_id=call.instance_id,
                    asked=asked,
                    session_id=held.session_id,
                    presented=held.token_id,
                )
            try:
                await services.send(order, call.caller(session.user_id))
            except Refusal as refusal:
                if server_side(refusal):
                    raise
                if refusal.reason is CONSENT_NEEDED:
                    why = refusal
                continue
            return
    raise why


def usable(session: Session, asked: AuthRequestAdded, now: datetime) -> bool:
    """Say whether a session answers a request as it is: a user who proved it recently enough."""
    if not session.user_id or session.auth_time is None:
        return False
    if asked.hint_user_id not in {None, session.user_id}:
        return False
    limit = asked.max_age
    return limit is None or now - session.auth_time <= timedelta(seconds=limit)
