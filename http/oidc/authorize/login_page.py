"""Where people sign in: at our pages, or at those that the application or ``login_v2`` names."""

from __future__ import annotations

from urllib.parse import urlencode

from personae.actors.aggregates.facts.auth_request import ORG_SCOPE, ends
from personae.actors.domain.auth_request.events import AuthRequestAdded
from personae.actors.domain.project.values import ResponseType
from personae.http.identity.authorization_answer import FORM_POST
from personae.http.identity.sign_in_pages import pages_elsewhere
from personae.http.oidc import paths
from personae.http.oidc.authorize.ask import load_client
from personae.http.oidc.call import Call


async def login_page(call: Call, request_id: str, asked: AuthRequestAdded) -> str:
    """Return where people sign in for a request: as its client or the organisation asked for says.

    Pages elsewhere answer it over the API (``OIDCService/CreateCallback``), and do not get what
    cannot be answered there.
    """
    ours = f"{paths.LOGIN_PAGE}?{urlencode({'authRequestID': request_id})}"
    if not answerable_elsewhere(asked):
        return ours
    org_id = next(iter(ends(asked.scope, ORG_SCOPE)), "")
    _, oidc = await load_client(call, asked.client_id)
    world, instance_id = call.services.world, call.instance_id
    if base := await pages_elsewhere(world, instance_id, oidc, org_id=org_id):
        return f"{base}/login?{urlencode({'authRequest': request_id})}"
    return ours


def answerable_elsewhere(asked: AuthRequestAdded) -> bool:
    """Say whether the API can answer a request: it returns an address with a code.

    A form is no address, and tokens are not for the pages to see; authorization details are shown
    to the person by our own pages only.
    """
    by_address = asked.response_mode != FORM_POST and asked.response_type == ResponseType.CODE
    return by_address and not asked.authorization_details
