"""What deciders about organisations must know besides the organisation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from personae.actors.domain.kit import Facts, Stream
from personae.actors.domain.policies import Policies
from personae.actors.domain.user.facts import HumanFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class AddOrgFacts(Facts):
    """``domain`` is the generated one; ``humans`` the facts of each administrator to create."""

    instance_id: str
    domain: str
    known_roles: frozenset[str]
    humans: Mapping[str, HumanFacts] = field(default_factory=dict)
    unknown_users: frozenset[str] = frozenset()

    def user(self, user_id: str) -> Stream:
        """Return the stream of a user of this instance."""
        return Stream(self.instance_id, "user", user_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberFacts(Facts):
    """The roles that exist on this level, and whether the user to add exists."""

    known_roles: frozenset[str]
    user_exists: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveOrgFacts(Facts):
    """Whether this is the instance's default organisation."""

    is_default: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyFacts(Facts):
    """What holds now, what the instance has, and whether users' names are claimed already."""

    policies: Policies
    default: Policies
    has_users: bool = False
