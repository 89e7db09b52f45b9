"""An instance as decisions, pages and tokens need to know it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from personae.actors.domain import policy_family
from personae.actors.domain.idp.values import Idp
from personae.actors.domain.instance import events as e
from personae.actors.domain.instance.provider import Channel, Provider
from personae.actors.domain.kit import Kind, replace
from personae.actors.domain.policies import Policies


class Status(IntEnum):
    """Life of an instance."""

    UNKNOWN = 0
    ACTIVE = 1
    REMOVED = 2


@dataclass(frozen=True, slots=True)
class Generator:
    """How a kind of secret is made: length, alphabet, life in nanoseconds."""

    length: int
    expiry: int
    lower: bool
    upper: bool
    digits: bool
    symbols: bool


@dataclass(frozen=True, slots=True)
class Instance:
    """The state of one instance.

    ``generators`` by secret generator type, ``translations`` of the sign-in pages by language.
    ``providers`` of messages by channel and id; ``sending``: the id of the one that is used.
    ``idps`` are identity providers by id.
    """

    status: Status = Status.UNKNOWN
    name: str = ""
    language: str = "en"
    default_org: str = ""
    project_id: str = ""
    console_client_id: str = ""
    primary_domain: str = ""
    domains: tuple[str, ...] = ()
    trusted_domains: tuple[str, ...] = ()
    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    policies: Policies = Policies()
    generators: Mapping[int, Generator] = field(default_factory=dict)
    translations: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    providers: Mapping[str, Mapping[str, Provider]] = field(default_factory=dict)
    sending: Mapping[str, str] = field(default_factory=dict)
    idps: Mapping[str, Idp] = field(default_factory=dict)

    def provider(self, channel: Channel) -> Provider | None:
        """Return what messages of a channel are sent through, if anything."""
        return self.providers.get(channel, {}).get(self.sending.get(channel, ""))

    @property
    def exists(self) -> bool:
        """Whether it was set up and not removed."""
        return self.status is Status.ACTIVE


INSTANCE = Kind("instance", Instance())

INSTANCE_DOMAINS = "instance_domain"
"""Name space, across all instances, of the claims on the hosts they answer to."""


@INSTANCE.on(*policy_family.events_of(policy_family.INSTANCE))
def _(instance: Instance, event: object) -> Instance:
    after = policy_family.applied(policy_family.values_of(instance.policies), event)
    return replace(instance, policies=Policies(**after))


@INSTANCE.on(e.InstanceLoginTranslationSet)
def _(instance: Instance, event: e.InstanceLoginTranslationSet) -> Instance:
    translations = {**instance.translations, event.language: event.translation}
    return replace(instance, translations=translations)


@INSTANCE.on(e.InstanceAdded)
def _(instance: Instance, event: e.InstanceAdded) -> Instance:
    return replace(instance, status=Status.ACTIVE, name=event.name)


@INSTANCE.on(e.InstanceChanged)
def _(instance: Instance, event: e.InstanceChanged) -> Instance:
    return replace(instance, name=event.name)


@INSTANCE.on(e.InstanceRemoved)
def _(_instance: Instance, _event: e.InstanceRemoved) -> Instance:
    return Instance(Status.REMOVED)


@INSTANCE.on(e.DefaultLanguageSet)
def _(instance: Instance, event: e.DefaultLanguageSet) -> Instance:
    return replace(instance, language=event.language)


@INSTANCE.on(e.DefaultOrgSet)
def _(instance: Instance, event: e.DefaultOrgSet) -> Instance:
    return replace(instance, default_org=event.org_id)


@INSTANCE.on(e.IAMProjectSet)
def _(instance: Instance, event: e.IAMProjectSet) -> Instance:
    return replace(instance, project_id=event.project_id)


@INSTANCE.on(e.IAMConsoleSet)
def _(instance: Instance, event: e.IAMConsoleSet) -> Instance:
    return replace(instance, console_client_id=event.client_id)


@INSTANCE.on(e.InstanceDomainAdded)
def _(instance: Instance, event: e.InstanceDomainAdded) -> Instance:
    return replace(instance, domains=(*instance.domains, event.domain))


@INSTANCE.on(e.InstanceDomainRemoved)
def _(instance: Instance, event: e.InstanceDomainRemoved) -> Instance:
    return replace(instance, domains=tuple(d for d in instance.domains if d != event.domain))


@INSTANCE.on(e.InstancePrimaryDomainSet)
def _(instance: Instance, event: e.InstancePrimaryDomainSet) -> Instance:
    return replace(instance, primary_domain=event.domain)


@INSTANCE.on(e.TrustedDomainAdded)
def _(instance: Instance, event: e.TrustedDomainAdded) -> Instance:
    return replace(instance, trusted_domains=(*instance.trusted_domains, event.domain))


@INSTANCE.on(e.TrustedDomainRemoved)
def _(instance: Instance, event: e.TrustedDomainRemoved) -> Instance:
    left = tuple(d for d in instance.trusted_domains if d != event.domain)
    return replace(instance, trusted_domains=left)


@INSTANCE.on(e.InstanceMemberAdded, e.InstanceMemberChanged)
def _(instance: Instance, event: e.InstanceMemberAdded) -> Instance:
    return replace(instance, members={**instance.members, event.user_id: event.roles})


@INSTANCE.on(e.InstanceMemberRemoved, e.InstanceMemberCascadeRemoved)
def _(instance: Instance, event: e.InstanceMemberRemoved) -> Instance:
    left = {k: v for k, v in instance.members.items() if k != event.user_id}
    return replace(instance, members=left)


@INSTANCE.on(e.SecretGeneratorAdded)
def _(instance: Instance, event: e.SecretGeneratorAdded) -> Instance:
    generator = Generator(
        event.length,
        event.expiry,
        event.include_lower_letters,
        event.include_upper_letters,
        event.include_digits,
        event.include_symbols,
    )
    return replace(instance, generators={**instance.generators, event.generator_type: generator})
