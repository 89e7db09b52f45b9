"""What commands to SAML sessions must know."""

from __future__ import annotations

from personae.actors.aggregates.facts.saml_request import provider_refusal
from personae.actors.aggregates.liveness import living_user, session_lives
from personae.actors.aggregates.turn import Turn, facts_for
from personae.actors.domain.auth_request.refusals import SESSION_INVALID
from personae.actors.domain.kit import Refusal
from personae.actors.domain.saml_request.state import SAMLRequest
from personae.actors.domain.saml_session import commands as c
from personae.actors.domain.saml_session.facts import OpenFacts
from personae.actors.domain.user.refusals import NOT_ACTIVE
from personae.actors.domain.user.state import User


@facts_for(c.OpenSAMLSession)
async def open_(cmd: c.OpenSAMLSession, turn: Turn) -> OpenFacts:
    found = await turn.aggregate("saml_request", cmd.request_id)
    request, version = found.state, found.version  # both before anything else is awaited
    user = await turn.user(request.user_id)
    return OpenFacts(
        now=turn.now(),
        stream=found.stream,
        version=version,
        request=request,
        language=_language(user),
        refused=await _refusal(request, turn),
    )


def _language(user: User) -> str:
    return user.human.profile.preferred_language if user.human else ""


async def _refusal(request: SAMLRequest, turn: Turn) -> Refusal | None:
    """Return why what a request was linked with counts no more."""
    instance_id, user_id = turn.caller.instance_id, request.user_id
    living = await living_user(turn.world, instance_id, user_id)
    if living is None:
        return NOT_ACTIVE()
    if not await session_lives(turn.world, instance_id, request.session_id, turn.now()):
        return SESSION_INVALID()
    return await provider_refusal(request.asked, user_id, living[1], turn)
