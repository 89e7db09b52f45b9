"""What happens to organisations, but for their policies (``policy_family``)."""

from __future__ import annotations

from personae.actors.domain.kit import event
from personae.actors.domain.org.values import ValidationType
from personae.actors.domain.values import Sealed


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


@event("org.domain.verification.added")
class OrgDomainVerificationAdded:
    domain: str
    validation_type: ValidationType
    validation_code: Sealed | None = None


@event("org.domain.verification.failed")
class OrgDomainVerificationFailed:
    domain: str


@event("org.domain.primary.set")
class OrgPrimaryDomainSet:
    domain: str


@event("org.domain.removed")
class OrgDomainRemoved:
    domain: str
    verified: bool = False


@event("org.metadata.set")
class OrgMetadataSet:
    key: str
    value: bytes = b""


@event("org.metadata.removed")
class OrgMetadataRemoved:
    key: str


@event("org.member.added")
class OrgMemberAdded:
    user_id: str
    roles: tuple[str, ...] = ()


@event("org.member.changed")
class OrgMemberChanged:
    user_id: str
    roles: tuple[str, ...] = ()


@event("org.member.removed")
class OrgMemberRemoved:
    user_id: str


@event("org.hosted_login_translation.set")
class OrgLoginTranslationSet:
    language: str
    translation: dict[str, object]


@event("org.member.cascade.removed")
class OrgMemberCascadeRemoved:
    user_id: str
