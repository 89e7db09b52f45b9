"""Where people sign in: at our pages, or at those that the feature ``login_v2`` names."""

from __future__ import annotations

from urllib.parse import urlencode

from personae.actors.domain.feature.events import LoginV2
from personae.http.identity.features import feature
from personae.http.oidc import paths
from personae.http.oidc.call import Call


async def login_page(call: Call, request_id: str) -> str:
    """Return where people sign in for a request.

    Pages elsewhere answer it over the API (``OIDCService/CreateCallback``).
    """
    login: LoginV2 = await feature(call.services.world, call.instance_id, "login_v2")
    if login.required and login.base_uri:
        base = login.base_uri.rstrip("/")
        return f"{base}/login?{urlencode({'authRequest': request_id})}"
    return f"{paths.LOGIN_PAGE}?{urlencode({'authRequestID': request_id})}"
