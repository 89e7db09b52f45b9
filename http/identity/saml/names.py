"""Names that SAML 2.0 fixed: namespaces, bindings, formats, statuses."""

from __future__ import annotations

MD = "{urn:oasis:names:tc:SAML:2.0:metadata}"
SAML = "{urn:oasis:names:tc:SAML:2.0:assertion}"
SAMLP = "{urn:oasis:names:tc:SAML:2.0:protocol}"
PROTOCOL = SAMLP[1:-1]

POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
BINDINGS = (POST, REDIRECT)

_NAME_ID = "urn:oasis:names:tc:SAML:{}:nameid-format:{}"
UNSPECIFIED = _NAME_ID.format("1.1", "unspecified")
EMAIL = _NAME_ID.format("1.1", "emailAddress")
PERSISTENT = _NAME_ID.format("2.0", "persistent")
TRANSIENT = _NAME_ID.format("2.0", "transient")
FORMATS = (PERSISTENT, EMAIL, TRANSIENT, UNSPECIFIED)
"""How people can be named to a service provider."""

BASIC = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic"
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"

_STATUS = "urn:oasis:names:tc:SAML:2.0:status:"
SUCCESS = f"{_STATUS}Success"
REQUESTER = f"{_STATUS}Requester"
RESPONDER = f"{_STATUS}Responder"
VERSION_MISMATCH = f"{_STATUS}VersionMismatch"
AUTHN_FAILED = f"{_STATUS}AuthnFailed"
INVALID_ATTRIBUTE = f"{_STATUS}InvalidAttrNameOrValue"
INVALID_NAME_ID_POLICY = f"{_STATUS}InvalidNameIDPolicy"
NO_PASSIVE = f"{_STATUS}NoPassive"
NO_AUTHN_CONTEXT = f"{_STATUS}NoAuthnContext"
REQUEST_DENIED = f"{_STATUS}RequestDenied"
REQUEST_UNSUPPORTED = f"{_STATUS}RequestUnsupported"
UNSUPPORTED_BINDING = f"{_STATUS}UnsupportedBinding"
UNKNOWN_PRINCIPAL = f"{_STATUS}UnknownPrincipal"
