"""What a user allows clients to know and do, and takes back."""

from __future__ import annotations

from personae.actors.domain.kit import Decisions
from personae.actors.domain.user import commands as c
from personae.actors.domain.user import events as e
from personae.actors.domain.user import refusals
from personae.actors.domain.user.decide.lifecycle import existing
from personae.actors.domain.user.state import USER, User


@USER.decides(c.GiveConsent)
def give(user: User, cmd: c.GiveConsent, _facts: object) -> Decisions:
    if not existing(user).lets_have(cmd.client_id, cmd.scopes):
        yield e.ConsentGiven(client_id=cmd.client_id, scopes=cmd.scopes)


@USER.decides(c.WithdrawConsent)
def withdraw(user: User, cmd: c.WithdrawConsent, _facts: object) -> Decisions:
    if cmd.client_id not in existing(user).consents:
        raise refusals.CONSENT_NOT_FOUND()
    yield e.ConsentWithdrawn(client_id=cmd.client_id)
