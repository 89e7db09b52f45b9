"""A log in memory whose reads and writes take a few turns of the loop, as a database's do."""

import asyncio

from personae.store.log import OutcomeUnknown
from personae.store.memory import MemoryLog


class SlowLog(MemoryLog):
    """Counts what is read; ``lose_next`` commits and says that it does not know."""

    def __init__(self):
        super().__init__()
        self.reads = []
        self.lose_next = False

    async def stream(self, stream, after=0):
        events = await super().stream(stream, after)
        self.reads.append((stream, after, len(events)))
        await pause()
        return events

    async def append(self, commit):
        await pause()
        done = await super().append(commit)
        await pause()
        if self.lose_next:
            self.lose_next = False
            raise OutcomeUnknown
        return done


async def pause():
    for _ in range(3):
        await asyncio.sleep(0)
