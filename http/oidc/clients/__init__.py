"""Client authentication (RFC 6749, 2.3; OIDC Core, 9): one file per method, one table.

A request shows its client in exactly one way, and only the way registered for that client counts.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from personae.actors.aggregates.clients import Client, client_of
from personae.actors.domain.project.oauth import CertificateMethod
from personae.actors.domain.project.values import APIAuthMethod, AuthMethod
from personae.http.oidc.call import Call
from personae.http.oidc.clients.assertion import prove_assertion, show_assertion
from personae.http.oidc.clients.basic import show_basic
from personae.http.oidc.clients.certificate import (
    prove_authority,
    prove_self_signed,
    show_nothing,
)
from personae.http.oidc.clients.post import show_post
from personae.http.oidc.clients.public import prove_public, show_public
from personae.http.oidc.clients.secret import prove_secret
from personae.http.oidc.clients.shown import Shown
from personae.http.oidc.errors import (
    CLIENT_METHOD_WRONG,
    CLIENT_METHODS_MIXED,
    CLIENT_NOT_AUTHENTICATED,
)
from personae.http.oidc.fapi import check_client

__all__ = ["authenticate", "registered_method", "shown_by", "shows_proof"]

Show = Callable[[Call], Shown | None]
Method = AuthMethod | CertificateMethod
Prove = Callable[[Call, Shown, Client], Awaitable[bool]]

METHODS: tuple[tuple[Method, Show, Prove], ...] = (
    (AuthMethod.BASIC, show_basic, prove_secret),
    (AuthMethod.POST, show_post, prove_secret),
    (AuthMethod.PRIVATE_KEY_JWT, show_assertion, prove_assertion),
    (AuthMethod.NONE, show_public, prove_public),
    # These show nothing but the name in the form: which one it is, the registration says.
    (CertificateMethod.CA, show_nothing, prove_authority),
    (CertificateMethod.SELF_SIGNED, show_nothing, prove_self_signed),
)
_PROVE = {method: prove for method, _, prove in METHODS}
_SHOW = tuple(show for _, show, _ in METHODS if show is not show_nothing)
_OF_API = {
    APIAuthMethod.BASIC: AuthMethod.BASIC,
    APIAuthMethod.PRIVATE_KEY_JWT: AuthMethod.PRIVATE_KEY_JWT,
}


async def authenticate(call: Call) -> Client:
    """Return the client of a request. Raises a refusal that means ``invalid_client``."""
    asked = partial(_authenticate, call, shown_by(call))
    return await call.services.world.certain(call.instance_id, asked)


async def _authenticate(call: Call, shown: Shown) -> Client:
    client = await client_of(call.services.world, call.instance_id, shown.client_id)
    if client is None:
        raise CLIENT_NOT_AUTHENTICATED()
    method = registered_method(client)
    named = isinstance(method, CertificateMethod) and shown.method is AuthMethod.NONE
    if method is None or (method != shown.method and not named):
        raise CLIENT_METHOD_WRONG()
    if not await _PROVE[method](call, shown, client):
        raise CLIENT_NOT_AUTHENTICATED()
    check_client(client, method)
    return client


def shown_by(call: Call) -> Shown:
    """Return how a request shows its client.

    "The client MUST NOT use more than one authentication method in each request." (RFC 6749, 2.3)
    """
    found = [shown for show in _SHOW if (shown := show(call)) is not None]
    if not found:
        raise CLIENT_NOT_AUTHENTICATED()
    if len(found) > 1:
        raise CLIENT_METHODS_MIXED()
    return found[0]


def shows_proof(call: Call) -> bool:
    """Say whether a request has credentials of a client, be they right or wrong."""
    return any(show(call) is not None for show in _SHOW if show is not show_public)


def registered_method(client: Client) -> Method | None:
    """Return the only method that counts for a client."""
    if client.app.oauth.certificate_method:
        return client.app.oauth.certificate_method
    if client.app.oidc:
        return client.app.oidc.auth_method_type
    return _OF_API[client.app.api.auth_method_type] if client.app.api else None
