"""A part that dies again and again ends the process, in order and as a failure."""

import asyncio

import pytest
from personae.actors.runtime import Restart, Supervisor
from personae.config.errors import StartError
from personae.config.serving import told_to_stop


async def tree_with(*, times):
    """Start a tree whose only worker dies so many times."""
    given_up, deaths = asyncio.Event(), []

    async def worker():
        if len(deaths) < times:
            deaths.append(1)
            raise OSError("broken")
        await asyncio.Event().wait()

    root = Supervisor("personae", on_escalation=lambda _error: given_up.set())
    node = root.node("workers", Restart(first_delay=0.001, times=2))
    node.add("worker", worker, Restart(first_delay=0.001, times=2))
    await root.start()
    return root, given_up, deaths


async def test_a_server_ends_as_failed_when_a_part_cannot_be_kept_running():
    root, given_up, deaths = await tree_with(times=1000)
    with pytest.raises(StartError, match="kept running"):
        await asyncio.wait_for(told_to_stop(root, given_up, asyncio.Event().wait()), 5)
    assert len(deaths) == 9  # three times three: the worker within its node, the node as a whole
    await root.stop()


async def test_a_part_that_recovers_ends_nothing_and_a_signal_ends_it_well():
    root, given_up, deaths = await tree_with(times=5)
    signal = asyncio.Event()
    stopping = asyncio.create_task(told_to_stop(root, given_up, signal.wait()))
    await asyncio.sleep(0.1)
    assert (len(deaths), root.ready, stopping.done()) == (5, True, False)
    signal.set()
    await stopping
    await root.stop()
