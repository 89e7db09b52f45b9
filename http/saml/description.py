"""What this identity provider says of itself: metadata and certificate (SAML Metadata 2.0)."""

from __future__ import annotations

import asyncio
import base64
from functools import lru_cache

from aiohttp import web
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate
from personae.http.identity.saml.keys import Keys, keys_of
from personae.http.identity.saml.names import BINDINGS, FORMATS, MD, PROTOCOL
from personae.http.identity.saml.response import new_id
from personae.http.identity.saml.xml import DS, Element, make, sign, written
from personae.http.saml import paths
from personae.http.saml.call import Call

KEPT = 1_000
MEDIA_TYPE = "application/samlmetadata+xml"
CACHE = "public, max-age=300"


async def metadata(request: web.Request) -> web.Response:
    """Return the signed description of this identity provider."""
    call = await Call.of(request)
    keys = await keys_of(call.services, call.instance_id)
    body = await asyncio.to_thread(_document, call.entity_id, call.origin, keys)
    return web.Response(body=body, content_type=MEDIA_TYPE, headers={"Cache-Control": CACHE})


async def certificate(request: web.Request) -> web.Response:
    """Return the certificate that signs now, as PEM."""
    call = await Call.of(request)
    keys = await keys_of(call.services, call.instance_id)
    headers = {
        "Cache-Control": CACHE,
        "Content-Disposition": 'attachment; filename="idp.crt"',
    }
    body = keys.signatory.certificate.public_bytes(Encoding.PEM)
    return web.Response(body=body, content_type="application/x-pem-file", headers=headers)


@lru_cache(maxsize=KEPT)
def _document(entity_id: str, origin: str, keys: Keys) -> bytes:
    role = make(
        f"{MD}IDPSSODescriptor",
        {"WantAuthnRequestsSigned": "true", "protocolSupportEnumeration": PROTOCOL},
        *map(_key, keys.certificates),
        *(_endpoint("SingleLogoutService", each, f"{origin}{paths.SLO}") for each in BINDINGS),
        *(make(f"{MD}NameIDFormat", None, each) for each in FORMATS),
        *(_endpoint("SingleSignOnService", each, f"{origin}{paths.SSO}") for each in BINDINGS),
    )
    attributes = {"ID": new_id(), "entityID": entity_id, "cacheDuration": "PT24H"}
    root = make(f"{MD}EntityDescriptor", attributes, role, md=MD[1:-1], ds=DS)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + written(sign(root, keys.signatory))


def _key(known: Certificate) -> Element:
    encoded = base64.b64encode(known.public_bytes(Encoding.DER)).decode()
    shown = make(f"{{{DS}}}X509Data", None, make(f"{{{DS}}}X509Certificate", None, encoded))
    info = make(f"{{{DS}}}KeyInfo", None, shown)
    return make(f"{MD}KeyDescriptor", {"use": "signing"}, info)


def _endpoint(name: str, binding: str, location: str) -> Element:
    return make(f"{MD}{name}", {"Binding": binding, "Location": location})
