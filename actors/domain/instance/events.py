"""What happens to instances, but for their policies (``policy_family``)."""

from __future__ import annotations

from personae.actors.domain.kit import event, wire


@event("instance.added")
class InstanceAdded:
    name: str


@event("instance.changed")
class InstanceChanged:
    name: str


@event("instance.removed")
class InstanceRemoved:
    name: str = ""


@event("instance.default.language.set")
class DefaultLanguageSet:
    language: str


@event("instance.default.org.set")
class DefaultOrgSet:
    org_id: str


@event("instance.iam.project.set")
class IAMProjectSet:
    project_id: str = wire("iamProjectId")


@event("instance.iam.console.set")
class IAMConsoleSet:
    client_id: str
    app_id: str = wire("appId")


@event("instance.domain.added")
class InstanceDomainAdded:
    domain: str
    generated: bool = False


@event("instance.domain.primary.set")
class InstancePrimaryDomainSet:
    domain: str


@event("instance.domain.removed")
class InstanceDomainRemoved:
    domain: str


@event("instance.trusted_domains.added")
class TrustedDomainAdded:
    domain: str


@event("instance.trusted_domains.removed")
class TrustedDomainRemoved:
    domain: str


@event("instance.member.added")
class InstanceMemberAdded:
    user_id: str
    roles: tuple[str, ...] = ()


@event("instance.member.changed")
class InstanceMemberChanged:
    user_id: str
    roles: tuple[str, ...] = ()


@event("instance.member.removed")
class InstanceMemberRemoved:
    user_id: str


@event("instance.member.cascade.removed")
class InstanceMemberCascadeRemoved:
    user_id: str


@event("instance.secret.generator.added")
class SecretGeneratorAdded:
    generator_type: int
    length: int = 0
    expiry: int = 0
    include_lower_letters: bool = False
    include_upper_letters: bool = False
    include_digits: bool = False
    include_symbols: bool = False


@event("instance.hosted_login_translation.set")
class InstanceLoginTranslationSet:
    language: str
    translation: dict[str, object]
