"""What commands about features must know."""

from __future__ import annotations

from personae.actors.aggregates.turn import Turn, facts_for
from personae.actors.domain.feature import commands as c
from personae.actors.domain.feature.events import Level, LoginV2
from personae.actors.domain.kit import Facts
from personae.actors.domain.org.refusals import NOT_FOUND as ORG_NOT_FOUND
from personae.actors.domain.user.refusals import NOT_FOUND as USER_NOT_FOUND

AREA = {
    Level.SYSTEM: "system.feature",
    Level.INSTANCE: "iam.feature",
    Level.ORG: "org.feature",
    Level.USER: "user.feature",
}


@facts_for(c.SetFeatures)
async def set_(cmd: c.SetFeatures, turn: Turn) -> Facts:
    """Who sends people to sign-in pages elsewhere answers for the whole instance.

    Anybody can make a link to us that asks for an organisation: its owners must not be able to have
    strangers' browsers led to pages of theirs.
    """
    await _may(cmd, turn, "write")
    login = cmd.values.get("login_v2")
    if cmd.level is Level.ORG and isinstance(login, LoginV2) and login.base_uri:
        await turn.may("iam.feature.write")
    return Facts(now=turn.now())


@facts_for(c.ResetFeatures)
async def reset(cmd: c.ResetFeatures, turn: Turn) -> Facts:
    await _may(cmd, turn, "delete")
    return Facts(now=turn.now())


async def _may(cmd: c.SetFeatures | c.ResetFeatures, turn: Turn, verb: str) -> None:
    """Refuse who may not, and what is not there; in this order.

    Features are kept under the id of whom they are of, whatever that is: an id that a level above
    goes by too is not found.
    """
    permission, of_instance = f"{AREA[cmd.level]}.{verb}", cmd.owner_id == turn.caller.instance_id
    if cmd.level is Level.ORG:
        await turn.may(permission, cmd.owner_id)
        if of_instance or not (await turn.org(cmd.owner_id)).exists:
            raise ORG_NOT_FOUND()
    elif cmd.level is Level.USER:
        user = await turn.aggregate("user", cmd.owner_id)
        await turn.may(permission, user.owner)
        if of_instance or not user.state.exists or (await turn.org(cmd.owner_id)).exists:
            raise USER_NOT_FOUND()
    else:
        await turn.may(permission)
