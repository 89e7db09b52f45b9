"""What deciders about organisations must know besides the organisation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from personae.actors.domain.kit import Facts, Stream
from personae.actors.domain.policies import Policies
from personae.actors.domain.user.facts import HumanFacts
from personae.actors.domain.values import Sealed


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
class DomainFacts(Facts):
    """Whether domains must be proved before they count."""

    must_prove: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofFacts(Facts):
    """A new challenge, sealed."""

    code: Sealed


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
