"""What follows from orders to an instance."""

from __future__ import annotations

import re

from personae.actors.domain.instance import commands as c
from personae.actors.domain.instance import events as e
from personae.actors.domain.instance import refusals
from personae.actors.domain.instance.facts import InstanceMemberFacts, SetUpFacts
from personae.actors.domain.instance.state import (
    INSTANCE,
    INSTANCE_DOMAINS,
    Instance,
)
from personae.actors.domain.kit import Claim, Decisions, Facts, Release
from personae.actors.domain.kit.elsewhere import Elsewhere
from personae.actors.domain.members import check_roles
from personae.actors.domain.org import refusals as member_refusals
from personae.actors.domain.org.commands import AddOrg, Admin
from personae.actors.domain.org.state import ORG
from personae.actors.domain.policies import LabelPolicy, Policies, SecurityPolicy
from personae.actors.domain.policy_family import FAMILY, event_of, listed, values_of
from personae.actors.domain.policy_family import INSTANCE as LEVEL
from personae.actors.domain.policy_rules import (
    NAMES_IN_USE,
    changed,
    changes_naming,
    check,
)
from personae.actors.domain.project.commands import AddProject
from personae.actors.domain.project.facts import ClientFacts, ProjectFacts
from personae.actors.domain.project.state import PROJECT
from personae.actors.domain.user import refusals as user_refusals
from personae.actors.domain.user.state import USER
from personae.actors.domain.web_key.commands import ActivateWebKey
from personae.actors.domain.web_key.facts import ActivateFacts
from personae.actors.domain.web_key.state import WEB_KEY

LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
HOST = re.compile(rf"(?=.{{1,253}}$)(?:{LABEL}\.)*{LABEL}")
OWN_PROJECT = "ZITADEL"
"""Published clients look for this name, so it is part of the interface."""


@INSTANCE.decides(c.SetUpInstance)
def set_up(instance: Instance, cmd: c.SetUpInstance, facts: SetUpFacts) -> Decisions:
    if instance != INSTANCE.initial:
        raise refusals.ALREADY_EXISTS()
    others = Elsewhere(cmd.instance_id)
    yield e.InstanceAdded(name=cmd.name)
    yield e.DefaultLanguageSet(language=cmd.language)
    yield from _policies(cmd.policies)
    yield from _generators(cmd)
    yield from _domain(cmd.domain)
    yield from _organisation(cmd, facts, others)
    yield from _project(cmd, facts, others)
    yield from _users(cmd, facts, others)
    yield from _web_keys(cmd, facts, others)


def _policies(policies: Policies) -> Decisions:
    for policy in FAMILY.values():
        wanted = getattr(policies, policy.published or policy.field)
        does = "set" if policy.type is SecurityPolicy else "added"
        yield event_of(LEVEL, policy.type, does)(**values_of(wanted))
    yield from listed(LEVEL, policies)
    yield event_of(LEVEL, LabelPolicy, "activated")()


def _generators(cmd: c.SetUpInstance) -> Decisions:
    for kind, generator in cmd.generators.items():
        yield e.SecretGeneratorAdded(
            generator_type=kind,
            length=generator.length,
            expiry=generator.expiry,
            include_lower_letters=generator.lower,
            include_upper_letters=generator.upper,
            include_digits=generator.digits,
            include_symbols=generator.symbols,
        )


def _domain(host: str) -> Decisions:
    domain = _checked_host(host)
    yield _domain_claim(domain)
    yield e.InstanceDomainAdded(domain=domain)
    yield e.InstancePrimaryDomainSet(domain=domain)


def _organisation(cmd: c.SetUpInstance, facts: SetUpFacts, others: Elsewhere) -> Decisions:
    admins = tuple(
        Admin(user_id=first.user_id, roles=first.org_roles)
        for first in cmd.users
        if first.org_roles
    )
    order = AddOrg(org_id=cmd.org_id, name=cmd.org_name, admins=admins)
    yield from others.decide(ORG, cmd.org_id, order, facts.org, owner=cmd.org_id)
    yield e.DefaultOrgSet(org_id=cmd.org_id)


def _project(cmd: c.SetUpInstance, facts: SetUpFacts, others: Elsewhere) -> Decisions:
    order = AddProject(project_id=cmd.project_id, org_id=cmd.org_id, name=OWN_PROJECT)
    about = ProjectFacts(now=facts.now, org_id=cmd.org_id)
    yield from others.decide(PROJECT, cmd.project_id, order, about, owner=cmd.org_id)
    for app in cmd.apps:
        # None of them has a secret: APIs introspect with keys, the console is a public client.
        without_secret = ClientFacts(now=facts.now)
        yield from others.decide(PROJECT, cmd.project_id, app, without_secret, owner=cmd.org_id)
    yield e.IAMProjectSet(project_id=cmd.project_id)
    yield e.IAMConsoleSet(client_id=cmd.console_client_id, app_id=cmd.console_app_id)


def _users(cmd: c.SetUpInstance, facts: SetUpFacts, others: Elsewhere) -> Decisions:
    for first in cmd.users:
        id_ = first.user_id
        yield from others.decide(USER, id_, first.user, facts.users[id_], owner=cmd.org_id)
        if first.key:
            yield from others.decide(USER, id_, first.key, facts.keys[id_], owner=cmd.org_id)
        if first.token:
            yield from others.decide(USER, id_, first.token, facts, owner=cmd.org_id)
        if first.instance_roles:
            check_roles(first.instance_roles, facts.known_roles)
            yield e.InstanceMemberAdded(user_id=id_, roles=first.instance_roles)


