"""What a server says while it builds read models: how far each is, every few seconds."""

from __future__ import annotations

import asyncio

import structlog
from personae.projections.kit import Progress, Projections
from personae.store.errors import DatabaseError

log = structlog.get_logger("personae")

SECONDS = 5.0
"""Between two lines about a table."""


async def tell_builds(views: Projections) -> None:
    """Log how far tables are that are being built, now or later, until cancelled."""
    while True:
        try:
            async for progress in views.building(SECONDS):
                _tell(progress)
        except DatabaseError as error:
            log.warning("builds not measured", error=type(error).__name__)
        await asyncio.sleep(SECONDS)


def _tell(progress: Progress) -> None:
    left = progress.seconds_left
    log.info(
        "read model is being built",
        table=progress.table,
        percent=round(progress.percent, 1),
        events_per_second=round(progress.rate),
        seconds_left=None if left is None else round(left),
    )
