"""The client credentials grant (RFC 6749, 4.4): a machine user with its secret."""

from __future__ import annotations

from typing import Any

from personae.http.oidc.call import Call
from personae.http.oidc.grants.machine import open_for
from personae.http.oidc.machines import authenticate_machine


async def client_credentials(call: Call) -> dict[str, Any]:
    """Give a machine user tokens for its secret."""
    found = await authenticate_machine(call)
    return await open_for(call, found, reason="client_credentials", methods=("pwd",))
