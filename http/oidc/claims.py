"""What clients may know about a user, by scope (OIDC Core, 5.1 and 5.4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from personae.actors.aggregates.login_names import login_names
from personae.actors.domain.kit import Stream
from personae.actors.domain.user.state import User
from personae.actors.domain.user.values import Gender
from personae.http.oidc.call import Call

SUPPORTED = (
    "sub", "aud", "exp", "iat", "iss", "auth_time", "nonce", "amr", "at_hash", "sid", "client_id",
    "azp", "preferred_username", "name", "family_name", "given_name", "nickname", "gender",
    "locale", "updated_at", "email", "email_verified", "phone_number", "phone_number_verified",
)  # fmt: skip
_GENDERS = {Gender.FEMALE: "female", Gender.MALE: "male", Gender.DIVERSE: "diverse"}


@dataclass(frozen=True, slots=True)
class Subject:
    """A user as claims describe it."""

    id: str
    user: User
    login_name: str
    changed_at: datetime | None


async def userinfo(call: Call, user_id: str, scopes: Iterable[str]) -> dict[str, Any]:
    """Return the claims that some scopes ask for, ``sub`` first. Costs no query."""
    asked = [CLAIMS[scope] for scope in scopes if scope in CLAIMS]
    found: dict[str, Any] = {"sub": user_id}
    if not asked:
        return found
    world = call.services.world
    aggregate = await world.aggregate(Stream(call.instance_id, "user", user_id))
    names = await login_names(world, call.instance_id, aggregate.state, aggregate.owner)
    name = names[0] if names else aggregate.state.user_name
    subject = Subject(user_id, aggregate.state, name, aggregate.changed_at)
    for claims in asked:
        found.update(claims(subject))
    return found


def profile(subject: Subject) -> dict[str, Any]:
    """Scope ``profile``; members without a value are left out (OIDC Core, 5.3.2)."""
    human, machine = subject.user.human, subject.user.machine
    found: dict[str, Any] = {"preferred_username": subject.login_name}
    if subject.changed_at:
        found["updated_at"] = int(subject.changed_at.timestamp())
    if machine:
        found["name"] = machine.name
    if human:
        person = human.profile
        found |= {
            "name": person.shown_as,
            "given_name": person.first_name,
            "family_name": person.last_name,
            "nickname": person.nick_name,
            "gender": _GENDERS.get(person.gender, ""),
            "locale": person.preferred_language,
        }
    return {name: value for name, value in found.items() if value != ""}


def email(subject: Subject) -> dict[str, Any]:
    """Scope ``email``."""
    human = subject.user.human
    if human is None or not human.email.value:
        return {}
    return {"email": human.email.value, "email_verified": human.email.verified}


def phone(subject: Subject) -> dict[str, Any]:
    """Scope ``phone``."""
    human = subject.user.human
    if human is None or not human.phone.value:
        return {}
    return {"phone_number": human.phone.value, "phone_number_verified": human.phone.verified}


CLAIMS: dict[str, Callable[[Subject], dict[str, Any]]] = {
    "profile": profile,
    "email": email,
    "phone": phone,
}
"""What each scope gives. Roles, metadata and organisation join here as further rows."""
