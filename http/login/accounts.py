"""The accounts a browser has signed in with, and whether each may go on as it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from personae.actors.aggregates.login_names import login_names
from personae.actors.aggregates.policies import policies_of
from personae.actors.domain.auth_request.events import AuthRequestAdded
from personae.actors.domain.kit import Refusal, Stream
from personae.actors.domain.lifetimes import end
from personae.actors.domain.policies import Policies
from personae.actors.domain.session.state import Session
from personae.actors.domain.user.state import User
from personae.actors.domain.values import key
from personae.http.identity.agent import Held, living
from personae.http.login.visit import Visit

LOGIN = 2
"""The prompt ``login`` (OIDC Core, 3.1.2.1) as requests keep it."""


class State(StrEnum):
    """What an account needs before it can be used; the value names its text."""

    READY = "ready"
    PASSWORD = "password"  # noqa: S105 — a state, not a password
    BARRED = "barred"


@dataclass(frozen=True, slots=True)
class Account:
    """A signed-in user of this browser, with the policies of their organisation."""

    held: Held
    session: Session
    user: User
    names: tuple[str, ...]
    state: State
    policies: Policies

    @property
    def login_name(self) -> str:
        """The preferred login name."""
        return self.names[0] if self.names else self.user.user_name

    @property
    def name(self) -> str:
        """What the user is called."""
        return self.user.human.profile.shown_as if self.user.human else self.user.user_name

    @property
    def initials(self) -> str:
        """One or two letters that stand for a picture."""
        words = self.name.split()
        return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()

    def answers(self, asked: AuthRequestAdded | None) -> bool:
        """Say whether this is the account a client hints at; each is, when it hints at none."""
        if asked is None:
            return True
        if asked.hint_user_id and asked.hint_user_id != self.session.user_id:
            return False
        return not asked.login_hint or _key(asked.login_hint) in map(_key, self.names)


def _key(name: str) -> str:
    try:
        return key(name.strip())
    except Refusal:
        return ""


async def accounts_of(visit: Visit) -> list[Account]:
    """Return the accounts of a browser, the one used last first."""
    found = await living(visit.agent, visit.services, visit.instance_id)
    made = [await _account(visit, held, session) for held, session in found]
    return [account for account in made if account is not None]


async def account_of(visit: Visit, session_id: str) -> Account | None:
    """Return one account of a browser by its session."""
    accounts = await accounts_of(visit)
    return next((each for each in accounts if each.held.session_id == session_id), None)


async def _account(visit: Visit, held: Held, session: Session) -> Account | None:
    world, instance_id = visit.services.world, visit.instance_id
    aggregate = await world.aggregate(Stream(instance_id, "user", session.user_id))
    user: User = aggregate.state
    if not user.exists:
        return None
    org = await world.state(Stream(instance_id, "org", aggregate.owner))
    policies = await policies_of(world, instance_id, aggregate.owner)
    state = State.BARRED
    if user.may_sign_in and org.active:
        lifetime = policies.login.password_check_lifetime
        fresh = is_fresh(session, lifetime, visit.asked, world.now())
        state = State.READY if fresh else State.PASSWORD
    names = await login_names(world, instance_id, user, aggregate.owner)
    return Account(held, session, user, tuple(names), state, policies)


def is_fresh(
    session: Session, lifetime: int, asked: AuthRequestAdded | None, now: datetime
) -> bool:
    """Say whether a session's password check still counts, for the policy and for the client.

    ``lifetime`` is the policy's, in nanoseconds; 0 sets no limit.
    """
    checked = session.password_checked
    if checked is None or (lifetime and now >= end(checked, lifetime)):
        return False
    if asked is None:
        return True
    if LOGIN in asked.prompt:
        return False
    return asked.max_age is None or (now - checked).total_seconds() < asked.max_age
