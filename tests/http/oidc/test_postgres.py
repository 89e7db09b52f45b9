"""The races again, on the log that counts."""

import asyncio

import pytest
from personae.actors.aggregates.dispatch import Dispatch
from personae.http.oidc import paths
from personae.store.postgres import PostgresLog

from tests.aggregates.conftest import SETUP
from tests.http.oidc.conftest import SYSTEM, basic, serving

pytestmark = pytest.mark.store


@pytest.fixture
async def durable(world, database):
    log = PostgresLog(database)
    log.on_committed.append(world.absorb)
    world.log = world.names._log = log
    dispatch = Dispatch(world)
    await dispatch.send(SETUP, SYSTEM)
    async with serving(dispatch) as stack:
        yield stack
    await log.close()


async def test_one_of_fifty_wins_code_and_refresh_token_and_the_family_then_ends(durable):
    stack, app = durable, await durable.app()
    code, other = await stack.code(app), await stack.code(app)
    answers = await asyncio.gather(*(stack.redeem(app, code) for _ in range(50)))
    assert sorted(each.status for each in answers) == [200, *[400] * 49]
    token = (await stack.redeem(app, other)).json["refresh_token"]
    answers = await asyncio.gather(*(stack.refresh(app, token) for _ in range(50)))
    (won,) = [each.json for each in answers if each.status == 200]
    assert (await stack.userinfo(won["access_token"])).status == 401


async def test_a_restarted_process_takes_the_tokens_of_the_one_before(durable):
    stack, app = durable, await durable.app()
    tokens = await stack.sign_in(app)
    stack.services.world.forget()
    assert (await stack.introspect(app, tokens["access_token"]))["active"] is True
    assert (await stack.refresh(app, tokens["refresh_token"])).status == 200


async def test_texts_that_the_database_cannot_hold_are_refused_before(durable):
    for name in ("a\0b", "%00", "\0"):
        found = await durable.token("client_credentials", basic(name, "x" * 64))
        assert (found.status, found.error) == (401, "invalid_client")
    app = await durable.app()
    assert (await durable.authorize(app, state="a\0b")).status == 400
    assert (await durable.authorize(app, method="POST", state="s" * 20_000)).status == 400
    kept = await durable.authorize(
        app, state="\ud800".encode("utf-8", "surrogatepass").decode("latin1")
    )
    assert kept.status == 302


@pytest.fixture
def statements(monkeypatch):
    """Every statement that went to the database."""
    from personae.store.session import Session

    sent, execute = [], Session._execute

    async def noting(session, sql, *more):
        sent.append(sql)
        return await execute(session, sql, *more)

    monkeypatch.setattr(Session, "_execute", noting)
    return sent


async def test_hot_paths_ask_the_database_nothing_but_to_record(durable, statements):
    stack, app, machine = durable, await durable.app(), await durable.machine()
    api = await stack.api(app.project_id)
    scope = f"openid urn:zitadel:iam:org:project:id:{app.project_id}:aud"

    async def own():
        auth = basic(machine.name, machine.secret)
        return (await stack.token("client_credentials", auth, scope=scope)).json

    humans, machines = await stack.sign_in(app), await own()
    token = {"refresh": (await stack.sign_in(app))["refresh_token"]}

    async def refreshed():
        token["refresh"] = (await stack.refresh(app, token["refresh"])).json["refresh_token"]

    nonsense = {"token": "x" * 100, "token_type_hint": "unheard_of"}
    calls = {
        "userinfo": (0, lambda: stack.userinfo(humans["access_token"])),
        "userinfo of a machine": (0, lambda: stack.userinfo(machines["access_token"])),
        "introspection": (0, lambda: stack.introspect(app, humans["access_token"])),
        "introspection by an API": (0, lambda: stack.introspect(api, machines["access_token"])),
        "introspection of no token": (0, lambda: stack.introspect(app, "x")),
        "revocation of no token": (0, lambda: stack.post(paths.REVOKE, app.basic, **nonsense)),
        "client_credentials": (1, own),
        "refresh": (1, refreshed),
    }
    asked = {}
    for name, (_, call) in calls.items():
        await call()  # the first call may read; later ones find it in memory
        statements.clear()
        await call()
        asked[name] = len(statements)
    assert asked == {name: wanted for name, (wanted, _) in calls.items()}
