"""What a client is told about its authorization request (RFC 6749, 4.1.2), whoever tells it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from personae.actors.domain.auth_request.events import AuthRequestAdded
from personae.http.identity.opaque import TokenKind

if TYPE_CHECKING:
    from personae.http.identity.services import Services

FRAGMENT, FORM_POST = 2, 3
"""Response modes other than the query, as requests keep them; a form is not carried by a URL."""


def with_code(services: Services, instance_id: str, request_id: str) -> dict[str, str]:
    """Return the parameters of a request that was granted: a code, to be exchanged once."""
    return {"code": services.tokens.issue(TokenKind.CODE, instance_id, request_id)}


def parameters(asked: AuthRequestAdded, issuer: str, params: Mapping[str, str]) -> dict[str, str]:
    """Return what an answer carries besides: the client's state, and who answers (RFC 9207)."""
    every = {**params, "state": asked.state, "iss": issuer}
    return {name: value for name, value in every.items() if value}


def location(uri: str, params: Mapping[str, str], mode: int) -> str:
    """Return where to send the browser with an answer (OAuth 2.0 Multiple Response Types, 2.1)."""
    if mode == FRAGMENT:
        return f"{uri}#{urlencode(params)}"  # registered without a fragment (RFC 6749, 3.1.2)
    return with_query(uri, params)


def with_query(uri: str, params: Mapping[str, str]) -> str:
    """Return a URI with more parameters; its own query is kept (RFC 6749, 3.1.2)."""
    if not params:
        return uri
    return f"{uri}{'&' if '?' in uri else '?'}{urlencode(params)}"
