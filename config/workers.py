"""Several processes behind one port: the first prepares, all serve, the kernel shares out."""

from __future__ import annotations

import asyncio
import multiprocessing
import signal
from dataclasses import replace
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING, Any

import structlog
from pydantic import SecretStr

if TYPE_CHECKING:
    from personae.config.settings import Settings

log = structlog.get_logger("personae")
RESTART_SECONDS = 1.0


async def serve(settings: Settings) -> None:
    """Prepare the database here, then keep ``settings.workers`` processes serving it."""
    from personae.config import parts, wiring
    from personae.config.banner import banner

    async with parts.reachable(settings) as dsn:
        told = settings.model_copy(update={"database": SecretStr(dsn)})
        async with wiring.running(told) as node:
            info = replace(wiring.info_of(node), database=wiring.info_of_database(settings))
        crew = Crew(told)
        crew.start()
        banner(info)
        await crew.until_told()
        await asyncio.to_thread(crew.stop)


class Crew:
    """The worker processes: started by spawn (P-48), replaced when they die, stopped together."""

    def __init__(self, settings: Any) -> None:
        self._settings = settings
        self._processes: list[BaseProcess] = []
        self._told = asyncio.Event()

    def start(self) -> None:
        """Start all."""
        self._processes = [self._spawn() for _ in range(self._settings.workers)]

    async def until_told(self) -> None:
        """Return at SIGTERM or SIGINT; until then replace whoever dies."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._told.set)
        while not self._told.is_set():
            self._replace()
            try:
                async with asyncio.timeout(RESTART_SECONDS):
                    await self._told.wait()
            except TimeoutError:
                continue

    def stop(self) -> None:
        """Let all drain and wait for them."""
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.join()

    def _replace(self) -> None:
        for index, process in enumerate(self._processes):
            if not process.is_alive():
                log.error("a worker died and is replaced", exit_code=process.exitcode)
                self._processes[index] = self._spawn()

    def _spawn(self) -> BaseProcess:
        process = multiprocessing.get_context("spawn").Process(target=_work, args=(self._settings,))
        process.start()
        return process


def _work(settings: Settings) -> None:
    import uvloop
    from personae.config import logs, wiring

    logs.configure(settings.logging)

    async def run() -> None:
        async with wiring.running(settings) as node:
            await wiring.listen(node, reuse_port=True, announce=False)

    uvloop.run(run())
