"""What commands to device authorizations must know."""

from __future__ import annotations

from personae.actors.aggregates.facts.auth_request import why_not
from personae.actors.aggregates.facts.oidc_session import lifetimes_of
from personae.actors.aggregates.liveness import living_user, session_lives
from personae.actors.aggregates.turn import Turn, facts_for
from personae.actors.domain.device_auth import commands as c
from personae.actors.domain.device_auth import refusals
from personae.actors.domain.device_auth.facts import ApproveFacts, RedeemFacts
from personae.actors.domain.kit import Stream


@facts_for(c.ApproveDeviceAuth)
async def approve(cmd: c.ApproveDeviceAuth, turn: Turn) -> ApproveFacts:
    session, asked = await turn.session(cmd.session_id), turn.state.asked
    refused = (
        await why_not(session, cmd.presented, asked.client_id, asked.scope, turn)
        if asked
        else refusals.NOT_FOUND()
    )
    return ApproveFacts(
        now=turn.now(),
        user_id=session.user_id,
        auth_time=session.auth_time,
        auth_methods=session.auth_methods,
        refused=refused,
    )


@facts_for(c.RedeemDeviceCode)
async def redeem(cmd: c.RedeemDeviceCode, turn: Turn) -> RedeemFacts:
    instance_id, device = turn.caller.instance_id, turn.state
    living = await living_user(turn.world, instance_id, device.user_id) if device.user_id else None
    user, org_id = living or (None, "")
    alive = living is not None and await session_lives(
        turn.world, instance_id, device.session_id, turn.now()
    )
    return RedeemFacts(
        now=turn.now(),
        oidc_session=Stream(instance_id, "oidc_session", cmd.oidc_session_id),
        user_org_id=org_id,
        language=user.human.profile.preferred_language if user and user.human else "",
        lifetimes=lifetimes_of(await turn.instance()),
        session_alive=alive,
    )
