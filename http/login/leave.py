"""Signing out, by oneself or because a client asked for it."""

from __future__ import annotations

from urllib.parse import urlencode

from aiohttp import web
from personae.actors.aggregates.clients import client_of
from personae.http.identity import logged_out
from personae.http.login.accounts import accounts_of
from personae.http.login.choose import sign_out
from personae.http.login.forms import read_form
from personae.http.login.problems import Problem
from personae.http.login.visit import Visit

END_SESSION = "/oidc/v1/end_session"
"""Where a client's logout goes on; known here by its address only."""

PASSED_ON = ("client_id", "post_logout_redirect_uri", "state", "logout_hint", "ui_locales")


async def show_logout(visit: Visit) -> web.Response:
    """Ask which accounts to sign out of.

    Those that a ``logout_hint`` means are ticked, by login name or id; all when it means none
    (RP-Initiated Logout 1.0, section 2).
    """
    return await _logout(visit)


async def _logout(visit: Visit, *problems: Problem) -> web.Response:
    accounts = await accounts_of(visit)
    if not accounts:
        return visit.redirect(_afterwards(visit) or logged_out.PAGE)
    visit.leads_to = await _registered(visit)
    hint = visit.request.query.get("logout_hint", "")
    meant = [each for each in accounts if hint in {each.session.user_id, *each.names}]
    return visit.page("logout", problems=problems, accounts=accounts, meant=meant or accounts)


async def _registered(visit: Visit) -> tuple[str, ...]:
    """Return where the client that asked may have the browser sent afterwards."""
    query = visit.request.query
    client_id, uri = query.get("client_id", ""), query.get("post_logout_redirect_uri", "")
    client = await client_of(visit.services.world, visit.instance_id, client_id)
    oidc = client.app.oidc if client else None
    return (uri,) if oidc and uri in oidc.post_logout_redirect_uris else ()


async def take_logout(visit: Visit) -> web.Response:
    """Sign out of the accounts chosen."""
    form = await read_form(visit, "logout")
    accounts = await accounts_of(visit)
    chosen = [each for each in accounts if each.held.session_id in form.chosen]
    if accounts and not chosen:
        return await _logout(visit, Problem("accounts", "none_chosen"))
    for account in chosen:
        await sign_out(visit, account)
    then = _afterwards(visit, left=len(chosen) < len(accounts))
    sessions = [account.held.session_id for account in chosen]
    return visit.redirect(
        await logged_out.location(visit.services, visit.instance_id, sessions, then)
    )


def _afterwards(visit: Visit, *, left: bool = False) -> str:
    """Return the client's logout to go on with, which finds nobody signed in now, or nothing.

    Who has others ``left`` has confirmed, too: that is not asked again.
    """
    query = visit.request.query
    passed_on = {name: query[name] for name in PASSED_ON if name in query}
    way = f"{END_SESSION}/done" if left else END_SESSION
    return f"{way}?{urlencode(passed_on)}" if passed_on else ""


async def show_logout_done(visit: Visit) -> web.Response:
    """Say that it is done, tell the clients that want to hear of it, then go on.

    What ended may be asked for again, by the back button: clients that were told are told twice.
    """
    text = visit.request.query.get(logged_out.PARAMETER, "")
    found = logged_out.read(visit.services, visit.instance_id, text)
    visit.frames = tuple(await logged_out.frames(visit.services, visit.instance_id, found.sessions))
    then = found.then if visit.frames else ""
    return visit.page("logout_done", left=await accounts_of(visit), frames=visit.frames, then=then)
