"""Who signs for a client: the instance's active key, or one that the client's profile allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from personae.actors.domain.kit import Caller, Refusal
from personae.actors.domain.web_key.commands import AddProfileKey
from personae.actors.domain.web_key.refusals import ALREADY_EXISTS
from personae.actors.domain.web_key.values import FAPI
from personae.http.identity.jwt import Signer
from personae.http.identity.keys import NO_ACTIVE_KEY

if TYPE_CHECKING:
    from personae.http.identity.services import Services

ALGORITHM = "ES256"
"""Of keys that are made for FAPI 2.0: of what it allows, the one that all libraries verify."""


async def signer_of(services: Services, instance_id: str, *, fapi: bool) -> Signer:
    """Return who signs for a client; ``fapi``: the client has that switch.

    The first one with the switch on an instance that signs otherwise has a key made. Raises
    KEY-NoneActive.
    """
    keys = await services.keys.of(instance_id)
    if not fapi:
        return keys.signer
    if keys.fapi is None:
        await _make(services, instance_id)
        keys = await services.keys.of(instance_id)
    if keys.fapi is None:
        raise NO_ACTIVE_KEY()
    return keys.fapi


async def _make(services: Services, instance_id: str) -> None:
    order = AddProfileKey(
        key_id=services.new_id(), instance_id=instance_id, algorithm=ALGORITHM, profile=FAPI
    )
    try:
        await services.send(order, Caller.of_system(instance_id))
    except Refusal as refusal:
        if refusal.id != ALREADY_EXISTS.id:
            raise
        # Another request or process was first: its key is there.
    services.keys.forget(instance_id)
