"""The device authorization endpoint (RFC 8628, 3.1 and 3.2)."""

from __future__ import annotations

from dataclasses import replace

from aiohttp import web
from personae.actors.aggregates.facts.auth_request import ORG_SCOPE, ends
from personae.actors.domain.device_auth.commands import AddDeviceAuth
from personae.actors.domain.device_auth.decide import LIFE
from personae.actors.domain.device_auth.refusals import ALREADY_EXISTS
from personae.actors.domain.device_auth.user_code import ALPHABET, LENGTH, shown
from personae.actors.domain.kit import Refusal
from personae.actors.domain.project.state import OIDCConfig
from personae.actors.domain.project.values import GrantType
from personae.http.identity.opaque import TokenKind
from personae.http.identity.sign_in_pages import pages_elsewhere
from personae.http.oidc import paths, scopes
from personae.http.oidc.answers import answer
from personae.http.oidc.call import Call
from personae.http.oidc.clients import authenticate
from personae.http.oidc.details import details_of
from personae.http.oidc.errors import GRANT_NOT_ALLOWED, SCOPE_MISSING
from personae.http.oidc.polls import INTERVAL
from personae.http.oidc.resources import names_of
from personae.store.generated import generate

TRIES = 3


async def device_authorization(call: Call) -> web.Response:
    """Begin: a code for the device, one for the person, and where to type it."""
    client = await authenticate(call)
    oidc = client.app.oidc
    if oidc is None or GrantType.DEVICE_CODE not in oidc.grant_types:
        raise GRANT_NOT_ALLOWED()
    offline = GrantType.REFRESH_TOKEN in oidc.grant_types
    scope = scopes.granted(call.form.get("scope"), client.project.roles, offline=offline)
    if call.form.get("scope") and not scope:
        raise SCOPE_MISSING()
    details = details_of(call, client, call.form) or ()
    device_id, user_code = await _begin(
        call,
        AddDeviceAuth(
            device_id="",
            instance_id=call.instance_id,
            client_id=client.client_id,
            user_code="",
            scope=scope,
            audience=await scopes.audience(call, client.audience, scope),
            need_refresh_token=scopes.OFFLINE in scope,
            resources=await names_of(call, call.form),
            details=details,
        ),
    )
    page = await _page(call, oidc, scope, details)
    return answer(
        {
            "device_code": call.services.tokens.issue(
                TokenKind.DEVICE, call.instance_id, device_id
            ),
            "user_code": shown(user_code),
            "verification_uri": page,
            "verification_uri_complete": f"{page}?user_code={shown(user_code)}",
            "expires_in": int(LIFE.total_seconds()),
            "interval": int(INTERVAL.total_seconds()),
        }
    )


async def _page(
    call: Call, oidc: OIDCConfig, scope: tuple[str, ...], details: tuple[str, ...]
) -> str:
    """Return where people type the code: where they sign in for this client.

    Authorization details are shown to people by our own pages only.
    """
    org_id = next(iter(ends(scope, ORG_SCOPE)), "")
    world, instance_id = call.services.world, call.instance_id
    base = "" if details else await pages_elsewhere(world, instance_id, oidc, org_id=org_id)
    return f"{base}/device" if base else call.issuer + paths.DEVICE_PAGE


async def _begin(call: Call, order: AddDeviceAuth) -> tuple[str, str]:
    """Begin under a code that nobody is using now."""
    for attempt in range(TRIES):
        found = call.services.new_id(), generate(LENGTH, ALPHABET)
        wanted = replace(order, device_id=found[0], user_code=found[1])
        try:
            await call.services.send(wanted, call.caller(client_id=order.client_id))
        except Refusal as refusal:
            if refusal.reason is not ALREADY_EXISTS or attempt == TRIES - 1:
                raise
        else:
            return found
    raise AssertionError  # pragma: no cover — the last attempt returns or raises
