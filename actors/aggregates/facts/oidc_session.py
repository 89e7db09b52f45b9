"""What commands to OIDC sessions must know."""

from __future__ import annotations

from personae.actors.aggregates.facts.session_logout import listening_of
from personae.actors.aggregates.liveness import family_lives, living_user, session_lives
from personae.actors.aggregates.turn import Turn, facts_for
from personae.actors.domain.auth_request.commands import ExchangeCode
from personae.actors.domain.device_auth.commands import RedeemDeviceCode
from personae.actors.domain.instance.state import Instance
from personae.actors.domain.kit import Stream
from personae.actors.domain.oidc_session import commands as c
from personae.actors.domain.oidc_session.facts import Lifetimes, OpeningFacts, TokenFacts
from personae.actors.domain.user.commands import Impersonate


def lifetimes_of(instance: Instance) -> Lifetimes:
    """Return how long the tokens of an instance live."""
    oidc = instance.policies.oidc
    return Lifetimes(
        access=oidc.access_token_lifetime,
        id_token=oidc.id_token_lifetime,
        refresh_idle=oidc.refresh_token_idle_expiration,
        refresh=oidc.refresh_token_expiration,
    )


@facts_for(c.OpenOIDCSession)
async def open_(_cmd: c.OpenOIDCSession, turn: Turn) -> TokenFacts:
    # Who may have tokens was settled by the door that authenticated the client or the assertion.
    return TokenFacts(now=turn.now(), lifetimes=lifetimes_of(await turn.instance()))


@facts_for(c.RefreshTokens)
async def refresh(_cmd: c.RefreshTokens, turn: Turn) -> TokenFacts:
    now = turn.now()
    alive = await family_lives(turn.world, turn.caller.instance_id, turn.state, now)
    return TokenFacts(now=now, lifetimes=lifetimes_of(await turn.instance()), alive=alive)


@facts_for(Impersonate)
async def impersonate(cmd: Impersonate, turn: Turn) -> OpeningFacts:
    # Whether both are alive was settled by the door that checked the tokens shown.
    return OpeningFacts(
        now=turn.now(),
        oidc_session=Stream(turn.caller.instance_id, "oidc_session", cmd.oidc_session_id),
        user_org_id=cmd.opening.org_id,
        lifetimes=lifetimes_of(await turn.instance()),
        session_alive=True,
    )


async def opening_facts(cmd: ExchangeCode | RedeemDeviceCode, turn: Turn) -> OpeningFacts:
    """Return what the redeeming of a code must know; the turn's aggregate says whose it is."""
    instance_id, user_id = turn.caller.instance_id, turn.state.user_id
    living = await living_user(turn.world, instance_id, user_id) if user_id else None
    user, org_id = living or (None, "")
    alive = living is not None and await session_lives(
        turn.world, instance_id, turn.state.session_id, turn.now()
    )
    return OpeningFacts(
        now=turn.now(),
        oidc_session=Stream(instance_id, "oidc_session", cmd.oidc_session_id),
        user_org_id=org_id,
        language=user.human.profile.preferred_language if user and user.human else "",
        lifetimes=lifetimes_of(await turn.instance()),
        session_alive=alive,
        listening=await listening_of(cmd, turn),
    )
