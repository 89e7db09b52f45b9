"""Several processes behind one port: the first prepares, all serve, the kernel shares out."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import signal
import socket
import tempfile
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from personae.config.crew_metrics import CrewRegistry
from personae.config.errors import StartError
from personae.config.probe import probe
from pydantic import SecretStr

if TYPE_CHECKING:
    from personae.config.settings import Settings

log = structlog.get_logger("personae")

LOOK_SECONDS = 0.2
"""How soon a dead worker is noticed."""

DEATHS, DEATHS_SECONDS = 10, 60.0
"""So many deaths in so short a time, and the server gives up: it would not get better."""

SLACK_SECONDS = 10.0
"""What a worker may take to stop beyond its draining; then it is killed."""


async def serve(settings: Settings) -> None:
    """Prepare the database here, then keep ``settings.workers`` processes serving it.

    Raises ``StartError`` when the port is taken or the workers keep dying.
    """
    from personae.config import parts, serving, wiring
    from personae.config.banner import banner

    _check_port(settings)
    async with parts.reachable(settings) as dsn:
        told = settings.model_copy(update={"database": SecretStr(dsn)})
        async with wiring.running(told) as node:
            info = replace(serving.info_of(node), database=serving.info_of_database(settings))
        with tempfile.TemporaryDirectory(prefix="personae-metrics-") as folder:
            crew = Crew(told, Path(folder))
            try:
                await crew.until_told(lambda: banner(info))
            finally:
                await asyncio.to_thread(crew.stop)


def _check_port(settings: Settings) -> None:
    """Refuse a port that somebody else listens on: sharing it would hide that."""
    family = socket.AF_INET6 if ":" in settings.server.host else socket.AF_INET
    with socket.socket(family) as probing:
        probing.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probing.bind((settings.server.host, settings.port))
        except OSError as error:
            raise StartError(f"port {settings.port}: {error.strerror}") from None


class Crew:
    """The worker processes: started by spawn (P-48), replaced when they die, stopped together."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._settings = settings
        self._folder = folder
        self._processes: list[BaseProcess] = []
        self._deaths: deque[float] = deque(maxlen=DEATHS)

    async def until_told(self, ready: Callable[[], None]) -> None:
        """Start all, call ``ready`` when one serves, and replace whoever dies.

        Returns at SIGTERM or SIGINT. Raises ``StartError`` when too many die.
        """
        told = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, told.set)
        self._processes = [self._spawn(number) for number in range(self._settings.workers)]
        announced = False
        while not told.is_set():
            if not announced and await asyncio.to_thread(self._serves):
                announced = True
                ready()
            self._replace()
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await told.wait()
            except TimeoutError:
                continue

    def stop(self) -> None:
        """Let all drain, wait for them, and kill who does not come to an end."""
        for process in self._processes:
            process.terminate()
        end = time.monotonic() + SLACK_SECONDS
        end += self._settings.server.shutdown_timeout.total_seconds()
        for process in self._processes:
            process.join(max(0.0, end - time.monotonic()))
            if process.is_alive():
                log.error("a worker did not stop and is killed", pid=process.pid)
                process.kill()
                process.join()

    def _serves(self) -> bool:
        tls = self._settings.server.tls_certificate is not None
        return probe(self._settings.port, tls=tls).ready

    def _replace(self) -> None:
        for number, process in enumerate(self._processes):
            if not process.is_alive():
                log.error("a worker died and is replaced", exit_code=process.exitcode)
                self._count_death()
                self._processes[number] = self._spawn(number)

    def _count_death(self) -> None:
        self._deaths.append(time.monotonic())
        if len(self._deaths) == DEATHS and self._deaths[-1] - self._deaths[0] < DEATHS_SECONDS:
            raise StartError("the workers keep dying: see the log")

    def _spawn(self, number: int) -> BaseProcess:
        process = multiprocessing.get_context("spawn").Process(
            target=_work, args=(self._settings, self._folder, number), name=f"worker {number}"
        )
        process.start()
        return process


def _work(settings: Settings, folder: Path, number: int) -> None:
    """Serve as one of several, until told to stop or left alone."""
    gc.disable()  # as in the command ``start``
    import uvloop
    from personae.config import logs

    os.setpgrp()  # Ctrl-C is for the first process alone: two signals would cut the draining
    logs.configure(settings.logging)
    uvloop.run(_serve(settings, CrewRegistry(folder, number)))


async def _serve(settings: Settings, registry: CrewRegistry) -> None:
    from personae.config import serving, wiring

    _stop_when_orphaned()
    async with wiring.running(settings) as node:
        registry.register(node.metrics.registry)
        publishing = asyncio.create_task(registry.publish(node.tree))
        try:
            await serving.listen(node, crew=registry)
        finally:
            publishing.cancel()


def _stop_when_orphaned() -> None:
    """Stop in order, as at SIGTERM, when the first process is gone."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        sentinel, loop = parent.sentinel, asyncio.get_running_loop()

        def orphaned() -> None:
            loop.remove_reader(sentinel)
            os.kill(os.getpid(), signal.SIGTERM)

        loop.add_reader(sentinel, orphaned)
