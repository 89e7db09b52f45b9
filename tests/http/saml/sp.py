"""A service provider made of strings, signxml and zlib: it knows nothing of ours."""

import base64
import datetime as dt
import functools
import zlib
from urllib.parse import urlencode

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree
from signxml import XMLSigner

ENTITY = "https://sp.example/saml"
ACS = "https://sp.example/acs"
SLO = "https://sp.example/slo"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
DS = "http://www.w3.org/2000/09/xmldsig#"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
RSA_SHA1 = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
NS = {"samlp": SAMLP, "saml": SAML, "ds": DS, "md": "urn:oasis:names:tc:SAML:2.0:metadata"}


@functools.cache
def pair(name):
    """A key with a certificate of its own."""
    key = rsa.generate_private_key(65537, 2048)
    return key, certified(key, name)


def certified(key, name, days=3650):
    """A certificate of a key that ends after so many days, which may be over."""
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).serial_number(7)
        .public_key(key.public_key())
        .not_valid_before(now - dt.timedelta(days=3650))
        .not_valid_after(now + dt.timedelta(days=days))
        .sign(key, hashes.SHA256())
    )  # fmt: skip


def in_base64(certificate):
    return base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()


def metadata(
    entity=ENTITY,
    *,
    acs=((POST, ACS),),
    slo=((POST, SLO),),
    key="sp",
    signed=True,
    formats=(),
    more="",
):
    """The description of a service provider; ``key`` names its pair."""
    certificate = in_base64(pair(key)[1]) if key else ""
    keys = (
        f'<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="{DS}"><ds:X509Data><ds:X509Certificate>'
        f"{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
        if key
        else ""
    )
    logouts = "".join(
        f'<md:SingleLogoutService Binding="{each}" Location="{url}"/>' for each, url in slo
    )
    wanted = "".join(f"<md:NameIDFormat>{each}</md:NameIDFormat>" for each in formats)
    consumers = "".join(
        f'<md:AssertionConsumerService Binding="{each}" Location="{url}" index="{number}"/>'
        for number, (each, url) in enumerate(acs)
    )
    return (
        f'<?xml version="1.0"?><!-- of a test --><md:EntityDescriptor xmlns:md="{NS["md"]}" entityID="{entity}">'
        f'<md:SPSSODescriptor protocolSupportEnumeration="{SAMLP}"'
        f' AuthnRequestsSigned="{str(signed).lower()}">'
        f"{keys}{logouts}{wanted}{consumers}{more}</md:SPSSODescriptor></md:EntityDescriptor>"
    ).encode()


def authn_request(
    destination, id_="_r1", *, issuer=ENTITY, at=None, inside="", version="2.0", **attributes
):
    """The text of an AuthnRequest."""
    at = at or dt.datetime.now(dt.UTC)
    extra = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return (
        f'<samlp:AuthnRequest xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" ID="{id_}" Version="{version}"'
        f' IssueInstant="{at:%Y-%m-%dT%H:%M:%SZ}" Destination="{destination}"{extra}>'
        f"<saml:Issuer>{issuer}</saml:Issuer>{inside}</samlp:AuthnRequest>"
    )


def enveloped(text, key="sp", uri=None, **options):
    """Sign a message as a whole; returns its root."""
    root = etree.fromstring(text)
    private, certificate = pair(key)
    root.insert(1, etree.Element(f"{{{DS}}}Signature", Id="placeholder"))
    signer = XMLSigner(
        c14n_algorithm="http://www.w3.org/2001/10/xml-exc-c14n#",
        **{"signature_algorithm": "rsa-sha256", "digest_algorithm": "sha256", **options},
    )
    return signer.sign(
        root, key=private, cert=[certificate], reference_uri=uri or f"#{root.get('ID')}"
    )


def packed(text):
    data = text if isinstance(text, bytes) else text.encode()
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    return base64.b64encode(squeeze.compress(data) + squeeze.flush()).decode()


def redirect_query(text, relay="", *, key="sp", name="SAMLRequest", algorithm=RSA_SHA256, raw=None):
    """The query of the redirect binding, signed by ``key`` unless that is empty."""
    fields = {name: raw or packed(text)}
    if relay:
        fields["RelayState"] = relay
    if not key:
        return urlencode(fields)
    signed = urlencode({**fields, "SigAlg": algorithm})
    digest = hashes.SHA1() if algorithm == RSA_SHA1 else hashes.SHA256()
    signature = pair(key)[0].sign(signed.encode(), padding.PKCS1v15(), digest)
    return f"{signed}&{urlencode({'Signature': base64.b64encode(signature).decode()})}"
