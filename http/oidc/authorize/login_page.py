"""Where people sign in: at our pages, or at those that the feature ``login_v2`` names."""

from __future__ import annotations

from urllib.parse import urlencode

from personae.actors.aggregates.facts.auth_request import ORG_SCOPE, ends
from personae.actors.domain.auth_request.events import AuthRequestAdded
from personae.actors.domain.feature.events import LoginV2
from personae.http.identity.features import feature
from personae.http.oidc import paths
from personae.http.oidc.call import Call


async def login_page(call: Call, request_id: str, asked: AuthRequestAdded) -> str:
    """Return where people sign in for a request: as the organisation says that it asks for.

    Pages elsewhere answer it over the API (``OIDCService/CreateCallback``).
    """
    org_id = next(iter(ends(asked.scope, ORG_SCOPE)), "")
    world, instance_id = call.services.world, call.instance_id
    login: LoginV2 = await feature(world, instance_id, "login_v2", org_id=org_id)
    if login.required and login.base_uri:
        base = login.base_uri.rstrip("/")
        return f"{base}/login?{urlencode({'authRequest': request_id})}"
    return f"{paths.LOGIN_PAGE}?{urlencode({'authRequestID': request_id})}"
