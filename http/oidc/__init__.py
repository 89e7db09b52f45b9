"""The OpenID Provider: OAuth 2.0 and OpenID Connect as clients speak them."""

from personae.http.oidc.routes import add_routes

__all__ = ["add_routes"]
