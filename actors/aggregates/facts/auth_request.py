"""What commands to authorization requests must know."""

from __future__ import annotations

from datetime import datetime

from personae.actors.aggregates.admission import admits
from personae.actors.aggregates.clients import client_of
from personae.actors.aggregates.facts.oidc_session import opening_facts
from personae.actors.aggregates.liveness import living_user
from personae.actors.aggregates.turn import Turn, facts_for
from personae.actors.domain.auth_request import commands as c
from personae.actors.domain.auth_request import refusals
from personae.actors.domain.auth_request.events import AuthRequestAdded
from personae.actors.domain.auth_request.facts import LinkFacts
from personae.actors.domain.kit import Refusal
from personae.actors.domain.oidc_session.facts import OpeningFacts
from personae.actors.domain.project import refusals as project_refusals
from personae.actors.domain.session import refusals as session_refusals
from personae.actors.domain.session.state import Session
from personae.actors.domain.user import refusals as user_refusals
from personae.actors.domain.user.state import User

ORG_SCOPE = "urn:zitadel:iam:org:id:"
DOMAIN_SCOPE = "urn:zitadel:iam:org:domain:primary:"


@facts_for(c.LinkSession)
async def link(cmd: c.LinkSession, turn: Turn) -> LinkFacts:
    request = await turn.aggregate("auth_request", cmd.request_id)
    return await _linking(cmd, turn.state.asked, turn.state.opened_at or request.created_at, turn)


@facts_for(c.AddLinkedRequest)
async def add_linked(cmd: c.AddLinkedRequest, turn: Turn) -> LinkFacts:
    return await _linking(cmd.link, cmd.asked, turn.now(), turn)


async def _linking(
    cmd: c.LinkSession, asked: AuthRequestAdded | None, asked_at: datetime | None, turn: Turn
) -> LinkFacts:
    session = await turn.session(cmd.session_id)
    refused: Refusal | None = refusals.NOT_FOUND()
    if asked is not None:
        refused = await why_not(session, cmd.presented, asked.client_id, asked.scope, turn)
    return LinkFacts(
        now=turn.now(),
        user_id=session.user_id,
        auth_time=session.auth_time,
        auth_methods=session.auth_methods,
        asked_at=asked_at,
        refused=refused,
    )


async def why_not(
    session: Session, presented: str, client_id: str, scope: tuple[str, ...], turn: Turn
) -> Refusal | None:
    """Say why the user of a session may not sign in to a client; ``None`` when it may.

    ``presented`` is the id of the session token shown.
    """
    living = await signed_in(session, presented, turn)
    if isinstance(living, Refusal):
        return living
    if not await _fits(scope, living[1], turn):
        return refusals.WRONG_ORG()
    return await _client_refusal((session.user_id, *living), client_id, scope, turn)


async def signed_in(session: Session, presented: str, turn: Turn) -> tuple[User, str] | Refusal:
    """Return the user of a session that counts, with its organisation, or why there is none."""
    if not session.alive(turn.now()):
        return refusals.SESSION_INVALID()
    if presented != session.token_id and not await turn.allows("session.link"):
        return session_refusals.TOKEN_INVALID()
    living = await living_user(turn.world, turn.caller.instance_id, session.user_id)
    return living or user_refusals.NOT_ACTIVE()


async def _client_refusal(
    who: tuple[str, User, str], client_id: str, scope: tuple[str, ...], turn: Turn
) -> Refusal | None:
    instance_id, (user_id, user, org_id) = turn.caller.instance_id, who
    client = await client_of(turn.world, instance_id, client_id)
    if client is None:
        return project_refusals.APP_NOT_FOUND()
    if not await admits(turn.world, instance_id, client, user_id, org_id):
        return refusals.NO_GRANT()
    if client.app.oauth.ask_consent and not user.lets_have(client_id, scope):
        return refusals.CONSENT_NEEDED()
    return None


async def _fits(scopes: tuple[str, ...], org_id: str, turn: Turn) -> bool:
    """Say whether a user's organisation is one that scopes limit the sign-in to, if any do."""
    ids = ends(scopes, ORG_SCOPE)
    if ids and org_id not in ids:
        return False
    domains = ends(scopes, DOMAIN_SCOPE)
    return not domains or (await turn.org(org_id)).primary_domain in domains


def ends(scopes: tuple[str, ...], start: str) -> list[str]:
    """Return what follows a beginning in the scopes that have it."""
    return [scope[len(start) :] for scope in scopes if scope.startswith(start)]


@facts_for(c.ExchangeCode)
async def exchange(cmd: c.ExchangeCode, turn: Turn) -> OpeningFacts:
    return await opening_facts(cmd, turn)
