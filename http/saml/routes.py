"""Every endpoint of the identity provider, one line each."""

from __future__ import annotations

from aiohttp import web
from personae.http.saml import paths
from personae.http.saml.description import certificate, metadata
from personae.http.saml.sign_off import single_logout
from personae.http.saml.sign_on import callback, single_sign_on

ROUTES = (
    ("GET", paths.METADATA, metadata),
    ("GET", paths.CERTIFICATE, certificate),
    ("GET", paths.SSO, single_sign_on),
    ("POST", paths.SSO, single_sign_on),
    ("GET", paths.CALLBACK, callback),
    ("GET", paths.SLO, single_logout),
    ("POST", paths.SLO, single_logout),
)


def add_routes(app: web.Application) -> None:
    """Give an application the endpoints; it must have ``SERVICES``."""
    for method, path, handler in ROUTES:
        app.router.add_route(method, path, handler)
