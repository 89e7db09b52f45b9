"""Pushed authorization requests (RFC 9126): the client sends them itself, and is known by then."""

from __future__ import annotations

from dataclasses import replace

from aiohttp import web
from personae.actors.domain.auth_request.commands import AddAuthRequest, OpenPushedRequest
from personae.actors.domain.auth_request.decide import PUSHED_LIFE
from personae.actors.domain.auth_request.refusals import PUSHED_INVALID
from personae.actors.domain.kit import Refusal
from personae.http.identity.opaque import TokenKind
from personae.http.oidc.answers import answer
from personae.http.oidc.authorize.ask import load
from personae.http.oidc.authorize.asked import asked
from personae.http.oidc.authorize.checks import check
from personae.http.oidc.call import Call
from personae.http.oidc.clients import authenticate
from personae.http.oidc.errors import PARAMETER_INVALID

URN = "urn:ietf:params:oauth:request_uri:"
CREATED = 201


async def push(call: Call) -> web.Response:
    """Keep a request and answer with the name the browser is to bring (sections 2.1, 2.2).

    All that is wrong with it is told at once, to the client that was authenticated.
    """
    client = await authenticate(call)
    call.form.keepable(beside="client_assertion")
    if call.form.get("request_uri"):
        raise PARAMETER_INVALID(name="request_uri")
    # A client that authenticates otherwise need not repeat its id in the form.
    form = call.form
    named = replace(form, values={**form.values, "client_id": client.client_id})
    ask = await load(call._replace(form=named))
    check(ask)
    request_id = f"V2_{call.services.new_id()}"
    wanted = replace(await asked(call, ask), pushed_at=call.services.world.now())
    order = AddAuthRequest(request_id=request_id, instance_id=call.instance_id, asked=wanted)
    await call.services.send(order, call.caller(client_id=client.client_id))
    name = call.services.tokens.issue(TokenKind.PUSHED, call.instance_id, request_id)
    body = {"request_uri": URN + name, "expires_in": int(PUSHED_LIFE.total_seconds())}
    return answer(body, status=CREATED)


async def open_pushed(call: Call) -> str:
    """Return the id of the request that a browser brings the name of, once.

    Parameters beside ``client_id`` do not count (section 4). Raises AUTHREQUEST-PushedInvalid.
    """
    text = call.form.unique().get("request_uri")
    try:
        (request_id,) = call.services.tokens.open(
            TokenKind.PUSHED, call.instance_id, text.removeprefix(URN)
        )
    except Refusal:
        raise PUSHED_INVALID() from None
    client_id = call.form.required("client_id")
    order = OpenPushedRequest(request_id=request_id, client_id=client_id)
    await call.services.send(order, call.caller(client_id=client_id))
    return request_id
