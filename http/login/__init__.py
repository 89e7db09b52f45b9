"""The pages people sign in with: server-rendered, complete without JavaScript."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web
from personae.actors.domain.auth_request.state import Status
from personae.actors.domain.kit import Refusal
from personae.http.identity.guesses import Guesses
from personae.http.login import (
    choose,
    consent,
    device,
    elsewhere,
    federated,
    forgotten,
    home,
    leave,
    mailed,
    new_password,
    newcomer,
    passkey,
    playground,
    register,
    second,
    set_up,
    sign_in,
)
from personae.http.login.errors import faults, refused
from personae.http.login.guesses import (
    GUESSES,
    MAILS,
    MAILS_AT_MOST,
    MAILS_WINDOW,
    REGISTRATIONS,
    REGISTRATIONS_AT_MOST,
    REGISTRATIONS_WINDOW,
)
from personae.http.login.pages import ASSETS, PREFIX, pages
from personae.http.login.steps import answered
from personae.http.login.visit import Visit, visit_of, with_request

__all__ = ["add_routes", "faults"]

Show = Callable[[Visit], Awaitable[web.Response]]

# path, what shows it, what takes its form
PAGES_AT: tuple[tuple[str, Show, Show | None], ...] = (
    ("/login", sign_in.enter, None),
    ("/loginname", sign_in.show_login_name, sign_in.take_login_name),
    ("/idp", elsewhere.show_start, elsewhere.take_directory),
    ("/idp/done", elsewhere.show_done, None),
    ("/idp/failed", elsewhere.show_failed, None),
    ("/idp/new", elsewhere.show_again, newcomer.take_new),
    ("/register", register.show_register, register.take_register),
    ("/password", sign_in.show_password, sign_in.take_password),
    ("/password/change", new_password.show_new_password, new_password.take_new_password),
    ("/password/reset", forgotten.show_forgotten, forgotten.take_forgotten),
    ("/password/set", mailed.show_reset, mailed.take_reset),
    ("/mfa", second.show_factor, second.take_factor),
    ("/mfa/set", set_up.show_set_up, set_up.take_set_up),
    ("/mfa/finish", set_up.show_finish, set_up.take_finish),
    ("/passkey", passkey.show_passkey, passkey.take_passkey),
    ("/passkey/add", passkey.show_add, passkey.take_add),
    ("/verify", mailed.show_verify, mailed.take_verify),
    ("/invite", mailed.show_invite, mailed.take_invite),
    ("/userselection", choose.show_accounts, choose.take_account),
    ("/consent", consent.show_consent, consent.take_consent),
    ("/consents", consent.show_consents, consent.take_consents),
    ("/device", device.show_code, device.take_code),
    ("/device/allow", device.show_device, device.take_device),
    ("/success", home.show_success, None),
    ("/logout", leave.show_logout, leave.take_logout),
    ("/logout/done", leave.show_logout_done, None),
)


def add_routes(app: web.Application, *, own_port: Callable[[], str] | None = None) -> None:
    """Add the login pages and the site's front door; the application must have its services.

    With ``own_port``, which tells where this process reaches itself, there is a playground.
    """
    app[GUESSES] = Guesses()
    app[REGISTRATIONS] = Guesses(REGISTRATIONS_AT_MOST, REGISTRATIONS_WINDOW)
    app[MAILS] = Guesses(MAILS_AT_MOST, MAILS_WINDOW)
    for path, show, take in PAGES_AT:
        app.router.add_get(PREFIX + path, visiting(show))
        if take:
            app.router.add_post(PREFIX + path, visiting(take))
    federated.add_routes(app)
    app.router.add_post(PREFIX + "/language", visiting(home.take_language))
    if own_port:
        app[playground.OWN_PORT] = playground.OwnPort(own_port)
        app.router.add_get(playground.PATH, visiting(playground.show))
        app.router.add_post(playground.PATH, visiting(playground.take))
        app.router.add_get(playground.CALLBACK, visiting(playground.returned))
    for path in ("/", PREFIX, PREFIX + "/"):
        app.router.add_get(path, home.to_login)
    app.router.add_get("/ui/console{rest:(?:/.*)?}", home.to_success)
    app.router.add_get("/robots.txt", home.robots)
    app.add_routes(pages().static.routes(ASSETS))


def visiting(show: Show) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Return the handler of a page; refusals become pages of the same make."""

    async def handle(request: web.Request) -> web.Response:
        visit = await visit_of(request)
        try:
            await with_request(visit)
            if visit.auth is not None and visit.auth.status is not Status.ADDED:
                return await answered(visit)
            return await show(visit)
        except Refusal as refusal:
            return refused(visit, refusal)

    return handle
