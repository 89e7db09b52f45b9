"""The device code grant (RFC 8628, 3.4): the device asks until somebody has answered."""

from __future__ import annotations

from typing import Any

from personae.actors.domain.device_auth.commands import RedeemDeviceCode
from personae.actors.domain.device_auth.refusals import CODE_INVALID
from personae.actors.domain.kit import Refusal
from personae.actors.domain.oidc_session.refusals import ENDED
from personae.actors.domain.project.values import GrantType
from personae.http.identity.opaque import TokenKind
from personae.http.oidc.call import Call
from personae.http.oidc.clients import authenticate
from personae.http.oidc.errors import GRANT_NOT_ALLOWED, SLOW_DOWN
from personae.http.oidc.proofs import key_shown
from personae.http.oidc.terms import terms_of
from personae.http.oidc.tokens import Ids, Recipient, family_of, token_response


async def device_code(call: Call) -> dict[str, Any]:
    """Redeem a device code, or say how things stand."""
    client = await authenticate(call)
    if client.app.oidc is None or GrantType.DEVICE_CODE not in client.app.oidc.grant_types:
        raise GRANT_NOT_ALLOWED()
    device_id = _device_id(call)
    if call.provider.polls.too_soon(device_id, call.services.world.now()):
        raise SLOW_DOWN()
    ids, key = Ids.new(call), await key_shown(call, client)
    order = RedeemDeviceCode(
        device_id=device_id,
        client_id=client.client_id,
        issuer=call.issuer,
        oidc_session_id=ids.family,
        access_token_id=ids.access,
        refresh_token_id=ids.refresh,
        dpop_jkt=key,
        terms=await terms_of(call, client, key),
    )
    await call.services.send(order, call.caller(client_id=client.client_id))
    family = await family_of(call, ids.family)
    if family.access is None:  # revoked meanwhile
        raise ENDED()
    refresh_id = family.refresh.id if family.refresh else ""
    to = Recipient.of_client(client)
    return await token_response(call, to, ids.family, family.access, refresh_id)


def _device_id(call: Call) -> str:
    text = call.form.required("device_code")
    try:
        (device_id,) = call.services.tokens.open(TokenKind.DEVICE, call.instance_id, text)
    except Refusal:
        raise CODE_INVALID() from None
    return device_id
