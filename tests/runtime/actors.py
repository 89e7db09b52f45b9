"""Actors the tests of this room play with."""

import asyncio
from typing import Any

from personae.actors.runtime import LoopActor


class No(Exception):  # noqa: N818 — a refusal is an answer
    """A refusal."""


class Probe(LoopActor):
    """Does what a message says, and writes down what happened to it."""

    replies = (No,)

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Any] = []

    async def on_start(self) -> None:
        self.seen.append("start")

    async def on_stop(self) -> None:
        self.seen.append("stop")

    async def on_failure(self, exception_type, exception_value, traceback) -> None:
        self.seen.append(exception_type)

    async def on_receive(self, message: Any) -> Any:
        self.seen.append(message)
        match message:
            case BaseException():
                raise message
            case asyncio.Future():
                await message
        return message


class Plain(LoopActor):
    """An actor whose turn is a plain function."""

    def on_receive(self, message: Any) -> Any:
        return message * 2


class Parent:
    """Writes down who ended and why."""

    def __init__(self) -> None:
        self.heard: list[tuple[LoopActor, BaseException | None]] = []

    def ended(self, actor: LoopActor, error: BaseException | None) -> None:
        self.heard.append((actor, error))


async def settle(turns: int = 10) -> None:
    """Let the loop go round."""
    for _ in range(turns):
        await asyncio.sleep(0)
