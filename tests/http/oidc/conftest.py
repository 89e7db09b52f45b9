"""A provider on a real port, with aggregates in memory, and clients that know nothing of ours."""

import base64
import hashlib
import secrets
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from types import SimpleNamespace
from urllib.parse import parse_qsl, quote_plus, urlsplit

import aiohttp
import pytest
from aiohttp import web
from personae.actors.aggregates.dispatch import Dispatch
from personae.actors.domain.auth_request.commands import LinkSession
from personae.actors.domain.kit import Caller, Code, Refusal, Stream
from personae.actors.domain.policies import LoginPolicy
from personae.actors.domain.project import commands as p
from personae.actors.domain.project.oauth import OAuthChanges
from personae.actors.domain.project.values import AuthMethod, GrantType, ResponseType
from personae.actors.domain.session.commands import AddSession, Checks
from personae.actors.domain.user.commands import AddMachine, AddMachineKey, SetMachineSecret
from personae.actors.domain.web_key.state import Status
from personae.config.texts import Texts
from personae.http import login, oidc, saml
from personae.http.identity import agent
from personae.http.identity.instances import Origins
from personae.http.identity.keys import SigningKeys, StoredKey
from personae.http.identity.opaque import OpaqueTokens
from personae.http.identity.services import SERVICES, Services
from personae.http.oidc.provider import DetailsType, Profiles
from personae.http.server import Server, ServerSettings
from personae.store.crypto import Area
from yarl import URL

from tests.aggregates.conftest import (  # noqa: F401 — fixtures
    ADMIN,
    INSTANCE,
    ORG,
    PASSWORD,
    SETUP,
    clock,
    dispatch,
    elsewhere,
    passwords,
    world,
)
from tests.cluster import running

SYSTEM = Caller.of_system(INSTANCE)
CALLBACK = "https://app.example/cb?keep=1"
AFTER = "https://app.example/bye"
SCOPE = "openid profile email offline_access"
BOTH = (GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN)


@dataclass
class App:
    """A registered client; ``secret`` and ``key`` only where it has them."""

    project_id: str
    app_id: str
    client_id: str
    secret: str = ""
    key_id: str = ""
    key: str = ""

    @property
    def basic(self):
        return basic(self.client_id, self.secret)


def basic(client_id, secret):
    """The header of client_secret_basic (RFC 6749, 2.3.1)."""
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def held_by(services, held):
    """A browser that holds a session, with the header of its cookie."""
    response = web.Response()
    agent.keep(response, agent.Agent().holding(held), services, INSTANCE)
    morsel = response.cookies[agent.cookie_name(services)]
    return SimpleNamespace(held=held, cookie={"Cookie": f"{morsel.key}={morsel.value}"})


class Counters:
    def __init__(self):
        self.tokens = []

    def token(self, grant, result):
        self.tokens.append((grant, result))

    def login(self, result, method):
        pass


def challenge_of(verifier):
    return (
        base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    )


def query_of(location):
    parts = urlsplit(location)
    return dict(parse_qsl(parts.fragment or parts.query))


