"""Setting up a second factor, because the policy demands one or because it is a good moment."""

from __future__ import annotations

from aiohttp import web
from personae.actors.domain.session.values import Factor
from personae.actors.domain.user import factor_commands as c
from personae.actors.domain.user.commands import SkipMfaSetup
from personae.actors.domain.user.factors import Channel
from personae.http.identity.assurance import PASSKEY_FACTOR, Lack
from personae.http.login.accounts import Account, account_of, may_set_up
from personae.http.login.forms import Form, read_form
from personae.http.login.problems import Problem
from personae.http.login.prove import by_user, change
from personae.http.login.qr import qr_code
from personae.http.login.steps import go_on
from personae.http.login.visit import Visit

CHANNELS = {Factor.OTP_EMAIL: Channel.EMAIL, Factor.OTP_SMS: Channel.SMS}
LONGEST_NAME = 100


async def show_set_up(visit: Visit) -> web.Response:
    """Offer the factors there are."""
    account = await _account(visit, visit.request.query.get("session", ""))
    if account is None:
        return visit.redirect(visit.url("/login"))
    return _offer(visit, account)


async def _account(visit: Visit, session_id: str) -> Account | None:
    """Return the account of a session that has proved all that can be proved.

    Who knows only the password must not add a factor to those it would have to show.
    """
    account = await account_of(visit, session_id)
    if account is None or not account.primary or account.lack is Lack.CHECK:
        return None
    return account


def _offer(visit: Visit, account: Account, *problems: Problem) -> web.Response:
    return visit.page(
        "factor_offer",
        problems=problems,
        account=account,
        offered=may_set_up(account, visit.domain),
        forced=account.lack is Lack.SET_UP,
        memory={"session": account.held.session_id},
    )


async def take_set_up(visit: Visit) -> web.Response:
    """Begin with the factor chosen, or put it off."""
    form = await read_form(visit, "mfa/set")
    account = await _account(visit, form.memory["session"])
    if account is None:
        return visit.redirect(visit.url("/login"))
    factor = form["choose"]
    try:
        if form["skip"] and account.lack is not Lack.SET_UP:
            await by_user(visit, account, SkipMfaSetup(user_id=account.session.user_id), "skip")
            return await go_on(visit, account.held.session_id)
        if factor not in may_set_up(account, visit.domain):
            return _offer(visit, account)
        return await _begun(visit, account, factor)
    except Problem as problem:
        return _offer(visit, account, problem)


async def _begun(visit: Visit, account: Account, factor: str) -> web.Response:
    user_id, memory = account.session.user_id, {"factor": factor}
    if factor in CHANNELS:
        order = c.AddOtp(user_id=user_id, channel=CHANNELS[Factor(factor)])
        await by_user(visit, account, order, "choose")
        return await go_on(visit, account.held.session_id)
    if factor == Factor.TOTP:
        done = await by_user(visit, account, c.RegisterTotp(user_id=user_id), "choose")
        return _page(visit, account, memory | done.secrets)
    token_id = visit.services.world.new_id()
    begin = c.RegisterAuthenticator(
        user_id=user_id,
        token_id=token_id,
        passkey=factor == PASSKEY_FACTOR,
        rp_id=visit.domain,
    )
    done = await by_user(visit, account, begin, "choose")
    return _page(visit, account, memory | done.secrets | {"token": token_id})


def _page(
    visit: Visit, account: Account, memory: dict[str, str], *problems: Problem
) -> web.Response:
    factor = memory["factor"]
    return visit.page(
        "factor_set_up",
        problems=problems,
        account=account,
        factor=factor,
        said=visit.texts["factor_set_up"][factor],
        secret=memory.get("secret", ""),
        qr=qr_code(memory["uri"]) if "uri" in memory else "",
        options=memory.get("options", ""),
        memory={"session": account.held.session_id, **memory},
    )


async def take_finish(visit: Visit) -> web.Response:
    """Check the first code, or what the browser's key answered; it counts for this sign-in."""
    form = await read_form(visit, "mfa/finish")
    account = await _account(visit, form.memory["session"])
    if account is None:
        return visit.redirect(visit.url("/login"))
    try:
        factor = await _finished(visit, account, form)
    except Problem as problem:
        return _page(visit, account, dict(form.memory), problem)
    await change(visit, account.held.session_id, "code", set_up=(factor,))
    return await go_on(visit, account.held.session_id)


async def _finished(visit: Visit, account: Account, form: Form) -> Factor:
    user_id, factor = account.session.user_id, form.memory["factor"]
    if factor == Factor.TOTP:
        code = form["code"].strip().replace(" ", "")
        await by_user(visit, account, c.VerifyTotp(user_id=user_id, code=code), "code")
        return Factor.TOTP
    order = c.VerifyAuthenticator(
        user_id=user_id,
        token_id=form.memory["token"],
        passkey=factor == PASSKEY_FACTOR,
        credential=form["credential"],
        name=form["name"].strip()[:LONGEST_NAME],
    )
    await by_user(visit, account, order, "code")
    return Factor.WEB_AUTH_N


async def show_finish(visit: Visit) -> web.Response:
    """Lead who reloads the last step back to the choice."""
    return visit.redirect(visit.url("/login"))
