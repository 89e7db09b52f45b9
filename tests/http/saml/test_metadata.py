"""What service providers may say of themselves, and what nobody should believe."""

import pytest
from personae.http.identity.saml.metadata import described
from personae.http.identity.saml.xml import Unreadable

from tests.http.saml import sp


def test_a_description_is_read():
    found = described(
        sp.metadata(acs=((sp.POST, sp.ACS), (sp.REDIRECT, f"{sp.ACS}/2")), formats=("urn:x",))
    )
    assert found.entity_id == sp.ENTITY
    assert [(each.binding, each.location, each.index) for each in found.consumers] == [
        (sp.POST, sp.ACS, 0), (sp.REDIRECT, f"{sp.ACS}/2", 1),
    ]  # fmt: skip
    assert found.certificates == (sp.pair("sp")[1],)
    assert found.requests_signed
    assert found.formats == ("urn:x",)
    assert [each.location for each in found.logouts] == [sp.SLO]
    assert found.standard.location == sp.ACS


def test_the_default_endpoint_is_the_one_that_says_so():
    more = f'<md:AssertionConsumerService Binding="{sp.POST}" Location="{sp.ACS}/d" index="9" isDefault="1"/>'
    assert described(sp.metadata(more=more)).standard.index == 9
    first = sp.metadata(acs=((sp.POST, f"{sp.ACS}/no"),)).replace(
        b'index="0"', b'index="0" isDefault="false"'
    )
    assert described(first).standard.location.endswith("/no")


PLACES = [
    "http://sp.example/acs", "javascript:alert(1)", "data:text/html,x", "//sp.example/acs", "/acs",
    "https://u@sp.example/acs", "https://sp.example/a\nb", "https://sp.example/#f", "https://",
    "http://localhost.evil.example/", "https://sp.ex\u00e4mple/", "", "ftp://sp.example/",
]  # fmt: skip


@pytest.mark.parametrize("url", PLACES)
def test_assertions_go_nowhere_else(url):
    with pytest.raises(Unreadable):
        described(sp.metadata(acs=((sp.POST, url),)))
    if url:
        with pytest.raises(Unreadable):
            described(sp.metadata(slo=((sp.POST, url),)))


@pytest.mark.parametrize(
    "url", ["http://localhost:3000/acs", "http://127.0.0.1/a?b=c", "https://sp.example:8443/"]
)
def test_this_machine_and_https_are_fine(url):
    assert described(sp.metadata(acs=((sp.POST, url),))).standard.location == url


BROKEN = {
    "no entity id": sp.metadata(entity=""),
    "long entity id": sp.metadata(entity="x" * 1025),
    "no consumer": sp.metadata(acs=()),
    "artifact only": sp.metadata(acs=(("urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact", sp.ACS),)),
    "an identity provider": sp.metadata().replace(b"SPSSODescriptor", b"IDPSSODescriptor"),
    "SAML 1.1": sp.metadata().replace(b"urn:oasis:names:tc:SAML:2.0:protocol", b"urn:oasis:names:tc:SAML:1.1:protocol"),
    "many": b'<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata"/>',
    "index": sp.metadata().replace(b'index="0"', b'index="-1"'),
    "certificate": sp.metadata().replace(b"X509Certificate>MII", b"X509Certificate>AAA"),
    "no base64": sp.metadata().replace(b"X509Certificate>MII", b"X509Certificate>\xc3\xa4"),
    "valid until": sp.metadata().replace(b"entityID", b'validUntil="tomorrow" entityID'),
    "html": b"<html><body>Not found</body></html>",
    "nothing": b"",
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_description_is_refused(name):
    with pytest.raises(Unreadable):
        described(BROKEN[name])
