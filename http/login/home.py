"""Where people are when no application sent them, and small things around the pages."""

from __future__ import annotations

from datetime import timedelta

from aiohttp import web
from personae.http.identity.assurance import password_left
from personae.http.login import cookies
from personae.http.login.accounts import Account, State, accounts_of, should_offer
from personae.http.login.forms import read_form
from personae.http.login.pages import PREFIX
from personae.http.login.visit import Visit


async def show_success(visit: Visit) -> web.Response:
    """Say who is signed in."""
    accounts = [each for each in await accounts_of(visit) if each.state is not State.BARRED]
    if not accounts:
        return visit.redirect(visit.url("/loginname"))
    account = accounts[0]
    session_id = account.held.session_id
    if account.state is State.FACTOR:
        return visit.redirect(visit.url("/mfa", session=session_id))
    offer = ""
    if should_offer(account, visit.domain, visit.services.world.now()):
        offer = visit.url("/mfa/set", session=session_id)
    return visit.page(
        "success",
        account=account,
        others=len(accounts) - 1,
        offer=offer,
        days_left=_days_left(visit, account),
    )


def _days_left(visit: Visit, account: Account) -> int | None:
    """Return for how many days the password counts, when it is time to say so."""
    human, policies = account.user.human, account.policies
    if human is None or not policies.age.expire_warn_days:
        return None
    left = password_left(human, account.created_at, policies, visit.services.world.now())
    if left is None or left > timedelta(days=policies.age.expire_warn_days):
        return None
    return max(left.days, 0)


async def take_language(visit: Visit) -> web.Response:
    """Keep the language chosen and go back to the page."""
    form = await read_form(visit, "language")
    response = visit.redirect(form.memory["back"])
    if form["language"] in visit.services.texts.languages:
        year = cookies.YEAR_SECONDS
        cookies.write(response, visit.services, cookies.LANGUAGE, form["language"], year)
    return response


async def to_login(_request: web.Request) -> web.Response:
    """Send the site's front door to the login pages."""
    return web.Response(status=303, headers={"Location": f"{PREFIX}/login"})


async def to_success(_request: web.Request) -> web.Response:
    """Send the console's address to the page that says who is signed in."""
    return web.Response(status=303, headers={"Location": f"{PREFIX}/success"})


async def robots(_request: web.Request) -> web.Response:
    """Tell search engines that nothing is theirs here (RFC 9309)."""
    return web.Response(text="User-agent: *\nDisallow: /\n")
