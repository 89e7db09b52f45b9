"""Signing out."""

from __future__ import annotations

from aiohttp import web
from personae.http.login.accounts import accounts_of
from personae.http.login.choose import sign_out
from personae.http.login.forms import read_form
from personae.http.login.problems import Problem
from personae.http.login.visit import Visit


async def show_logout(visit: Visit) -> web.Response:
    """Ask which accounts to sign out of."""
    return await _logout(visit)


async def _logout(visit: Visit, *problems: Problem) -> web.Response:
    accounts = await accounts_of(visit)
    if not accounts:
        return visit.redirect(visit.url("/logout/done"))
    return visit.page("logout", problems=problems, accounts=accounts)


async def take_logout(visit: Visit) -> web.Response:
    """Sign out of the accounts chosen."""
    form = await read_form(visit, "logout")
    chosen = [each for each in await accounts_of(visit) if each.held.session_id in form.chosen]
    if not chosen:
        return await _logout(visit, Problem("accounts", "none_chosen"))
    for account in chosen:
        await sign_out(visit, account)
    return visit.redirect(visit.url("/logout/done"))


async def show_logout_done(visit: Visit) -> web.Response:
    """Say that it is done."""
    return visit.page("logout_done", left=await accounts_of(visit))
