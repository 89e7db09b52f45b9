"""What follows from orders to a sign-in elsewhere."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from personae.actors.domain.idp import refusals as idp_refusals
from personae.actors.domain.idp_intent import commands as c
from personae.actors.domain.idp_intent import events as e
from personae.actors.domain.idp_intent import refusals
from personae.actors.domain.idp_intent.facts import AnswerFacts, ConsumeFacts, StartFacts
from personae.actors.domain.idp_intent.state import INTENT, Intent, Status
from personae.actors.domain.kit import Decisions
from personae.actors.domain.policy_rules import is_safe_target

TO_ANSWER = timedelta(hours=1)
"""How long a person may take at the provider."""
TO_USE = timedelta(hours=1)
"""How long the answer counts."""
LONGEST_REASON = 500


@INTENT.decides(c.StartIntent)
def start(intent: Intent, cmd: c.StartIntent, facts: StartFacts) -> Decisions:
    if intent != INTENT.initial:
        raise refusals.ALREADY_EXISTS()
    if not facts.known:
        raise idp_refusals.NOT_FOUND()
    for url in filter(None, (cmd.success_url, cmd.failure_url)):
        if not (facts.ours or is_safe_target(url)):
            raise refusals.URL_INVALID()
    yield e.IntentStarted(
        idp_id=cmd.idp_id,
        success_url=cmd.success_url,
        failure_url=cmd.failure_url,
        proof=facts.proof,
    )


@INTENT.decides(c.SucceedIntent)
def succeed(intent: Intent, cmd: c.SucceedIntent, facts: AnswerFacts) -> Decisions:
    _check_waiting(intent, facts)
    user: dict[str, Any] = {
        "idp_user": cmd.idp_user,
        "idp_user_id": cmd.idp_user_id,
        "idp_user_name": cmd.idp_user_name,
        "user_id": facts.user_id,
        "expires_at": facts.now + TO_USE,
    }
    if cmd.directory:
        entry = {name: list(values) for name, values in cmd.attributes.items()}
        yield e.IntentLdapSucceeded(**user, attributes=entry)
    else:
        user |= {"idp_access_token": facts.access_token, "idp_id_token": facts.id_token}
        yield e.IntentSucceeded(**user)


@INTENT.decides(c.FailIntent)
def fail(intent: Intent, cmd: c.FailIntent, facts: AnswerFacts) -> Decisions:
    _check_waiting(intent, facts)
    yield e.IntentFailed(reason=cmd.reason[:LONGEST_REASON])


def _check_waiting(intent: Intent, facts: AnswerFacts) -> None:
    if intent.status is not Status.STARTED:
        raise refusals.NOT_STARTED()
    if facts.now >= facts.started + TO_ANSWER:
        raise refusals.EXPIRED()


@INTENT.decides(c.ConsumeIntent)
def consume(intent: Intent, cmd: c.ConsumeIntent, facts: ConsumeFacts) -> Decisions:
    check_usable(intent, facts.now)
    if facts.linked != cmd.user_id:
        raise refusals.OTHER_USER()
    if not facts.allowed:
        raise refusals.NOT_ALLOWED()
    yield e.IntentConsumed()


def check_usable(intent: Intent, now: datetime) -> None:
    """Refuse an intent that proves nothing: not answered, used, or too old."""
    if intent.status is Status.CONSUMED:
        raise refusals.CONSUMED()
    if intent.status is not Status.SUCCEEDED:
        raise refusals.NOT_SUCCEEDED()
    if intent.expires is None or now >= intent.expires:
        raise refusals.EXPIRED()
