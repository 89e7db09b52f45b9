"""Session tokens: the proof that who asks about a session is who it was opened for."""

from __future__ import annotations

from typing import Any

from personae.actors.domain.kit import Refusal
from personae.actors.domain.session.refusals import TOKEN_INVALID
from personae.http.api.reading import aggregate_of, services_of
from personae.http.identity.opaque import TokenKind
from personae.http.wire.call import Call


def issued(call: Call, session_id: str, token_id: str) -> str:
    """Return the text of a session's token."""
    tokens = services_of(call).tokens
    return tokens.issue(TokenKind.SESSION, call.caller.instance_id, session_id, token_id)


def presented(call: Call, request: Any) -> str:
    """Return the token id that a request shows for its session; empty when it shows none.

    Whether it is still the session's token, the session says. Raises SESSION-TokenInvalid.
    """
    if not request.session_token:
        return ""
    tokens = services_of(call).tokens
    try:
        ids = tokens.open(TokenKind.SESSION, call.caller.instance_id, request.session_token)
    except Refusal:
        raise TOKEN_INVALID() from None
    session_id, token_id = ids
    if session_id != request.session_id:
        raise TOKEN_INVALID()
    return token_id


async def current(call: Call, request: Any) -> str:
    """Return the token id that a request shows. Raises SESSION-TokenInvalid if it is another's."""
    token_id = presented(call, request)
    session = await aggregate_of(call, "session", request.session_id)
    if not token_id or token_id != session.state.token_id:
        raise TOKEN_INVALID()
    return token_id
