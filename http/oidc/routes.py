"""Every endpoint of the provider, one line each."""

from __future__ import annotations

from aiohttp import web
from personae.http.identity.published import Fetch, nowhere
from personae.http.oidc import paths
from personae.http.oidc.answers import BEARER, got, posted, preflight, unshared
from personae.http.oidc.authorize.callback import callback
from personae.http.oidc.authorize.endpoint import authorize
from personae.http.oidc.authorize.pushed import push
from personae.http.oidc.custom_claims import Source
from personae.http.oidc.device import device_authorization
from personae.http.oidc.discovery import discovery
from personae.http.oidc.end_session import end_session, session_ended
from personae.http.oidc.introspection import introspection
from personae.http.oidc.keys import keys
from personae.http.oidc.provider import DEFAULT, PROVIDER, Profiles, Provider
from personae.http.oidc.published_keys import published_keys
from personae.http.oidc.registration.endpoint import register
from personae.http.oidc.registration.management import end, show, update
from personae.http.oidc.revocation import revocation
from personae.http.oidc.session_state import check_session
from personae.http.oidc.token import token
from personae.http.oidc.userinfo import userinfo

# Pages of other origins may call these (RFC 9700, 2.6: but never the authorization endpoint).
FOR_PROGRAMS = (
    ("GET", paths.DISCOVERY, got(discovery)),
    ("GET", paths.METADATA, got(discovery)),
    ("GET", paths.KEYS, got(keys)),
    ("POST", paths.PUSH, posted(push)),
    ("POST", paths.DEVICE, posted(device_authorization)),
    ("POST", paths.TOKEN, posted(token)),
    ("POST", paths.REVOKE, posted(revocation)),
    ("GET", paths.USERINFO, got(userinfo, BEARER)),
    ("POST", paths.USERINFO, got(userinfo, BEARER)),
)
# Public clients may not introspect, and a page can keep no secret: only servers call this.
FOR_SERVERS = (("POST", paths.INTROSPECT, unshared(posted(introspection))),)
# Only where the settings name a project for that.
FOR_REGISTRATION = (
    ("POST", paths.REGISTER, unshared(got(register))),
    ("GET", paths.REGISTRATION, unshared(got(show))),
    ("PUT", paths.REGISTRATION, unshared(got(update))),
    ("DELETE", paths.REGISTRATION, unshared(got(end))),
)
FOR_BROWSERS = (
    ("GET", paths.AUTHORIZE, authorize),
    ("POST", paths.AUTHORIZE, authorize),
    ("GET", paths.CALLBACK, callback),
    ("GET", paths.END_SESSION, end_session),
    ("POST", paths.END_SESSION, end_session),
    ("GET", paths.SESSION_ENDED, session_ended),
    ("GET", paths.CHECK_SESSION, check_session),
)


def add_routes(
    app: web.Application,
    *,
    implicit: bool = True,
    sources: tuple[Source, ...] = (),
    profiles: Profiles = DEFAULT,
    fetch: Fetch = nowhere,
) -> None:
    """Give an application the endpoints of the provider; it must have ``SERVICES``.

    ``fetch`` gets key sets that clients publish.
    """
    published = published_keys(fetch)
    app[PROVIDER] = Provider(
        implicit=implicit, sources=sources, profiles=profiles, published=published
    )
    app.on_cleanup.append(_stop)
    registering = FOR_REGISTRATION if profiles.registration_project else ()
    for method, path, handler in (*FOR_PROGRAMS, *FOR_SERVERS, *FOR_BROWSERS, *registering):
        app.router.add_route(method, path, handler)
    for path in {path for _, path, _ in FOR_PROGRAMS}:
        app.router.add_route("OPTIONS", path, preflight)


async def _stop(app: web.Application) -> None:
    await app[PROVIDER].signing.stop()
