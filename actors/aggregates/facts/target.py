"""What commands to targets and executions must know."""

from __future__ import annotations

import hashlib

from personae.actors.aggregates.keys import usable_public_key
from personae.actors.aggregates.turn import Turn, facts_for
from personae.actors.domain.execution.commands import SetExecution
from personae.actors.domain.execution.facts import ExecutionFacts
from personae.actors.domain.kit import Facts
from personae.actors.domain.target import commands as c
from personae.actors.domain.target.facts import TargetFacts, TargetKeyFacts
from personae.store.crypto import Area
from personae.store.generated import GENERATORS


@facts_for(c.AddTarget, c.ChangeTarget)
async def target(cmd: c.AddTarget | c.ChangeTarget, turn: Turn) -> TargetFacts:
    await turn.may("action.target.write")
    private = turn.world.private_targets
    if isinstance(cmd, c.ChangeTarget) and not cmd.new_key:
        return TargetFacts(now=turn.now(), private=private)
    plain = GENERATORS["signing_key"].make()
    sealed = turn.world.seal(Area.TARGET, plain, turn.caller.instance_id)
    return TargetFacts(
        now=turn.now(), signing_key=sealed, private=private, secrets={"signing_key": plain}
    )


@facts_for(c.RemoveTarget)
async def remove(_cmd: c.RemoveTarget, turn: Turn) -> Facts:
    await turn.may("action.target.delete")
    return Facts(now=turn.now())


@facts_for(c.AddTargetKey)
async def add_key(cmd: c.AddTargetKey, turn: Turn) -> TargetKeyFacts:
    await turn.may("action.target.write")
    usable = usable_public_key(cmd.public_key)
    fingerprint = hashlib.sha256(usable).hexdigest()
    return TargetKeyFacts(now=turn.now(), public_key=usable, fingerprint=fingerprint)


@facts_for(c.ActivateTargetKey, c.DeactivateTargetKey, c.RemoveTargetKey)
async def key(_cmd: object, turn: Turn) -> Facts:
    await turn.may("action.target.write")
    return Facts(now=turn.now())


@facts_for(SetExecution)
async def execution(cmd: SetExecution, turn: Turn) -> ExecutionFacts:
    await turn.may("action.execution.write")
    unknown = [
        each for each in cmd.targets if not (await turn.aggregate("target", each)).state.exists
    ]
    return ExecutionFacts(now=turn.now(), unknown=tuple(unknown))
