"""Devices that wait for a person's yes (RFC 8628, 3.3), answered by sign-in pages elsewhere."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message
from personae.actors.aggregates.clients import client_of
from personae.actors.domain.device_auth.commands import ApproveDeviceAuth, DenyDeviceAuth
from personae.actors.domain.device_auth.refusals import NOT_FOUND
from personae.actors.domain.device_auth.state import USER_CODES, DeviceAuth, Status
from personae.actors.domain.device_auth.user_code import plain
from personae.http.api.oidc_v2 import LINK, SERVICE
from personae.http.api.reading import aggregate_of, services_of
from personae.http.api.session_v2_tokens import current
from personae.http.wire.call import Call
from personae.http.wire.registry import rpc
from personae.http.wire.wrong import Wrong


@rpc(f"{SERVICE}/GetDeviceAuthorizationRequest")
async def get_device_authorization_request(request: Any, call: Call) -> Message:
    """Return what the device asks for that shows a code now, to those who answer for people.

    Raises AUTH-PermissionDenied, DEVICEAUTH-NotFound.
    """
    world, instance_id = services_of(call).world, call.caller.instance_id
    await world.permissions.require(call.caller, LINK)
    code = plain(request.user_code)
    id_ = await world.log.holder(instance_id, USER_CODES, code) if code else None
    device: DeviceAuth = (await aggregate_of(call, "device_auth", id_ or "")).state
    asked = device.asked
    if asked is None or device.status is not Status.INITIATED or world.now() >= asked.expires:
        raise NOT_FOUND()
    client = await client_of(world, instance_id, asked.client_id)
    return call.reply(
        device_authorization_request={
            "id": id_,
            "client_id": asked.client_id,
            "scope": asked.scope,
            "app_name": client.app.name if client else "",
            "project_name": client.project.name if client else "",
        }
    )


@rpc(f"{SERVICE}/AuthorizeOrDenyDeviceAuthorization")
async def authorize_or_deny_device_authorization(request: Any, call: Call) -> Message:
    """Allow a device with somebody's session, or deny it.

    Raises AUTH-PermissionDenied, SESSION-TokenInvalid, DEVICEAUTH-NotFound, DEVICEAUTH-Expired,
    DEVICEAUTH-AlreadyHandled.
    """
    await services_of(call).world.permissions.require(call.caller, LINK)
    device_id = request.device_authorization_id
    match request.WhichOneof("decision"):
        case "session":
            token_id = await current(call, request.session)
            session_id = request.session.session_id
            order = ApproveDeviceAuth(
                device_id=device_id, session_id=session_id, presented=token_id
            )
            await call.send(order)
        case "deny":
            await call.send(DenyDeviceAuth(device_id=device_id))
        case _:
            raise Wrong("session or deny", "decision")
    return call.reply()
