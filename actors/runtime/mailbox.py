"""The mailbox: bounded, in order, and nothing at all while it is empty."""

from __future__ import annotations

import asyncio
from collections import deque
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from personae.actors.runtime.errors import MailboxFull, fail

if TYPE_CHECKING:
    from personae.actors.runtime.loop_actor import LoopActor

Letter = tuple[Any, "asyncio.Future[Any] | None", float | None]
"""A message, whom to answer, and the loop time after which its turn must not begin any more."""


class Order(Enum):
    """A message of the runtime itself: no limit, deadline or absent caller keeps it out."""

    STOP = auto()
    SLEEP = auto()


class Mailbox:
    """pykka's inbox for a :class:`LoopActor`. Used on the loop only.

    An empty deque weighs 760 bytes, so there is one only while letters wait. One timer, set only
    while a letter with a deadline waits for another's turn, answers those that waited too long.
    """

    __slots__ = ("_letters", "_timer", "owner")

    def __init__(self) -> None:
        self._letters: deque[Letter] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.owner: LoopActor | None = None

    def __len__(self) -> int:
        return len(self._letters) if self._letters else 0

    def empty(self) -> bool:
        """Tell whether no letter waits."""
        return not self._letters

    def put(self, letter: Letter) -> None:
        """Append a letter and wake the owner. Raises :class:`MailboxFull`."""
        letters, owner = self._letters, self.owner
        if letters is None:
            letters = self._letters = deque()
        if owner is not None:
            if len(letters) >= owner.mailbox_limit and not isinstance(letter[0], Order):
                raise MailboxFull(f"{owner} has {len(letters)} messages waiting")
            if owner.task is None:
                owner.wake()
            elif letter[2] is not None:
                self._watch(letter[2], owner.loop)
        letters.append(letter)

    def get(self) -> Letter:
        """Take the oldest letter. Raises ``IndexError`` when there is none."""
        if self._letters is None:
            raise IndexError("the mailbox is empty")
        return self._letters.popleft()

    def release(self) -> None:
        """Let go of memory and timer, as no letter waits."""
        self._letters = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _watch(self, deadline: float, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is not None:
            if self._timer.when() <= deadline:
                return
            self._timer.cancel()
        self._timer = loop.call_at(deadline, self._expire, loop)

    def _expire(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer, now = None, loop.time()
        waiting, self._letters = self._letters or (), deque()
        for letter in waiting:
            if is_late(letter, now):
                fail_late(letter)
            else:
                self._letters.append(letter)
        if deadlines := [letter[2] for letter in self._letters if letter[2] is not None]:
            self._watch(min(deadlines), loop)


def is_late(letter: Letter, now: float) -> bool:
    """Tell whether the deadline of a letter has passed."""
    return letter[2] is not None and now >= letter[2]


def fail_late(letter: Letter) -> None:
    """Answer a letter that came too late."""
    fail(letter[1], TimeoutError("the deadline passed before the turn began"))
