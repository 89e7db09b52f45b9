"""Signing keys by time: the next one takes over, a newer one is published, old ones go.

Verifiers fetch keys rarely, so a key is published long before it signs, and stays published until
everything it signed has expired.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from personae.actors.aggregates.dispatch import Dispatch
from personae.actors.domain.kit import Caller, Refusal
from personae.actors.domain.web_key.commands import ActivateWebKey, AddWebKey, RemoveWebKey
from personae.actors.domain.web_key.state import Status, WebKey
from personae.projections.kit.condition import ALL
from personae.projections.kit.page import MAX_LIMIT
from personae.projections.kit.question import Question
from personae.projections.kit.registry import Projections
from personae.projections.web_keys import WEB_KEYS

logger = logging.getLogger(__name__)

LOOK_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What is due for the keys of one profile; empty parts are not.

    ``algorithm``: of a newer key that is to be published.
    """

    activate: str = ""
    previous: str = ""
    algorithm: str = ""
    remove: tuple[str, ...] = ()


def plan(
    keys: Sequence[Any], now: datetime, life: timedelta, keep: timedelta, profile: str = ""
) -> Plan:
    """Return what is due.

    ``keys`` are rows of the read model, all of one ``profile``; a row's ``change_date`` is when its
    state last changed. A profile begins with one key, and gets the next one here.
    """
    retired = (key for key in keys if key.state == Status.INACTIVE)
    remove = tuple(key.id for key in retired if now - key.change_date >= keep)
    active = next((key for key in keys if key.state == Status.ACTIVE), None)
    waiting = sorted(
        (key for key in keys if key.state == Status.INITIAL), key=lambda key: key.creation_date
    )
    if active is not None and profile and not waiting:
        return Plan(algorithm=active.algorithm, remove=remove)
    if active is None or not waiting or now - active.change_date < life:
        return Plan(remove=remove)
    return Plan(waiting[0].id, active.id, waiting[0].algorithm, remove)


class KeyRotation:
    """Looks once an hour. ``life``: how long a key signs; ``keep``: how long it then verifies."""

    def __init__(
        self, dispatch: Dispatch, views: Projections, *, life: timedelta, keep: timedelta
    ) -> None:
        self._dispatch = dispatch
        self._views = views
        self._life = life
        self._keep = keep

    async def run(self) -> None:
        """Rotate until cancelled."""
        while True:
            try:
                for instance_id in await self._dispatch.world.log.instances():
                    await self.rotate(instance_id)
            except Refusal as refusal:
                # Another process was first, or the database is away: the next look will tell.
                logger.info("signing keys not rotated: %s", refusal.id)
            await asyncio.sleep(LOOK_SECONDS)

    async def rotate(self, instance_id: str) -> None:
        """Do what is due for one instance. Raises :class:`Refusal`."""
        everything = Question(table=WEB_KEYS, instance_id=instance_id, allowed=ALL, limit=MAX_LIMIT)
        rows = (await self._views.ask(everything)).rows
        keys: dict[str, list[Any]] = {}
        for row in rows:
            key: WebKey = await self._dispatch.state(instance_id, "web_key", row.id)
            keys.setdefault(key.profile, []).append(row)
        for profile, its in keys.items():
            due = plan(its, self._dispatch.world.now(), self._life, self._keep, profile)
            await self._do(instance_id, profile, due)

    async def _do(self, instance_id: str, profile: str, due: Plan) -> None:
        caller = Caller.of_system(instance_id)
        if due.algorithm:
            newer = AddWebKey(
                key_id=self._dispatch.world.new_id(),
                instance_id=instance_id,
                algorithm=due.algorithm,
                profile=profile,
            )
            await self._dispatch.send(newer, caller)
        if due.activate:
            order = ActivateWebKey(key_id=due.activate, previous=due.previous)
            await self._dispatch.send(order, caller)
        for key_id in due.remove:
            await self._dispatch.send(RemoveWebKey(key_id=key_id), caller)
