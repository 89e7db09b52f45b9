"""What commands to signing keys must know."""

from __future__ import annotations

from personae.actors.aggregates.signing_keys import make_key_pair
from personae.actors.aggregates.turn import Turn, facts_for
from personae.actors.domain.kit import Facts, Stream
from personae.actors.domain.web_key import commands as c
from personae.actors.domain.web_key.facts import ActivateFacts, KeyPairFacts
from personae.actors.domain.web_key.state import Status
from personae.actors.domain.web_key.values import check


@facts_for(c.AddWebKey)
async def add(cmd: c.AddWebKey, turn: Turn) -> KeyPairFacts:
    await turn.may("iam.web_key.write")
    check(cmd.algorithm, cmd.bits)
    return await _made(cmd, turn)


@facts_for(c.AddProfileKey)
async def add_for_profile(cmd: c.AddProfileKey, turn: Turn) -> KeyPairFacts:
    await turn.may("iam.web_key.write")
    order = c.AddWebKey(
        key_id=cmd.key_id, instance_id=cmd.instance_id, algorithm=cmd.algorithm, bits=0
    )
    check(order.algorithm, order.bits)
    return await _made(order, turn)


async def _made(order: c.AddWebKey, turn: Turn) -> KeyPairFacts:
    private, public = await make_key_pair(order, turn.world)
    return KeyPairFacts(now=turn.now(), private_key=private, public_key=public)


@facts_for(c.ActivateWebKey)
async def activate(cmd: c.ActivateWebKey, turn: Turn) -> ActivateFacts:
    await turn.may("iam.web_key.write")
    if not cmd.previous:
        return ActivateFacts(now=turn.now())
    stream = Stream(turn.caller.instance_id, "web_key", cmd.previous)
    key = await turn.world.aggregate(stream)
    return ActivateFacts(
        now=turn.now(),
        previous=stream,
        previous_version=key.version,
        previous_active=key.state.status is Status.ACTIVE,
        previous_profile=key.state.profile,
    )


@facts_for(c.RemoveWebKey)
async def remove(_cmd: c.RemoveWebKey, turn: Turn) -> Facts:
    await turn.may("iam.web_key.delete")
    return Facts(now=turn.now())
