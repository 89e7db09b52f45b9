"""The races again, on the log that counts."""

import asyncio

import pytest
from personae.actors.aggregates import aggregate
from personae.actors.aggregates.dispatch import Dispatch
from personae.actors.domain.instance.commands import ChangePolicy
from personae.actors.domain.kit import Stream
from personae.actors.domain.policies import SecurityPolicy
from personae.actors.domain.project.values import GrantType
from personae.http.oidc import paths
from personae.store.postgres import PostgresLog

from tests.aggregates.conftest import INSTANCE, SETUP
from tests.http.oidc.assertions import seconds, signed
from tests.http.oidc.conftest import SYSTEM, basic, serving
from tests.http.oidc.test_device import GRANT, answer
from tests.http.oidc.test_token_exchange import act, customer, exchange, support

BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
EVERY = (
    GrantType.AUTHORIZATION_CODE,
    GrantType.DEVICE_CODE,
    GrantType.TOKEN_EXCHANGE,
)

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


async def test_who_signs_in_to_many_clients_at_once_is_signed_out_of_all(durable, monkeypatch):
    """Each keeps in the same stream that it wants to be told: none gets in another one's way.

    So two attempts are enough for everybody, the first of which may find its memory outdated.
    """
    monkeypatch.setattr(aggregate, "ATTEMPTS", 2)
    stack, browser = durable, await durable.browser()
    app = await stack.app(back_channel_logout_uri="https://app.example/back")
    codes = [await stack.code(app, browser) for _ in range(30)]
    stack.services.world.forget()
    answers = await asyncio.gather(*(stack.redeem(app, code) for code in codes))
    assert [each.status for each in answers] == [200] * 30
    stream = Stream(INSTANCE, "session_logout", browser.held.session_id)
    assert len((await stack.services.world.state(stream)).waiting) == 30


async def test_a_session_learns_of_clients_from_a_process_that_knew_nothing_of_it(pair):
    here, there = pair
    app = await here.app(back_channel_logout_uri="https://app.example/back")
    browser = await here.browser()
    await here.sign_in(app, browser)
    code = await here.code(app, browser)
    stream = Stream(INSTANCE, "session_logout", browser.held.session_id)
    assert there.services.world.directory.live(stream) is None
    assert (await there.redeem(app, code)).status == 200
    for stack in pair:
        await stack.services.world.current(INSTANCE)
        assert len((await stack.services.world.state(stream)).waiting) == 2


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

    told = {"back_channel_logout_uri": "https://app.example/back", "grant_types": EVERY}
    client = await stack.app(**told)
    await stack.settings(client, front_channel_logout_uri="https://app.example/front")
    codes = [await stack.code(client) for _ in range(2)]
    devices = []
    for _ in range(2):
        begun = await stack.post(paths.DEVICE, client.basic, scope="openid")
        await answer(stack, begun, await stack.browser())
        devices.append(begun.json["device_code"])
    bot = await stack.machine_key(machine)
    assertion = signed(bot.id, stack.issuer, bot.key_id, bot.key, seconds(stack))
    subject = (await stack.sign_in(client))["access_token"]
    policy = SecurityPolicy(enable_impersonation=True)
    await stack.send(ChangePolicy(instance_id=INSTANCE, policy=policy))
    _, helper = await support(stack, "ORG_END_USER_IMPERSONATOR", client)
    user_id = await customer(stack)
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
        "code": (1, lambda: stack.redeem(client, codes.pop())),
        "device": (1, lambda: stack.token(GRANT, client.basic, device_code=devices.pop())),
        "jwt_bearer": (1, lambda: stack.token(BEARER, assertion=assertion, scope="openid")),
        "exchange": (1, lambda: exchange(stack, client, subject, scope="openid")),
        "impersonation": (1, lambda: act(stack, client, user_id, helper)),
    }
    asked = {}
    for name, (_, call) in calls.items():
        await call()  # the first call may read; later ones find it in memory
        statements.clear()
        await call()
        asked[name] = len(statements)
    assert asked == {name: wanted for name, (wanted, _) in calls.items()}