class Stack:
    """The provider and everything a test does with it from outside."""

    def __init__(self, services, server, http):
        self.services, self.server, self.http = services, server, http
        self.url = f"http://localhost:{server.port}"
        self.issuer = services.origins.of("localhost")

    async def send(self, command):
        return await self.services.send(command, SYSTEM)

    def new_id(self):
        return self.services.new_id()

    # What an administrator does.

    async def project(self, org_id=ORG):
        id_ = self.new_id()
        await self.send(p.AddProject(project_id=id_, org_id=org_id, name=f"Project {id_}"))
        return id_

    async def app(self, project_id="", **changes):
        wanted = {
            "redirect_uris": (CALLBACK,),
            "post_logout_redirect_uris": (AFTER,),
            "response_types": (ResponseType.CODE,),
            "grant_types": BOTH,
            **changes,
        }
        made = App(project_id or await self.project(), self.new_id(), f"client-{self.new_id()}")
        order = p.AddOIDCApp(
            project_id=made.project_id, app_id=made.app_id, client_id=made.client_id,
            name=made.client_id, client=p.NewOIDCClient(**wanted),
        )  # fmt: skip
        made.secret = (await self.send(order)).secrets.get("client_secret", "")
        return (
            await self.with_key(made)
            if wanted.get("auth_method_type") == AuthMethod.PRIVATE_KEY_JWT
            else made
        )

    async def settings(self, app, **changes):
        """Change what profiles of OAuth know of an application."""
        of = {"project_id": app.project_id, "app_id": app.app_id}
        await self.send(p.SetOAuthSettings(**of, changes=OAuthChanges(**changes)))
        return app

    async def api(self, project_id="", **changes):
        made = App(project_id or await self.project(), self.new_id(), f"api-{self.new_id()}")
        order = p.AddAPIApp(
            project_id=made.project_id, app_id=made.app_id, client_id=made.client_id,
            name=made.client_id, **changes,
        )  # fmt: skip
        made.secret = (await self.send(order)).secrets.get("client_secret", "")
        return made if made.secret else await self.with_key(made)

    async def with_key(self, app, **changes):
        order = p.AddAppKey(
            project_id=app.project_id, app_id=app.app_id, key_id=self.new_id(), **changes
        )
        done = await self.send(order)
        return replace(app, key_id=order.key_id, key=done.secrets["private_key"])

    async def machine(self, **changes):
        id_ = self.new_id()
        await self.send(
            AddMachine(user_id=id_, org_id=ORG, user_name=f"bot-{id_}", name="Bot", **changes)
        )
        done = await self.send(SetMachineSecret(user_id=id_))
        return SimpleNamespace(
            id=id_, name=f"bot-{id_}", secret=done.secrets["client_secret"], key_id="", key=""
        )

    async def machine_key(self, machine, **changes):
        order = AddMachineKey(user_id=machine.id, key_id=self.new_id(), **changes)
        machine.key = (await self.send(order)).secrets["private_key"]
        machine.key_id = order.key_id
        return machine

    # What a browser does, and the sign-in pages for it.

    async def browser(self, user_id=ADMIN):
        """Sign somebody in; returns the session id and the cookie's header."""
        held = agent.Held(self.new_id(), self.new_id())
        checks = Checks(user_id=user_id, password=PASSWORD)
        order = AddSession(
            session_id=held.session_id, instance_id=INSTANCE, token_id=held.token_id, checks=checks
        )
        await self.services.send(order, Caller(instance_id=INSTANCE))
        return held_by(self.services, held)

    async def authorize(self, app, *, method="GET", headers=None, **params):
        wanted = {
            "client_id": app.client_id, "redirect_uri": CALLBACK, "response_type": "code",
            "scope": SCOPE, "state": "s&t", "nonce": "n-1", **params,
        }  # fmt: skip
        wanted = {name: value for name, value in wanted.items() if value is not None}
        where = {"params": wanted} if method == "GET" else {"data": wanted}
        return await self.call(method, "/oauth/v2/authorize", headers=headers, **where)

    async def link(self, request_id, browser, agreed=None):
        """Link a session; without ``agreed`` the person allows all the details that were asked."""
        if agreed is None:
            stream = Stream(INSTANCE, "auth_request", request_id)
            agreed = (await self.services.world.state(stream)).asked.authorization_details
        order = LinkSession(
            request_id=request_id,
            session_id=browser.held.session_id,
            presented=browser.held.token_id,
            agreed=agreed,
        )
        await self.services.send(order, Caller(instance_id=INSTANCE))

    async def code(self, app, browser=None, verifier="", **params):
        """Walk from the client through sign-in back to the client; returns the code."""
        if verifier:
            params |= {"code_challenge": challenge_of(verifier), "code_challenge_method": "S256"}
        browser = browser or await self.browser()
        asked = await self.authorize(app, **params)
        request_id = query_of(asked.location)["authRequestID"]
        await self.link(request_id, browser)
        back = await self.callback(request_id, browser)
        return query_of(back.location)["code"]

    async def callback(self, request_id, browser=None):
        return await self.call(
            "GET", "/oauth/v2/authorize/callback",
            params={"id": request_id}, headers=browser.cookie if browser else None,
        )  # fmt: skip

    # What a client does.

    async def call(self, method, path, **options):
        where = path if isinstance(path, URL) else self.url + path  # an URL goes as it is written
        async with self.http.request(method, where, allow_redirects=False, **options) as response:
            text = await response.text()
            json = "json" in response.content_type and await response.json()
            location = response.headers.get("Location", "")
            return SimpleNamespace(
                status=response.status, headers=response.headers, text=text, json=json or {},
                location=location, error=(json or query_of(location)).get("error"),
                asked=(method, response.url.path),
            )  # fmt: skip

    async def post(self, path, auth=None, **form):
        return await self.call("POST", path, data=form, headers=auth)

    async def token(self, grant_type, auth=None, **form):
        return await self.post("/oauth/v2/token", auth, grant_type=grant_type, **form)

    async def redeem(self, app, code, auth=None, **form):
        form = {"redirect_uri": CALLBACK, **form}
        if auth is None and app.secret:
            auth = app.basic
        elif auth is None:
            form = {"client_id": app.client_id, **form}
        return await self.token("authorization_code", auth, code=code, **form)

    async def sign_in(self, app, browser=None, **params):
        """Return the token response of a whole sign-in."""
        return (await self.redeem(app, await self.code(app, browser, **params))).json

    async def refresh(self, app, token, **form):
        return await self.token("refresh_token", app.basic, refresh_token=token, **form)

    async def calls(self, token):
        """Say whether our own APIs take a token."""
        headers = {"host": urlsplit(self.issuer).netloc, "authorization": f"Bearer {token}"}
        try:
            await self.services.authenticate(INSTANCE, headers, ("GET", "/v2/users/1"))
        except Refusal as refusal:
            if refusal.code is Code.UNAUTHENTICATED:
                return False
            raise
        return True

    async def introspect(self, app, token):
        return (await self.post("/oauth/v2/introspect", app.basic, token=token)).json

    async def userinfo(self, token):
        return await self.call(
            "GET", "/oidc/v1/userinfo", headers={"Authorization": f"Bearer {token}"}
        )


