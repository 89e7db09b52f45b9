"""What follows from orders to a signing key."""

from __future__ import annotations

from personae.actors.domain.kit import Claim, Decisions, Facts, On
from personae.actors.domain.kit.refusal import CONTENDED
from personae.actors.domain.web_key import commands as c
from personae.actors.domain.web_key import events as e
from personae.actors.domain.web_key import refusals
from personae.actors.domain.web_key.facts import ActivateFacts, KeyPairFacts
from personae.actors.domain.web_key.state import PROFILES, WEB_KEY, Status, WebKey
from personae.actors.domain.web_key.values import TYPE_OF


@WEB_KEY.decides(c.AddWebKey)
def add(key: WebKey, cmd: c.AddWebKey, facts: KeyPairFacts) -> Decisions:
    if key != WEB_KEY.initial:
        raise refusals.ALREADY_EXISTS()
    yield e.WebKeyAdded(
        private_key=facts.private_key,
        public_key=facts.public_key,
        algorithm=cmd.algorithm,
        config_type=cmd.config_type,
        profile=cmd.profile,
    )


@WEB_KEY.decides(c.AddProfileKey)
def add_for_profile(key: WebKey, cmd: c.AddProfileKey, facts: KeyPairFacts) -> Decisions:
    if key != WEB_KEY.initial:
        raise refusals.ALREADY_EXISTS()
    if cmd.algorithm not in TYPE_OF:
        raise refusals.ALGORITHM_UNSUPPORTED(algorithm=cmd.algorithm)
    yield Claim(PROFILES, cmd.profile, refusals.ALREADY_EXISTS)
    yield e.WebKeyAdded(
        private_key=facts.private_key,
        public_key=facts.public_key,
        algorithm=cmd.algorithm,
        config_type=int(TYPE_OF[cmd.algorithm]),
        profile=cmd.profile,
    )
    yield e.WebKeyActivated()


@WEB_KEY.decides(c.ActivateWebKey)
def activate(key: WebKey, _cmd: c.ActivateWebKey, facts: ActivateFacts) -> Decisions:
    if key.status in {Status.UNKNOWN, Status.REMOVED}:
        raise refusals.NOT_FOUND()
    if key.status is Status.ACTIVE:
        return
    yield e.WebKeyActivated()
    if facts.previous:
        # Should it be retired already, a third key was activated meanwhile: two would sign.
        if not facts.previous_active or facts.previous_profile != key.profile:
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
