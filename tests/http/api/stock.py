"""A world with at least three different rows for every list of the API."""

from base64 import b64encode
from dataclasses import replace

from personae.actors.domain.instance.events import InstanceDomainAdded
from personae.actors.domain.kit import Caller, Stream
from personae.store.log import Commit, Part

from tests.aggregates.conftest import ORG, SETUP
from tests.http.api.conftest import GUEST, OTHER_ORG, OWNER
from tests.http.api.flows import OPS
from tests.http.api.system import PUBLIC

USER, SESSION = "zitadel.user.v2.UserService", "zitadel.session.v2.SessionService"
PROJECTS, APPS = "zitadel.project.v2.ProjectService", "zitadel.application.v2.ApplicationService"
ORGS, ACTIONS = "zitadel.org.v2.OrganizationService", "zitadel.action.v2.ActionService"
GRANTS = "zitadel.authorization.v2.AuthorizationService"
MEMBERS = "zitadel.internal_permission.v2.InternalPermissionService"
INSTANCES = "zitadel.instance.v2.InstanceService"
LATER = ("2031-01-01T00:00:00Z", "2030-01-01T00:00:00Z", "2032-01-01T00:00:00Z")
KEY = b64encode(PUBLIC).decode()


def encoded(text):
    return b64encode(text.encode()).decode()


async def fill(server):
    """Make it all; no two things are made or changed at the same time."""
    await people(server)
    await organisations(server)
    await projects(server)
    await applications(server)
    await rights(server)
    await actions(server)
    await instances(server)


async def people(server):
    for id_, name, first, last, nick in (
        ("u1", "zoe", "Ann", "Young", "m"),
        ("u2", "Amy", "Zed", "abel", "Z"),
        ("u3", "moe", "bob", "Moss", "a"),
    ):
        profile = {"given_name": first, "family_name": last, "nick_name": nick}
        human = {
            "profile": profile,
            "email": {"email": f"{last}@{name}.test", "is_verified": True},
            "phone": {"phone": f"+4{id_[1]}1", "is_verified": True},
            "metadata": [{"key": f"team-{name}", "value": encoded(nick)}],
        }
        org_id = OTHER_ORG if id_ == "u3" else ORG
        more = {"user_id": id_, "username": name, "organization_id": org_id}
        await server.ok(f"{USER}/CreateUser", **more, human=human)
    await server.ok(f"{USER}/DeactivateUser", user_id="u2")
    await server.idp("i1", "i2", "i3")
    for idp in ("i3", "i1", "i2"):
        link = {"idp_id": idp, "user_id": f"x{idp}", "user_name": idp}
        await server.ok(f"{USER}/AddIDPLink", user_id="u1", idp_link=link)
    for team in ("blue", "Red"):
        metadata = [{"key": team, "value": encoded(team)}]
        await server.ok(f"{USER}/SetUserMetadata", user_id="u1", metadata=metadata)
    for bot, at in ((GUEST, 0), (OWNER, 1), (GUEST, 2)):
        until = {"user_id": bot, "expiration_date": LATER[at]}
        await server.ok(f"{USER}/AddKey", **until, public_key=KEY)
        await server.ok(f"{USER}/AddPersonalAccessToken", **until)
    for user, at in (("u1", "a"), ("u3", "b"), ("u1", "c")):
        more = {"user_agent": {"fingerprint_id": at}, "lifetime": f"{ord(at)}s"}
        checks = {"user": {"user_id": user}}
        creator = GUEST if at == "c" else None
        order = {"checks": checks, **more}
        await server.ok(f"{SESSION}/CreateSession", *filter(None, [creator]), **order)


async def organisations(server):
    made = await server.ok(f"{ORGS}/AddOrganization", name="able", org_id="13")
    zoo = await server.ok(f"{ORGS}/AddOrganization", name="Zoo", org_id="12")
    await server.ok(f"{ORGS}/DeactivateOrganization", organization_id=made["organizationId"])
    for domain in ("z.one.com", "a.two.org", "m.six.net"):
        of = {"organization_id": zoo["organizationId"], "domain": domain}
        await server.ok(f"{ORGS}/AddOrganizationDomain", **of)
    for key in ("z", "a", "m"):
        of = {"organization_id": "12", "metadata": [{"key": key, "value": encoded(key)}]}
        await server.ok(f"{ORGS}/SetOrganizationMetadata", **of)


async def projects(server):
    for id_, org_id, name in (("p3", ORG, "Zeta"), ("p1", OTHER_ORG, "eta"), ("p2", ORG, "Mu")):
        of = {"project_id": id_, "organization_id": org_id}
        await server.ok(f"{PROJECTS}/CreateProject", **of, name=name)
        for key, name_ in (("z", "Ape"), ("a", "zebra"), ("m", "Mole")):
            role = {"project_id": id_, "role_key": key, "display_name": name_}
            await server.ok(f"{PROJECTS}/AddProjectRole", **role)
    await server.ok(f"{PROJECTS}/UpdateProject", project_id="p3", name="Beta")
    for id_, org_id, role in (("p3", OTHER_ORG, "z"), ("p1", ORG, "a"), ("p2", "12", "m")):
        of = {"project_id": id_, "granted_organization_id": org_id, "role_keys": [role]}
        await server.ok(f"{PROJECTS}/CreateProjectGrant", **of)
    role = {"project_id": "p2", "role_key": "z"}
    await server.ok(f"{PROJECTS}/UpdateProjectRole", **role, display_name="Ant")
    of = {"project_id": "p3", "granted_organization_id": OTHER_ORG, "role_keys": ["z", "m"]}
    await server.ok(f"{PROJECTS}/UpdateProjectGrant", **of)


