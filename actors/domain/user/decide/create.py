"""Creating users."""

from __future__ import annotations

import re

from personae.actors.domain.kit import Claim, Decisions
from personae.actors.domain.user import commands as c
from personae.actors.domain.user import events as e
from personae.actors.domain.user import refusals
from personae.actors.domain.user.decide.contact import (
    checked_email,
    email_verification,
    phone_verification,
)
from personae.actors.domain.user.decide.links import linked
from personae.actors.domain.user.decide.names import checked_name
from personae.actors.domain.user.decide.password import check_complexity
from personae.actors.domain.user.factor_events import TotpAdded, TotpVerified
from personae.actors.domain.user.facts import HumanFacts, NamingFacts
from personae.actors.domain.user.state import USER, User
from personae.actors.domain.user.values import USERNAMES

ID, LONGEST_ID = re.compile(r"[\x20-\x7e]+"), 255
"""A subject "MUST NOT exceed 255 ASCII characters in length" (OIDC Core, 2)."""


@USER.decides(c.AddHuman)
def add_human(user: User, cmd: c.AddHuman, facts: HumanFacts) -> Decisions:
    _check_id(user, cmd.user_id)
    name = checked_name(cmd.user_name, facts)
    profile = cmd.profile
    if not (profile.first_name and profile.last_name):
        raise refusals.PROFILE_INCOMPLETE()
    if cmd.password:
        check_complexity(cmd.password, facts.complexity)
    yield Claim(USERNAMES, facts.naming.claim(name), refusals.NAME_TAKEN)
    added = e.HumanRegistered if cmd.self_registered else e.HumanAdded
    yield added(
        user_name=name,
        first_name=profile.first_name,
        last_name=profile.last_name,
        nick_name=profile.nick_name,
        display_name=profile.shown_as,
        preferred_language=profile.preferred_language,
        gender=profile.gender,
        email=checked_email(cmd.email),
        phone=cmd.phone.value if cmd.phone else "",
        encoded_hash=facts.password_hash,
        change_required=bool(cmd.password and cmd.password.change_required),
    )
    yield from email_verification(cmd.email, facts)
    if cmd.phone and cmd.phone.value:
        yield from phone_verification(cmd.phone, facts)
    for key, value in cmd.metadata:
        yield e.MetadataSet(key=key, value=value)
    for link in cmd.links:
        yield from linked(link)
    if facts.totp_secret:
        yield TotpAdded(otp_secret=facts.totp_secret)
        yield TotpVerified()


@USER.decides(c.AddMachine)
def add_machine(user: User, cmd: c.AddMachine, facts: NamingFacts) -> Decisions:
    _check_id(user, cmd.user_id)
    name = checked_name(cmd.user_name, facts)
    yield Claim(USERNAMES, facts.naming.claim(name), refusals.NAME_TAKEN)
    yield e.MachineAdded(
        user_name=name,
        name=cmd.name,
        description=cmd.description,
        access_token_type=cmd.access_token_type,
    )
    for key, value in cmd.metadata:
        yield e.MetadataSet(key=key, value=value)


def _check_id(user: User, id_: str) -> None:
    """Refuse an id that is in use, or was, or could be no ``sub`` (OIDC Core, 2)."""
    if len(id_) > LONGEST_ID or not ID.fullmatch(id_):
        raise refusals.ID_INVALID()
    # An id is never used twice: what a deleted user left behind must not fall to another.
    if user != USER.initial:
        raise refusals.ALREADY_EXISTS()
