"""What commands to device authorizations must know."""

from __future__ import annotations

from personae.actors.aggregates.facts.auth_request import why_not
from personae.actors.aggregates.facts.oidc_session import opening_facts
from personae.actors.aggregates.turn import Turn, facts_for
from personae.actors.domain.device_auth import commands as c
from personae.actors.domain.device_auth import refusals
from personae.actors.domain.device_auth.facts import ApproveFacts
from personae.actors.domain.oidc_session.facts import OpeningFacts


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
async def redeem(cmd: c.RedeemDeviceCode, turn: Turn) -> OpeningFacts:
    return await opening_facts(cmd, turn)
