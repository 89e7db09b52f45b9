"""IsPassive: an answer without a page, or none (SAML Core, 3.4.1)."""

from __future__ import annotations

from personae.actors.domain.kit import Refusal
from personae.actors.domain.saml_request.commands import FailSAMLRequest, LinkSAMLSession
from personae.actors.domain.saml_request.events import SAMLRequestAdded
from personae.http.identity.agent import agent_of, living
from personae.http.identity.assurance import assured
from personae.http.identity.instances import domain_of
from personae.http.saml.call import Call

NO_PASSIVE = 8
SERVER_SIDE = 500


async def link_silently(call: Call, request_id: str, asked: SAMLRequestAdded) -> None:
    """Link a session that this browser holds, or note that nobody can be told of without a page."""
    services = call.services
    agent = agent_of(call.request, services, call.instance_id)
    domain = domain_of(call.request.get("host") or call.request.host)
    for held, session in await living(agent, services, call.instance_id):
        if not session.user_id or session.auth_time is None or asked.force_authn:
            continue
        if await assured(services, call.instance_id, session, domain):
            order = LinkSAMLSession(
                request_id=request_id, session_id=held.session_id, presented=held.token_id
            )
            try:
                await services.send(order, call.caller)
            except Refusal as refusal:
                if refusal.code.http >= SERVER_SIDE:
                    raise
                continue
            return
    await services.send(FailSAMLRequest(request_id=request_id, reason=NO_PASSIVE), call.caller)
