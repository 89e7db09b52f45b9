"""What follows from orders to a signing key."""

from __future__ import annotations

from personae.actors.domain.kit import Decisions, Facts, On
from personae.actors.domain.kit.refusal import CONTENDED
from personae.actors.domain.web_key import commands as c
from personae.actors.domain.web_key import events as e
from personae.actors.domain.web_key import refusals
from personae.actors.domain.web_key.facts import ActivateFacts, KeyPairFacts
from personae.actors.domain.web_key.state import WEB_KEY, Status, WebKey


@WEB_KEY.decides(c.AddWebKey)
def add(key: WebKey, cmd: c.AddWebKey, facts: KeyPairFacts) -> Decisions:
    if key != WEB_KEY.initial:
        raise refusals.ALREADY_EXISTS()
    yield e.WebKeyAdded(
        private_key=facts.private_key,
        public_key=facts.public_key,
        algorithm=cmd.algorithm,
        config_type=cmd.config_type,
    )


@WEB_KEY.decides(c.ActivateWebKey)
def activate(key: WebKey, _cmd: c.ActivateWebKey, facts: ActivateFacts) -> Decisions:
    if key.status in {Status.UNKNOWN, Status.REMOVED}:
        raise refusals.NOT_FOUND()
    if key.status is Status.ACTIVE:
        return
    yield e.WebKeyActivated()
    if facts.previous:
        # Should it be retired already, a third key was activated meanwhile: two would sign.
        if not facts.previous_active:
            raise CONTENDED()
        owner = facts.previous.instance_id
        yield On(facts.previous, e.WebKeyDeactivated(), facts.previous_version, owner)


@WEB_KEY.decides(c.RemoveWebKey)
def remove(key: WebKey, _cmd: c.RemoveWebKey, _facts: Facts) -> Decisions:
    if key.status in {Status.UNKNOWN, Status.REMOVED}:
        raise refusals.NOT_FOUND()
    if key.status is Status.ACTIVE:
        raise refusals.STILL_ACTIVE()
    yield e.WebKeyRemoved()
