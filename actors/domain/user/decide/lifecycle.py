"""Locking, deactivating and deleting users."""

from __future__ import annotations

from personae.actors.domain.kit import Decisions, Release
from personae.actors.domain.oidc_session.facts import OpeningFacts
from personae.actors.domain.oidc_session.opening import handed_over
from personae.actors.domain.user import commands as c
from personae.actors.domain.user import events as e
from personae.actors.domain.user import refusals
from personae.actors.domain.user.factors import EXTERNAL_IDPS
from personae.actors.domain.user.facts import NamingFacts
from personae.actors.domain.user.state import USER, User
from personae.actors.domain.user.values import USERNAMES, Status


def existing(user: User) -> User:
    """Return the user, or refuse when there is none."""
    if not user.exists:
        raise refusals.NOT_FOUND()
    return user


@USER.decides(c.RemoveUser)
def remove(user: User, _cmd: c.RemoveUser, facts: NamingFacts) -> Decisions:
    existing(user)
    yield Release(USERNAMES, facts.naming.claim(user.user_name))
    for link in user.human.links if user.human else ():
        yield Release(EXTERNAL_IDPS, link.claim)
    yield e.UserRemoved()


@USER.decides(c.Impersonate)
def impersonate(user: User, cmd: c.Impersonate, facts: OpeningFacts) -> Decisions:
    existing(user)
    yield e.UserImpersonated(application_id=cmd.application_id, actor_id=cmd.actor_id)
    yield from handed_over(cmd.opening, facts)


@USER.decides(c.DeactivateUser)
def deactivate(user: User, _cmd: c.DeactivateUser, _facts: object) -> Decisions:
    if existing(user).status is Status.INACTIVE:
        raise refusals.ALREADY_INACTIVE()
    yield e.UserDeactivated()


@USER.decides(c.ReactivateUser)
def reactivate(user: User, _cmd: c.ReactivateUser, _facts: object) -> Decisions:
    if existing(user).status is not Status.INACTIVE:
        raise refusals.NOT_INACTIVE()
    yield e.UserReactivated()


@USER.decides(c.LockUser)
def lock(user: User, _cmd: c.LockUser, _facts: object) -> Decisions:
    if existing(user).status is Status.LOCKED:
        raise refusals.ALREADY_LOCKED()
    if user.status is Status.INACTIVE:
        raise refusals.NOT_ACTIVE()
    yield e.UserLocked()


@USER.decides(c.UnlockUser)
def unlock(user: User, _cmd: c.UnlockUser, _facts: object) -> Decisions:
    if existing(user).status is not Status.LOCKED:
        raise refusals.NOT_LOCKED()
    yield e.UserUnlocked()
