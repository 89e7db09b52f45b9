"""A link that waits for a second factor: kept with the session, made once nothing is due there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from personae.actors.domain.kit import Refusal
from personae.actors.domain.session.commands import SetSession
from personae.actors.domain.user.factor_commands import AddIdpLink
from personae.http.identity.agent import Held
from personae.http.login.elsewhere import Arrival, known_of, linked_user, may_enter
from personae.http.login.seal import seal, unseal
from personae.http.login.steps import PENDING

if TYPE_CHECKING:
    from personae.http.login.accounts import Account
    from personae.http.login.visit import Visit


async def put_off(visit: Visit, session_id: str, came: Arrival) -> None:
    """Keep with a session that somebody who signs in there wants a link."""
    sealed = seal(visit.services, _purpose(visit, session_id), [came.intent_id, came.token])
    await _keep(visit, session_id, sealed.encode())


async def finish(visit: Visit, account: Account) -> None:
    """Make the link that a session waits with, if it still may be made; it waits no more."""
    session_id = account.held.session_id
    sealed = account.session.metadata[PENDING].decode("ascii", "replace")
    await _keep(visit, session_id, b"")
    found = unseal(visit.services, _purpose(visit, session_id), sealed)
    if not found:
        return
    try:
        known = await known_of(visit, Arrival(found[0], found[1], {}))
    except Refusal:  # too late
        return
    user_id = account.session.user_id
    allowed = known.idp.is_linking_allowed and await may_enter(visit, known, user_id)
    if allowed and not await linked_user(visit, known):
        await visit.services.send(AddIdpLink(user_id=user_id, link=known.link), visit.system)


def _purpose(visit: Visit, session_id: str) -> str:
    return f"link {visit.instance_id} {session_id}"


async def _keep(visit: Visit, session_id: str, value: bytes) -> None:
    token_id = visit.services.new_id()
    order = SetSession(session_id=session_id, token_id=token_id, metadata={PENDING: value})
    await visit.services.send(order, visit.system)
    visit.hold(visit.agent.holding(Held(session_id, token_id)))
