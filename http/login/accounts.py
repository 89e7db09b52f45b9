"""The accounts a browser has signed in with, and whether each may go on as it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from personae.actors.aggregates.login_names import login_names
from personae.actors.aggregates.policies import policies_of
from personae.actors.domain.auth_request.events import AuthRequestAdded
from personae.actors.domain.kit import Refusal, Stream
from personae.actors.domain.lifetimes import end
from personae.actors.domain.policies import Policies
from personae.actors.domain.session.state import Session
from personae.actors.domain.session.values import Factor
from personae.actors.domain.user.state import User
from personae.actors.domain.values import key
from personae.http.identity.agent import Held, living
from personae.http.identity.assurance import (
    OTP_EMAIL,
    OTP_SMS,
    PASSKEY,
    PASSKEY_FACTOR,
    TOTP,
    U2F,
    Lack,
    factors_of,
    first_proved,
    lack_of,
)
from personae.http.login.contacts import contacts_of, plain
from personae.http.login.requests import LOGIN
from personae.http.login.visit import Visit


class State(StrEnum):
    """What an account needs before it can be used; the value names its text."""

    READY = "ready"
    PASSWORD = "password"  # noqa: S105 — a state, not a password
    FACTOR = "factor"
    BARRED = "barred"


@dataclass(frozen=True, slots=True)
class Account:
    """A signed-in user of this browser, with the policies of their organisation.

    ``primary``: password or passkey were proved, recently enough for the policy and the client.
    """

    held: Held
    session: Session
    user: User
    names: tuple[str, ...]
    state: State
    policies: Policies
    primary: bool
    lack: Lack
    created_at: datetime | None

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

    def is_hinted(self, asked: AuthRequestAdded) -> bool:
        """Say whether an ``id_token_hint`` is at this account; each is meant when there is none."""
        return asked.hint_user_id in {None, "", self.session.user_id}

    def answers(self, asked: AuthRequestAdded | None) -> bool:
        """Say whether this is the account a client hints at; each is, when it hints at none."""
        if asked is None:
            return True
        if not self.is_hinted(asked):
            return False
        hint, names = asked.login_hint, map(_key, self.names)
        contacts = contacts_of(self.user, self.policies.login)
        return not hint or _key(hint) in names or plain(hint) in contacts


def _key(name: str) -> str:
    try:
        return key(name.strip())
    except Refusal:
        return ""


async def accounts_of(visit: Visit) -> list[Account]:
    """Return the accounts of a browser, the one used last first."""
    found = await living(visit.agent, visit.services, visit.instance_id)
    began = await _began(visit)
    made = [await _account(visit, held, session, began) for held, session in found]
    return [account for account in made if account is not None]


async def account_of(visit: Visit, session_id: str) -> Account | None:
    """Return one account of a browser by its session."""
    accounts = await accounts_of(visit)
    return next((each for each in accounts if each.held.session_id == session_id), None)


async def _account(
    visit: Visit, held: Held, session: Session, began: datetime | None
) -> Account | None:
    world, instance_id = visit.services.world, visit.instance_id
    aggregate = await world.aggregate(Stream(instance_id, "user", session.user_id))
    user: User = aggregate.state
    if not user.exists:
        return None
    org = await world.state(Stream(instance_id, "org", aggregate.owner))
    policies = await policies_of(world, instance_id, aggregate.owner)
    primary = user.may_sign_in and org.active and is_fresh(session, policies, visit, began)
    lack = Lack.NOTHING
    if user.human is not None:
        lack = lack_of(session, user.human, policies, visit.domain, world.now())
    state = State.BARRED
    if user.may_sign_in and org.active:
        fresh = primary and not (visit.asked and wants_new(visit.asked))
        state = (State.READY if lack is Lack.NOTHING else State.FACTOR) if fresh else State.PASSWORD
    names = await login_names(world, instance_id, user, aggregate.owner)
    created = aggregate.created_at
    return Account(
        held, session, user, tuple(names), state, policies, primary, lack, created_at=created
    )


async def _began(visit: Visit) -> datetime | None:
    """Return when the client asked, if one did."""
    if visit.auth is None:
        return None
    stream = Stream(visit.instance_id, visit.way.kind, visit.auth_id)
    asked = await visit.services.world.aggregate(stream)
    return visit.auth.opened_at or asked.created_at


def is_fresh(session: Session, policies: Policies, visit: Visit, began: datetime | None) -> bool:
    """Say whether the first factor still counts, for the policy and for the client.

    A client that wants a new sign-in (``prompt=login``) takes none from before it asked. Age is
    counted back from then, too: how long people take at our pages makes nothing too old.
    """
    asked, proved = visit.asked, first_proved(session, policies, visit.services.world.now())
    if proved is None or asked is None or began is None:
        return proved is not None
    limit = 0 if wants_new(asked) else asked.max_age
    return limit is None or began - proved <= timedelta(seconds=limit)


def wants_new(asked: AuthRequestAdded) -> bool:
    """Say whether a client takes no sign-in from before it asked."""
    return LOGIN in asked.prompt or asked.max_age == 0


def may_set_up(account: Account, domain: str) -> tuple[str, ...]:
    """Return the factors that the policy takes and an account does not have yet."""
    human, policies = account.user.human, account.policies
    if human is None:
        return ()
    ready = factors_of(human, policies, domain).ready
    second = policies.second_factors
    passkeys = PASSKEY in policies.multi_factors and policies.login.passwordless_type
    allowed = {
        Factor.TOTP: TOTP in second,
        PASSKEY_FACTOR: bool(passkeys),
        Factor.WEB_AUTH_N: U2F in second,
        Factor.OTP_EMAIL: OTP_EMAIL in second and human.email.verified and not human.otp_email,
        Factor.OTP_SMS: OTP_SMS in second and human.phone.verified and not human.otp_sms,
    }
    return tuple(str(name) for name, there in allowed.items() if there and name not in ready)


def should_offer(account: Account, domain: str, now: datetime) -> bool:
    """Say whether it is time to offer a second factor to somebody who has none.

    An offer never stands between people and the application they want: only a demand does.
    """
    human, life = account.user.human, account.policies.login.mfa_init_skip_lifetime
    if human is None or not life or factors_of(human, account.policies, domain).ready:
        return False
    put_off = human.mfa_skipped_at is not None and now < end(human.mfa_skipped_at, life)
    return not put_off and bool(may_set_up(account, domain))
