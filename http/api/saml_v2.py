"""``zitadel.saml.v2.SAMLService``: waits for SAML itself."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message
from personae.http.api.reasons import SAML_REQUESTS_UNSUPPORTED
from personae.http.wire.call import Call
from personae.http.wire.registry import rpc

SERVICE = "zitadel.saml.v2.SAMLService"


@rpc(f"{SERVICE}/GetSAMLRequest")
async def get_saml_request(_request: Any, _call: Call) -> Message:
    """Refuse: no service provider can ask yet."""
    raise SAML_REQUESTS_UNSUPPORTED()


@rpc(f"{SERVICE}/CreateResponse")
async def create_response(_request: Any, _call: Call) -> Message:
    """Refuse: no service provider can ask yet."""
    raise SAML_REQUESTS_UNSUPPORTED()
