"""What clients may know about a user, by scope (OIDC Core, 5.1 and 5.4)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from personae.actors.aggregates.login_names import login_names
from personae.actors.domain.kit import Stream
from personae.actors.domain.org.state import Org
from personae.actors.domain.user.state import User
from personae.actors.domain.user.values import Gender
from personae.http.identity import base64url
from personae.http.oidc import scopes
from personae.http.oidc.call import Call

SUPPORTED = (
    "sub", "aud", "exp", "iat", "iss", "auth_time", "nonce", "amr", "at_hash", "sid", "client_id",
    "azp", "act", "preferred_username", "name", "family_name", "given_name", "nickname", "gender",
    "locale", "updated_at", "email", "email_verified", "phone_number", "phone_number_verified",
)  # fmt: skip
E164 = re.compile(r"\+[1-9][0-9]{1,14}")
_GENDERS = {Gender.FEMALE: "female", Gender.MALE: "male", Gender.DIVERSE: "diverse"}


@dataclass(frozen=True, slots=True)
class Subject:
    """A user as claims describe it."""

    id: str
    user: User
    login_name: str
    changed_at: datetime | None
    org_id: str
    org: Org


async def userinfo(call: Call, user_id: str, granted: Iterable[str]) -> dict[str, Any]:
    """Return the claims that granted scopes ask for, ``sub`` first. Costs no query."""
    asked = [(scope, claims) for scope in granted if (claims := _claims_of(scope))]
    found: dict[str, Any] = {"sub": user_id}
    if not asked:
        return found
    subject = await _subject(call, user_id)
    for scope, claims in asked:
        found.update(claims(subject, scope))
    return found


async def _subject(call: Call, user_id: str) -> Subject:
    world = call.services.world
    aggregate = await world.aggregate(Stream(call.instance_id, "user", user_id))
    user: User = aggregate.state
    names = await login_names(world, call.instance_id, user, aggregate.owner)
    org = await world.state(Stream(call.instance_id, "org", aggregate.owner))
    name = names[0] if names else user.user_name
    return Subject(user_id, user, name, aggregate.changed_at, aggregate.owner, org)


@lru_cache(maxsize=4096)
def _claims_of(scope: str) -> Claims | None:
    return CLAIMS.get(scope) or next(
        (claims for start, claims in CLAIMS_OF_STARTS if scope.startswith(start)), None
    )


def profile(subject: Subject, _scope: str) -> dict[str, Any]:
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


def email(subject: Subject, _scope: str) -> dict[str, Any]:
    """Scope ``email``."""
    human = subject.user.human
    if human is None or not human.email.value:
        return {}
    return {"email": human.email.value, "email_verified": human.email.verified}


def phone(subject: Subject, _scope: str) -> dict[str, Any]:
    """Scope ``phone``: when a number is said to be verified, it "MUST be in E.164 format" (5.1)."""
    human = subject.user.human
    if human is None or not human.phone.value:
        return {}
    number, verified = human.phone.value, human.phone.verified
    return {
        "phone_number": number,
        "phone_number_verified": verified and bool(E164.fullmatch(number)),
    }


def metadata(subject: Subject, _scope: str) -> dict[str, Any]:
    """Scope ``…:user:metadata``: every entry, its value in base64url without padding."""
    entries = subject.user.metadata
    if not entries:
        return {}
    return {
        scopes.METADATA: {key: base64url.encode(entries[key]).decode() for key in sorted(entries)}
    }


def resource_owner(subject: Subject, _scope: str) -> dict[str, Any]:
    """Scope ``…:user:resourceowner``: the organization the user belongs to."""
    return {
        f"{scopes.RESOURCE_OWNER}:id": subject.org_id,
        f"{scopes.RESOURCE_OWNER}:name": subject.org.name,
        f"{scopes.RESOURCE_OWNER}:primary_domain": subject.org.primary_domain,
    }


def organization(subject: Subject, scope: str) -> dict[str, Any]:
    """Scope ``…:org:id:{id}``, which only users of that organization are granted."""
    asked = scope.removeprefix(scopes.ORG)
    if asked != subject.org_id:
        return {}
    return {scopes.ORG.rstrip(":"): asked, **resource_owner(subject, scope)}


def primary_domain(subject: Subject, scope: str) -> dict[str, Any]:
    """Scope ``…:org:domain:primary:{domain}``, likewise."""
    asked = scope.removeprefix(scopes.ORG_DOMAIN)
    if asked != subject.org.primary_domain:
        return {}
    return {scopes.ORG_DOMAIN.rstrip(":"): asked, **resource_owner(subject, scope)}


Claims = Callable[[Subject, str], dict[str, Any]]

CLAIMS: dict[str, Claims] = {
    "profile": profile,
    "email": email,
    "phone": phone,
    scopes.METADATA: metadata,
    scopes.RESOURCE_OWNER: resource_owner,
}
"""What each scope gives; roles are more than a user's own (``roles.py``)."""
CLAIMS_OF_STARTS: tuple[tuple[str, Claims], ...] = (
    (scopes.ORG, organization),
    (scopes.ORG_DOMAIN, primary_domain),
)
"""What scopes give that say more after a fixed start."""
