"""What deciders about user grants must know besides the grant."""

from __future__ import annotations

from dataclasses import dataclass

from personae.actors.domain.kit import Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantFacts(Facts):
    """What the owner of the grant may give: the roles of its project, or of a grant of it.

    ``grant_id`` is that of the project grant, empty for the project's owner. ``project_exists``:
    the project is the owner's, or granted to it.
    """

    org_id: str
    grant_id: str = ""
    user_exists: bool = True
    project_exists: bool = True
    project_roles: frozenset[str] = frozenset()
