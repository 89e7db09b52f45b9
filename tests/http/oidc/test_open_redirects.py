"""No address that anybody brings along is where a browser is sent: every route, every parameter.

Of the doors for browsers as they are assembled: the provider, its sign-in pages, SAML, and where
providers of others send people back to. Wires of the API answer with messages, never with redirects.
"""

import re
from contextlib import asynccontextmanager
from html import unescape
from itertools import product

import pytest
from aiohttp import web
from personae.http import login, oidc, saml
from personae.http.login import PAGES_AT
from personae.http.login import check as checking
from yarl import URL

from tests.aggregates.conftest import INSTANCE
from tests.architecture import ROOT
from tests.http.login.conftest import NAME, Browser
from tests.http.login.test_every_page import PARAMETERS, TYPED, forms_in
from tests.http.oidc.conftest import AFTER, CALLBACK, query_of
from tests.http.oidc.test_safe_by_default import EVIL, URI_PARAMETERS, leaves

REGISTERED = re.compile(f"{re.escape(CALLBACK)}([&#].*)?|{re.escape(AFTER)}(\\?.*)?")
"""Where a client may be gone back to, with parameters of ours."""
KINDS = EVIL[:3]
"""What parameters are tried with one by one: an address, one without scheme, one for browsers only."""
OTHERS = (
    *("access_token", "acr_values", "actor_token", "actor_token_type", "assertion", "audience"),
    *("authorization_details", "back_channel_logout_uri", "claims", "client_assertion"),
    *("client_assertion_type", "client_secret", "code_challenge", "code_challenge_method"),
    *("code_verifier", "device_code", "display", "dpop_jkt", "error_description", "error_uri"),
    *("failureUrl", "frontchannel_logout_uri", "grant_type", "id_token", "id_token_hint"),
    *(
        "client",
        "language",
        "loginHint",
        "max_age",
        "nonce",
        "prompt",
        "refresh_token",
        "registration",
    ),
    *("RelayState", "request", "requested_token_type", "resource", "response_mode"),
    *("response_type", "samlRequest", "SAMLRequest", "SAMLResponse", "SAMLEncoding", "scope"),
    *("session_state", "sid", "SigAlg", "Signature", "subject_token", "subject_token_type"),
    *("successUrl", "token_type_hint", "verifyCode"),
)
NAMES = sorted({*PARAMETERS, *URI_PARAMETERS, *TYPED, *OTHERS})
READ = re.compile(r'\b(?:query|form|given|fields)(?:\.(?:get|required|all))?[(\[]"(\w+)"')
ADDRESS = re.compile(r'\b(?:href|action|src|formaction|data)="([^"]*)"')


def assembled():
    """Return every route for browsers, as method and path."""
    app = web.Application()
    for door in (oidc, saml, login):
        door.add_routes(app)
    found = {(each.method, each.resource.canonical) for each in app.router.routes()}
    return sorted(each for each in found if each[0] in {"GET", "POST"})


ROUTES = assembled()


def strays(location, issuer):
    """Say whether an address is neither here nor registered."""
    here = location.startswith(("#", f"{issuer}/")) or not leaves(location)
    return not here and not REGISTERED.fullmatch(location)


def check(found, stack, tried):
    """No header and no link, form or frame of a page leads astray."""
    assert not strays(found.headers.get("Location", ""), stack.issuer), (tried, found.headers)
    assert "Refresh" not in found.headers or "evil" not in found.headers["Refresh"], tried
    if "html" in found.headers.get("Content-Type", ""):
        for address in map(unescape, ADDRESS.findall(found.text)):
            assert not strays(address, stack.issuer), (tried, address)


@asynccontextmanager
async def two_browsers(stack):
    """Yield parameters that are right for whatever asks them; a browser signed in, and another."""
    app, browser, stranger = await stack.app(), Browser(stack), Browser(stack)
    tokens, begun = await stack.sign_in(app), await stack.authorize(app)
    await browser.sign_in()
    log = await stack.services.world.log.after(INSTANCE, 0, 10_000)
    page = await stranger.get("/ui/login/loginname")
    page = await stranger.submit(page, "loginname", loginName=NAME)
    request_id = query_of(begun.location)["authRequestID"]
    yield {
        "client_id": app.client_id, "redirect_uri": CALLBACK, "response_type": "code",
        "scope": "openid", "post_logout_redirect_uri": AFTER, "id_token_hint": tokens["id_token"],
        "authRequestID": request_id, "id": request_id, **query_of(page.url),
        "session": [each.stream.id for each in log if each.stream.type == "session"][-1],
    }, browser, stranger  # fmt: skip
    for each in (browser, stranger):
        await each.session.close()


@pytest.mark.parametrize(("method", "path"), ROUTES, ids=str)
async def test_no_route_leads_where_a_parameter_says(whole, method, path):
    async with two_browsers(whole) as (right, browser, stranger):
        for uri in EVIL:
            for who in (browser, stranger):
                await brought(who, method, path, dict.fromkeys(URI_PARAMETERS, uri), uri)
        for uri in KINDS:
            for name in NAMES:
                await brought(browser, method, path, right | {name: uri}, uri)


async def brought(browser, method, path, params, uri):
    """Bring an address, as a part of the path too, where there is such a part."""
    part = uri.replace("\\", "%5C").replace(" ", "%20")
    where = URL(browser.site.url + re.sub(r"\{\w+\}", part, path), encoded=True)
    if method == "GET":
        found = await browser.get(where, params=params, allow_redirects=False)
    else:
        found = await browser.post(where, data=params, allow_redirects=False)
    check(found, browser.site, params)


@pytest.mark.parametrize("path", [path for path, _, take in PAGES_AT if take])
async def test_no_form_leads_where_a_field_says(whole, path, monkeypatch):
    """The same with the token that forms have: field by field, of every form of every page."""
    monkeypatch.setattr(checking, "UNIFORM_SECONDS", 0.0)
    async with two_browsers(whole) as (right, *browsers):
        later = {name: right[name] for name in ("session", "who")}
        for browser, params in product(browsers, ({}, later, right)):
            page = await browser.get(f"/ui/login{path}", params=params, allow_redirects=False)
            for action, hidden in list(forms_in(page)):
                for uri, name in product(KINDS, (TYPED.keys() | hidden.keys()) - {"token"}):
                    form = {**TYPED, **hidden, name: uri}
                    found = await browser.post(action, data=form, allow_redirects=False)
                    check(found, whole, form)


def test_every_parameter_that_is_read_is_tried():
    root = ROOT / "http"
    files = [
        each
        for door in ("login", "oidc", "saml", "identity")
        for each in (root / door).rglob("*.py")
    ]
    read = {name for each in files for name in READ.findall(each.read_text())}
    assert len(read) > 50
    assert read - set(NAMES) == set()


@pytest.mark.parametrize("uri", [*EVIL, "/\t/evil.example", f"{AFTER}/more", "elsewhere"])
def test_the_crawl_would_see_it(uri):
    """All but one, which stays here unless somebody decodes it: that is the one with a tab."""
    assert strays(uri, "http://localhost") is (uri != "/%09/evil.example")
    assert not strays(f"{CALLBACK}&state={uri}", "http://localhost")
