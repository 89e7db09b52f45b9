"""Who counts as an administrator when somebody acts for them: one row for each kind there is."""

import pytest
from personae.actors.domain.instance.commands import AddInstanceMember, ChangePolicy
from personae.actors.domain.org.commands import AddOrg, AddOrgMember
from personae.actors.domain.policies import SecurityPolicy
from personae.actors.domain.project.commands import (
    AddProjectGrant,
    AddProjectMember,
    AddRole,
)

from tests.aggregates.conftest import INSTANCE, ORG
from tests.http.oidc.test_token_exchange import ALL, act, customer, support

OF_CLIENT, THIRD = "60", "70"


@pytest.fixture
async def desk(stack):
    """A provider that lets administrators act as others."""
    policy = SecurityPolicy(enable_impersonation=True)
    await stack.send(ChangePolicy(instance_id=INSTANCE, policy=policy))
    return stack


def of_org(org_id):
    async def add(stack, user_id, _project_id):
        await stack.send(AddOrgMember(org_id=org_id, user_id=user_id, roles=("ORG_OWNER",)))

    return add


async def of_instance(stack, user_id, _project_id):
    order = AddInstanceMember(instance_id=INSTANCE, user_id=user_id, roles=("IAM_OWNER",))
    await stack.send(order)


async def of_project(stack, user_id, project_id):
    await stack.send(
        AddProjectMember(project_id=project_id, user_id=user_id, roles=("PROJECT_OWNER",))
    )


async def of_grant(stack, user_id, project_id):
    grant = {"project_id": project_id, "granted_org_id": THIRD}
    await stack.send(AddRole(project_id=project_id, key="reader"))
    await stack.send(AddProjectGrant(**grant, grant_id="g", roles=("reader",)))
    order = AddProjectMember(**grant, user_id=user_id, roles=("PROJECT_GRANT_OWNER",))
    await stack.send(order)


async def of_nothing(_stack, _user_id, _project_id):
    """An end user."""


ADMINISTRATORS = {
    "instance": of_instance,
    "own organization": of_org(ORG),
    "client's organization": of_org(OF_CLIENT),
    "client's project": of_project,
}
END_USERS = {
    "nothing": of_nothing,
    "a third organization": of_org(THIRD),
    "a grant of the client's project": of_grant,
}
EVERY = ADMINISTRATORS | END_USERS


@pytest.mark.parametrize("role", ["ORG_END_USER_IMPERSONATOR", "ORG_ADMIN_IMPERSONATOR"])
@pytest.mark.parametrize("kind", EVERY)
async def test_who_may_act_as_an_administrator_of_what(desk, kind, role):
    """Those of another organization, or of a project grant, are not looked for: end users here."""
    for org_id in (OF_CLIENT, THIRD):
        await desk.send(AddOrg(org_id=org_id, name=f"Org {org_id}"))
    app = await desk.app(await desk.project(OF_CLIENT), grant_types=ALL)
    _, own = await support(desk, role, app)
    user_id = await customer(desk)
    await EVERY[kind](desk, user_id, app.project_id)
    found = await act(desk, app, user_id, own)
    refused = kind in ADMINISTRATORS and role == "ORG_END_USER_IMPERSONATOR"
    assert (found.status, found.error) == ((403, "access_denied") if refused else (200, None))
