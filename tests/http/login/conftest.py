"""The login pages on a real port, over a whole world of aggregates in memory."""

import re
from dataclasses import dataclass, replace
from html import unescape
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientSession, web
from personae.actors import domain
from personae.actors.aggregates import facts
from personae.actors.aggregates.dispatch import Dispatch
from personae.actors.aggregates.world import World
from personae.actors.domain.auth_request.commands import AddAuthRequest
from personae.actors.domain.auth_request.events import AuthRequestAdded
from personae.actors.domain.kit import Caller, Stream
from personae.actors.domain.policies import (
    LabelPolicy,
    LoginPolicy,
)
from personae.actors.domain.policy_family import event_of, values_of
from personae.actors.domain.project.commands import AddOIDCApp, NewOIDCClient
from personae.actors.domain.user.commands import AddHuman
from personae.actors.domain.user.values import NewContact, NewPassword, Profile
from personae.config.metrics import Metrics
from personae.config.roles import Roles
from personae.config.texts import Texts
from personae.http import login
from personae.http.identity.instances import Origins
from personae.http.identity.keys import SigningKeys
from personae.http.identity.opaque import OpaqueTokens
from personae.http.identity.services import SERVICES, Services
from personae.http.server.lifecycle import Server
from personae.http.server.settings import ServerSettings
from personae.projections.kit.page import Page as Rows
from personae.store.crypto import Keyring
from personae.store.log import Commit, Part
from personae.store.memory import MemoryLog
from personae.store.passwords import Cost, Passwords
from yarl import URL

from tests.aggregates.conftest import (
    INSTANCE,
    ORG,
    PASSWORD,
    POLICIES,
    PROJECT,
    SETUP,
    BusyError,
    Clock,
    Threads,
)

domain.load()
facts.load()

NAME = "admin@acme.localhost"
CLIENT, REDIRECT = "client-1", "http://127.0.0.1:9/callback"
BYE = "https://shop.example/bye"
TEXTS = Texts.load()
LABEL = LabelPolicy(
    primary_color="#5469d4",
    background_color="#fafafa",
    warn_color="#cd3d56",
    font_color="#000000",
    primary_color_dark="#2073c4",
    background_color_dark="#111827",
    warn_color_dark="#ff3b5b",
    font_color_dark="#ffffff",
    theme_mode=1,
)
SETUP = replace(
    SETUP,
    name="ACME",
    policies=replace(POLICIES, login=LoginPolicy(allow_username_password=True), label=LABEL),
)


@dataclass
class Site:
    """A running server, with what tests change behind its back."""

    url: str
    world: World
    dispatch: Dispatch
    services: Services
    clock: Clock

    async def send(self, command):
        return await self.dispatch.send(command, Caller.of_system(INSTANCE))

    async def state(self, kind, id_):
        return await self.world.state(Stream(INSTANCE, kind, id_))

    async def count(self, kind):
        log = self.world.log
        return len(
            {e.stream.id for e in await log.after(INSTANCE, 0, 9999) if e.stream.type == kind}
        )

    async def policy(self, policy):
        """Write another policy into the instance's history, whatever it says."""
        stream = Stream(INSTANCE, "instance", INSTANCE)
        version = (await self.world.aggregate(stream)).version
        event = event_of("instance", type(policy), "added")(**values_of(policy))
        shown = event_of("instance", LabelPolicy, "activated")()
        part = Part(stream, version, INSTANCE, (event, shown))
        commit = Commit(instance_id=INSTANCE, parts=(part,), creator="test", at=self.clock())
        await self.world.log.append(commit)

    async def ask(self, *, id_="V2_1", redirect=REDIRECT, **asked):
        """Keep an authorization request; return the address it leads to."""
        added = AuthRequestAdded(client_id=CLIENT, redirect_uri=redirect, **asked)
        await self.send(AddAuthRequest(request_id=id_, instance_id=INSTANCE, asked=added))
        return f"/ui/login/login?authRequestID={id_}"

    async def add_user(self, user_id="22", name="grace", **password):
        await self.send(
            AddHuman(
                user_id=user_id,
                org_id=ORG,
                user_name=name,
                profile=Profile(first_name="Grace", last_name="Hopper"),
                email=NewContact(value=f"user{user_id}@acme.localhost", verified=True),
                password=NewPassword(plain=PASSWORD, **password),
            )
        )


async def callback(request):
    """Stand in for OpenID Connect: send an answered request back to its client."""
    services = request.app[SERVICES]
    auth = await services.world.state(Stream(INSTANCE, "auth_request", request.query["id"]))
    if not auth.code_at:
        raise web.HTTPBadRequest
    raise web.HTTPFound(f"{auth.asked.redirect_uri}?code=c-{request.query['id']}")


