"""Signing a device in: type its code, see who asks for what, allow or deny (RFC 8628, 3.3)."""

from __future__ import annotations

from aiohttp import web
from personae.actors.aggregates.clients import client_of
from personae.actors.domain.device_auth.commands import ApproveDeviceAuth, DenyDeviceAuth
from personae.actors.domain.device_auth.events import DeviceAuthAdded
from personae.actors.domain.device_auth.state import USER_CODES, DeviceAuth, Status
from personae.actors.domain.device_auth.user_code import plain, shown
from personae.actors.domain.kit import Stream
from personae.http.identity.guesses import WINDOW
from personae.http.login.accounts import account_of
from personae.http.login.consent import give
from personae.http.login.detail_words import detailed
from personae.http.login.forms import read_form
from personae.http.login.guesses import GUESSES, address_of
from personae.http.login.problems import Problem
from personae.http.login.scope_words import words
from personae.http.login.steps import is_through
from personae.http.login.visit import Visit

LONGEST_TYPED = 40


async def show_code(visit: Visit) -> web.Response:
    """Ask for the code; one in the address is only filled in, so that people compare it."""
    return _code(visit, visit.request.query.get("user_code", ""))


def _code(visit: Visit, typed: str, *problems: Problem) -> web.Response:
    return visit.page("device", problems=problems, typed=typed[:LONGEST_TYPED])


async def take_code(visit: Visit) -> web.Response:
    """Go on with a code that some device shows now."""
    typed = (await read_form(visit, "device"))["userCode"]
    try:
        await _find(visit, typed)
    except Problem as problem:
        return _code(visit, typed, problem)
    visit.user_code = plain(typed) or ""
    return visit.redirect(visit.url("/device/allow"))


async def _find(visit: Visit, typed: str) -> tuple[str, DeviceAuthAdded]:
    """Return what a device asks for. Raises a problem for a code that no device shows now."""
    guesses, now = visit.request.app[GUESSES], visit.services.world.now()
    address = address_of(visit)
    if guesses.too_many(address, now):
        seconds = int(WINDOW.total_seconds())
        raise Problem("userCode", "device_busy", status=429, retry=seconds)
    code = plain(typed)
    world, instance_id = visit.services.world, visit.instance_id
    found = await world.log.holder(instance_id, USER_CODES, code) if code else None
    if found is not None:
        device: DeviceAuth = await world.state(Stream(instance_id, "device_auth", found))
        if device.asked and device.status is Status.INITIATED and now < device.asked.expires:
            return found, device.asked
    guesses.wrong(address, now)
    raise Problem("userCode", "device_unknown")


async def show_device(visit: Visit) -> web.Response:
    """Ask whether the device may have what it asks for; whoever answers signs in first."""
    try:
        _, asked = await _find(visit, visit.user_code)
    except Problem as problem:
        return _code(visit, visit.user_code, problem)
    account = await account_of(visit, visit.request.query.get("session", ""))
    if account is None or not is_through(visit, account):
        return visit.redirect(visit.url("/login"))
    client = await client_of(visit.services.world, visit.instance_id, asked.client_id)
    return visit.page(
        "device_allow",
        account=account,
        code=shown(asked.user_code),
        device=client.app.name if client else asked.client_id,
        scopes=await words(visit, asked.scope),
        details=detailed(asked.authorization_details),
        session=account.held.session_id,
    )


async def take_device(visit: Visit) -> web.Response:
    """Allow the device, or deny it."""
    form = await read_form(visit, "device_allow")
    try:
        device_id, asked = await _find(visit, form.memory["code"])
    except Problem as problem:
        return _code(visit, "", problem)
    account = await account_of(visit, form.memory["session"])
    if account is None or not is_through(visit, account):
        return visit.redirect(visit.url("/login"))
    held = account.held
    allowed = form["answer"] == "allow"
    order = (
        ApproveDeviceAuth(
            device_id=device_id,
            session_id=held.session_id,
            presented=held.token_id,
            agreed=asked.authorization_details,
        )
        if allowed
        else DenyDeviceAuth(device_id=device_id)
    )
    if allowed:
        await give(visit, account, asked.client_id, asked.scope)
    await visit.services.send(order, visit.system)
    return visit.page("device_done", allowed=allowed)
