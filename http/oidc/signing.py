"""Signatures: fast ones at once, RSA beside the loop.

An RSA signature takes 0.3 ms, ten times one of the others, and lets go of the interpreter lock
meanwhile: two threads sign twice as many, and nobody waits for them who does not want one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from personae.actors.domain.kit.refusal import OVERLOADED
from personae.actors.runtime.pools import PoolBusy, WorkPool
from personae.http.identity.jwt import Signer

THREADS = 2
QUEUE = 1_000
SLOW = ("RS", "PS")


class Signing:
    """Signs tokens. Raises SYSTEM-Overloaded when too many wait."""

    def __init__(self) -> None:
        self._pool = WorkPool("signing", THREADS, QUEUE, nice=0)
        self.stop = self._pool.stop

    async def sign(self, signer: Signer, claims: Mapping[str, Any], typ: str) -> str:
        """Return a signed token."""
        if not signer.key.algorithm.startswith(SLOW):
            return signer.sign(claims, typ)
        try:
            return await self._pool.run(signer.sign, claims, typ)
        except PoolBusy:
            raise OVERLOADED() from None
