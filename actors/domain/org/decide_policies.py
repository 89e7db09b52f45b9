"""What follows from orders about an organisation's own policies."""

from __future__ import annotations

from typing import Any

from personae.actors.domain.kit import Decisions, Facts
from personae.actors.domain.org import commands as c
from personae.actors.domain.org import events as e
from personae.actors.domain.org.decide import existing
from personae.actors.domain.org.facts import PolicyFacts
from personae.actors.domain.org.state import ORG, Org
from personae.actors.domain.policies import LabelPolicy, LoginPolicy
from personae.actors.domain.policy_family import FAMILY, Policy, event_of, listed, values_of
from personae.actors.domain.policy_family import ORG as LEVEL
from personae.actors.domain.policy_rules import (
    ALREADY_EXISTS,
    INVALID,
    NAMES_IN_USE,
    NOT_FOUND,
    changed,
    changes_naming,
    check,
)


@ORG.decides(c.AddOrgPolicy)
def add(org: Org, cmd: c.AddOrgPolicy, facts: PolicyFacts) -> Decisions:
    policy = _shared(type(cmd.policy))
    if policy.field in existing(org).overrides:
        raise ALREADY_EXISTS()
    check(cmd.policy)
    _keep_names(cmd.policy, facts)
    yield event_of(LEVEL, policy.type, "added")(**values_of(cmd.policy))
    if policy.type is LoginPolicy:
        # It starts with the instance's lists: nobody loses a factor by a change of something else.
        yield from listed(LEVEL, facts.policies)


@ORG.decides(c.ChangeOrgPolicy)
def change(org: Org, cmd: c.ChangeOrgPolicy, facts: PolicyFacts) -> Decisions:
    current = _own(org, type(cmd.policy))
    _keep_names(cmd.policy, facts)
    yield from changed(LEVEL, current, cmd.policy)


@ORG.decides(c.RemoveOrgPolicy)
def remove(org: Org, cmd: c.RemoveOrgPolicy, facts: PolicyFacts) -> Decisions:
    _own(org, cmd.policy)
    _keep_names(getattr(facts.default, FAMILY[cmd.policy].field), facts)
    yield event_of(LEVEL, cmd.policy, "removed")()


@ORG.decides(c.ActivateOrgLabel)
def activate_label(org: Org, _cmd: c.ActivateOrgLabel, _facts: Facts) -> Decisions:
    if _own(org, LabelPolicy) != org.overrides.get("label"):
        yield event_of(LEVEL, LabelPolicy, "activated")()


@ORG.decides(c.SetOrgLoginTranslation)
def translate(org: Org, cmd: c.SetOrgLoginTranslation, _facts: Facts) -> Decisions:
    if existing(org).translations.get(cmd.language) != cmd.translation:
        yield e.OrgLoginTranslationSet(language=cmd.language, translation=dict(cmd.translation))


def _shared(kind: type) -> Policy:
    policy = FAMILY[kind]
    if not policy.shared:
        raise INVALID(field=policy.field)
    return policy


def _own(org: Org, kind: type) -> Any:
    field = _shared(kind).field
    if field not in existing(org).overrides:
        raise NOT_FOUND()
    return org.overrides[field]


def _keep_names(wanted: Any, facts: PolicyFacts) -> None:
    """Refuse to make names unique within something else while users hold some."""
    if facts.has_users and changes_naming(facts.policies.domain, wanted):
        raise NAMES_IN_USE()
