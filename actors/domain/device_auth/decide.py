"""What follows from orders to a device authorization."""

from __future__ import annotations

from datetime import timedelta

from personae.actors.domain.auth_request.refusals import CONSENT_NEEDED
from personae.actors.domain.device_auth import commands as c
from personae.actors.domain.device_auth import events as e
from personae.actors.domain.device_auth import refusals
from personae.actors.domain.device_auth.facts import ApproveFacts
from personae.actors.domain.device_auth.state import (
    DEVICE_AUTH,
    USER_CODES,
    DeviceAuth,
    Status,
)
from personae.actors.domain.kit import Claim, Decisions, Facts, Release
from personae.actors.domain.oidc_session.facts import OpeningFacts
from personae.actors.domain.oidc_session.opening import Opening, handed_over

LIFE = timedelta(minutes=5)


@DEVICE_AUTH.decides(c.AddDeviceAuth)
def add(device: DeviceAuth, cmd: c.AddDeviceAuth, facts: Facts) -> Decisions:
    if device != DEVICE_AUTH.initial:
        raise refusals.ALREADY_EXISTS()
    yield Claim(USER_CODES, cmd.user_code, refusals.ALREADY_EXISTS)
    yield e.DeviceAuthAdded(
        client_id=cmd.client_id,
        user_code=cmd.user_code,
        expires=facts.now + LIFE,
        scope=cmd.scope,
        audience=cmd.audience,
        need_refresh_token=cmd.need_refresh_token,
        resources=cmd.resources,
        authorization_details=cmd.details,
    )


@DEVICE_AUTH.decides(c.ApproveDeviceAuth)
def approve(device: DeviceAuth, cmd: c.ApproveDeviceAuth, facts: ApproveFacts) -> Decisions:
    asked = _open(device, facts)
    if facts.refused:
        raise facts.refused
    if facts.auth_time is None:
        raise refusals.NOT_FOUND()
    if not set(asked.authorization_details) <= set(cmd.agreed):
        raise CONSENT_NEEDED()
    yield Release(USER_CODES, asked.user_code)
    yield e.DeviceAuthApproved(
        user_id=facts.user_id,
        session_id=cmd.session_id,
        auth_time=facts.auth_time,
        auth_methods=facts.auth_methods,
    )


@DEVICE_AUTH.decides(c.DenyDeviceAuth)
def deny(device: DeviceAuth, _cmd: c.DenyDeviceAuth, facts: Facts) -> Decisions:
    asked = _open(device, facts)
    yield Release(USER_CODES, asked.user_code)
    yield e.DeviceAuthCanceled()


def _open(device: DeviceAuth, facts: Facts) -> e.DeviceAuthAdded:
    """Return what was asked while somebody may still answer it."""
    if device.asked is None:
        raise refusals.NOT_FOUND()
    if device.status is not Status.INITIATED:
        raise refusals.ALREADY_HANDLED()
    if facts.now >= device.asked.expires:
        raise refusals.EXPIRED()
    return device.asked


@DEVICE_AUTH.decides(c.RedeemDeviceCode)
def redeem(device: DeviceAuth, cmd: c.RedeemDeviceCode, facts: OpeningFacts) -> Decisions:
    asked = redeemable(device, cmd, facts)
    yield e.DeviceAuthDone(oidc_session_id=cmd.oidc_session_id)
    opening = Opening(
        user_id=device.user_id,
        org_id=facts.user_org_id,
        session_id=device.session_id,
        client_id=asked.client_id,
        audience=asked.audience,
        scope=asked.scope,
        auth_methods=device.auth_methods,
        auth_time=device.auth_time,
        language=facts.language,
        access_token_id=cmd.access_token_id,
        refresh_token_id=cmd.refresh_token_id if asked.need_refresh_token else "",
        reason="device_code",
        dpop_jkt=cmd.dpop_jkt,
        resources=asked.resources,
        details=asked.authorization_details,
        terms=cmd.terms,
    )
    yield from handed_over(opening, facts)


def redeemable(
    device: DeviceAuth, cmd: c.RedeemDeviceCode, facts: OpeningFacts
) -> e.DeviceAuthAdded:
    """Return what was asked when its device may have tokens now (RFC 8628, 3.5)."""
    asked = device.asked
    if asked is None or asked.client_id != cmd.client_id or device.status is Status.DONE:
        raise refusals.CODE_INVALID()
    if device.status is Status.DENIED:
        raise refusals.DENIED()
    if facts.now >= asked.expires:
        raise refusals.EXPIRED()
    if device.status is Status.INITIATED:
        raise refusals.PENDING()
    if not facts.session_alive:
        raise refusals.CODE_INVALID()
    return asked
