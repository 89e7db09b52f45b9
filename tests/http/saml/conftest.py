"""The identity provider with its sign-in pages on a real port, and a service provider of strings."""

import base64
import re
from html import unescape
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest
from lxml import etree
from personae.actors.domain.kit import Stream
from personae.actors.domain.project.commands import AddProject, AddSAMLApp
from personae.http.identity.saml.metadata import described
from yarl import URL

from tests.aggregates.conftest import INSTANCE, ORG
from tests.http.login.conftest import Browser
from tests.http.oidc.conftest import (  # noqa: F401 — fixtures
    clock,
    dispatch,
    passwords,
    whole,
    world,
)
from tests.http.saml import sp


class Idp:
    """What tests do with the identity provider from outside, and what they look at inside."""

    def __init__(self, stack, clock):  # noqa: F811
        self.stack, self.clock = stack, clock
        self.url = stack.url

    @property
    def sso(self):
        return f"{self.stack.issuer}/saml/v2/SSO"

    async def app(self, metadata=None, org_id=ORG, **more):
        """Register a service provider."""
        metadata = metadata or sp.metadata()
        ids = {"project_id": self.stack.new_id(), "app_id": self.stack.new_id()}
        name = f"Project {ids['project_id']}"
        await self.stack.send(
            AddProject(project_id=ids["project_id"], org_id=org_id, name=name, **more)
        )
        entity_id = described(metadata).entity_id
        await self.stack.send(
            AddSAMLApp(**ids, name="Shop", entity_id=entity_id, metadata=metadata)
        )
        return SimpleNamespace(**ids, entity_id=entity_id)

    def request(self, id_=None, **more):
        """The text of a request for here and now."""
        return sp.authn_request(
            self.sso, id_ or f"_r{self.stack.new_id()}", at=self.clock(), **more
        )

    async def redirect(self, text, relay="", headers=None, **more):
        query = sp.redirect_query(text, relay, **more)
        return await self.raw(query, headers)

    async def raw(self, query, headers=None):
        where = URL(f"{self.url}/saml/v2/SSO?{query}", encoded=True)
        return await self.stack.call("GET", where, headers=headers)

    async def post(self, message, relay=None, headers=None):
        data = message if isinstance(message, bytes) else message.encode()
        form = {"SAMLRequest": base64.b64encode(data).decode()}
        form |= {"RelayState": relay} if relay is not None else {}
        return await self.stack.call("POST", "/saml/v2/SSO", data=form, headers=headers)

    async def asked(self, text=None, **more):
        """Ask by a good request; returns the request's id here."""
        answer = await self.redirect(text or self.request(**more), "state")
        assert answer.status == 303, answer.text
        return parse_qs(urlsplit(answer.location).query)["samlRequest"][0]

    async def state(self, request_id):
        return await self.stack.services.world.state(Stream(INSTANCE, "saml_request", request_id))

    async def callback(self, request_id, browser=None):
        return await self.stack.call(
            "GET", "/saml/v2/login", params={"id": request_id},
            headers=browser.cookie if browser else None,
        )  # fmt: skip

    async def certificate(self):
        return (await self.stack.call("GET", "/saml/v2/certificate")).text


def form_of(page):
    """The address of the form of a page, and its fields."""
    action = unescape(re.search(r'<form method="post" action="([^"]*)"', page.text)[1])
    fields = re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', page.text)
    return action, {name: unescape(value) for name, value in fields}


def response_of(page):
    """The root of the response that a page posts."""
    return etree.fromstring(base64.b64decode(form_of(page)[1]["SAMLResponse"]))


def statuses(response):
    return [
        each.get("Value").rpartition(":")[2] for each in response.iter(f"{{{sp.SAMLP}}}StatusCode")
    ]


def one(response, path):
    return response.find(f".//{path}", sp.NS)


def attributes_of(response):
    return {
        each.get("Name"): [value.text for value in each]
        for each in response.iter(f"{{{sp.SAML}}}Attribute")
    }


async def session_of(idp, index):
    """The session behind an index that a service provider was told."""
    state = idp.stack.services.world.state
    told = await state(Stream(INSTANCE, "saml_session", index))
    return await state(Stream(INSTANCE, "session", told.session_id))


@pytest.fixture
async def idp(whole, clock):  # noqa: F811
    return Idp(whole, clock)


@pytest.fixture
async def browser(whole):  # noqa: F811
    browser = Browser(whole)
    yield browser
    await browser.session.close()
