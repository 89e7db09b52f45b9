"""The SAML 2.0 identity provider: metadata, single sign-on, single logout."""

from __future__ import annotations

from personae.http.saml.routes import add_routes

__all__ = ["add_routes"]
