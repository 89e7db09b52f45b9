import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from personae.actors.domain.kit import Stream
from personae.actors.domain.org.commands import AddOrg, DeactivateOrg
from personae.actors.domain.project.commands import (
    AddProject,
    AddProjectGrant,
    AddRole,
    ChangeProjectGrant,
    DeactivateProjectGrant,
    RemoveProjectGrant,
    RemoveRole,
)
from personae.actors.domain.project.values import TokenType
from personae.actors.domain.user_grant.commands import (
    AddUserGrant,
    ChangeUserGrant,
    DeactivateUserGrant,
    RemoveUserGrant,
)

from tests.aggregates.conftest import ADMIN, INSTANCE, ORG
from tests.http.oidc.conftest import basic

ROLES = "urn:zitadel:iam:org:project:roles"
ROLE = "urn:zitadel:iam:org:project:role:"
ALL = "urn:zitadel:iam:org:projects:roles"
AUDIENCE = "urn:zitadel:iam:org:project:id:{}:aud"


async def project(stack, *, assertion=False):
    id_ = stack.new_id()
    await stack.send(
        AddProject(project_id=id_, org_id=ORG, name=f"P{id_}", role_assertion=assertion)
    )
    for key in ("reader", "writer"):
        await stack.send(AddRole(project_id=id_, key=key))
    return id_


async def grant(stack, project_id, *roles, user_id=ADMIN, org_id=ORG):
    order = AddUserGrant(
        user_grant_id=stack.new_id(), org_id=org_id, user_id=user_id, project_id=project_id,
        roles=roles,
    )  # fmt: skip
    await stack.send(order)
    return order.user_grant_id


async def about(stack, token):
    found = (await stack.userinfo(token)).json
    return {name: value for name, value in found.items() if ":roles" in name}


async def decoded(stack, token):
    keys = KeySet.import_key_set((await stack.call("GET", "/oauth/v2/keys")).json)
    return jwt.decode(token, keys, algorithms=["ES256"]).claims


def given(*roles):
    return {role: {ORG: "acme.localhost"} for role in roles}


async def test_asked_roles_of_the_own_project_are_claims_with_who_gave_them(stack):
    own = await project(stack)
    await grant(stack, own, "reader", "writer")
    tokens = await stack.sign_in(await stack.app(own), scope=f"openid {ROLE}reader {ROLE}nobody")
    assert await about(stack, tokens["access_token"]) == {
        ROLES: given("reader"),
        f"urn:zitadel:iam:org:project:{own}:roles": given("reader"),
    }


async def test_unasked_there_are_no_roles_unless_the_project_asserts_them(stack):
    for assertion, expected in ((False, None), (True, given("reader"))):
        own = await project(stack, assertion=assertion)
        await grant(stack, own, "reader")
        tokens = await stack.sign_in(await stack.app(own), scope="openid")
        assert (await about(stack, tokens["access_token"])).get(ROLES) == expected


async def test_all_projects_of_the_audience_are_answered_and_no_other(stack):
    own, other, third = [await project(stack) for _ in range(3)]
    for each in (own, other, third):
        await grant(stack, each, "writer")
    scope = f"openid {ALL} {AUDIENCE.format(other)} {AUDIENCE.format('nowhere:at:all')}"
    tokens = await stack.sign_in(await stack.app(own), scope=scope)
    assert (await about(stack, tokens["access_token"])).keys() == {
        ROLES,
        f"urn:zitadel:iam:org:project:{own}:roles",
        f"urn:zitadel:iam:org:project:{other}:roles",
    }


@pytest.mark.parametrize(("org_id", "there"), [(ORG, True), ("77", False)])
async def test_roles_are_limited_to_the_organizations_named(stack, org_id, there):
    own = await project(stack)
    await grant(stack, own, "reader")
    scope = f"openid {ROLE}reader urn:zitadel:iam:org:roles:id:{org_id}"
    tokens = await stack.sign_in(await stack.app(own), scope=scope)
    assert (ROLES in await about(stack, tokens["access_token"])) is there


async def test_a_grant_that_comes_changes_and_goes_shows_at_once(stack):
    own = await project(stack, assertion=True)
    token = (await stack.sign_in(await stack.app(own), scope="openid"))["access_token"]
    assert await about(stack, token) == {}
    id_ = await grant(stack, own, "reader")
    assert (await about(stack, token))[ROLES] == given("reader")
    await stack.send(ChangeUserGrant(user_grant_id=id_, roles=("writer",)))
    assert (await about(stack, token))[ROLES] == given("writer")
    await stack.send(DeactivateUserGrant(user_grant_id=id_))
    assert await about(stack, token) == {}
    await stack.send(RemoveUserGrant(user_grant_id=id_))
    await grant(stack, own, "reader")
    assert (await about(stack, token))[ROLES] == given("reader")


@pytest.mark.parametrize("where", ["access_token", "id_token"])
async def test_tokens_carry_roles_where_the_application_says_so(stack, where):
    own = await project(stack)
    await grant(stack, own, "reader")
    switches = {f"{where}_role_assertion": True}
    app = await stack.app(own, access_token_type=TokenType.JWT, **switches)
    tokens = await stack.sign_in(app, scope=f"openid {ROLE}reader")
    for each in ("access_token", "id_token"):
        assert (ROLES in await decoded(stack, tokens[each])) is (each == where)


