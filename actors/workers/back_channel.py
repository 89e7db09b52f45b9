"""Tells clients that a session ended (OpenID Connect Back-Channel Logout 1.0), until they hear.

What is to be told is in the log, so it survives a restart; before each try a process takes it on
itself there, so that several processes do not tell the same client at once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any

from personae.actors.aggregates.dispatch import Dispatch
from personae.actors.domain.kit import Caller, Recorded, Refusal, Stream
from personae.actors.domain.session.events import SessionTerminated
from personae.actors.domain.session_logout.commands import FinishLogout, TryLogout
from personae.actors.domain.session_logout.decide import PAUSES, due
from personae.actors.domain.session_logout.events import LogoutRegistered
from personae.actors.domain.session_logout.state import SessionLogout
from personae.actors.workers.outbound import SUCCESS, Outbound
from personae.projections.kit.condition import ALL
from personae.projections.kit.page import MAX_LIMIT
from personae.projections.kit.question import Question
from personae.projections.kit.registry import Projections
from personae.projections.logouts import LOGOUTS

logger = logging.getLogger(__name__)

LOOK_SECONDS = 10.0
AT_ONCE = 20
LIFE = timedelta(minutes=2)
UNDERSTOOD_AND_REFUSED = 400
"""What a client answers that will not take the token (section 2.8): telling it again is no use."""
EVENT = "http://schemas.openid.net/event/backchannel-logout"

Sign = Callable[[str, Mapping[str, Any], str], Awaitable[str]]


class BackChannelLogout:
    """Looks every few seconds, and at once when a session of this process ended.

    ``sign(instance_id, claims, typ)`` signs a token.
    """

    def __init__(
        self, dispatch: Dispatch, views: Projections, sign: Sign, outbound: Outbound
    ) -> None:
        self._dispatch = dispatch
        self._views = views
        self._sign = sign
        self._outbound = outbound
        self._ended = asyncio.Event()
        self._room = asyncio.Semaphore(AT_ONCE)

    def hear(self, recorded: Iterable[Recorded]) -> None:
        """Look at once when a session ended."""
        if any(isinstance(each.event, SessionTerminated) for each in recorded):
            self._ended.set()

    async def run(self) -> None:
        """Tell until cancelled."""
        while True:
            self._ended.clear()
            try:
                for instance_id in await self._dispatch.world.log.instances():
                    await self.look(instance_id)
            except Refusal as refusal:
                logger.info("clients not told of logouts: %s", refusal.id)
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._ended.wait()
            except TimeoutError:
                continue

    async def look(self, instance_id: str) -> None:
        """Tell all clients of one instance whose time has come."""
        position = await self._dispatch.world.log.head(instance_id)
        await self._views.reached(LOGOUTS, instance_id, position)
        asked = Question(
            table=LOGOUTS, instance_id=instance_id, allowed=ALL, limit=MAX_LIMIT, where={"ended": 1}
        )
        rows = (await self._views.ask(asked)).rows
        await asyncio.gather(*(self.tell(instance_id, row.id) for row in rows))

    async def tell(self, instance_id: str, session_id: str) -> None:
        """Tell the clients of one session whose time has come."""
        world = self._dispatch.world
        stream = Stream(instance_id, "session_logout", session_id)
        state: SessionLogout = await world.state(stream)
        for oidc_session_id, waiting in state.waiting.items():
            if due(waiting, world.now()):
                last = waiting.tries >= len(PAUSES)
                await self._try(instance_id, session_id, oidc_session_id, waiting.asked, last=last)

    async def _try(
        self,
        instance_id: str,
        session_id: str,
        oidc_session_id: str,
        asked: LogoutRegistered,
        *,
        last: bool,
    ) -> None:
        caller = Caller.of_system(instance_id)
        order = TryLogout(session_id=session_id, oidc_session_id=oidc_session_id)
        try:
            await self._dispatch.send(order, caller)
        except Refusal:
            return  # another process was first
        async with self._room:
            claims = self._claims(asked, session_id)
            token = await self._sign(instance_id, claims, "logout+jwt")
            status = await self._outbound.call(asked.uri, data={"logout_token": token})
        reached = status in SUCCESS
        if reached or last or status == UNDERSTOOD_AND_REFUSED:
            done = FinishLogout(
                session_id=session_id, oidc_session_id=oidc_session_id, reached=reached
            )
            await self._dispatch.send(done, caller)

    def _claims(self, asked: LogoutRegistered, session_id: str) -> dict[str, Any]:
        """Return the claims of a logout token (section 2.4): no nonce, and for two minutes."""
        world = self._dispatch.world
        now = world.now()
        return {
            "iss": asked.issuer,
            "sub": asked.user_id,
            "aud": asked.client_id,
            "iat": int(now.timestamp()),
            "exp": int((now + LIFE).timestamp()),
            "jti": world.new_id(),
            "sid": session_id,
            "events": {EVENT: {}},
        }
