"""Signatures: fast ones at once, RSA beside the loop.

An RSA signature takes 0.3 ms, ten times one of the others, and lets go of the interpreter lock
meanwhile: two threads sign twice as many, and nobody waits for them who does not want one. What
waits when a thread is free goes there together: handing over costs a third of a signature.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import Any

from personae.actors.domain.kit.refusal import OVERLOADED
from personae.actors.runtime.pools import WorkPool
from personae.http.identity.jwt import Signer

THREADS = 2
QUEUE = 1_000
TOGETHER = 8
"""Signatures that a thread is given at a time, at most: 3 ms."""
SLOW = ("RS", "PS")

Job = tuple[Signer, Mapping[str, Any], str]


class Signing:
    """Signs tokens. Raises SYSTEM-Overloaded when too many wait."""

    def __init__(self) -> None:
        self._pool = WorkPool("signing", THREADS, THREADS, nice=0)
        self._waiting: deque[tuple[Job, asyncio.Future[str]]] = deque()
        self._busy: set[asyncio.Task[None]] = set()
        self.stop = self._pool.stop

    async def sign(self, signer: Signer, claims: Mapping[str, Any], typ: str) -> str:
        """Return a signed token."""
        if not signer.key.algorithm.startswith(SLOW):
            return signer.sign(claims, typ)
        if len(self._waiting) >= QUEUE:
            raise OVERLOADED()
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._waiting.append(((signer, claims, typ), answer))
        if len(self._busy) < THREADS:
            task = asyncio.create_task(self._work())
            self._busy.add(task)
            task.add_done_callback(self._busy.discard)
        return await answer

    async def _work(self) -> None:
        """Keep one thread at work for as long as somebody waits."""
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(TOGETHER, len(self._waiting)))]
            signed = await self._together([job for job, _ in batch])
            for (_, answer), text in zip(batch, signed, strict=True):
                if answer.done():  # who asked has gone
                    continue
                if isinstance(text, Exception):
                    answer.set_exception(text)
                else:
                    answer.set_result(text)

    async def _together(self, jobs: list[Job]) -> list[str | Exception]:
        try:
            return await self._pool.run(_signed, jobs)
        except RuntimeError as error:  # the pool was stopped meanwhile
            return [error] * len(jobs)


def _signed(jobs: list[Job]) -> list[str | Exception]:
    return [_one(*job) for job in jobs]


def _one(signer: Signer, claims: Mapping[str, Any], typ: str) -> str | Exception:
    try:
        return signer.sign(claims, typ)
    except Exception as error:  # noqa: BLE001 — told to who asked for it
        return error
