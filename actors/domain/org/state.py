"""An organisation as decisions need to know it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from personae.actors.domain import policy_family
from personae.actors.domain.kit import Kind, replace
from personae.actors.domain.org import events as e
from personae.actors.domain.org.values import ValidationType
from personae.actors.domain.values import Sealed


class Status(IntEnum):
    """Life of an organisation."""

    UNKNOWN = 0
    ACTIVE = 1
    INACTIVE = 2
    REMOVED = 3


@dataclass(frozen=True, slots=True)
class Validation:
    """A challenge: who shows ``code`` under the domain owns it."""

    type: ValidationType
    code: Sealed | None


@dataclass(frozen=True, slots=True)
class Org:
    """The state of one organisation. ``domains`` says of each whether it is verified.

    ``validations`` holds what was asked of those that are not; ``metadata`` the keys.
    ``overrides`` are its own policies, by their names in ``Policies``; ``translations`` its own
    texts of the sign-in pages, by language.
    """

    status: Status = Status.UNKNOWN
    name: str = ""
    primary_domain: str = ""
    domains: Mapping[str, bool] = field(default_factory=dict)
    validations: Mapping[str, Validation] = field(default_factory=dict)
    metadata: frozenset[str] = frozenset()
    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    overrides: Mapping[str, Any] = field(default_factory=dict)
    translations: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def exists(self) -> bool:
        """Whether it was created and not removed."""
        return self.status in {Status.ACTIVE, Status.INACTIVE}

    @property
    def active(self) -> bool:
        """Whether its users may sign in and its clients get tokens."""
        return self.status is Status.ACTIVE


ORG = Kind("org", Org())

ORG_DOMAINS = "org_domain"
"""Name space of the claims on verified domains."""

ORG_NAMES = "org_name"
"""Name space of the claims on organisation names."""


@ORG.on(e.OrgAdded)
def _(_org: Org, event: e.OrgAdded) -> Org:
    return Org(Status.ACTIVE, event.name)


@ORG.on(e.OrgChanged)
def _(org: Org, event: e.OrgChanged) -> Org:
    return replace(org, name=event.name)


@ORG.on(e.OrgDeactivated)
def _(org: Org, _event: e.OrgDeactivated) -> Org:
    return replace(org, status=Status.INACTIVE)


@ORG.on(e.OrgReactivated)
def _(org: Org, _event: e.OrgReactivated) -> Org:
    return replace(org, status=Status.ACTIVE)


@ORG.on(e.OrgRemoved)
def _(_org: Org, _event: e.OrgRemoved) -> Org:
    return Org(Status.REMOVED)


@ORG.on(e.OrgDomainAdded)
def _(org: Org, event: e.OrgDomainAdded) -> Org:
    return replace(org, domains={**org.domains, event.domain: False})


@ORG.on(e.OrgDomainVerified)
def _(org: Org, event: e.OrgDomainVerified) -> Org:
    left = {k: v for k, v in org.validations.items() if k != event.domain}
    return replace(org, domains={**org.domains, event.domain: True}, validations=left)


@ORG.on(e.OrgDomainVerificationAdded)
def _(org: Org, event: e.OrgDomainVerificationAdded) -> Org:
    asked = Validation(event.validation_type, event.validation_code)
    return replace(org, validations={**org.validations, event.domain: asked})


@ORG.on(e.OrgPrimaryDomainSet)
def _(org: Org, event: e.OrgPrimaryDomainSet) -> Org:
    return replace(org, primary_domain=event.domain)


@ORG.on(e.OrgDomainRemoved)
def _(org: Org, event: e.OrgDomainRemoved) -> Org:
    return replace(
        org,
        domains={k: v for k, v in org.domains.items() if k != event.domain},
        validations={k: v for k, v in org.validations.items() if k != event.domain},
    )


@ORG.on(e.OrgMetadataSet)
def _(org: Org, event: e.OrgMetadataSet) -> Org:
    return replace(org, metadata=org.metadata | {event.key})


@ORG.on(e.OrgMetadataRemoved)
def _(org: Org, event: e.OrgMetadataRemoved) -> Org:
    return replace(org, metadata=org.metadata - {event.key})


@ORG.on(e.OrgMemberAdded, e.OrgMemberChanged)
def _(org: Org, event: e.OrgMemberAdded) -> Org:
    return replace(org, members={**org.members, event.user_id: event.roles})


@ORG.on(e.OrgMemberRemoved, e.OrgMemberCascadeRemoved)
def _(org: Org, event: e.OrgMemberRemoved) -> Org:
    return replace(org, members={k: v for k, v in org.members.items() if k != event.user_id})


@ORG.on(*policy_family.events_of(policy_family.ORG))
def _(org: Org, event: object) -> Org:
    return replace(org, overrides=policy_family.applied(org.overrides, event))


@ORG.on(e.OrgLoginTranslationSet)
def _(org: Org, event: e.OrgLoginTranslationSet) -> Org:
    return replace(org, translations={**org.translations, event.language: event.translation})
