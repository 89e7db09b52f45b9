"""What deciders about user grants must know besides the grant."""

from __future__ import annotations

from dataclasses import dataclass

from personae.actors.domain.kit import Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantFacts(Facts):
    """The owner of the grant, whether the user is there, and the roles the project has."""

    org_id: str
    user_exists: bool = True
    project_exists: bool = True
    project_roles: frozenset[str] = frozenset()