async def applications(server):
    api = {"api_configuration": {"auth_method_type": "API_AUTH_METHOD_TYPE_PRIVATE_KEY_JWT"}}
    oidc = {
        "oidc_configuration": {
            "redirect_uris": ["https://a.test/cb"],
            "response_types": ["OIDC_RESPONSE_TYPE_CODE"],
            "grant_types": ["OIDC_GRANT_TYPE_AUTHORIZATION_CODE"],
            "auth_method_type": "OIDC_AUTH_METHOD_TYPE_NONE",
        }
    }
    for id_, project, name, kind in (
        ("a3", "p3", "Zap", api),
        ("a1", "p1", "api", api),
        ("a2", "p2", "Mail", oidc),
        ("a4", "p3", "Off", oidc),
    ):
        of = {"application_id": id_, "project_id": project}
        await server.ok(f"{APPS}/CreateApplication", **of, name=name, **kind)
    off = {"application_id": "a4", "project_id": "p3"}
    await server.ok(f"{APPS}/DeactivateApplication", **off)
    again = {"application_id": "a3", "project_id": "p3"}
    await server.ok(f"{APPS}/UpdateApplication", **again, name="Zip")
    for at, (app, project) in enumerate((("a3", "p3"), ("a1", "p1"), ("a3", "p3"))):
        of = {"application_id": app, "project_id": project, "expiration_date": LATER[at]}
        await server.ok(f"{APPS}/CreateApplicationKey", **of)


async def rights(server):
    made = []
    for user, project, org_id, role in (
        ("u3", "p3", ORG, "z"),
        ("u1", "p1", OTHER_ORG, "a"),
        ("u1", "p2", ORG, "m"),
        (OWNER, "p1", ORG, "a"),
    ):
        of = {"user_id": user, "project_id": project, "organization_id": org_id}
        got = await server.ok(f"{GRANTS}/CreateAuthorization", **of, role_keys=[role])
        made.append(got["id"])
    await server.ok(f"{GRANTS}/UpdateAuthorization", id=made[0], role_keys=["m"])
    await server.ok(f"{GRANTS}/DeactivateAuthorization", id=made[1])
    grant = {"project_grant": {"project_id": "p3", "organization_id": OTHER_ORG}}
    for user, resource, role in (
        ("u3", {"organization_id": ORG}, "ORG_OWNER_VIEWER"),
        ("u1", {"project_id": "p3"}, "PROJECT_OWNER"),
        (OWNER, grant, "PROJECT_GRANT_OWNER"),
        ("u1", {"instance": True}, "IAM_OWNER_VIEWER"),
    ):
        of = {"user_id": user, "resource": resource, "roles": [role]}
        await server.ok(f"{MEMBERS}/CreateAdministrator", **of)
    first = {"user_id": "u3", "resource": {"organization_id": ORG}, "roles": ["ORG_OWNER"]}
    await server.ok(f"{MEMBERS}/UpdateAdministrator", **first)


async def actions(server):
    ids = []
    for name, kind, timeout, to in (
        ("Zoom", {"rest_async": {}}, "3s", "m"),
        ("alert", {"rest_webhook": {"interrupt_on_error": True}}, "30s", "a"),
        ("Mark", {"rest_call": {"interrupt_on_error": False}}, "10s", "z"),
    ):
        more = {"timeout": timeout, "endpoint": f"https://{to}.test/x"}
        made = await server.ok(f"{ACTIONS}/CreateTarget", name=name, **kind, **more)
        ids.append(made["id"])
    await server.ok(f"{ACTIONS}/UpdateTarget", id=ids[0], name="Zoo")
    for at in range(3):
        of = {"target_id": ids[0], "public_key": KEY, "expiration_date": LATER[at]}
        key = await server.ok(f"{ACTIONS}/AddPublicKey", **of)
    await server.ok(f"{ACTIONS}/ActivatePublicKey", target_id=ids[0], key_id=key["keyId"])
    for condition, target in (
        ({"request": {"all": True}}, 0),
        ({"event": {"event": "user.human.added"}}, 1),
        ({"function": {"name": "preuserinfo"}}, 0),
    ):
        await server.ok(f"{ACTIONS}/SetExecution", condition=condition, targets=[ids[target]])
    again = {"condition": {"request": {"all": True}}, "targets": [ids[2]]}
    await server.ok(f"{ACTIONS}/SetExecution", **again)


async def instances(server):
    for id_, name in (("3", "Able"), ("2", "Zulu")):
        other = replace(
            SETUP, instance_id=id_, name=name, domain=f"{name}.test", users=(), web_keys=()
        )
        await server.services.send(other, Caller.of_system(id_))
    for domain in ("z.example.com", "a.example.com"):
        custom = {"instance_id": "1", "custom_domain": domain}
        await server.ok(f"{INSTANCES}/AddCustomDomain", OPS, **custom)
    made = InstanceDomainAdded(domain="made.example.com", generated=True)
    await told(server, Stream("1", "instance", "1"), made)  # there is no order for it
    for domain in ("z.one.com", "a.two.org", "m.six.net"):
        await server.ok(f"{INSTANCES}/AddTrustedDomain", trusted_domain=domain)


async def told(server, stream, event):
    """Write an event as another release or system has."""
    world = server.services.world
    aggregate = await world.aggregate(stream)
    part = Part(stream, aggregate.version, aggregate.owner, (event,))
    commit = Commit(instance_id=stream.instance_id, parts=(part,), creator="", at=world.now())
    await world.log.append(commit)
