"""Orders to an organisation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from personae.actors.domain.kit import command
from personae.actors.domain.org.state import Validation
from personae.actors.domain.org.values import ValidationType
from personae.actors.domain.policies import AnyPolicy
from personae.actors.domain.user.commands import AddHuman


@dataclass(frozen=True, slots=True, kw_only=True)
class Admin:
    """A first administrator: an existing user, or a human to create."""

    user_id: str
    human: AddHuman | None = None
    roles: tuple[str, ...] = ()


@command("org", id="org_id", owner="org_id", creates=True)
class AddOrg:
    """Create an organisation with its first administrators, all in one commit."""

    org_id: str
    name: str
    admins: tuple[Admin, ...] = ()


@command("org", id="org_id")
class ChangeOrg:
    org_id: str
    name: str


@command("org", id="org_id")
class DeactivateOrg:
    org_id: str


@command("org", id="org_id")
class ReactivateOrg:
    org_id: str


@command("org", id="org_id")
class RemoveOrg:
    org_id: str


@command("org", id="org_id")
class AddOrgDomain:
    org_id: str
    domain: str


@command("org", id="org_id")
class RemoveOrgDomain:
    org_id: str
    domain: str


@command("org", id="org_id")
class AskOrgDomainProof:
    """Make the challenge that proves a domain; returned once as ``token``."""

    org_id: str
    domain: str
    type: ValidationType


@command("org", id="org_id")
class VerifyOrgDomain:
    """Take a domain as proved, or note that the proof failed; ``asked`` is what was looked for."""

    org_id: str
    domain: str
    asked: Validation
    proved: bool


@command("org", id="org_id")
class SetOrgMetadata:
    org_id: str
    entries: Mapping[str, bytes]


@command("org", id="org_id")
class RemoveOrgMetadata:
    org_id: str
    keys: tuple[str, ...]


@command("org", id="org_id")
class AddOrgMember:
    org_id: str
    user_id: str
    roles: tuple[str, ...]


@command("org", id="org_id")
class ChangeOrgMember:
    org_id: str
    user_id: str
    roles: tuple[str, ...]


@command("org", id="org_id")
class RemoveOrgMember:
    """``cascade``: because the user was deleted."""

    org_id: str
    user_id: str
    cascade: bool = False


@command("org", id="org_id")
class AddOrgPolicy:
    """Let a policy of its own hold for an organisation; one of ``domain.policies``."""

    org_id: str
    policy: AnyPolicy


@command("org", id="org_id")
class ChangeOrgPolicy:
    org_id: str
    policy: AnyPolicy


@command("org", id="org_id")
class RemoveOrgPolicy:
    """Let the instance's policy of a type hold again."""

    org_id: str
    policy: type[AnyPolicy]


@command("org", id="org_id")
class ActivateOrgLabel:
    """Show the label as it was last edited."""

    org_id: str


@command("org", id="org_id")
class SetOrgLoginTranslation:
    """Replace the organisation's own texts of the sign-in pages in one language."""

    org_id: str
    language: str
    translation: Mapping[str, Any]
