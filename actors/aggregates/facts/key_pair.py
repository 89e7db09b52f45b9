"""What commands to key pairs must know."""

from __future__ import annotations

from personae.actors.aggregates.certificates import make_pair
from personae.actors.aggregates.turn import Turn, facts_for
from personae.actors.domain.key_pair import commands as c
from personae.actors.domain.key_pair.facts import NewPair
from personae.actors.domain.key_pair.state import LIFE


@facts_for(c.RenewKeyPair)
async def renew(cmd: c.RenewKeyPair, turn: Turn) -> NewPair:
    await turn.may("iam.web_key.write")
    now = turn.now()
    if not (cmd.now or turn.state.due(now)):
        return NewPair(now=now)
    sealed, certificate = await make_pair(turn.world, cmd.instance_id, now, now + LIFE)
    return NewPair(now=now, private_key=sealed, certificate=certificate)
