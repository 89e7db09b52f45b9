"""Asking people whether a client may have what it asks for, and letting them take it back."""

from __future__ import annotations

from aiohttp import web
from personae.actors.aggregates.clients import client_of
from personae.actors.domain.auth_request.commands import FailAuthRequest
from personae.actors.domain.kit import Stream
from personae.actors.domain.user.commands import GiveConsent, WithdrawConsent
from personae.actors.domain.user.state import User
from personae.http.login.accounts import Account, account_of, accounts_of
from personae.http.login.detail_words import detailed
from personae.http.login.forms import read_form
from personae.http.login.scope_words import words
from personae.http.login.seal import unseal
from personae.http.login.steps import back_to_client, consent_purpose, is_through, link
from personae.http.login.visit import Visit

DENIED = "access_denied"
"""RFC 6749, 4.1.2.1."""


async def show_consent(visit: Visit) -> web.Response:
    """Ask; only who has just signed in for this very request comes here."""
    who = visit.request.query.get("who", "")
    session_id = unseal(visit.services, consent_purpose(visit), who)
    account = await account_of(visit, session_id or "")
    if account is None or visit.asked is None or not is_through(visit, account):
        return visit.redirect(visit.url("/login"))
    return visit.page(
        "consent",
        account=account,
        scopes=await words(visit, visit.asked.scope),
        details=detailed(visit.asked.authorization_details),
        session=account.held.session_id,
        request=visit.auth_id,
    )


async def take_consent(visit: Visit) -> web.Response:
    """Go back to the client with a code, or with the word that it was denied."""
    form = await read_form(visit, "consent")
    account = await account_of(visit, form.memory["session"])
    asked = visit.asked
    if account is None or asked is None or form.memory["request"] != visit.auth_id:
        return visit.redirect(visit.url("/login"))
    if not is_through(visit, account):  # any more: the page may have been open for long
        return visit.redirect(visit.url("/login"))
    if form["answer"] != "allow":
        order = FailAuthRequest(request_id=visit.auth_id, reason=DENIED)
        await visit.services.send(order, visit.system)
        return back_to_client(visit)
    await give(visit, account, asked.client_id, asked.scope)
    return await link(visit, account, asked.authorization_details)


async def give(visit: Visit, account: Account, client_id: str, scope: tuple[str, ...]) -> None:
    """Keep what somebody allowed a client, if it is one that asks: others are not bound by it."""
    client = await client_of(visit.services.world, visit.instance_id, client_id)
    if client is None or not client.app.oauth.ask_consent:
        return
    order = GiveConsent(user_id=account.session.user_id, client_id=client_id, scopes=scope)
    await visit.services.send(order, visit.system)


async def show_consents(visit: Visit) -> web.Response:
    """Show what an account of this browser has allowed."""
    accounts = [each for each in await accounts_of(visit) if is_through(visit, each)]
    asked = visit.request.query.get("session", "")
    account = next((a for a in accounts if asked in {"", a.held.session_id}), None)
    if account is None:
        return visit.redirect(visit.url("/login"))
    return visit.page(
        "consents",
        account=account,
        session=account.held.session_id,
        allowed=[
            (client_id, await _name(visit, client_id), await words(visit, scopes))
            for client_id, scopes in account.user.consents.items()
        ],
    )


async def _name(visit: Visit, client_id: str) -> str:
    client = await client_of(visit.services.world, visit.instance_id, client_id)
    return client.app.name if client else client_id


async def take_consents(visit: Visit) -> web.Response:
    """Take back what a client was allowed; its tokens end."""
    form = await read_form(visit, "consents")
    account = await account_of(visit, form.memory["session"])
    if account is None or not is_through(visit, account):
        return visit.redirect(visit.url("/login"))
    stream = Stream(visit.instance_id, "user", account.session.user_id)
    user: User = await visit.services.world.state(stream)
    if form["client"] in user.consents:
        order = WithdrawConsent(user_id=account.session.user_id, client_id=form["client"])
        await visit.services.send(order, visit.system)
    return visit.redirect(visit.url("/consents", session=account.held.session_id))
