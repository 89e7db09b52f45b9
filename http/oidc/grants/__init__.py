"""What may be exchanged for tokens: one file per grant, one table.

A grant takes the request, refuses or answers with the body of the token response. Further ones
(RFC 8628, RFC 8693) are further rows.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from personae.http.oidc.call import Call
from personae.http.oidc.grants.authorization_code import authorization_code
from personae.http.oidc.grants.client_credentials import client_credentials
from personae.http.oidc.grants.device_code import device_code
from personae.http.oidc.grants.jwt_bearer import jwt_bearer
from personae.http.oidc.grants.refresh_token import refresh_token
from personae.http.oidc.grants.token_exchange import token_exchange

__all__ = ["GRANTS"]

GRANTS: dict[str, Callable[[Call], Awaitable[dict[str, Any]]]] = {
    "authorization_code": authorization_code,
    "refresh_token": refresh_token,
    "client_credentials": client_credentials,
    "urn:ietf:params:oauth:grant-type:jwt-bearer": jwt_bearer,
    "urn:ietf:params:oauth:grant-type:device_code": device_code,
    "urn:ietf:params:oauth:grant-type:token-exchange": token_exchange,
}
