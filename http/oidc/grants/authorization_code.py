"""The authorization code grant (RFC 6749, 4.1.3; RFC 7636, 4.5)."""

from __future__ import annotations

from typing import Any

from personae.actors.aggregates.clients import Client
from personae.actors.domain.auth_request.commands import ExchangeCode
from personae.actors.domain.auth_request.events import CodeExchanged
from personae.actors.domain.auth_request.refusals import CODE_FOREIGN, CODE_USED
from personae.actors.domain.kit import Refusal
from personae.actors.domain.oidc_session.commands import RevokeOIDCSession
from personae.actors.domain.oidc_session.refusals import ENDED
from personae.actors.domain.project.values import GrantType
from personae.http.identity.opaque import TokenKind
from personae.http.oidc.call import Call
from personae.http.oidc.clients import authenticate
from personae.http.oidc.errors import CODE_UNREADABLE, GRANT_NOT_ALLOWED
from personae.http.oidc.proofs import key_shown
from personae.http.oidc.terms import terms_of
from personae.http.oidc.tokens import Ids, Recipient, family_of, token_response


async def authorization_code(call: Call) -> dict[str, Any]:
    """Redeem a code."""
    client = await authenticate(call)
    oidc = client.app.oidc
    if oidc is None or GrantType.AUTHORIZATION_CODE not in oidc.grant_types:
        raise GRANT_NOT_ALLOWED()
    ids, key = Ids.new(call), await key_shown(call, client)
    order = ExchangeCode(
        request_id=_request_id(call),
        client_id=client.client_id,
        issuer=call.issuer,
        redirect_uri=call.form.required("redirect_uri"),
        code_verifier=call.form.get("code_verifier"),
        oidc_session_id=ids.family,
        access_token_id=ids.access,
        refresh_token_id=ids.refresh,
        dpop_jkt=key,
        terms=await terms_of(call, client, key),
    )
    await _redeem(call, client, order)
    family = await family_of(call, ids.family)
    if family.access is None:  # the code was redeemed again meanwhile
        raise ENDED()
    refresh_id = family.refresh.id if family.refresh else ""
    to = Recipient.of_client(client)
    return await token_response(call, to, ids.family, family.access, refresh_id)


def _request_id(call: Call) -> str:
    code = call.form.required("code")
    try:
        (request_id,) = call.services.tokens.open(TokenKind.CODE, call.instance_id, code)
    except Refusal:
        raise CODE_UNREADABLE() from None
    return request_id


async def _redeem(call: Call, client: Client, order: ExchangeCode) -> None:
    caller = call.caller(client_id=client.client_id)
    try:
        done = await call.services.send(order, caller)
    except Refusal as refusal:
        # "If an authorization code is used more than once, the authorization server MUST deny the
        # request and SHOULD revoke (when possible) all tokens previously issued based on that
        # authorization code." (4.1.2)
        if refusal.reason is CODE_USED and refusal.params["oidc_session_id"]:
            family = str(refusal.params["oidc_session_id"])
            await call.services.send(RevokeOIDCSession(oidc_session_id=family), caller)
        raise
    if not any(isinstance(event, CodeExchanged) for event in done.events):
        raise CODE_FOREIGN()
