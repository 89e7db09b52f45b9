"""The account chooser: go on with an account of this browser, or leave one."""

from __future__ import annotations

from aiohttp import web
from personae.actors.domain.session.commands import TerminateSession
from personae.http.identity import logged_out
from personae.http.login.accounts import Account, State, account_of, accounts_of
from personae.http.login.forms import read_form
from personae.http.login.problems import Problem
from personae.http.login.steps import ask_password, go_on
from personae.http.login.visit import Visit


async def show_accounts(visit: Visit) -> web.Response:
    """Show the accounts of this browser."""
    return await _accounts(visit)


async def _accounts(visit: Visit, *problems: Problem) -> web.Response:
    accounts = await accounts_of(visit)
    if not accounts:
        return visit.redirect(visit.url("/loginname"))
    return visit.page("userselection", problems=problems, accounts=accounts)


async def take_account(visit: Visit) -> web.Response:
    """Go on with the account chosen, or sign out of it."""
    form = await read_form(visit, "userselection")
    account = await account_of(visit, form["choose"] or form["leave"])
    if account is None:
        return visit.redirect(visit.url("/userselection"))
    if form["leave"]:
        await sign_out(visit, account)
        ended = (visit.services, visit.instance_id, (account.held.session_id,))
        return visit.redirect(await logged_out.location(*ended, visit.url("/userselection")))
    if account.state is State.BARRED:
        return await _accounts(visit, Problem(f"choose-{account.held.session_id}", "inactive"))
    if account.state is State.PASSWORD:
        return ask_password(visit, account.login_name)
    return await go_on(visit, account.held.session_id)


async def sign_out(visit: Visit, account: Account) -> None:
    """End an account's session and have the browser forget it."""
    held = account.held
    order = TerminateSession(session_id=held.session_id, presented=held.token_id)
    await visit.services.send(order, visit.system)
    visit.hold(visit.agent.without(held.session_id))