async def end_session(request):
    """Stand in for OpenID Connect: say with what a client's logout goes on."""
    return web.json_response(dict(request.query))


class NullProjections:
    """Read models that nobody is in: people are found by claims on their names."""

    async def reached(self, _table, _instance_id, _position):
        return True

    async def ask(self, _question):
        return Rows(rows=[], total=0)


@pytest.fixture
def kept():
    """Where events go, and what is read from them beside aggregates."""
    return MemoryLog(), NullProjections()


async def make_services(clock, log, projections):
    world = World(
        log=log,
        keyring=Keyring({1: bytes(32)}),
        passwords=Passwords(Cost(memory_kib=8, passes=1)),
        pool=Threads(),
        busy=BusyError,
        roles=Roles.load().by_name,
        clock=clock,
    )

    async def no_keys(_instance_id):
        return ()

    return Services(
        dispatch=Dispatch(world),
        projections=projections,
        tokens=OpaqueTokens(world.keyring),
        keys=SigningKeys(no_keys),
        texts=TEXTS,
        counters=Metrics(),
        origins=Origins(secure=False, port=0),
    )


@pytest.fixture
async def site(kept):
    clock = Clock()
    services = await make_services(clock, *kept)
    app = web.Application()
    app[SERVICES] = services
    login.add_routes(app)
    app.router.add_get("/oauth/v2/authorize/callback", callback)
    app.router.add_get("/oidc/v1/end_session{done:(?:/done)?}", end_session)
    server = Server(app, {}, ServerSettings(port=0, drain_timeout=0), faults=login.faults(services))
    await server.start()
    site = Site(
        f"http://localhost:{server.port}", services.world, services.dispatch, services, clock
    )
    await site.send(SETUP)
    client = NewOIDCClient(
        redirect_uris=(REDIRECT,), post_logout_redirect_uris=(BYE,), dev_mode=True
    )
    await site.send(
        AddOIDCApp(project_id=PROJECT, app_id="40", client_id=CLIENT, name="Shop", client=client)
    )
    yield site
    await server.stop()


@dataclass
class Page:
    """An answer, with the form in it."""

    status: int
    url: str
    text: str
    headers: object

    @property
    def title(self):
        return unescape(re.search("<title>(.*?)</title>", self.text)[1])

    @property
    def problem(self):
        found = re.search(r'<li id="problem-[^"]*"><a [^>]*>(.*?)</a>', self.text)
        return unescape(found[1]) if found else ""

    def form(self, name):
        """Return a form's address and hidden fields."""
        for action, body in re.findall(
            r'<form[^>]*action="([^"]*)"[^>]*>(.*?)</form>', self.text, re.DOTALL
        ):
            if urlsplit(unescape(action)).path == f"/ui/login/{name}":
                hidden = re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', body)
                return unescape(action), {key: unescape(value) for key, value in hidden}
        raise AssertionError(f"no form {name} in {self.url}: {self.text}")


class Browser:
    """What a browser without scripts does: keeps cookies, follows links, sends forms."""

    def __init__(self, site):
        self.site = site
        self.session = ClientSession(headers={"Accept": "text/html"})

    async def get(self, path, **options):
        return await self._page(self.session.get(self._full(path), **options))

    async def post(self, path, **options):
        return await self._page(self.session.post(self._full(path), **options))

    async def submit(self, page, name, pairs=(), **fields):
        action, hidden = page.form(name)
        data = [*hidden.items(), *fields.items(), *pairs]
        return await self.post(action, data=data)

    async def sign_in(self, path="/ui/login/loginname", name=NAME, password=PASSWORD):
        page = await self.get(path)
        page = await self.submit(page, "loginname", loginName=name)
        return await self.submit(page, "password", password=password)

    def _full(self, path):
        return path if isinstance(path, URL) or path.startswith("http") else self.site.url + path

    async def _page(self, request):
        async with request as answer:
            return Page(answer.status, str(answer.url), await answer.text(), answer.headers)


@pytest.fixture
async def browser(site):
    browser = Browser(site)
    yield browser
    await browser.session.close()


@pytest.fixture
async def redirects():
    """A client on an origin of its own; the list of addresses it was called back at."""
    seen = []

    async def landed(request):
        seen.append(request.path_qs)
        return web.Response(text="<title>Shop</title>welcome", content_type="text/html")

    app = web.Application()
    app.router.add_get("/callback", landed)
    runner = web.AppRunner(app)
    await runner.setup()
    listening = web.TCPSite(runner, "127.0.0.1", 0)
    await listening.start()
    port = runner.addresses[0][1]
    yield f"http://127.0.0.1:{port}/callback", seen
    await runner.cleanup()
