"""``zitadel.user.v2.UserService``: secrets, keys and personal access tokens of machines."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message
from personae.actors.domain.user import commands as c
from personae.http.api.key_files import key_file
from personae.http.api.reading import services_of
from personae.http.api.times import moment
from personae.http.identity.opaque import TokenKind
from personae.http.wire.call import Call
from personae.http.wire.registry import rpc

SERVICE = "zitadel.user.v2.UserService"
TOKEN_SCOPES = (
    "openid",
    "profile",
    "urn:zitadel:iam:user:metadata",
    "urn:zitadel:iam:user:resourceowner",
)
"""What a personal access token may be used for besides our own APIs: userinfo in full."""


@rpc(f"{SERVICE}/AddSecret")
async def add_secret(request: Any, call: Call) -> Message:
    """Make a client secret, in place of the one before; shown once."""
    done = await call.send(c.SetMachineSecret(user_id=request.user_id))
    return call.reply(creation_date=done.changed_at, client_secret=done.secrets["client_secret"])


@rpc(f"{SERVICE}/RemoveSecret")
async def remove_secret(request: Any, call: Call) -> Message:
    """Remove the client secret."""
    done = await call.send(c.RemoveMachineSecret(user_id=request.user_id))
    return call.reply(deletion_date=done.changed_at)


@rpc(f"{SERVICE}/AddKey")
async def add_key(request: Any, call: Call) -> Message:
    """Add a public key; without one a pair is made, whose private half is shown once."""
    key_id, expires = services_of(call).new_id(), moment(request.expiration_date)
    done = await call.send(
        c.AddMachineKey(
            user_id=request.user_id,
            key_id=key_id,
            expires=expires,
            public_key=request.public_key,
        )
    )
    private = done.secrets.get("private_key")
    content = private and key_file(
        "serviceaccount", key_id, private, expires, userId=request.user_id
    )
    return call.reply(creation_date=done.changed_at, key_id=key_id, key_content=content)


@rpc(f"{SERVICE}/RemoveKey")
async def remove_key(request: Any, call: Call) -> Message:
    """Remove a key."""
    done = await call.send(c.RemoveMachineKey(user_id=request.user_id, key_id=request.key_id))
    return call.reply(deletion_date=done.changed_at)


@rpc(f"{SERVICE}/AddPersonalAccessToken")
async def add_personal_access_token(request: Any, call: Call) -> Message:
    """Make a personal access token; shown once."""
    services = services_of(call)
    token_id = services.new_id()
    done = await call.send(
        c.AddPersonalAccessToken(
            user_id=request.user_id,
            token_id=token_id,
            expires=moment(request.expiration_date),
            scopes=TOKEN_SCOPES,
        )
    )
    ids = (request.user_id, token_id)
    token = services.tokens.issue(TokenKind.PERSONAL, call.caller.instance_id, *ids)
    return call.reply(creation_date=done.changed_at, token_id=token_id, token=token)


@rpc(f"{SERVICE}/RemovePersonalAccessToken")
async def remove_personal_access_token(request: Any, call: Call) -> Message:
    """End a personal access token."""
    done = await call.send(
        c.RemovePersonalAccessToken(user_id=request.user_id, token_id=request.token_id)
    )
    return call.reply(deletion_date=done.changed_at)
