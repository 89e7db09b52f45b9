"""Who may give every role must not vanish: somebody who owns the instance can always sign in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from personae.actors.aggregates.turn import Turn
from personae.actors.domain.instance.members import OWNER
from personae.actors.domain.instance.refusals import LAST_OWNER

if TYPE_CHECKING:
    from personae.actors.aggregates.aggregate import Aggregate


async def an_owner_stays(turn: Turn, *, user_id: str = "", org_id: str = "") -> None:
    """Refuse to take a user, or an organisation's users, away when no other owner can sign in.

    Workers tidy up after what was decided before; nobody is left to be asked then.
    """
    members = (await turn.instance()).members
    owners = [each for each, roles in members.items() if OWNER in roles]
    if turn.caller.system or not owners or (user_id and user_id not in owners):
        return
    users = [await turn.aggregate("user", each) for each in owners]
    others = [one for one in users if one.stream.id != user_id and one.owner != org_id]
    if len(others) < len(users) and not any([await _signs_in(one, turn) for one in others]):
        raise LAST_OWNER()


async def _signs_in(one: Aggregate, turn: Turn) -> bool:
    return bool(one.state.may_sign_in) and (await turn.org(one.owner)).active
