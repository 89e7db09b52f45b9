"""Whether what a session proved is enough: the login policy on second factors and lifetimes.

Sign-in pages and silent answers (``prompt=none``) ask the same question here, so that no way
around the pages is a way around the policy.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from personae.actors.aggregates.policies import policies_of
from personae.actors.domain.kit import Stream
from personae.actors.domain.lifetimes import end
from personae.actors.domain.policies import Policies
from personae.actors.domain.session.state import CODES, Session
from personae.actors.domain.session.values import Factor
from personae.actors.domain.user.factors import Authenticator
from personae.actors.domain.user.state import Human, User

if TYPE_CHECKING:
    from personae.http.identity.services import Services

TOTP, U2F, OTP_EMAIL, OTP_SMS = 1, 2, 3, 4
"""Second factors as login policies number them."""
PASSKEY = 1
"""The one multi factor: a credential that verifies its user."""


class Lack(StrEnum):
    """What a session still lacks."""

    NOTHING = "nothing"
    CHECK = "check"
    SET_UP = "set_up"


@dataclass(frozen=True, slots=True)
class Factors:
    """The second factors that a user has set up and that the policy takes, in order of preference.

    ``recovery`` codes stand in for a lost one; they are no factor of their own.
    """

    ready: tuple[str, ...]
    recovery: bool


PASSKEY_FACTOR = "passkey"
"""Among factors: a credential that verifies its user, as opposed to a security key."""


def factors_of(human: Human, policies: Policies, domain: str) -> Factors:
    """Return what can be checked on pages of a domain."""
    second, multi = policies.second_factors, policies.multi_factors
    passkey = _has(human.passkeys.values(), domain)
    found = {
        PASSKEY_FACTOR: passkey and (PASSKEY in multi or bool(policies.login.passwordless_type)),
        Factor.WEB_AUTH_N: U2F in second and _has(human.u2f.values(), domain),
        Factor.TOTP: TOTP in second and human.totp is not None and human.totp.verified,
        Factor.OTP_EMAIL: OTP_EMAIL in second and human.otp_email and human.email.verified,
        Factor.OTP_SMS: OTP_SMS in second and human.otp_sms and human.phone.verified,
    }
    ready = tuple(str(name) for name, there in found.items() if there)
    return Factors(ready, bool(human.recovery_codes))


def _has(credentials: Iterable[Authenticator], domain: str) -> bool:
    return any(each.verified and each.rp_id == domain for each in credentials)


def lack_of(session: Session, human: Human, policies: Policies, domain: str, now: datetime) -> Lack:
    """Return what a session lacks by the login policy of its user's organisation."""
    if _second_factor_counts(session, policies, now):
        return Lack.NOTHING
    if factors_of(human, policies, domain).ready:
        return Lack.CHECK
    login = policies.login
    # who proved it elsewhere had the second factor asked there, if the policy is content with that
    local = Factor.INTENT not in session.checked
    forced = login.force_mfa or (local and login.force_mfa_local_only)
    return Lack.SET_UP if forced else Lack.NOTHING


def first_proved(session: Session, policies: Policies, now: datetime) -> datetime | None:
    """Return when the first factor was last proved, of those proofs that count by the policy."""
    login, checked = policies.login, session.checked
    proofs = (
        (session.password_checked, login.password_check_lifetime),
        (checked.get(Factor.INTENT), login.external_login_check_lifetime),
    )
    times = [at for at, life in proofs if at is not None and _fresh(at, life, now)]
    if passkey_counts(session, policies, now):
        times.append(checked[Factor.WEB_AUTH_N])
    return max(times, default=None)


def _second_factor_counts(session: Session, policies: Policies, now: datetime) -> bool:
    login = policies.login
    if passkey_counts(session, policies, now):
        return True
    times = [
        session.checked[each] for each in (*CODES, Factor.WEB_AUTH_N) if each in session.checked
    ]
    return any(_fresh(at, login.second_factor_check_lifetime, now) for at in times)


def passkey_counts(session: Session, policies: Policies, now: datetime) -> bool:
    """Say whether a passkey, which is two factors at once, was checked recently enough."""
    checked = session.checked.get(Factor.WEB_AUTH_N)
    lifetime = policies.login.multi_factor_check_lifetime
    return session.user_verified and checked is not None and _fresh(checked, lifetime, now)


def _fresh(checked: datetime, lifetime: int, now: datetime) -> bool:
    """Say whether a check counts; a lifetime of 0 sets no limit."""
    return not lifetime or now < end(checked, lifetime)


def password_left(
    human: Human, created_at: datetime | None, policies: Policies, now: datetime
) -> timedelta | None:
    """Return how long the password counts by its age; ``None`` when it does not age."""
    changed, days = human.password_changed_at or created_at, policies.age.max_age_days
    if not (human.password_hash and changed and days):
        return None
    return changed + timedelta(days=days) - now


def password_due(
    human: Human, created_at: datetime | None, policies: Policies, now: datetime
) -> bool:
    """Say whether the password must be another one before its user goes on."""
    left = password_left(human, created_at, policies, now)
    old = left is not None and left <= timedelta(0)
    return bool(human.password_hash) and (human.password_change_required or old)


async def assured(services: Services, instance_id: str, session: Session, domain: str) -> bool:
    """Say whether a session needs no page of ours before it may be used."""
    world = services.world
    aggregate = await world.aggregate(Stream(instance_id, "user", session.user_id))
    user: User = aggregate.state
    if user.human is None:
        return False
    policies, now = await policies_of(world, instance_id, aggregate.owner), world.now()
    if first_proved(session, policies, now) is None:
        return False
    if lack_of(session, user.human, policies, domain, now) is not Lack.NOTHING:
        return False
    return not password_due(user.human, aggregate.created_at, policies, now)
