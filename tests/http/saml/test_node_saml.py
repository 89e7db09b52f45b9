"""node-saml, a library that knows nothing of ours, signs people in through the pages and out again."""

from base64 import b64decode, b64encode
from datetime import UTC, datetime
from functools import partial
from html import unescape
from pathlib import Path
from re import findall

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from personae.actors.domain.session.state import Status
from yarl import URL

from tests.aggregates.conftest import PASSWORD
from tests.http.oidc.relying_party import OpenIDClient
from tests.http.saml import sp
from tests.http.saml.conftest import form_of, session_of
from tests.node import installed

FOLDER = Path(__file__).parent / "node_saml"
ENTITY, ACS, SLO = "urn:node", "https://node.example/acs", "https://node.example/slo"


@pytest.fixture(scope="session")
def library(tmp_path_factory):
    library = OpenIDClient(installed(FOLDER, tmp_path_factory))
    yield library
    library.stop()


@pytest.fixture
async def party(library, idp):
    """A service provider that trusts this identity provider, registered by its own metadata."""
    idp.clock.time = datetime.now(UTC)  # the library looks at the real one
    key, certificate = sp.pair("node")
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    options = {
        "issuer": ENTITY, "callbackUrl": ACS, "logoutCallbackUrl": SLO, "audience": ENTITY,
        "entryPoint": idp.sso, "logoutUrl": idp.sso.replace("SSO", "SLO"), "privateKey": pem,
        "idpCert": await idp.certificate(), "idpIssuer": f"{idp.stack.issuer}/saml/v2/metadata",
    }  # fmt: skip

    async def told(call, **arguments):
        return await library.told(call, name=idp.stack.issuer, **arguments)

    async def ok(call, **arguments):
        found = await told(call, **arguments)
        assert found.error is None, (call, found.error)
        return found.ok

    await ok("make", options=options)
    options |= {"authnRequestBinding": "HTTP-POST", "skipRequestCompression": True}
    await library.told("make", name="posting", options=options)
    ok.posting = partial(library.told, name="posting")
    public = certificate.public_bytes(Encoding.PEM).decode()
    await idp.app((await ok("metadata", certificate=public)).encode())
    ok.told = told
    return ok


async def sign_in(browser, page):
    page = await browser.submit(page, "loginname", loginName="admin@acme.localhost")
    return await browser.submit(page, "password", password=PASSWORD)


async def test_somebody_signs_in_and_out(idp, party, browser):
    url = await party("authorize", relay="r")
    page = await sign_in(browser, await browser.get(URL(url, encoded=True)))
    action, fields = form_of(page)
    assert (action, fields["RelayState"]) == (ACS, "r")
    profile = await party("validate", response=fields["SAMLResponse"])
    assert profile["nameID"] == "admin@acme.localhost"
    assert profile["Email"] == "admin@acme.localhost"
    assert profile["FullName"] == "Ada Admin"
    session = await session_of(idp, profile["sessionIndex"])
    assert session.status is Status.ACTIVE
    # Its own answer counts once: the library forgets the request.
    assert "InResponseTo" in (await party.told("validate", response=fields["SAMLResponse"])).error
    page = await browser.get(URL(await party("logout", profile=profile, relay="bye"), encoded=True))
    action, fields = form_of(page)
    assert (action, fields["RelayState"]) == (SLO, "bye")
    assert await party("loggedOut", response=fields["SAMLResponse"]) is True
    assert (await session_of(idp, profile["sessionIndex"])).status is Status.TERMINATED
    assert "loginName" in (await browser.get("/ui/login/login")).text  # nobody is left


async def test_a_posted_request_is_taken_too(party, browser, idp):
    page = (await party.posting("form", relay="r")).ok
    fields = dict(findall(r'name="(SAMLRequest|RelayState)" value="([^"]*)"', page))
    assert b"SignatureValue" in b64decode(unescape(fields["SAMLRequest"]))
    data = {name: unescape(value) for name, value in fields.items()}
    page = await sign_in(browser, await browser.post("/saml/v2/SSO", data=data))
    profile = (await party.posting("validate", response=form_of(page)[1]["SAMLResponse"])).ok
    assert profile["issuer"] == f"{idp.stack.issuer}/saml/v2/metadata"


async def test_what_was_changed_on_the_way_is_noticed(party, browser):
    page = await sign_in(
        browser, await browser.get(URL(await party("authorize", relay=""), encoded=True))
    )
    response = b64decode(form_of(page)[1]["SAMLResponse"]).replace(b"Ada", b"Eve")
    found = await party.told("validate", response=b64encode(response).decode())
    assert "signature" in found.error.lower()
