"""What the server signs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from personae.http.oidc.errors import SIGNING_KEY_UNFIT
from personae.http.oidc.fapi.algorithms import FAPI

if TYPE_CHECKING:
    from personae.http.oidc.call import Call
    from personae.http.oidc.clients import Method


async def check_signing_key(call: Call, _method: Method) -> None:
    """Refuse to serve the profile while the active key signs by another algorithm (5.4.1)."""
    signer = (await call.services.keys.of(call.instance_id)).signer
    if signer.key.algorithm not in FAPI:
        raise SIGNING_KEY_UNFIT(algorithm=signer.key.algorithm)
