"""Members of an aggregate: users with roles of its level, refused alike on every level."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from personae.actors.domain.kit import Facts
from personae.actors.domain.org import refusals
from personae.actors.domain.user import refusals as user_refusals

Members = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberFacts(Facts):
    """The roles that exist on this level, and whether the user to add exists."""

    known_roles: frozenset[str]
    user_exists: bool = True


def check_new(members: Members, user_id: str, roles: tuple[str, ...], facts: MemberFacts) -> None:
    """Refuse a member that is one already, who is nobody, and roles of other levels."""
    if user_id in members:
        raise refusals.MEMBER_EXISTS()
    if not facts.user_exists:
        raise user_refusals.NOT_FOUND()
    check_roles(roles, facts.known_roles)


def changes(members: Members, user_id: str, roles: tuple[str, ...], facts: MemberFacts) -> bool:
    """Say whether a member gets other roles; refuse who is none, and roles of other levels."""
    if user_id not in members:
        raise refusals.MEMBER_NOT_FOUND()
    check_roles(roles, facts.known_roles)
    return set(members[user_id]) != set(roles)


def check_roles(roles: Iterable[str], known: frozenset[str]) -> None:
    """Refuse roles that do not exist on this level, and an empty list."""
    unknown = set(roles) - known
    if unknown or not roles:
        raise refusals.ROLE_UNKNOWN(roles=", ".join(sorted(unknown)))
