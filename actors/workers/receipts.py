"""Forgets the receipts of calls that nobody will send again."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from personae.actors.aggregates.world import World
from personae.actors.domain.kit import Refusal

LIFE = timedelta(hours=24)
"""How long a call may be sent again under its key, at least."""

LOOK_SECONDS = 900.0

logger = logging.getLogger(__name__)


async def forget_old_receipts(world: World) -> None:
    """Look now and then until cancelled; several processes may do so."""
    while True:
        try:
            await world.log.drop_receipts(world.now() - LIFE)
        except Refusal as refusal:
            logger.info("old receipts stay for now: %s", refusal.id)
        await asyncio.sleep(LOOK_SECONDS)
