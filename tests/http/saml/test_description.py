"""What the identity provider says of itself."""

from datetime import timedelta

from cryptography.x509 import load_der_x509_certificate, load_pem_x509_certificate
from lxml import etree
from personae.actors.domain.key_pair.commands import RenewKeyPair
from personae.actors.domain.key_pair.state import LIFE, RENEWED, SETTLED
from signxml import SignatureConfiguration, XMLVerifier

from tests.aggregates.conftest import INSTANCE
from tests.http.saml import sp


async def described(idp):
    answer = await idp.stack.call("GET", "/saml/v2/metadata")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/samlmetadata+xml"
    return etree.fromstring(answer.text.encode())


def shown(root):
    import base64

    found = [
        each.text
        for each in root.find("md:IDPSSODescriptor", sp.NS).iter(f"{{{sp.DS}}}X509Certificate")
    ]
    return [load_der_x509_certificate(base64.b64decode(each)) for each in found]


async def test_it_is_signed_and_names_every_endpoint(idp):
    root = await described(idp)
    pem = await idp.certificate()
    config = SignatureConfiguration(location="./")
    signed = XMLVerifier().verify(root, x509_cert=pem, expect_config=config).signed_xml
    assert signed.get("entityID") == f"{idp.stack.issuer}/saml/v2/metadata"
    role = signed.find("md:IDPSSODescriptor", sp.NS)
    assert role.get("WantAuthnRequestsSigned") == "true"
    for name, path in (("SingleSignOnService", "SSO"), ("SingleLogoutService", "SLO")):
        places = {
            each.get("Binding"): each.get("Location") for each in role.findall(f"md:{name}", sp.NS)
        }
        assert places == dict.fromkeys((sp.POST, sp.REDIRECT), f"{idp.stack.issuer}/saml/v2/{path}")
    assert shown(root) == [load_pem_x509_certificate(pem.encode())]


async def test_certificates_follow_one_another_without_a_gap(idp):
    start, first = idp.clock(), await idp.certificate()
    idp.clock.time = start + LIFE - RENEWED + timedelta(seconds=1)
    root = await described(idp)
    # Both are known, the old one still signs.
    assert len(shown(root)) == 2
    assert await idp.certificate() == first
    idp.clock.pass_(days=SETTLED.days, seconds=1)
    second = await idp.certificate()
    assert second != first
    assert [each.public_bytes for each in shown(await described(idp))]
    idp.clock.pass_(days=RENEWED.days)
    assert shown(await described(idp)) == [load_pem_x509_certificate(second.encode())]


async def test_the_key_is_sealed_and_made_once(idp):
    assert await idp.certificate() == await idp.certificate()
    await idp.stack.send(RenewKeyPair(instance_id=INSTANCE))
    log = idp.stack.services.world.log
    made = [
        each.event for each in await log.after(INSTANCE, 0, 999) if each.stream.type == "key_pair"
    ]
    assert len(made) == 2
    assert "PRIVATE" not in repr(made)
