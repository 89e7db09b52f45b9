"""What a follower makes of odd notifications."""

import asyncio
from contextlib import suppress

import pytest
from personae.actors.runtime import Restart, Supervisor
from personae.actors.workers.follower import Follower
from personae.store.memory import MemoryLog


class Heads:
    def __init__(self, *notes):
        self.notes = notes
        self.heard_all = asyncio.Event()

    async def rows(self, sql, params=None, *, limit=0):
        return []

    async def listen(self, channel):
        for note in self.notes:
            yield note
        self.heard_all.set()
        await asyncio.Event().wait()


@pytest.mark.parametrize("note", ["i1:" + "9" * 5000, ":", "i1:", "x", "i1:-5", ":::7", ""])
async def test_an_odd_notification_does_not_end_the_listening(note):
    heads = Heads(None, note, "i1:7")
    nothing = dict.fromkeys(("in_order", "distrust"), lambda *_: None)
    following = asyncio.create_task(Follower(MemoryLog(), heads, heard=(), **nothing).run())
    async with asyncio.timeout(2):
        await heads.heard_all.wait()
    following.cancel()
    with suppress(asyncio.CancelledError):
        await following


@pytest.mark.parametrize("ends", [LookupError("unheard of"), None])
async def test_listening_that_ends_is_begun_again_with_the_follower(ends):
    heads, listen, begun = Heads(None, "i1:7"), Heads.listen, []

    async def or_end(channel):
        begun.append(channel)
        if len(begun) == 1:
            yield None
            if ends:
                raise ends
            return
        async for note in listen(heads, channel):
            yield note

    heads.listen = or_end
    nothing = dict.fromkeys(("in_order", "distrust"), lambda *_: None)
    follower = Follower(MemoryLog(), heads, heard=(), **nothing)
    tree = Supervisor("workers")
    tree.add("follower", follower.run, Restart(first_delay=0.01))
    await tree.start()
    try:
        async with asyncio.timeout(0.9):  # before the next look
            await heads.heard_all.wait()
        [seen] = tree.snapshot()["children"]
        assert (seen["state"], seen["restarts"]) == ("running", 1)
        assert seen["error"]["what"].startswith("LookupError in or_end" if ends else "RuntimeError")
    finally:
        await tree.stop()