async def stored_keys(services, instance_id):
    streams = {each.stream for each in await services.world.log.after(instance_id, 0, 10_000)}
    found = []
    for stream in sorted(each for each in streams if each.type == "web_key"):
        key = await services.world.state(stream)
        if key.private_key is not None:
            pem = services.world.keyring.open(Area.SIGNING_KEY, key.private_key, instance_id)
            active = key.status is Status.ACTIVE
            found.append(StoredKey(stream.id, key.algorithm, pem, active, key.profile))
    return found


@asynccontextmanager
async def serving(
    dispatch,  # noqa: F811
    server=None,
    *,
    beside=None,
    pages=False,
    playground=False,
    session_state=False,
    **options,
):
    """Serve the provider, with the sign-in ``pages`` if wanted, over a world of aggregates.

    ``beside`` another stack it is a second process of the same site, behind the same address;
    ``server``: settings of its port.
    """
    services = Services(
        dispatch=dispatch,
        projections=None,  # the provider asks no read model
        tokens=OpaqueTokens(dispatch.world.keyring),
        keys=SigningKeys(lambda instance_id: stored_keys(services, instance_id)),
        texts=Texts.load(),
        counters=Counters(),
        origins=Origins(secure=False, port=0),
        session_state=session_state,
    )
    app = web.Application()
    app[SERVICES] = services
    oidc.add_routes(app, **options)
    if pages:
        saml.add_routes(app)
        own_port = (lambda: f"http://127.0.0.1:{server.port}") if playground else None
        login.add_routes(app, own_port=own_port)
    settings = ServerSettings(port=0, drain_timeout=0.1, drain_grace=0, **(server or {}))
    server = Server(app, {}, settings)
    await server.start()
    services.origins = beside.services.origins if beside else Origins(False, server.port)
    headers = {"Host": urlsplit(beside.issuer).netloc} if beside else {}
    try:
        async with aiohttp.ClientSession(
            cookie_jar=aiohttp.DummyCookieJar(), headers=headers
        ) as http:
            yield Stack(services, server, http)
    finally:
        await server.stop()


@pytest.fixture
async def stack(dispatch):  # noqa: F811
    async with serving(dispatch) as stack:
        yield stack


@pytest.fixture
async def whole(world):  # noqa: F811
    """The provider with its sign-in pages, where people may sign in with a password."""
    site = Dispatch(world)
    policies = replace(SETUP.policies, login=LoginPolicy(allow_username_password=True))
    await site.send(replace(SETUP, policies=policies), SYSTEM)
    profiles = Profiles(details={"payment": DetailsType(frozenset({"amount"}))})
    async with serving(site, pages=True, profiles=profiles) as stack:
        yield stack


@pytest.fixture
async def pair(postgres_url):
    """Two processes of one site on one database; each hears of the other's commits."""
    async with two(postgres_url) as stacks:
        yield stacks


@asynccontextmanager
async def two(url, **options):
    async with AsyncExitStack() as stack:
        nodes = [
            await stack.enter_async_context(running(url, views=False, **options)) for _ in range(2)
        ]
        await nodes[0].send(SETUP, SYSTEM)
        first = await stack.enter_async_context(serving(nodes[0].dispatch))
        second = await stack.enter_async_context(serving(nodes[1].dispatch, beside=first))
        yield first, second


@pytest.fixture
def verifier():
    return secrets.token_urlsafe(48)
