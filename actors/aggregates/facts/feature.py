"""What commands about features must know."""

from __future__ import annotations

from personae.actors.aggregates.turn import Turn, facts_for
from personae.actors.domain.feature import commands as c
from personae.actors.domain.feature.events import Level
from personae.actors.domain.kit import Facts

AREA = {Level.SYSTEM: "system.feature", Level.INSTANCE: "iam.feature"}


@facts_for(c.SetFeatures)
async def set_(cmd: c.SetFeatures, turn: Turn) -> Facts:
    await turn.may(f"{AREA[cmd.level]}.write")
    return Facts(now=turn.now())


@facts_for(c.ResetFeatures)
async def reset(cmd: c.ResetFeatures, turn: Turn) -> Facts:
    await turn.may(f"{AREA[cmd.level]}.delete")
    return Facts(now=turn.now())
