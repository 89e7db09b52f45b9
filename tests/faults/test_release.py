"""A release that changes every read model is rolled out, and taken back, under load."""

import asyncio
import contextlib
import itertools
import time

import aiohttp

from tests.faults.conftest import in_thread

ANSWERED = 200


class Reader:
    """Lists, from nodes in turn, users that somebody was just told of: each must be found once."""

    def __init__(self, nodes, acknowledged):
        self._nodes, self._acknowledged = nodes, acknowledged
        self.lists, self.wrong = 0, []

    @contextlib.asynccontextmanager
    async def running(self):
        async with aiohttp.ClientSession() as http:
            reading = asyncio.create_task(self._read(http))
            try:
                yield
            finally:
                reading.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await reading

    async def _read(self, http):
        for node in itertools.cycle(self._nodes):
            if self._acknowledged:
                name, user_id = next(reversed(self._acknowledged.items()))
                await self._find(http, node, name, user_id)
            await asyncio.sleep(0.01)

    async def _find(self, http, node, name, user_id):
        headers = {"Authorization": f"Bearer {self._nodes[0].pat}"}
        asked = {"queries": [{"userNameQuery": {"userName": name}}]}
        try:
            async with http.post(f"{node.url}/v2/users", json=asked, headers=headers) as answer:
                found = await answer.json()
        except aiohttp.ClientConnectorError:  # a closed port: one asks the next node
            return
        self.lists += 1
        ids = [one["userId"] for one in found.get("result", [])]
        if answer.status != ANSWERED or ids != [user_id]:
            self.wrong.append((node.url, answer.status, name, found))


async def test_a_release_that_changes_every_read_model_rolls_over_and_back(
    cluster, trials, measured
):
    for _ in trials:
        load = cluster.load(pause=0)
        reader = Reader(cluster.nodes, cluster.acknowledged.users)
        async with load.running(), reader.running():
            for later in (1, 0):
                for node in cluster.nodes:
                    await asyncio.sleep(0.5)
                    node.settings["FAULT_RELEASE"] = str(later)
                    began = time.monotonic()
                    await in_thread(node.stop)
                    await in_thread(node.start)
                    measured("replaced and ready within, s", time.monotonic() - began)
                    await asyncio.sleep(1)  # both releases side by side
        failed = [f for f in load.failures if f.body != "ClientConnectorError"]
        measured("calls answered", len(load.answered_at))
        measured("lists answered", reader.lists)
        measured("calls failed", len(failed))
        measured("lists failed, or without what was there", len(reader.wrong))
        assert (failed, reader.wrong) == ([], [])
        assert min(len(load.answered_at), reader.lists) > 100
        await cluster.check(load)
