"""Policies: defaults of an instance, overrides of an organisation, and what they may say."""

import pytest
from personae.actors.domain import policies as p
from personae.actors.domain.instance import commands as i
from personae.actors.domain.instance.events import InstanceAdded, InstanceLoginTranslationSet
from personae.actors.domain.kit import EVENTS
from personae.actors.domain.org import commands as c
from personae.actors.domain.org.events import OrgAdded, OrgLoginTranslationSet
from personae.actors.domain.org.facts import PolicyFacts
from personae.actors.domain.policy_family import FAMILY, INSTANCE, ORG, event_of, values_of
from personae.actors.domain.policy_rules import (
    ALREADY_EXISTS,
    INVALID,
    NAMES_IN_USE,
    NOT_FOUND,
    check,
)

from tests.domain.language import NOW, given, refuses, state_of

HERE, THERE = InstanceAdded(name="I"), OrgAdded(name="O")
LOCKOUT = p.LockoutPolicy(max_password_attempts=3, show_lock_out_failures=True)
DEFAULT = p.Policies(second_factors=(1, 2), multi_factors=(1,))
FACTS = PolicyFacts(now=NOW, policies=DEFAULT, default=DEFAULT)
IN_USE = PolicyFacts(now=NOW, policies=DEFAULT, default=DEFAULT, has_users=True)
SHARED = [policy for policy in FAMILY.values() if policy.shared]


def added(policy):
    return event_of(ORG, type(policy), "added")(**values_of(policy))


def fine(kind, **values):
    usual = {"min_length": 8} if kind is p.PasswordComplexityPolicy else {}
    return kind(**usual | values)


def of_org(*events):
    return state_of("org", THERE, *events).overrides


@pytest.mark.parametrize("policy", SHARED, ids=lambda policy: policy.field)
def test_an_organisation_adds_every_shared_policy_once_and_removes_it(policy):
    order = c.AddOrgPolicy(org_id="10", policy=fine(policy.type))
    event = added(fine(policy.type))
    given(THERE).when(order, FACTS).includes(event)
    given(THERE, event).when(order, FACTS).refuses(ALREADY_EXISTS)
    remove = c.RemoveOrgPolicy(org_id="10", policy=policy.type)
    removed = event_of(ORG, policy.type, "removed")()
    given(THERE, event).when(remove, FACTS).then(removed)
    given(THERE).when(remove, FACTS).refuses(NOT_FOUND)
    assert of_org(event, removed) == {}


@pytest.mark.parametrize("kind", [p.OIDCSettings, p.SecurityPolicy])
def test_some_policies_are_the_instance_s_alone(kind):
    given(THERE).when(c.AddOrgPolicy(org_id="10", policy=kind()), FACTS).refuses(INVALID)
    given(THERE).when(c.ChangeOrgPolicy(org_id="10", policy=kind()), FACTS).refuses(INVALID)


def test_a_change_carries_only_what_changed_and_nothing_when_nothing_did():
    other = p.LockoutPolicy(max_password_attempts=5, show_lock_out_failures=False)
    change = c.ChangeOrgPolicy(org_id="10", policy=other)
    event = event_of(ORG, p.LockoutPolicy, "changed")(
        max_password_attempts=5, show_lock_out_failures=False
    )
    given(THERE, added(LOCKOUT)).when(change, FACTS).then(event)
    given(THERE, added(LOCKOUT), event).when(change, FACTS).then_nothing()
    assert of_org(added(LOCKOUT), event) == {"lockout": other}


def test_an_instance_changes_its_defaults():
    change = i.ChangePolicy(instance_id="1", policy=LOCKOUT)
    event = event_of(INSTANCE, p.LockoutPolicy, "changed")(
        **values_of(LOCKOUT) | {"max_otp_attempts": None}
    )
    given(HERE).when(change).then(event)
    assert state_of("instance", HERE, event).policies.lockout == LOCKOUT


def test_security_is_set_as_a_whole():
    policy = p.SecurityPolicy(enable_iframe_embedding=True, allowed_origins=("https://a.test",))
    order = i.ChangePolicy(instance_id="1", policy=policy)
    event = event_of(INSTANCE, p.SecurityPolicy, "set")(**values_of(policy))
    given(HERE).when(order).then(event)
    given(HERE, event).when(order).then_nothing()
    bad = p.SecurityPolicy(allowed_origins=("javascript:alert(1)",))
    given(HERE).when(i.ChangePolicy(instance_id="1", policy=bad)).refuses(INVALID)


def test_an_own_login_policy_starts_with_the_instance_s_factors():
    events = given(THERE).when(c.AddOrgPolicy(org_id="10", policy=p.LoginPolicy()), FACTS).decisions
    assert of_org(*events)["second_factors"] == (1, 2)
    gone = event_of(ORG, p.LoginPolicy, "second_factors.removed")(mfa_type=1)
    overrides = of_org(*events, gone)
    assert DEFAULT.under(overrides).second_factors == (2,)
    assert DEFAULT.under({}) is DEFAULT


