"""What comes next: which page a browser needs, and where it goes once somebody is signed in."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web
from personae.actors.domain.auth_request.events import AuthRequestAdded
from personae.actors.domain.auth_request.refusals import CONSENT_NEEDED
from personae.actors.domain.auth_request.state import Status
from personae.actors.domain.kit import Refusal
from personae.http.identity.assurance import Lack, password_due
from personae.http.login.accounts import Account, State, account_of
from personae.http.login.links import web_link
from personae.http.login.refusals import REQUEST_USED
from personae.http.login.requests import HANDLED, LOGIN, answer_to, linking, read
from personae.http.login.seal import seal
from personae.http.login.visit import Visit

PENDING = "personae.link"
"""Metadata of a session whose user wants an account elsewhere linked, once all is proved."""
CONSENT, CREATE = 3, 5
"""The prompts ``consent`` and ``create`` as requests keep them."""


def next_page(
    asked: AuthRequestAdded | None, accounts: Sequence[Account]
) -> tuple[str, Account | None]:
    """Return where to begin, with the account meant: ``go on``, ``password``, ``choose``, ``name``.

    One account, and a client that insists on nothing, needs no page at all: single sign-on.
    """
    meant = [account for account in accounts if account.answers(asked)]
    insists = bool(asked and set(asked.prompt) - {0, LOGIN, CONSENT})
    if not meant:
        return "name", None
    if len(meant) > 1 or insists or meant[0].state is State.BARRED:
        return "choose", None
    return ("password" if meant[0].state is State.PASSWORD else "go on"), meant[0]


def ask_password(visit: Visit, login_name: str) -> web.Response:
    """Send the browser to the password page of a login name, which stays out of the address."""
    return visit.redirect(visit.url("/password", who=visit.sealed("name", login_name)))


async def go_on(visit: Visit, session_id: str) -> web.Response:
    """Send a signed-in browser on: to what is still due, to the client, or home."""
    account = await account_of(visit, session_id)
    if account is None or not account.primary:
        return visit.redirect(visit.url("/login"))
    if page := _due(visit, account):
        return visit.redirect(visit.url(page, session=session_id))
    if PENDING in account.session.metadata:
        from personae.http.login import pending  # it knows this module

        await pending.finish(visit, account)
        account = await account_of(visit, session_id) or account
    if visit.auth is not None:
        asked = visit.asked
        ask = asked is not None and CONSENT in asked.prompt and account.is_hinted(asked)
        return ask_consent(visit, account) if ask else await link(visit, account)
    if visit.user_code:
        return visit.redirect(visit.url("/device/allow", session=session_id))
    default = web_link(visit.policies.login.default_redirect_uri, visit.language)
    return visit.redirect(default or visit.url("/success"))


def _due(visit: Visit, account: Account) -> str:
    """Return the page that must come before anything else: a factor, a new password."""
    human, now = account.user.human, visit.services.world.now()
    if account.lack is not Lack.NOTHING:
        return "/mfa" if account.lack is Lack.CHECK else "/mfa/set"
    if human and password_due(human, account.created_at, account.policies, now):
        return "/password/change"
    return ""


def is_through(visit: Visit, account: Account) -> bool:
    """Say whether an account may be used as it is: all is proved, and nothing comes before."""
    return account.primary and not _due(visit, account)


def consent_purpose(visit: Visit) -> str:
    """Return what the session is sealed for that may answer this request's question."""
    return f"consent {visit.instance_id} {visit.auth_id}"


def ask_consent(visit: Visit, account: Account) -> web.Response:
    """Send the browser to the page that asks whether the client may have what it wants."""
    who = seal(visit.services, consent_purpose(visit), account.held.session_id)
    return visit.redirect(visit.url("/consent", who=who))


async def link(visit: Visit, account: Account, agreed: tuple[str, ...] = ()) -> web.Response:
    """Answer the request with a session; ask first where the domain wants that.

    ``agreed``: the authorization details that the person has just allowed.
    """
    order = linking(visit.way, visit.auth_id, account.held, agreed)
    try:
        await visit.services.send(order, visit.system)
    except Refusal as refusal:
        if refusal.reason is CONSENT_NEEDED:
            return ask_consent(visit, account)
        if told := answer_to(visit.way, visit.auth_id, refusal.reason):
            await visit.services.send(told, visit.system)
            return back_to_client(visit)
        if refusal.reason not in HANDLED:
            raise
        return await answered(visit)
    return back_to_client(visit)


async def answered(visit: Visit) -> web.Response:
    """Go on where an answered request was left, as after a double click or the back button.

    Only the browser that answered it may. Raises LOGIN-RequestUsed.
    """
    auth = await read(visit.services.world, visit.way, visit.instance_id, visit.auth_id)
    if auth.status is not Status.CODE_ADDED or visit.agent.held(auth.session_id) is None:
        raise REQUEST_USED()
    return back_to_client(visit)


def back_to_client(visit: Visit) -> web.Response:
    """Send the browser to where the client is answered by the protocol that it speaks."""
    return visit.redirect(f"{visit.way.callback}?id={visit.auth_id}")