def _web_keys(cmd: c.SetUpInstance, facts: SetUpFacts, others: Elsewhere) -> Decisions:
    for order in cmd.web_keys:
        pair = facts.web_keys[order.key_id]
        yield from others.decide(WEB_KEY, order.key_id, order, pair, owner=cmd.instance_id)
    for first in cmd.web_keys[:1]:
        sign = ActivateWebKey(key_id=first.key_id)
        about = ActivateFacts(now=facts.now)
        yield from others.decide(WEB_KEY, first.key_id, sign, about, owner=cmd.instance_id)


@INSTANCE.decides(c.AddInstanceDomain)
def add_domain(instance: Instance, cmd: c.AddInstanceDomain, _facts: Facts) -> Decisions:
    domain = _checked_host(cmd.domain)
    if domain in existing(instance).domains:
        return
    yield _domain_claim(domain)
    yield e.InstanceDomainAdded(domain=domain)


@INSTANCE.decides(c.RemoveInstanceDomain)
def remove_domain(instance: Instance, cmd: c.RemoveInstanceDomain, _facts: Facts) -> Decisions:
    domain = cmd.domain.strip().lower()
    if domain not in existing(instance).domains:
        raise refusals.DOMAIN_NOT_FOUND()
    if domain == instance.primary_domain:
        raise refusals.PRIMARY_STAYS()
    yield Release(INSTANCE_DOMAINS, domain, everywhere=True)
    yield e.InstanceDomainRemoved(domain=domain)


@INSTANCE.decides(c.ChangeInstance)
def rename(instance: Instance, cmd: c.ChangeInstance, _facts: Facts) -> Decisions:
    name = cmd.name.strip()
    if not name:
        raise refusals.NAME_INVALID()
    if existing(instance).name != name:
        yield e.InstanceChanged(name=name)


@INSTANCE.decides(c.RemoveInstance)
def remove(instance: Instance, _cmd: c.RemoveInstance, _facts: Facts) -> Decisions:
    for domain in existing(instance).domains:
        yield Release(INSTANCE_DOMAINS, domain, everywhere=True)
    yield e.InstanceRemoved(name=instance.name)


@INSTANCE.decides(c.AddTrustedDomain)
def add_trusted(instance: Instance, cmd: c.AddTrustedDomain, _facts: Facts) -> Decisions:
    domain = _checked_host(cmd.domain)
    if domain not in existing(instance).trusted_domains:
        yield e.TrustedDomainAdded(domain=domain)


@INSTANCE.decides(c.RemoveTrustedDomain)
def remove_trusted(instance: Instance, cmd: c.RemoveTrustedDomain, _facts: Facts) -> Decisions:
    domain = cmd.domain.strip().lower()
    if domain not in existing(instance).trusted_domains:
        raise refusals.DOMAIN_NOT_FOUND()
    yield e.TrustedDomainRemoved(domain=domain)


@INSTANCE.decides(c.ChangePolicy)
def change_policy(instance: Instance, cmd: c.ChangePolicy, _facts: Facts) -> Decisions:
    current = getattr(existing(instance).policies, FAMILY[type(cmd.policy)].field)
    if isinstance(cmd.policy, SecurityPolicy):
        check(cmd.policy)
        if cmd.policy != current:
            yield event_of(LEVEL, SecurityPolicy, "set")(**values_of(cmd.policy))
        return
    if changes_naming(current, cmd.policy):
        raise NAMES_IN_USE()  # an instance always has users, and their names are claimed
    yield from changed(LEVEL, current, cmd.policy)


@INSTANCE.decides(c.ActivateLabel)
def activate_label(instance: Instance, _cmd: c.ActivateLabel, _facts: Facts) -> Decisions:
    policies = existing(instance).policies
    if policies.label != policies.label_preview:
        yield event_of(LEVEL, LabelPolicy, "activated")()


@INSTANCE.decides(c.SetLoginTranslation)
def translate(instance: Instance, cmd: c.SetLoginTranslation, _facts: Facts) -> Decisions:
    if existing(instance).translations.get(cmd.language) != cmd.translation:
        made = e.InstanceLoginTranslationSet
        yield made(language=cmd.language, translation=dict(cmd.translation))


@INSTANCE.decides(c.AddInstanceMember)
def add_member(
    instance: Instance, cmd: c.AddInstanceMember, facts: InstanceMemberFacts
) -> Decisions:
    if cmd.user_id in existing(instance).members:
        raise member_refusals.MEMBER_EXISTS()
    if not facts.user_exists:
        raise user_refusals.NOT_FOUND()
    check_roles(cmd.roles, facts.known_roles)
    yield e.InstanceMemberAdded(user_id=cmd.user_id, roles=cmd.roles)


def _checked_host(host: str) -> str:
    domain = host.strip().lower()
    if not HOST.fullmatch(domain):
        raise refusals.DOMAIN_INVALID(domain=domain)
    return domain


def _domain_claim(domain: str) -> Claim:
    return Claim(INSTANCE_DOMAINS, domain, refusals.DOMAIN_TAKEN, everywhere=True)


def existing(instance: Instance) -> Instance:
    """Return the instance, or refuse when there is none."""
    if not instance.exists:
        raise refusals.NOT_FOUND()
    return instance