def test_a_label_shows_when_it_is_activated():
    label = p.LabelPolicy(primary_color="#112233")
    activate, shown = c.ActivateOrgLabel(org_id="10"), event_of(ORG, p.LabelPolicy, "activated")()
    assert "label" not in of_org(added(label))
    given(THERE).when(activate).refuses(NOT_FOUND)
    given(THERE, added(label)).when(activate).then(shown)
    given(THERE, added(label), shown).when(activate).then_nothing()
    assert of_org(added(label), shown)["label"] == label


def test_an_instance_s_label_shows_when_it_is_activated():
    label = p.LabelPolicy(primary_color="#112233")
    edited = given(HERE).when(i.ChangePolicy(instance_id="1", policy=label)).decisions
    shown, activate = (
        event_of(INSTANCE, p.LabelPolicy, "activated")(),
        i.ActivateLabel(instance_id="1"),
    )
    assert state_of("instance", HERE, *edited).policies.label == p.LabelPolicy()
    given(HERE, *edited).when(activate).then(shown)
    given(HERE, *edited, shown).when(activate).then_nothing()


def test_how_names_are_unique_stays_while_users_hold_some():
    scoped = p.DomainPolicy(user_login_must_be_domain=True)
    order = c.AddOrgPolicy(org_id="10", policy=scoped)
    given(THERE).when(order, FACTS).then(added(scoped))
    given(THERE).when(order, IN_USE).refuses(NAMES_IN_USE)
    plain = c.AddOrgPolicy(org_id="10", policy=p.DomainPolicy(validate_org_domains=True))
    assert given(THERE).when(plain, IN_USE).refusal is None
    under = p.Policies(domain=scoped)
    mine = PolicyFacts(now=NOW, policies=under, default=DEFAULT, has_users=True)
    remove = c.RemoveOrgPolicy(org_id="10", policy=p.DomainPolicy)
    given(THERE, added(scoped)).when(remove, mine).refuses(NAMES_IN_USE)
    given(HERE).when(i.ChangePolicy(instance_id="1", policy=scoped)).refuses(NAMES_IN_USE)


@pytest.mark.parametrize(
    "uri",
    ["", "https://a.test/x?y", "http://localhost:8080", "http://127.0.0.1/", "http://[::1]/x"],
)
def test_browsers_may_be_sent_to_https_and_to_loopback(uri):
    check(p.LoginPolicy(default_redirect_uri=uri))


BAD_TARGETS = [
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "http://a.test",
    "data:text/html,x",
    "https://",
    "//a.test",
    "https://user@a.test",
    "https://a.test/ x",
    "https:\\\\a.test",
    "https://[::1",
    "java\nscript:alert(1)",
    "https://a.test/" + "x" * 2048,
]


@pytest.mark.parametrize("uri", BAD_TARGETS)
def test_a_default_redirect_uri_never_runs_or_leaks_anything(uri):
    """ZA-42."""
    with refuses(INVALID):
        check(p.LoginPolicy(default_redirect_uri=uri))


@pytest.mark.parametrize(
    "policy",
    [
        p.PasswordComplexityPolicy(min_length=0),
        p.PasswordComplexityPolicy(min_length=73),
        p.LabelPolicy(primary_color="red"),
        p.PrivacyPolicy(tos_link="javascript:alert(1)"),
        p.LockoutPolicy(max_password_attempts=-1),
    ],
)
def test_values_that_must_not_take_effect_are_refused(policy):
    with refuses(INVALID):
        check(policy)


def test_texts_of_the_pages_are_replaced_by_language():
    for order, event, kind, first in (
        (
            i.SetLoginTranslation(instance_id="1", language="de", translation={"a": "b"}),
            InstanceLoginTranslationSet,
            "instance",
            HERE,
        ),
        (
            c.SetOrgLoginTranslation(org_id="10", language="de", translation={"a": "b"}),
            OrgLoginTranslationSet,
            "org",
            THERE,
        ),
    ):
        happened = event(language="de", translation={"a": "b"})
        given(first).when(order).then(happened)
        given(first, happened).when(order).then_nothing()
        assert state_of(kind, first, happened).translations == {"de": {"a": "b"}}


def test_every_event_has_its_published_name():
    names = {name for name in EVENTS if ".policy." in name or "oidc.settings" in name}
    assert {"org.policy.password.complexity.removed", "instance.policy.label.activated"} <= names
    assert {"instance.policy.security.set", "instance.oidc.settings.changed"} <= names
    assert "instance.policy.lockout.removed" not in names
