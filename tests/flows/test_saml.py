"""The whole way by SAML: a service provider is registered over the API, somebody signs in to it."""

import base64
import re
from html import unescape

import aiohttp
import pytest
from lxml import etree
from signxml import SignatureConfiguration, XMLVerifier
from yarl import URL

from tests.http.saml import sp
from tests.running import ADMIN, PASSWORD

pytestmark = pytest.mark.flow


def form_of(page, action):
    """The address and hidden fields of a form whose address has this in it."""
    found = re.search(
        rf'<form[^>]*action="([^"]*{action}[^"]*)"[^>]*>(.*?)</form>', page, re.DOTALL
    )
    fields = re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', found[2])
    return unescape(found[1]), {name: unescape(value) for name, value in fields}


async def test_from_metadata_to_a_signed_response(client):
    owner = await client.organisation()
    project = await client.ok("POST", "/v2/projects", {"organization_id": owner, "name": "SAML"})
    body = {
        "project_id": project["projectId"],
        "name": "Wiki",
        "saml_configuration": {"metadata_xml": base64.b64encode(sp.metadata()).decode()},
    }
    await client.ok("POST", "/v2/applications", body)
    url = client.server.url
    async with aiohttp.ClientSession(url, headers={"Accept": "text/html"}) as browser:
        async with browser.get("/saml/v2/certificate") as answer:
            certificate = await answer.text()
        query = sp.redirect_query(sp.authn_request(f"{url}/saml/v2/SSO", "_flow"), "r")
        async with browser.get(URL(f"{url}/saml/v2/SSO?{query}", encoded=True)) as answer:
            action, fields = form_of(await answer.text(), "/loginname")
        async with browser.post(action, data={**fields, "loginName": ADMIN}) as answer:
            action, fields = form_of(await answer.text(), "/password")
        async with browser.post(action, data={**fields, "password": PASSWORD}) as answer:
            action, fields = form_of(await answer.text(), "sp.example")
    assert (action, fields["RelayState"]) == (sp.ACS, "r")
    response = etree.fromstring(base64.b64decode(fields["SAMLResponse"]))
    config = SignatureConfiguration(location="./")
    signed = XMLVerifier().verify(response, x509_cert=certificate, expect_config=config).signed_xml
    assert signed.get("InResponseTo") == "_flow"
    assert signed.find(".//saml:Audience", sp.NS).text == sp.ENTITY
