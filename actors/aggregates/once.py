"""Calls that may be sent again: what was carried out is answered again, never done again.

A caller that gives its call a key may repeat it after a cut connection, to any process. Each order
of such a call leaves a receipt in the commit of its own events, sealed, with what is needed to
answer once more: which events they were, the secrets shown once, the ids drawn so far. The call
runs again as it did the first time, with the same ids; its orders that have a receipt are answered
from it, those that have none are carried out now.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar

import orjson
from personae.actors.aggregates.endings import ends
from personae.actors.aggregates.orders import Done
from personae.actors.aggregates.world import World
from personae.actors.domain.kit import REASONS, Caller, Code, Refusal, Stream, reason
from personae.actors.domain.kit.refusal import CONTENDED
from personae.store.crypto import Area, Keyring
from personae.store.log import Receipt

T = TypeVar("T")

TRIES = 5
"""How often a call runs at most when others of the same key write before it."""

KEY_REUSED = reason("IDEMPOTENCY-KeyReused", Code.INVALID_ARGUMENT)
"""A key came again with another request."""

THIS_CALL: ContextVar[Once | None] = ContextVar("this_call", default=None)
"""The call with a key that the current task answers, if it has one."""


class Overtaken(Refusal):
    """The same call, sent another time, wrote first, with other ids."""

    def __init__(self) -> None:
        super().__init__(CONTENDED)


async def carried_out(
    world: World, caller: Caller, key: str, request: str, call: Callable[[], Awaitable[T]]
) -> T:
    """Run a call that has a key, and return its answer: the first one, if it was given before.

    The same call may be under way elsewhere, or come to its end only now, as when the database
    hung while it was sent twice: then this one runs again, with the ids that the other has drawn.
    """
    tries = 0
    while True:
        tries += 1
        token = THIS_CALL.set(await Once.of(world, caller, key, request))
        try:
            return await call()
        except Overtaken:
            if tries == TRIES:
                raise
        finally:
            THIS_CALL.reset(token)


@dataclass(frozen=True, slots=True)
class Note:
    """What a receipt says, unsealed: a stream's events after ``before`` up to ``after``.

    ``refusal`` is the id of the reason why the order was refused in spite of its events.
    """

    request: str
    ids: tuple[str, ...]
    kind: str
    id: str
    before: int
    after: int
    secrets: dict[str, str]
    refusal: str = ""


class Once:
    """A call with a key: ``request`` is the fingerprint of what it asks for."""

    def __init__(self, caller: Caller, key: str, request: str, notes: dict[int, Note]) -> None:
        self.instance_id, self.caller, self.key = caller.instance_id, caller.user_id, key
        self.request = request
        self.notes = notes
        self._ids = list(notes[max(notes)].ids) if notes else []
        self._drawn = 0
        self._steps = 0

    @classmethod
    async def of(cls, world: World, caller: Caller, key: str, request: str) -> Once:
        """Return a call with what is known of it. Raises IDEMPOTENCY-KeyReused."""
        notes = await _notes(world, caller.instance_id, caller.user_id, key)
        if any(note.request != request for note in notes.values()):
            raise KEY_REUSED()
        return cls(caller, key, request, notes)

    def new_id(self, make: Callable[[], str]) -> str:
        """Return the id that was drawn here the first time, else a new one."""
        self._drawn += 1
        if self._drawn > len(self._ids):
            self._ids.append(make())
        return self._ids[self._drawn - 1]

    def next(self) -> Step:
        """Return the place of the next order."""
        self._steps += 1
        return Step(self, self._steps - 1, tuple(self._ids))


@dataclass(frozen=True, slots=True)
class Step:
    """The place of one order within its call."""

    call: Once
    number: int
    ids: tuple[str, ...]

    def receipt(self, keyring: Keyring, stream: Stream, versions: range, **more: Any) -> Receipt:
        """Return the receipt to commit with the events of ``versions`` of a stream."""
        call = self.call
        note = Note(
            call.request, self.ids, stream.type, stream.id, versions.start, versions.stop, **more
        )
        sealed = keyring.seal_bytes(Area.RECEIPT, orjson.dumps(note), call.instance_id)
        return Receipt(call.caller, call.key, self.number, sealed)

    async def recall(self, world: World) -> Done | None:
        """Return what the order led to the first time. Raises what it was refused with."""
        note = self.call.notes.get(self.number)
        return None if note is None else await _done(world, self.call.instance_id, note)

    async def look_again(self, world: World) -> Done | None:
        """The same for a receipt that may have been written since the call began."""
        call = self.call
        call.notes.update(await _notes(world, call.instance_id, call.caller, call.key))
        note = call.notes.get(self.number)
        if note and note.request != call.request:
            raise KEY_REUSED()
        if note and note.ids != self.ids:
            raise Overtaken
        return await self.recall(world)


async def _notes(world: World, instance_id: str, caller: str, key: str) -> dict[int, Note]:
    found = {}
    for receipt in await world.log.receipts(instance_id, caller, key):
        plain = world.keyring.open_bytes(Area.RECEIPT, receipt.sealed, instance_id)
        note = orjson.loads(plain)
        found[receipt.step] = Note(**{**note, "ids": tuple(note["ids"])})
    return found


async def _done(world: World, instance_id: str, note: Note) -> Done:
    if note.refusal:
        raise Refusal(REASONS[note.refusal])
    stream = Stream(instance_id, note.kind, note.id)
    aggregate = await world.aggregate(stream)
    later = await world.log.stream(stream, note.before)
    events = [each for each in later if each.sequence <= note.after]
    changed_at = events[-1].created_at if events else aggregate.changed_at
    return Done(
        stream=stream,
        sequence=note.after,
        position=events[-1].position if events else await world.log.head(instance_id),
        owner=aggregate.owner,
        created_at=aggregate.created_at or changed_at or world.now(),
        changed_at=changed_at or world.now(),
        secrets=note.secrets,
        events=tuple(each.event for each in events),
        ends=ends(events),
    )
