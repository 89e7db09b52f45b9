"""A device authorization, from the device's question to the code's single use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from personae.actors.domain.device_auth import events as e
from personae.actors.domain.kit import Kind, replace


class Status(IntEnum):
    """Life of a device authorization."""

    UNKNOWN = 0
    INITIATED = 1
    APPROVED = 2
    DENIED = 3
    DONE = 4


OVER = frozenset({Status.DENIED, Status.DONE})
"""Answered, and told so: nobody should ask again."""


@dataclass(frozen=True, slots=True)
class DeviceAuth:
    """The state of one device authorization; ``asked`` is what the device wants."""

    status: Status = Status.UNKNOWN
    asked: e.DeviceAuthAdded | None = None
    user_id: str = ""
    session_id: str = ""
    auth_time: datetime | None = None
    auth_methods: tuple[str, ...] = ()
    oidc_session_id: str = ""


DEVICE_AUTH = Kind("device_auth", DeviceAuth(), over=lambda device: device.status in OVER)

USER_CODES = "user_code"
"""Name space of the claims on codes that people type."""


@DEVICE_AUTH.on(e.DeviceAuthAdded)
def _(_device: DeviceAuth, event: e.DeviceAuthAdded) -> DeviceAuth:
    return DeviceAuth(Status.INITIATED, event)


@DEVICE_AUTH.on(e.DeviceAuthApproved)
def _(device: DeviceAuth, event: e.DeviceAuthApproved) -> DeviceAuth:
    return replace(
        device,
        status=Status.APPROVED,
        user_id=event.user_id,
        session_id=event.session_id,
        auth_time=event.auth_time,
        auth_methods=event.auth_methods,
    )


@DEVICE_AUTH.on(e.DeviceAuthCanceled)
def _(device: DeviceAuth, _event: e.DeviceAuthCanceled) -> DeviceAuth:
    return replace(device, status=Status.DENIED)


@DEVICE_AUTH.on(e.DeviceAuthDone)
def _(device: DeviceAuth, event: e.DeviceAuthDone) -> DeviceAuth:
    return replace(device, status=Status.DONE, oidc_session_id=event.oidc_session_id)