async def granted_to(stack, project_id, *roles):
    """Another organization that the project is granted to."""
    org_id = stack.new_id()
    await stack.send(AddOrg(org_id=org_id, name=f"Org {org_id}"))
    order = AddProjectGrant(
        project_id=project_id, grant_id=stack.new_id(), granted_org_id=org_id, roles=roles
    )
    await stack.send(order)
    stream = Stream(INSTANCE, "org", org_id)
    return org_id, (await stack.services.world.state(stream)).primary_domain


async def test_roles_come_from_every_organization_that_may_give_them(stack):
    own = await project(stack, assertion=True)
    token = (await stack.sign_in(await stack.app(own), scope="openid"))["access_token"]
    assert await about(stack, token) == {}
    partner, domain = await granted_to(stack, own, "reader")
    await granted_to(stack, own, "writer")
    await grant(stack, own, "reader", org_id=partner)
    assert (await about(stack, token))[ROLES] == {"reader": {partner: domain}}
    await grant(stack, own, "reader", "writer")
    assert (await about(stack, token))[ROLES] == {
        "reader": {partner: domain, ORG: "acme.localhost"},
        "writer": {ORG: "acme.localhost"},
    }


@pytest.mark.parametrize(
    "end",
    [
        lambda over: DeactivateProjectGrant(**over),
        lambda over: RemoveProjectGrant(**over),
        lambda over: ChangeProjectGrant(**over, roles=("writer",)),
        lambda over: DeactivateOrg(org_id=over["granted_org_id"]),
        lambda over: RemoveRole(project_id=over["project_id"], key="reader"),
    ],
    ids=["rests", "is removed", "without the role", "organization rests", "role is removed"],
)
async def test_a_role_given_over_a_project_grant_ends_with_that(stack, end):
    own = await project(stack)
    partner, _ = await granted_to(stack, own, "reader")
    await grant(stack, own, "reader", org_id=partner)
    switches = {"access_token_type": TokenType.JWT, "access_token_role_assertion": True}
    app = await stack.app(own, **switches)
    scope = f"openid offline_access {ROLE}reader"
    tokens = await stack.sign_in(app, scope=scope)
    assert (await about(stack, tokens["access_token"]))[ROLES].keys() == {"reader"}
    assert ROLES in await decoded(stack, tokens["access_token"])
    await stack.send(end({"project_id": own, "granted_org_id": partner}))
    assert await about(stack, tokens["access_token"]) == {}
    assert ROLES not in await stack.introspect(app, tokens["access_token"])
    later = (await stack.refresh(app, tokens["refresh_token"])).json
    assert ROLES not in await decoded(stack, later["access_token"])


async def test_roles_over_project_grants_are_limited_to_the_organizations_named(stack):
    own = await project(stack)
    partner, domain = await granted_to(stack, own, "reader")
    for org_id in (ORG, partner):
        await grant(stack, own, "reader", org_id=org_id)
    scope = f"openid {ROLE}reader urn:zitadel:iam:org:roles:id:{partner}"
    tokens = await stack.sign_in(await stack.app(own), scope=scope)
    assert (await about(stack, tokens["access_token"]))[ROLES] == {"reader": {partner: domain}}


async def test_an_api_sees_the_roles_of_its_own_project_only(stack):
    own, other = await project(stack), await project(stack)
    bot, api = await stack.machine(), await stack.api(own)
    for each in (own, other):
        await grant(stack, each, "reader", user_id=bot.id)
    scope = f"{ALL} {AUDIENCE.format(own)} {AUDIENCE.format(other)}"
    found = await stack.token("client_credentials", basic(bot.name, bot.secret), scope=scope)
    seen = await stack.introspect(api, found.json["access_token"])
    assert seen[ROLES] == given("reader")
    assert f"urn:zitadel:iam:org:project:{other}:roles" not in seen


async def test_the_organization_is_a_claim_where_a_scope_asks(stack):
    start = "urn:zitadel:iam:user:resourceowner"
    owner = {
        f"{start}:id": ORG,
        f"{start}:name": "ACME",
        f"{start}:primary_domain": "acme.localhost",
    }
    app = await stack.app()
    for scope, more in (
        (start, {}),
        (f"urn:zitadel:iam:org:id:{ORG}", {"urn:zitadel:iam:org:id": ORG}),
        (
            "urn:zitadel:iam:org:domain:primary:acme.localhost",
            {"urn:zitadel:iam:org:domain:primary": "acme.localhost"},
        ),
    ):
        tokens = await stack.sign_in(app, scope=f"openid {scope}")
        found = (await stack.userinfo(tokens["access_token"])).json
        assert found == {"sub": ADMIN, **owner, **more}
        assert (await decoded(stack, tokens["id_token"])).items() >= (owner | more).items()


async def test_neither_a_grant_nor_its_absence_is_looked_up_twice(stack, monkeypatch):
    own = await project(stack, assertion=True)
    app, log = await stack.app(own), stack.services.world.log
    token = (await stack.sign_in(app, scope="openid"))["access_token"]
    await about(stack, token)
    asked = []
    for name in ("holder", "holders"):
        look_up = getattr(log, name)
        monkeypatch.setattr(log, name, lambda *n, f=look_up: asked.append(n) or f(*n))
    await about(stack, token)
    assert asked == []
    await grant(stack, own, "reader")
    before = len(asked)
    for _ in range(3):
        assert (await about(stack, token))[ROLES] == given("reader")
    assert len(asked) == before + 1
