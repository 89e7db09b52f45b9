"""What a token stands on, and that it dies with each of these, at once and on every process."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from personae.actors.domain.org import commands as o
from personae.actors.domain.project import commands as p
from personae.actors.domain.session.commands import SetSession, TerminateSession
from personae.actors.domain.user import commands as u
from personae.actors.domain.user.values import NewContact, NewPassword, Profile
from personae.actors.domain.user_grant import commands as g
from personae.http.identity.opaque import TokenKind

from tests.aggregates.conftest import ORG, PASSWORD

OURS = "urn:zitadel:iam:org:project:id:zitadel:aud"


async def shop_of(stack):
    """A client of one organisation, with a user of another one who is let in over two grants.

    Who introspects belongs to a third organisation, which nothing happens to.
    """
    ids = SimpleNamespace(**{name: stack.new_id() for name in ("shop", "people", "user", "grant")})
    ids.project = await owned(stack, ids.shop)
    await stack.send(o.AddOrg(org_id=ids.people, name=f"People {ids.people}"))
    await stack.send(p.AddRole(project_id=ids.project, key="reader"))
    over = {"project_id": ids.project, "granted_org_id": ids.people}
    await stack.send(p.AddProjectGrant(**over, grant_id=stack.new_id(), roles=("reader",)))
    await stack.send(
        u.AddHuman(
            user_id=ids.user, org_id=ids.people, user_name=f"ada{ids.user}",
            profile=Profile(first_name="Ada", last_name="L"),
            email=NewContact(value=f"{ids.user}@people.localhost", verified=True),
            password=NewPassword(plain=PASSWORD),
        )
    )  # fmt: skip
    order = g.AddUserGrant(
        user_grant_id=ids.grant, org_id=ids.people, user_id=ids.user, project_id=ids.project,
        roles=("reader",),
    )  # fmt: skip
    await stack.send(order)
    ids.app = await stack.app(ids.project)
    ids.watcher = await stack.api()
    ids.browser = await stack.browser(ids.user)
    ids.over = over
    scope = (
        f"openid offline_access {OURS} urn:zitadel:iam:org:project:id:{ids.watcher.project_id}:aud"
    )
    ids.tokens = await stack.sign_in(ids.app, ids.browser, scope=scope)
    return ids


async def owned(stack, org_id):
    """A project that lets in only whom its grants name, of a new organisation."""
    await stack.send(o.AddOrg(org_id=org_id, name=f"Shop {org_id}"))
    id_ = stack.new_id()
    checks = {"role_check": True, "project_check": True}
    await stack.send(p.AddProject(project_id=id_, org_id=org_id, name=f"P{id_}", **checks))
    return id_


def order(command, **of):
    """An order made of the ids of a shop: ``field=name of the id``."""
    return lambda shop: command(**{field: getattr(shop, name) for field, name in of.items()})


def app_order(command):
    return lambda shop: command(project_id=shop.project, app_id=shop.app.app_id)


def session_order(command, **more):
    return lambda shop: command(session_id=shop.browser.held.session_id, **more)


CAUSES = {
    "user deactivated": order(u.DeactivateUser, user_id="user"),
    "user locked": order(u.LockUser, user_id="user"),
    "user removed": order(u.RemoveUser, user_id="user"),
    "session ended": session_order(TerminateSession),
    "application deactivated": app_order(p.DeactivateApp),
    "application removed": app_order(p.RemoveApp),
    "project deactivated": order(p.DeactivateProject, project_id="project"),
    "project removed": order(p.RemoveProject, project_id="project"),
    "organisation of the client deactivated": order(o.DeactivateOrg, org_id="shop"),
    "organisation of the client removed": order(o.RemoveOrg, org_id="shop"),
    "organisation of the user deactivated": order(o.DeactivateOrg, org_id="people"),
    "organisation of the user removed": order(o.RemoveOrg, org_id="people"),
    "user grant deactivated": order(g.DeactivateUserGrant, user_grant_id="grant"),
    "user grant removed": order(g.RemoveUserGrant, user_grant_id="grant"),
    "project grant deactivated": lambda shop: p.DeactivateProjectGrant(**shop.over),
    "project grant removed": lambda shop: p.RemoveProjectGrant(**shop.over),
}


async def uses(stack, shop):
    """Which uses of the tokens are answered; the refresh comes last, since it may change them."""
    token = shop.tokens["access_token"]
    return {
        "introspection": (await stack.introspect(shop.watcher, token))["active"],
        "userinfo": (await stack.userinfo(token)).status == 200,
        "api": await stack.calls(token),
    }


async def refresh(stack, shop):
    found = await stack.refresh(shop.app, shop.tokens["refresh_token"])
    assert found.status == 200 or found.error in {"invalid_grant", "invalid_client"}
    return found


ALIVE = {"introspection": True, "userinfo": True, "api": True}
DEAD = dict.fromkeys(ALIVE, False)


@pytest.mark.parametrize("why", CAUSES)
async def test_tokens_die_at_once_with_what_they_stand_on(stack, why):
    shop = await shop_of(stack)
    assert await uses(stack, shop) == ALIVE
    await stack.send(CAUSES[why](shop))
    assert await uses(stack, shop) == DEAD
    assert (await refresh(stack, shop)).status in {400, 401}


async def test_without_a_cause_all_of_them_live_on(stack):
    shop = await shop_of(stack)
    found = await refresh(stack, shop)
    assert found.status == 200
    shop.tokens = found.json
    assert await uses(stack, shop) == ALIVE


async def test_they_die_when_the_session_runs_out(stack, clock):
    shop = await shop_of(stack)
    held = shop.browser.held
    await stack.send(
        SetSession(
            session_id=held.session_id, token_id=held.token_id, lifetime=timedelta(minutes=5)
        )
    )
    assert await uses(stack, shop) == ALIVE
    clock.pass_(minutes=6)
    assert await uses(stack, shop) == DEAD
    assert (await refresh(stack, shop)).error == "invalid_grant"


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
async def test_they_die_when_they_are_revoked(stack, kind):
    shop = await shop_of(stack)
    await stack.post("/oauth/v2/revoke", shop.app.basic, token=shop.tokens[kind])
    assert await uses(stack, shop) == DEAD
    assert ((await refresh(stack, shop)).status == 200) is (kind == "access_token")


async def test_what_ends_for_a_while_comes_back_with_what_it_stands_on(stack):
    """Nothing is revoked by a rest: what a token stands on is asked, not what happened."""
    shop = await shop_of(stack)
    await stack.send(u.DeactivateUser(user_id=shop.user))
    assert await uses(stack, shop) == DEAD
    await stack.send(u.ReactivateUser(user_id=shop.user))
    assert await uses(stack, shop) == ALIVE


@pytest.mark.parametrize(
    ("why", "end"),
    [
        ("token", lambda bot, id_: u.RemovePersonalAccessToken(user_id=bot, token_id=id_)),
        ("user", lambda bot, _: u.DeactivateUser(user_id=bot)),
        ("organisation", lambda _bot, _: o.DeactivateOrg(org_id=ORG)),
    ],
)
async def test_personal_tokens_and_those_of_machines_die_likewise(stack, why, end):
    bot, id_ = await stack.machine(), stack.new_id()
    watcher = await stack.api(await owned(stack, stack.new_id()))
    await stack.send(u.AddPersonalAccessToken(user_id=bot.id, token_id=id_))
    personal = stack.services.tokens.issue(TokenKind.PERSONAL, "1", bot.id, id_)
    auth = {"client_id": bot.name, "client_secret": bot.secret}
    scope = f"{OURS} urn:zitadel:iam:org:project:id:{watcher.project_id}:aud"
    machine = (await stack.token("client_credentials", **auth, scope=scope)).json["access_token"]
    tokens = [
        SimpleNamespace(watcher=watcher, tokens={"access_token": t}) for t in (personal, machine)
    ]
    assert [await uses(stack, each) for each in tokens] == [ALIVE, ALIVE]
    await stack.send(end(bot.id, id_))
    expected = [DEAD, ALIVE if why == "token" else DEAD]
    assert [await uses(stack, each) for each in tokens] == expected


@pytest.mark.store
@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
async def test_what_is_revoked_on_one_process_is_dead_on_both(pair, kind):
    """RFC 7009, 2.1: "the token cannot be used again after the revocation"."""
    first, second = pair
    shop = await shop_of(first)
    assert [await uses(each, shop) for each in pair] == [ALIVE, ALIVE]
    await first.post("/oauth/v2/revoke", shop.app.basic, token=shop.tokens[kind])
    assert await uses(first, shop) == DEAD
    assert await uses(second, shop) == DEAD
    assert ((await refresh(second, shop)).status == 200) is (kind == "access_token")


@pytest.mark.store
async def test_on_two_processes_they_die_on_both(pair):
    """By the time whoever ended it is answered, and never to come back."""
    first, second = pair
    for why, cause in CAUSES.items():
        shop = await shop_of(first)
        assert [await uses(each, shop) for each in pair] == [ALIVE, ALIVE], why
        await first.send(cause(shop))
        assert await uses(second, shop) == DEAD, why
        assert (await refresh(second, shop)).status in {400, 401}, why
        assert [await uses(each, shop) for each in pair] == [DEAD, DEAD], why
