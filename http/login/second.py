"""The second factor: one page for each way, and the ways to another."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from personae.actors.domain.instance.provider import Channel
from personae.actors.domain.session.commands import Checks
from personae.actors.domain.session.values import Challenges, Delivery, Factor
from personae.http.identity.assurance import PASSKEY_FACTOR, Lack, factors_of
from personae.http.login.accounts import Account, account_of
from personae.http.login.forms import Form, read_form
from personae.http.login.guesses import MAILS
from personae.http.login.problems import Problem
from personae.http.login.prove import change
from personae.http.login.steps import go_on
from personae.http.login.visit import Visit

SENT = {Factor.OTP_EMAIL: Channel.EMAIL, Factor.OTP_SMS: Channel.SMS}
KEYS = {PASSKEY_FACTOR: 1, Factor.WEB_AUTH_N: 3}
"""Factors that browsers ask for, with the API's number of the user verification they need."""


def offered_to(visit: Visit, account: Account) -> tuple[str, ...]:
    """Return the factors that an account may be proved with here."""
    if account.user.human is None:
        return ()
    found = factors_of(account.user.human, account.policies, visit.domain)
    recovery = (str(Factor.RECOVERY_CODE),) if found.ready and found.recovery else ()
    return (*found.ready, *recovery)


async def show_factor(visit: Visit) -> web.Response:
    """Ask for a second factor: the one in the address, else the first there is."""
    account = await account_of(visit, visit.request.query.get("session", ""))
    if account is None or not account.primary:
        return visit.redirect(visit.url("/login"))
    offered = offered_to(visit, account)
    if account.lack is not Lack.CHECK or not offered:
        return await go_on(visit, account.held.session_id)
    wanted = visit.request.query.get("factor", "")
    return _page(visit, account, wanted if wanted in offered else offered[0])


def _page(
    visit: Visit,
    account: Account,
    factor: str,
    *problems: Problem,
    sent: bool = False,
    options: str = "",
) -> web.Response:
    others = [each for each in offered_to(visit, account) if each != factor]
    return visit.page(
        "factor",
        problems=problems,
        account=account,
        factor=factor,
        said=visit.texts["factor"][factor],
        sends=factor in SENT,
        key=factor in KEYS,
        sent=sent,
        options=options,
        others=others,
        session=account.held.session_id,
        memory={"session": account.held.session_id, "factor": factor},
    )


async def take_factor(visit: Visit) -> web.Response:
    """Send a code, begin with a key, or check what was entered."""
    form = await read_form(visit, "mfa")
    account = await account_of(visit, form.memory["session"])
    if account is None or not account.primary:
        return visit.redirect(visit.url("/login"))
    factor = form.memory["factor"]
    if factor not in offered_to(visit, account):
        return visit.redirect(visit.url("/mfa", session=account.held.session_id))
    try:
        if form["do"] in {"send", "start"}:
            return await _asked(visit, account, factor)
        await _checked(visit, account, factor, form)
    except Problem as problem:
        if problem.text in {"code_wrong", "key_wrong"}:
            visit.services.counters.login("failed", factor)
        return _page(visit, account, factor, problem, sent=factor in account.session.sent)
    visit.services.counters.login("ok", factor)
    return await go_on(visit, account.held.session_id)


async def _asked(visit: Visit, account: Account, factor: str) -> web.Response:
    """Send the code, or show what the browser asks the key for."""
    if factor in SENT:
        _check_sendable(visit, account, factor)
    if not (challenges := _challenges(visit, factor)):
        return _page(visit, account, factor)
    done = await change(visit, account.held.session_id, "code", challenges=challenges)
    return _page(
        visit, account, factor, sent=factor in SENT, options=done.secrets.get("web_auth_n", "")
    )


def _challenges(visit: Visit, factor: str) -> Challenges:
    if factor in KEYS:
        return Challenges(domain=visit.domain, user_verification=KEYS[factor])
    return Challenges(
        otp_email=Delivery() if factor == Factor.OTP_EMAIL else None,
        otp_sms=Delivery() if factor == Factor.OTP_SMS else None,
    )


def _check_sendable(visit: Visit, account: Account, factor: str) -> None:
    mails, now = visit.request.app[MAILS], visit.services.world.now()
    whom = f"{visit.instance_id} code {account.held.session_id}"
    if visit.instance.provider(SENT[Factor(factor)]) is None:
        raise Problem("code", "code_unsent")
    if mails.too_many(whom, now):
        raise Problem("code", "code_often", status=429, retry=600)
    mails.wrong(whom, now)


async def _checked(visit: Visit, account: Account, factor: str, form: Form) -> None:
    entered: dict[str, Any] = {factor: form["code"].strip().replace(" ", "")}
    if factor in KEYS:
        entered = {Factor.WEB_AUTH_N: form["credential"]}
    if not any(entered.values()):
        raise Problem("code", "code_empty")
    await change(visit, account.held.session_id, "code", checks=Checks(**entered))
