"""What orders to sign-ins elsewhere must know."""

from __future__ import annotations

from datetime import datetime

from personae.actors.aggregates.turn import Turn, facts_for
from personae.actors.domain.idp_intent import commands as c
from personae.actors.domain.idp_intent.facts import AnswerFacts, ConsumeFacts, StartFacts
from personae.actors.domain.idp_intent.state import Intent
from personae.actors.domain.kit.refusal import PERMISSION_DENIED
from personae.actors.domain.user.factors import EXTERNAL_IDPS, IdpLink
from personae.actors.domain.values import Sealed
from personae.store.crypto import Area


@facts_for(c.StartIntent)
async def start(cmd: c.StartIntent, turn: Turn) -> StartFacts:
    # Whoever starts it is told who comes back: so only who may open sessions for people.
    await turn.may("session.write")
    known = cmd.idp_id in (await turn.instance()).idps
    ours, proof = turn.caller.system, _sealed(cmd.proof, turn)
    return StartFacts(now=turn.now(), known=known, ours=ours, proof=proof)


@facts_for(c.SucceedIntent)
async def succeed(cmd: c.SucceedIntent, turn: Turn) -> AnswerFacts:
    intent: Intent = turn.state
    return AnswerFacts(
        now=turn.now(),
        started=await _started(turn),
        user_id=await linked_user(turn, intent.idp_id, cmd.idp_user_id),
        access_token=_sealed(cmd.access_token, turn),
        id_token=_sealed(cmd.id_token, turn),
    )


@facts_for(c.FailIntent)
async def fail(_cmd: c.FailIntent, turn: Turn) -> AnswerFacts:
    return AnswerFacts(now=turn.now(), started=await _started(turn))


async def _started(turn: Turn) -> datetime:
    if not turn.caller.system:
        raise PERMISSION_DENIED(permission="session.write")
    aggregate = await turn.aggregate(turn.stream.type, turn.stream.id)
    return aggregate.created_at or turn.now()


@facts_for(c.ConsumeIntent)
async def consume(cmd: c.ConsumeIntent, turn: Turn) -> ConsumeFacts:
    intent: Intent = turn.state
    user = await turn.aggregate("user", cmd.user_id)
    policies = await turn.policies(user.owner)
    offered = intent.idp_id in policies.idps and intent.idp_id in (await turn.instance()).idps
    return ConsumeFacts(
        now=turn.now(),
        linked=await linked_user(turn, intent.idp_id, intent.idp_user_id),
        allowed=policies.login.allow_external_idp and offered,
    )


async def linked_user(turn: Turn, idp_id: str, idp_user_id: str) -> str:
    """Return the id of the user that an account elsewhere is linked to, if any."""
    claim = IdpLink(idp_id, idp_user_id).claim
    return await turn.holder(EXTERNAL_IDPS, claim) or "" if idp_user_id else ""


def _sealed(secret: str, turn: Turn) -> Sealed | None:
    if not secret:
        return None
    return turn.world.seal(Area.IDENTITY_PROVIDER, secret, turn.caller.instance_id)
