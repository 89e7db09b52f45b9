"""Processes of a cluster without their doors: worlds, followers and projections on one database."""

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager

from personae import projections as read_models
from personae.actors import domain
from personae.actors.aggregates import facts
from personae.actors.aggregates.dispatch import Dispatch
from personae.actors.aggregates.world import World
from personae.actors.domain.kit import Caller
from personae.actors.domain.user.commands import AddMachine
from personae.actors.workers.follower import Follower
from personae.config.roles import Roles
from personae.projections.kit.registry import Projections, tables_in
from personae.projections.kit.spooler import Pace
from personae.store.crypto import Keyring
from personae.store.passwords import Cost, Passwords
from personae.store.pool import Database
from personae.store.postgres import PostgresLog

domain.load()
facts.load()

PACE = Pace(lease=5.0, renew=1.5, sweep=2.0)


class BusyError(Exception):
    pass


class Threads:
    """The pool's contract on the loop's default threads."""

    async def run(self, function, *args):
        return await asyncio.to_thread(function, *args)


class Node:
    """One process' parts below its doors; ``distrusted`` counts how often memory was doubted."""

    def __init__(
        self, url, *, notify=True, listen=True, clock=None, tables=None, pace=PACE, **pool
    ):
        self.database = Database(url, **{"size": 4, **pool})
        self.log = PostgresLog(self.database, notify=notify)
        self.world = World(
            log=self.log,
            keyring=Keyring({1: bytes(32)}),
            passwords=Passwords(Cost(memory_kib=8, passes=1)),
            pool=Threads(),
            busy=BusyError,
            roles=Roles.load().by_name,
            clock=clock,
        )
        self.dispatch = Dispatch(self.world)
        tables = tables_in(read_models) if tables is None else tables
        self.views = Projections(self.database, self.log, tables, pace=pace)
        self.distrusted = 0
        self.follower = Follower(
            self.log,
            self.database,
            heard=(self.world.absorb,),
            in_order=self.views.on_committed,
            distrust=self._distrust,
            listen=listen,
        )
        self.world.current, self.world.heard = self.follower.current, self.follower.heard
        self.world.everywhere = self.follower.everywhere

    def _distrust(self):
        self.distrusted += 1
        self.world.forget()

    async def send(self, command, caller):
        return await self.dispatch.send(command, caller)

    async def state(self, stream):
        return await self.world.state(stream)

    async def add_machine(self, instance_id, org_id, user_id, name=""):
        order = AddMachine(
            user_id=user_id, org_id=org_id, user_name=name or f"robot-{user_id}", name="Robot"
        )
        return await self.send(order, Caller.of_system(instance_id))


@asynccontextmanager
async def running(url, *, views=True, **options):
    """A node, started and stopped."""
    node = Node(url, **options)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(node.database.close)
        await node.database.open()
        if views:
            await node.views.start()
            stack.push_async_callback(node.views.stop)
        following = asyncio.create_task(node.follower.run())
        stack.push_async_callback(_ended, following)
        stack.push_async_callback(node.log.close)
        yield node


async def _ended(task):
    task.cancel()
    await asyncio.wait([task])


async def eventually(question, seconds=5.0, pause=0.01):
    """Wait until a question is answered with yes; return after how many seconds."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    while not await question():
        assert loop.time() - began < seconds, "it did not happen in time"
        await asyncio.sleep(pause)
    return loop.time() - began
