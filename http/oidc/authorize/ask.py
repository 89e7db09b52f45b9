"""What a client asks for, once it is known who it is and where the answer may go."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from personae.actors.aggregates.clients import Client, client_of
from personae.actors.domain.project.redirects import registered
from personae.actors.domain.project.state import OIDCConfig
from personae.actors.domain.project.values import ApplicationType
from personae.http.oidc import paths
from personae.http.oidc.authorize.request_object import unpacked
from personae.http.oidc.authorize.response import MODES
from personae.http.oidc.authorize.types import of_tokens
from personae.http.oidc.call import Call
from personae.http.oidc.errors import (
    CLIENT_NOT_FOUND,
    PARAMETER_INVALID,
    PARAMETER_REPEATED,
    REDIRECT_NOT_REGISTERED,
)
from personae.http.oidc.form import Form, words


@dataclass(frozen=True, slots=True)
class Ask:
    """An authorization request whose client and redirect URI are right.

    ``implicit``: whether tokens may be asked for directly here; ``pushed``: the client sent it
    itself (RFC 9126).
    """

    form: Form
    client: Client
    oidc: OIDCConfig
    redirect_uri: str
    implicit: bool = True
    pushed: bool = False

    def words(self, name: str) -> list[str]:
        """Return the words of a space-delimited parameter."""
        return words(self.form.get(name))


async def load(call: Call) -> Ask:
    """Find client and redirect URI.

    "If the request fails due to a missing, invalid, or mismatching redirection URI, or if the
    client identifier is missing or invalid, the authorization server SHOULD inform the resource
    owner of the error and MUST NOT automatically redirect the user-agent to the invalid redirection
    URI." (RFC 6749, 4.1.2.1) So what is raised here is shown on a page.
    """
    for name in ("client_id", "redirect_uri", "request"):
        if name in call.form.repeated:
            raise PARAMETER_REPEATED(name=name)
    return await call.services.world.certain(call.instance_id, partial(_load, call))


async def _load(call: Call) -> Ask:
    client, oidc = await load_client(call, call.form.required("client_id"))
    form = await unpacked(call, client) if call.form.get("request") else call.form
    redirect_uri = form.required("redirect_uri")
    check_redirect_uri(oidc, redirect_uri)
    check_scheme(form, oidc, redirect_uri)
    check_mode(form)
    pushed = call.request.path == paths.PUSH
    return Ask(form, client, oidc, redirect_uri, call.provider.implicit, pushed)


def check_scheme(form: Form, oidc: OIDCConfig, uri: str) -> None:
    """Send tokens over plain ``http`` to native applications only: theirs are loopback addresses.

    "When using this flow, the Redirection URI MUST NOT use the http scheme unless the Client is a
    native application" (OIDC Core, 3.2.2.1); in the development mode the administrator says so.
    """
    native = oidc.application_type is ApplicationType.NATIVE
    if of_tokens(form) and uri.startswith("http:") and not (native or oidc.dev_mode):
        raise REDIRECT_NOT_REGISTERED()


def check_mode(form: Form) -> None:
    """Refuse modes that are not there, on a page.

    "… since understanding the Response Mode is necessary to know how to return those parameters."
    (OIDC Core, 3.1.2.6)
    """
    if form.get("response_mode") not in {"", *MODES}:
        raise PARAMETER_INVALID(name="response_mode")


async def load_client(call: Call, client_id: str) -> tuple[Client, OIDCConfig]:
    """Return a client that people sign in to. Raises OIDC-ClientNotFound."""
    client = await client_of(call.services.world, call.instance_id, client_id)
    if client is None or client.app.oidc is None:
        raise CLIENT_NOT_FOUND()
    return client, client.app.oidc


def check_redirect_uri(oidc: OIDCConfig, uri: str) -> None:
    """Refuse a redirect URI that is not registered (RFC 9700, 2.1)."""
    known, kind = oidc.redirect_uris, oidc.application_type
    if not registered(uri, known, kind, dev_mode=oidc.dev_mode):
        raise REDIRECT_NOT_REGISTERED()
