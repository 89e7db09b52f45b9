"""A forgotten password: a link is sent, to whom there is one; the page never says whether."""

from __future__ import annotations

import asyncio
import logging

from aiohttp import web
from personae.actors.aggregates.policies import policies_of
from personae.actors.domain.instance.provider import Channel
from personae.actors.domain.kit import Refusal, Stream
from personae.actors.domain.user.code_commands import ResetPassword
from personae.actors.domain.user.state import User
from personae.http.login.check import find_user, take_time
from personae.http.login.forms import read_form
from personae.http.login.guesses import MAILS
from personae.http.login.seal import unseal
from personae.http.login.visit import Visit

logger = logging.getLogger(__name__)


async def show_forgotten(visit: Visit) -> web.Response:
    """Ask whether a link shall be sent."""
    name = unseal(visit.services, f"name {visit.instance_id}", visit.request.query.get("who", ""))
    if not name or visit.policies.login.hide_password_reset:
        return visit.redirect(visit.url("/loginname"))
    return visit.page("forgotten", name=name, sent=False, memory={"name": name})


async def take_forgotten(visit: Visit) -> web.Response:
    """Have the link sent, and say the same to everybody, after the same time."""
    form = await read_form(visit, "password/reset")
    name = form.memory["name"]
    started = asyncio.get_running_loop().time()
    try:
        await _send(visit, name)
    except Refusal as refusal:
        logger.info("no link to set a password: %s", refusal.id)
    await take_time(started)
    return visit.page("forgotten", name=name, sent=True, memory=form.memory)


async def _send(visit: Visit, name: str) -> None:
    if visit.policies.login.hide_password_reset:
        return
    user_id = await find_user(visit, name)
    if user_id is None or not await _may(visit, user_id):
        return
    mails, now = visit.request.app[MAILS], visit.services.world.now()
    whom = f"{visit.instance_id} {user_id}"
    if mails.too_many(whom, now):
        logger.info("too many links to set a password asked for")
        return
    mails.wrong(whom, now)
    host = visit.request.get("host") or visit.request.host
    template = f"{visit.services.origins.of(host)}{visit.url('/password/set')}"
    template += ("&" if "?" in template else "?") + "user={{.UserID}}&code={{.Code}}&org={{.OrgID}}"
    by_sms = await _by_sms(visit, user_id)
    order = ResetPassword(user_id=user_id, url_template=template, by_sms=by_sms)
    await visit.services.send(order, visit.system)


async def _may(visit: Visit, user_id: str) -> bool:
    """Say whether a user may set a password this way."""
    world = visit.services.world
    aggregate = await world.aggregate(Stream(visit.instance_id, "user", user_id))
    user: User = aggregate.state
    org = await world.state(Stream(visit.instance_id, "org", aggregate.owner))
    login = (await policies_of(world, visit.instance_id, aggregate.owner)).login
    allowed = login.allow_username_password and not login.hide_password_reset
    return bool(allowed and user.human and user.may_sign_in and org.active)


async def _by_sms(visit: Visit, user_id: str) -> bool:
    """Say whether a text message is the only way to a user."""
    user: User = await visit.services.world.state(Stream(visit.instance_id, "user", user_id))
    provider = visit.instance.provider
    only = provider(Channel.SMS) is not None and provider(Channel.EMAIL) is None
    return bool(only and user.human and user.human.phone.verified)
