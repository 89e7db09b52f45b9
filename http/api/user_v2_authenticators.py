"""``zitadel.user.v2.UserService``: security keys and passkeys."""

from __future__ import annotations

from typing import Any

import orjson
from google.protobuf.json_format import MessageToJson
from google.protobuf.message import Message
from personae.actors.domain.user import factor_commands as c
from personae.http.api.guessing import send_guess
from personae.http.api.reading import services_of
from personae.http.api.replies import done_details
from personae.http.identity.instances import domain_of
from personae.http.wire.call import Call
from personae.http.wire.registry import rpc
from personae.http.wire.wrong import Wrong

SERVICE = "zitadel.user.v2.UserService"
ATTACHMENTS = ("", "platform", "cross-platform")
"""By the numbers of ``PasskeyAuthenticator``."""


@rpc(f"{SERVICE}/RegisterPasskey")
async def register_passkey(request: Any, call: Call) -> Message:
    """Begin to register a passkey."""
    if not 0 <= request.authenticator < len(ATTACHMENTS):
        raise Wrong("defined_only", "authenticator")
    token_id = services_of(call).new_id()
    command = c.RegisterAuthenticator(
        user_id=request.user_id,
        token_id=token_id,
        passkey=True,
        rp_id=_domain(request, call),
        attachment=ATTACHMENTS[request.authenticator],
        code_id=request.code.id,
        code=request.code.code,
    )
    return await _begun(call, command, "passkey_id")


@rpc(f"{SERVICE}/RegisterU2F")
async def register_u2f(request: Any, call: Call) -> Message:
    """Begin to register a security key."""
    command = c.RegisterAuthenticator(
        user_id=request.user_id,
        token_id=services_of(call).new_id(),
        passkey=False,
        rp_id=_domain(request, call),
    )
    return await _begun(call, command, "u2f_id")


def _domain(request: Any, call: Call) -> str:
    """Return the domain whose pages will use the credential: as asked, else our own."""
    return (request.domain or domain_of(call.host)).lower()


async def _begun(call: Call, command: c.RegisterAuthenticator, id_field: str) -> Message:
    guess = command.code_id or command.code
    done = await (send_guess(call, command.user_id, command) if guess else call.send(command))
    options = {"publicKey": orjson.loads(done.secrets["options"])}
    return call.reply(
        details=done_details(done),
        public_key_credential_creation_options=options,
        **{id_field: command.token_id},
    )


@rpc(f"{SERVICE}/VerifyPasskeyRegistration")
async def verify_passkey_registration(request: Any, call: Call) -> Message:
    """Finish with what the browser answered."""
    command = c.VerifyAuthenticator(
        user_id=request.user_id,
        token_id=request.passkey_id,
        passkey=True,
        credential=MessageToJson(request.public_key_credential),
        name=request.passkey_name,
    )
    return await _details(call, command)


@rpc(f"{SERVICE}/VerifyU2FRegistration")
async def verify_u2f_registration(request: Any, call: Call) -> Message:
    """Finish with what the browser answered."""
    command = c.VerifyAuthenticator(
        user_id=request.user_id,
        token_id=request.u2f_id,
        passkey=False,
        credential=MessageToJson(request.public_key_credential),
        name=request.token_name,
    )
    return await _details(call, command)


@rpc(f"{SERVICE}/RemovePasskey")
async def remove_passkey(request: Any, call: Call) -> Message:
    """Forget a passkey."""
    id_ = request.passkey_id
    command = c.RemoveAuthenticator(user_id=request.user_id, token_id=id_, passkey=True)
    return await _details(call, command)


@rpc(f"{SERVICE}/RemoveU2F")
async def remove_u2f(request: Any, call: Call) -> Message:
    """Forget a security key."""
    id_ = request.u2f_id
    command = c.RemoveAuthenticator(user_id=request.user_id, token_id=id_, passkey=False)
    return await _details(call, command)


async def _details(call: Call, command: object) -> Message:
    return call.reply(details=done_details(await call.send(command)))
