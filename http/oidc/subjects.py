"""Tokens that are shown to be exchanged: whom they stand for (RFC 8693, 2.1)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime

from personae.actors.aggregates.clients import Client
from personae.actors.aggregates.liveness import living_user, session_lives
from personae.actors.domain.kit import Refusal
from personae.http.identity.jwt import WRONG_AUDIENCE
from personae.http.identity.live import confirmation, live_token
from personae.http.oidc.assertions import verifier_for
from personae.http.oidc.call import Call
from personae.http.oidc.client_keys import keys_for
from personae.http.oidc.errors import (
    SUBJECT_FOREIGN,
    SUBJECT_INVALID,
    TOKEN_TYPE_UNSUPPORTED,
    server_side,
)

_URN = "urn:ietf:params:oauth:token-type:"
ACCESS_TOKEN, ID_TOKEN, JWT = f"{_URN}access_token", f"{_URN}id_token", f"{_URN}jwt"
USER_ID = "urn:zitadel:params:oauth:token-type:user_id"
LONGEST_ID = 200


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a token stands for, and what it allows.

    ``proved`` by a token that the user itself got here; otherwise a client only names the user.
    Without ``scope`` or ``audience`` the token limits neither.
    """

    user_id: str
    org_id: str = ""
    proved: bool = True
    scope: tuple[str, ...] | None = None
    audience: tuple[str, ...] | None = None
    session_id: str = ""
    auth_time: datetime | None = None
    auth_methods: tuple[str, ...] = ()
    actors: tuple[str, ...] = ()


async def subject_of(call: Call, client: Client, name: str, kinds: dict[str, Read]) -> Subject:
    """Return whom the parameter ``{name}_token`` stands for; it must be alive.

    Raises OIDC-TokenTypeUnsupported, OIDC-SubjectTokenInvalid, OIDC-SubjectTokenOfAnotherClient.
    """
    text = call.form.required(f"{name}_token")
    read = kinds.get(call.form.required(f"{name}_token_type"))
    if read is None:
        raise TOKEN_TYPE_UNSUPPORTED()
    try:
        found = await read(call, client, text)
    except Refusal as refusal:
        if server_side(refusal):
            raise
        if refusal.reason is WRONG_AUDIENCE:
            raise SUBJECT_FOREIGN() from None
        raise SUBJECT_INVALID(cause=refusal.id) from None
    living = await living_user(call.services.world, call.instance_id, found.user_id)
    if living is None:
        raise SUBJECT_INVALID(cause="user")
    return replace(found, org_id=living[1])


async def of_access_token(call: Call, client: Client, text: str) -> Subject:
    """An access token that is meant for the client, too; one bound to a key is nobody's else."""
    live = await live_token(call.services, call.instance_id, text, call.issuer)
    if confirmation(live) or client.names.isdisjoint(live.audience):
        raise WRONG_AUDIENCE()
    return Subject(
        live.user_id,
        scope=live.scopes,
        audience=live.audience,
        session_id=live.family.session_id,
        auth_time=live.family.auth_time,
        auth_methods=live.family.auth_methods,
        actors=live.actors,
    )


async def of_id_token(call: Call, client: Client, text: str) -> Subject:
    """An ID token of ours that the client was given, or is meant for."""
    now = call.services.world.now()
    keys = await call.services.keys.of(call.instance_id)
    own = (client.client_id, client.project_id)
    claims = keys.verifier.verify(
        text, typ=("jwt",), issuer=call.issuer, audience=own, required=("sub", "azp"), now=now
    )
    session_id = str(claims.get("sid", ""))
    if "act" in claims or not await session_lives(
        call.services.world, call.instance_id, session_id, now
    ):
        raise SUBJECT_INVALID(cause="sid")
    audience = claims["aud"]
    return Subject(
        claims["sub"],
        audience=tuple(audience) if isinstance(audience, list) else (audience,),
        session_id=session_id,
    )


async def of_jwt(call: Call, client: Client, text: str) -> Subject:
    """A token about a user that the client signed itself: it proves who asks, not who is meant."""
    now = call.services.world.now()
    keys = await keys_for(call, client, text)
    verifier = verifier_for(text, keys, now, fapi=client.app.oauth.fapi)
    claims = verifier.verify(
        text,
        typ=("", "jwt"),
        issuer=client.client_id,
        audience=(call.issuer,),
        required=("sub",),
        now=now,
    )
    return Subject(claims["sub"], proved=False)


async def of_user_id(_call: Call, _client: Client, text: str) -> Subject:
    """Just a user's id."""
    if len(text) > LONGEST_ID:
        raise SUBJECT_INVALID(cause="user")
    return Subject(text, proved=False)


Read = Callable[[Call, Client, str], Awaitable[Subject]]

ACTORS: dict[str, Read] = {ACCESS_TOKEN: of_access_token, ID_TOKEN: of_id_token}
SUBJECTS: dict[str, Read] = {**ACTORS, JWT: of_jwt, USER_ID: of_user_id}
