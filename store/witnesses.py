"""Witnesses: all living processes say that they know the log up to a position.

What a process answers from memory may be as old as its last notification. So whoever ended
something for others (a token, a right) is answered when every process knows: one question over the
channel of the notifications, one answer from each. Only what ends pays for that, not what is used.

Each process has a row with an expiry. One that is stuck or dead is waited for briefly, and not at
all once its row has expired.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any, Protocol

from personae.store.errors import DatabaseError

LIFE_SECONDS = 3.0
"""For which a process is believed to live; it says so every second."""

PATIENCE_SECONDS = 1.0
"""For which processes are waited for that do not answer."""

MARK = "\t"
"""What notes among witnesses begin with; an instance's id does not."""

LONGEST, DIGITS, QUESTIONS = 500, 19, 1_000
"""Characters of a note, digits of a position, questions that wait for their answer: whoever may use
the database may send anything over the channel."""

_SIGN_ON = (
    "INSERT INTO followers (id, until_at)"
    " VALUES (%s, clock_timestamp() + make_interval(secs => %s))"
    " ON CONFLICT (id) DO UPDATE SET until_at = excluded.until_at RETURNING id"
)
_FORGET_DEAD = "DELETE FROM followers WHERE until_at < clock_timestamp() RETURNING id"
_SIGN_OFF = "DELETE FROM followers WHERE id = %s RETURNING id"
_ASK = (
    "SELECT id, pg_notify(%s, %s)::text FROM followers"
    " WHERE id <> %s AND until_at > clock_timestamp()"
)
_TELL = "SELECT pg_notify(%s, note)::text FROM unnest(%s::text[]) AS note"

logger = logging.getLogger(__name__)


class Statements(Protocol):
    """Where statements are run."""

    async def rows(
        self, sql: str, params: Sequence[Any] | None = None, *, limit: float = 0
    ) -> list[Any]:
        """Return rows, within ``limit`` seconds."""
        ...


class Ballot:
    """One question under way: who has answered, and who else is to."""

    def __init__(self) -> None:
        self.done = asyncio.Event()
        self._told: set[str] = set()
        self._wanted: set[str] | None = None

    @property
    def missing(self) -> set[str]:
        """Who has not answered."""
        return (self._wanted or set()) - self._told

    def want(self, ids: set[str]) -> None:
        """Say who is to answer."""
        self._wanted = ids
        self._look()

    def tell(self, id_: str) -> None:
        """Take an answer, which may be here before it is known who is to answer."""
        self._told.add(id_)
        self._look()

    def _look(self) -> None:
        if self._wanted is not None and not self.missing:
            self.done.set()


class Witnesses:
    """This process among those that follow one log over ``channel``.

    ``seen`` tells up to which position of an instance this process knows everything.
    """

    def __init__(self, statements: Statements, channel: str, seen: Callable[[str], int]) -> None:
        self.id = uuid.uuid4().hex
        self._statements = statements
        self._channel = channel
        self._seen = seen
        self._numbers = count()
        self._signing: asyncio.Future[list[Any]] | None = None
        self._ballots: dict[str, Ballot] = {}
        self._asked: deque[tuple[str, str, int]] = deque(maxlen=QUESTIONS)

    async def sign_on(self) -> None:
        """Be known to live for a while; again every second. Raises ``DatabaseError``."""
        sql, params = _SIGN_ON, (self.id, LIFE_SECONDS)
        self._signing = asyncio.ensure_future(
            self._statements.rows(sql, params, limit=PATIENCE_SECONDS)
        )
        await asyncio.shield(self._signing)

    async def forget_dead(self) -> None:
        """Remove the rows of those who live no more, where that can be written."""
        with contextlib.suppress(DatabaseError):
            await self._statements.rows(_FORGET_DEAD, limit=PATIENCE_SECONDS)

    async def sign_off(self) -> None:
        """Be waited for no longer."""
        if self._signing:  # whoever waits for it may be gone; it must not come after this
            await asyncio.wait([self._signing])
        with contextlib.suppress(DatabaseError):
            await self._statements.rows(_SIGN_OFF, (self.id,), limit=PATIENCE_SECONDS)

    async def everywhere(self, instance_id: str, position: int) -> bool:
        """Wait until all others know the log up to a position; False when one did not say so.

        Never raises for the database's sake: what happened has happened.
        """
        name = f"{self.id}.{next(self._numbers)}"
        ballot = self._ballots[name] = Ballot()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                note = f"{MARK}know {name} {position} {instance_id}"
                others = await self._statements.rows(_ASK, (self._channel, note, self.id))
                ballot.want({id_ for id_, _ in others})
                await ballot.done.wait()
        except (TimeoutError, DatabaseError) as error:
            logger.warning(
                "not all processes said that they know: %s %s",
                type(error).__name__, ", ".join(sorted(ballot.missing)),
            )  # fmt: skip
            return False
        finally:
            del self._ballots[name]
        return True

    def hear(self, note: str) -> tuple[str, int] | None:
        """Take a note; return what it asks this process to know, an instance's log up to where."""
        match note[len(MARK) : LONGEST].split(" ", 3):
            case ["knows", id_, name] if name in self._ballots:
                self._ballots[name].tell(id_)
            case ["know", name, position, instance_id] if _number(position):
                if name not in self._ballots:
                    self._asked.append((name, instance_id, int(position)))
                    return instance_id, int(position)
        return None

    async def tell(self) -> None:
        """Answer all who asked for what this process knows by now. Raises ``DatabaseError``."""
        known = [each for each in self._asked if self._seen(each[1]) >= each[2]]
        if known:
            notes = [f"{MARK}knows {self.id} {name}" for name, _, _ in known]
            await self._statements.rows(_TELL, (self._channel, notes), limit=PATIENCE_SECONDS)
            self._asked = deque((each for each in self._asked if each not in known), QUESTIONS)


def _number(text: str) -> bool:
    return text.isdecimal() and len(text) <= DIGITS
