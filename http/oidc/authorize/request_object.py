"""Request objects: parameters that the client signed (RFC 9101; OIDC Core, 6.1), by value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from personae.actors.aggregates.clients import Client
from personae.actors.domain.kit import Refusal
from personae.http.oidc.assertions import verifier_for
from personae.http.oidc.call import Call
from personae.http.oidc.client_keys import keys_for
from personae.http.oidc.errors import PARAMETER_INVALID, REQUEST_INVALID
from personae.http.oidc.form import LISTS, Form

TYPES = ("", "jwt", "oauth-authz-req+jwt")
OF_THE_TOKEN = {"iss", "aud", "exp", "iat", "nbf", "jti", "sub"}


async def unpacked(call: Call, client: Client) -> Form:
    """Return the parameters of a request object, and only these.

    "The authorization server MUST only use the parameters in the Request Object, even if the
    same parameter is provided in the query parameter." (RFC 9101, 5) Raises
    OIDC-RequestObjectInvalid.
    """
    if call.form.get("request_uri"):
        raise PARAMETER_INVALID(name="request_uri")
    text, now = call.form.get("request"), call.services.world.now()
    keys = await keys_for(call, client, text)
    try:
        verifier = verifier_for(text, keys, now, fapi=client.app.oauth.fapi)
        claims = verifier.verify(
            text, typ=TYPES, issuer=client.client_id, audience=(call.issuer,), now=now
        )
    except Refusal as refusal:
        raise REQUEST_INVALID(cause=refusal.id) from None
    # "sub" with the client's id would make it a client assertion too (RFC 9101, 10.8).
    if claims.get("client_id", client.client_id) != client.client_id or "sub" in claims:
        raise REQUEST_INVALID(cause="client_id" if "sub" not in claims else "sub")
    if not claims.keys().isdisjoint({"request", "request_uri"}):
        raise REQUEST_INVALID(cause="request")
    return Form.of_pairs([("client_id", client.client_id), *_parameters(claims)])


def _parameters(claims: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield claims as parameters: numbers in digits, structures as JSON (RFC 9101, 4).

    Parameters that may be repeated are arrays.
    """
    for name, value in claims.items():
        if name in OF_THE_TOKEN or name == "client_id":
            continue
        for one in value if name in LISTS and isinstance(value, list) else (value,):
            text = one if isinstance(one, str) else orjson.dumps(one).decode()
            if text:
                yield name, text
