"""Who asks, and on whose behalf: the one value that travels with every command and question."""

from __future__ import annotations

from dataclasses import dataclass

from personae.actors.domain.kit.replace import replace

SYSTEM = "SYSTEM"


@dataclass(frozen=True, slots=True)
class Membership:
    """Roles that the settings give a system user.

    ``kind`` is that of the aggregate, ``id`` which one; both empty: on all there is.
    """

    roles: tuple[str, ...]
    kind: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The authenticated origin of a command or question.

    ``user_id`` is empty for anonymous callers; ``org_id`` is the organisation context (header
    ``x-zitadel-orgid``, else the user's own). ``memberships`` only system users have; theirs are
    the only roles they have. ``system`` callers (set-up, workers) pass every
    permission check.
    """

    instance_id: str
    user_id: str = ""
    org_id: str = ""
    user_org_id: str = ""
    token_id: str = ""
    client_id: str = ""
    scopes: tuple[str, ...] = ()
    language: str = "en"
    agent_id: str = ""
    system: bool = False
    memberships: tuple[Membership, ...] = ()

    @classmethod
    def of_system(cls, instance_id: str) -> Caller:
        """Return the server itself as caller."""
        return cls(instance_id=instance_id, user_id=SYSTEM, system=True)

    def at(self, org_id: str) -> Caller:
        """Return the same caller with another organisation context."""
        return self if org_id == self.org_id else replace(self, org_id=org_id)
