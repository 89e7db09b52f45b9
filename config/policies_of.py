"""From the policies of the settings to those that a new instance starts with."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta
from typing import Any, TypeVar

from personae.actors.domain import policies as p
from personae.actors.domain.instance.state import Generator
from personae.actors.domain.lifetimes import nanoseconds
from personae.actors.domain.policies import Policies
from personae.config.settings import Settings

P = TypeVar("P")

THEME_MODES = {"auto": 1, "light": 2, "dark": 3}

SECOND_FACTORS = {"totp": 1, "u2f": 2, "otp_email": 3, "otp_sms": 4}
MULTI_FACTORS = {"u2f_with_verification": 1}

GENERATOR_TYPES = {
    "initialize_user_code": 1,
    "email_verification_code": 2,
    "phone_verification_code": 3,
    "domain_verification": 4,
    "password_verification_code": 5,
    "passwordless_init_code": 6,
    "client_secret": 7,
    "otp_sms": 8,
    "otp_email": 9,
    "invite_code": 10,
    "signing_key": 11,
}


def policies_of(settings: Settings) -> Policies:
    """Return the default policies of a new instance."""
    of = settings.policies
    return Policies(
        login=_taken(p.LoginPolicy, of.login, passwordless_type=int(of.login.passwordless_allowed)),
        complexity=_taken(p.PasswordComplexityPolicy, of.password_complexity),
        age=_taken(p.PasswordAgePolicy, of.password_age),
        lockout=_taken(
            p.LockoutPolicy,
            of.lockout,
            show_lock_out_failures=of.lockout.show_lockout_failures,
        ),
        domain=_taken(p.DomainPolicy, of.domain),
        label=_taken(p.LabelPolicy, of.label, theme_mode=THEME_MODES[of.label.theme_mode]),
        privacy=_taken(p.PrivacyPolicy, of.privacy),
        notification=_taken(p.NotificationPolicy, of.notification),
        oidc=_taken(p.OIDCSettings, settings.oidc),
        security=_taken(p.SecurityPolicy, of.security),
        second_factors=tuple(SECOND_FACTORS[name] for name in of.login.second_factors),
        multi_factors=tuple(MULTI_FACTORS[name] for name in of.login.multi_factors),
    )


def _taken(policy: type[P], section: Any, **otherwise: object) -> P:
    """Return a policy with the values that a section has under the same names."""
    names = [f.name for f in fields(policy) if f.name not in otherwise]  # type: ignore[arg-type]
    return policy(**{name: _plain(getattr(section, name)) for name in names}, **otherwise)


def _plain(value: object) -> object:
    return nanoseconds(value) if isinstance(value, timedelta) else value


def generators_of(settings: Settings) -> dict[int, Generator]:
    """Return how a new instance makes its codes and secrets, by generator type."""
    made = {}
    for name, number in GENERATOR_TYPES.items():
        of = getattr(settings.secret_generators, name)
        expiry = nanoseconds(of.expiry) if of.expiry else 0
        made[number] = Generator(of.length, expiry, of.lower, of.upper, of.digits, of.symbols)
    return made
