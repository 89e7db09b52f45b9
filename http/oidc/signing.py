"""Signatures: fast ones at once, many RSA ones by a process beside this one.

An RSA signature takes 0.3 ms, ten times one of the others. A few a second are made at once. When
many are asked for they would take half of the loop's time, and threads do not help: each has to
win the interpreter back from a busy loop after every signature (ADR 9). So a second process makes
them. It starts when it is needed, takes 28 MB, and is never waited for: while it is not there, and
should it be killed, signatures are made at once.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any

from personae.actors.domain.kit.refusal import OVERLOADED
from personae.http.identity.jose import PrivateKey
from personae.http.identity.jwt import Signer

logger = logging.getLogger(__name__)

SLOW = ("RS", "PS")
OFTEN = 20
"""RSA signatures in one second beyond which a process for them is worth its memory."""
QUEUE = 1_000
"""Signatures that may wait."""
PAUSE_SECONDS = 10.0
"""Before a process that could not be started, or was killed, is started again."""
CHUNK = 65_536
CHILD = "personae.http.identity.signing_child"


class Signing:
    """Signs tokens. Raises SYSTEM-Overloaded when too many wait."""

    def __init__(self) -> None:
        self._child: Child | None = None
        self._starting: asyncio.Task[None] | None = None
        self._not_before = 0.0
        self._since, self._lately = 0.0, 0

    async def sign(self, signer: Signer, claims: Mapping[str, Any], typ: str) -> str:
        """Return a signed token."""
        if not signer.key.algorithm.startswith(SLOW):
            return signer.sign(claims, typ)
        child = self._child
        if child is None:
            self._start_if_worth_it()
            return signer.sign(claims, typ)
        if child.waiting >= QUEUE:
            raise OVERLOADED()
        message = signer.message(claims, typ)
        try:
            return f"{message.decode()}.{await child.sign(signer.key, message)}"
        except ConnectionError:
            return signer.sign(claims, typ)

    async def stop(self) -> None:
        """End the process; what waits is signed here."""
        self._not_before = float("inf")
        if self._starting:
            await asyncio.wait([self._starting])
        if self._child:
            await self._child.stop()

    def _start_if_worth_it(self) -> None:
        now = monotonic()
        if now - self._since > 1:
            self._since, self._lately = now, 0
        self._lately += 1
        if self._lately > OFTEN and now >= self._not_before and self._starting is None:
            self._starting = asyncio.create_task(self._start())

    async def _start(self) -> None:
        try:
            self._child = await Child.start(self._gone)
        except OSError:
            logger.exception("no process for signatures: they are made at once")
            self._gone()
        finally:
            self._starting = None

    def _gone(self) -> None:
        self._child = None
        self._not_before = max(self._not_before, monotonic() + PAUSE_SECONDS)


class Child:
    """The process that signs, and who waits for it; it answers in the order it is asked."""

    def __init__(self, process: Process, gone: Callable[[], None]) -> None:
        self._process = process
        self._gone = gone
        self._numbers: dict[PrivateKey, int] = {}
        self._asked: deque[asyncio.Future[str]] = deque()
        self._lines: list[bytes] = []
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def start(cls, gone: Callable[[], None]) -> Child:
        """Start a process; ``gone`` is called when it has ended. Raises ``OSError``."""
        command = (sys.executable, "-m", CHILD)
        return cls(await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE), gone)

    @property
    def waiting(self) -> int:
        """How many signatures are asked for."""
        return len(self._asked)

    async def sign(self, key: PrivateKey, message: bytes) -> str:
        """Return the signature in base64url. Raises ``ConnectionError`` when the process ends."""
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self._numbers)
            known = base64.b64encode(key.pem()).decode()
            self._write(f"K {number} {key.algorithm} {known}\n".encode())
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._asked.append(answer)
        self._write(b"S %d %b\n" % (number, message))
        return await answer

    async def stop(self) -> None:
        """Let it end, and wait until it has."""
        if self._process.stdin:
            self._process.stdin.close()
        await asyncio.wait([self._reader])

    def _write(self, line: bytes) -> None:
        """Write what is asked for in one go of the loop together."""
        if not self._lines:
            asyncio.get_running_loop().call_soon(self._write_lines)
        self._lines.append(line)

    def _write_lines(self) -> None:
        lines, self._lines = self._lines, []
        assert self._process.stdin is not None  # noqa: S101 — for the type checker; it is a pipe
        self._process.stdin.writelines(lines)

    async def _read(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 — likewise
        rest = b""
        try:
            while chunk := await self._process.stdout.read(CHUNK):
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    answer = self._asked.popleft()
                    if not answer.done():  # who asked has gone
                        answer.set_result(line.decode())
        finally:
            self._gone()
            for answer in self._asked:
                if not answer.done():
                    answer.set_exception(ConnectionError("the process for signatures has ended"))
            await self._process.wait()
