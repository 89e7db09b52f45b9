"""What happens to organisations, but for their policies (``policy_family``)."""

from __future__ import annotations

from personae.actors.domain.kit import event


@event("org.added")
class OrgAdded:
    name: str


@event("org.changed")
class OrgChanged:
    name: str


@event("org.deactivated")
class OrgDeactivated:
    pass


@event("org.reactivated")
class OrgReactivated:
    pass


@event("org.removed")
class OrgRemoved:
    pass


@event("org.domain.added")
class OrgDomainAdded:
    domain: str


@event("org.domain.verified")
class OrgDomainVerified:
    domain: str


@event("org.domain.primary.set")
class OrgPrimaryDomainSet:
    domain: str


@event("org.domain.removed")
class OrgDomainRemoved:
    domain: str
    verified: bool = False


@event("org.member.added")
class OrgMemberAdded:
    user_id: str
    roles: tuple[str, ...] = ()


@event("org.member.changed")
class OrgMemberChanged:
    user_id: str
    roles: tuple[str, ...] = ()


@event("org.member.removed", "org.member.cascade.removed")
class OrgMemberRemoved:
    user_id: str


@event("org.hosted_login_translation.set")
class OrgLoginTranslationSet:
    language: str
    translation: dict[str, object]
