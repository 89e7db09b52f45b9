"""kill -9 in the middle of a load: what was acknowledged is there afterwards, nothing twice."""

import asyncio

import pytest
from personae.store.embedded import Embedded

from tests.faults.checker import check
from tests.faults.load import Load

pytestmark = pytest.mark.flow


async def test_what_was_acknowledged_before_a_kill_is_there_after_the_restart(own_server):
    await asyncio.to_thread(own_server.start)
    load = Load([own_server.url], own_server.pat)
    async with load.running():
        await asyncio.sleep(2)
        before = len(load.acknowledged.users)
        own_server.kill()
        await asyncio.to_thread(own_server.start)
        await asyncio.sleep(1)
    assert 0 < before < len(load.acknowledged.users)
    assert load.wrong == []
    dsn = Embedded(own_server.data / "postgresql").dsn
    history = await check(dsn, load.acknowledged)
    assert len(history.users) >= len(load.acknowledged.users)
