"""What commands to SAML requests must know."""

from __future__ import annotations

from personae.actors.aggregates.admission import admits
from personae.actors.aggregates.clients import provider_of
from personae.actors.aggregates.facts.auth_request import signed_in
from personae.actors.aggregates.turn import Turn, facts_for
from personae.actors.domain.auth_request.refusals import NO_GRANT
from personae.actors.domain.kit import Refusal
from personae.actors.domain.project.refusals import APP_NOT_FOUND
from personae.actors.domain.saml_request import commands as c
from personae.actors.domain.saml_request.events import SAMLRequestAdded
from personae.actors.domain.saml_request.facts import SAMLLinkFacts
from personae.actors.domain.session.state import Session


@facts_for(c.LinkSAMLSession)
async def link(cmd: c.LinkSAMLSession, turn: Turn) -> SAMLLinkFacts:
    session = await turn.session(cmd.session_id)
    request = await turn.aggregate("saml_request", cmd.request_id)
    return SAMLLinkFacts(
        now=turn.now(),
        asked_at=request.created_at,
        user_id=session.user_id,
        auth_time=session.auth_time,
        auth_methods=session.auth_methods,
        refused=await _refusal(cmd, session, turn),
    )


async def _refusal(cmd: c.LinkSAMLSession, session: Session, turn: Turn) -> Refusal | None:
    living = await signed_in(session, cmd.presented, turn)
    if isinstance(living, Refusal):
        return living
    return await provider_refusal(turn.state.asked, session.user_id, living[1], turn)


async def provider_refusal(
    asked: SAMLRequestAdded | None, user_id: str, org_id: str, turn: Turn
) -> Refusal | None:
    """Return why a user may not be told of to the service provider that asked."""
    instance_id = turn.caller.instance_id
    provider = await provider_of(turn.world, instance_id, asked.issuer) if asked else None
    if asked is None or provider is None or provider.app_id != asked.application_id:
        return APP_NOT_FOUND()
    if not await admits(turn.world, instance_id, provider, user_id, org_id):
        return NO_GRANT()
    return None
