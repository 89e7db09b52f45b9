"""What events make of the rows of instances, organisations and members."""

import pytest
from personae.actors.domain.instance import events as i
from personae.actors.domain.org import events as e
from personae.actors.domain.org.state import Status
from personae.actors.domain.policies import DomainPolicy
from personae.actors.domain.policy_family import event_of
from personae.actors.domain.project import events as p
from personae.projections.instances import INSTANCES
from personae.projections.members import MEMBERS
from personae.projections.orgs import ORGS

from tests.projections.folding import INSTANCE, ORG, folded


def org(*events):
    history = (e.OrgAdded(name="ACME"), *events)
    return folded(ORGS, *(("org", ORG, event) for event in history)).get(ORG)


def test_an_organisation_is_kept_with_its_verified_domains():
    row = org(
        e.OrgDomainAdded(domain="a.example"),
        e.OrgDomainVerified(domain="b.example"),
        e.OrgDomainVerified(domain="c.example"),
        e.OrgPrimaryDomainSet(domain="b.example"),
        e.OrgDomainRemoved(domain="c.example", verified=True),
    )
    assert (row.name, row.state, row.primary_domain) == ("ACME", Status.ACTIVE, "b.example")
    assert row.domains == ("b.example",)


def test_an_organisation_is_renamed_paused_and_removed():
    assert org(e.OrgChanged(name="New")).name == "New"
    assert org(e.OrgDeactivated()).state == Status.INACTIVE
    assert org(e.OrgDeactivated(), e.OrgReactivated()).state == Status.ACTIVE
    assert org(e.OrgRemoved()) is None
    gone = folded(
        ORGS, ("org", ORG, e.OrgAdded(name="A")), ("instance", INSTANCE, i.InstanceRemoved())
    )
    assert gone == {}


def instance(*events):
    history = (i.InstanceAdded(name="Test"), *events)
    return folded(INSTANCES, *(("instance", INSTANCE, event) for event in history)).get(INSTANCE)


def test_an_instance_is_kept_with_what_questions_need():
    row = instance(
        i.DefaultOrgSet(org_id="o2"),
        i.IAMProjectSet(project_id="p1"),
        event_of("instance", DomainPolicy, "added")(user_login_must_be_domain=True),
        i.InstanceChanged(name="New"),
    )
    assert (row.name, row.default_org, row.project_id) == ("New", "o2", "p1")
    assert row.scoped_user_names is True
    assert instance(i.InstanceRemoved()) is None


HISTORY = [
    ("instance", INSTANCE, i.InstanceMemberAdded(user_id="u1", roles=("IAM_OWNER",))),
    ("org", ORG, e.OrgMemberAdded(user_id="u1", roles=("ORG_OWNER",))),
    ("org", ORG, e.OrgMemberAdded(user_id="u2", roles=("ORG_OWNER",))),
    ("project", "p1", p.ProjectMemberAdded(user_id="u2", roles=("PROJECT_OWNER",))),
]
BY = {
    "nothing": (None, {"instance u1", "org u1", "org u2", "project u2"}),
    "cascade": (
        ("org", ORG, e.OrgMemberCascadeRemoved(user_id="u2")),
        {"instance u1", "org u1", "project u2"},
    ),
    "project": (("project", "p1", p.ProjectRemoved()), {"instance u1", "org u1", "org u2"}),
    "instance": (("instance", INSTANCE, i.InstanceRemoved()), set()),
    "member": (
        ("org", ORG, e.OrgMemberRemoved(user_id="u1")),
        {"instance u1", "org u2", "project u2"},
    ),
    "org": (("org", ORG, e.OrgRemoved()), set()),
}


@pytest.mark.parametrize(("end", "left"), BY.values(), ids=BY)
def test_memberships_last_as_long_as_user_and_aggregate(end, left):
    rows = folded(MEMBERS, *HISTORY, *([end] if end else []))
    assert {f"{kind} {user}" for kind, _, user in rows} == left


def test_a_membership_has_the_roles_given_last():
    changed = ("org", ORG, e.OrgMemberChanged(user_id="u1", roles=("ORG_OWNER_VIEWER",)))
    rows = folded(MEMBERS, *HISTORY, changed)
    assert rows["org", ORG, "u1"].roles == ("ORG_OWNER_VIEWER",)
