import asyncio

import pytest
from personae.http.wire.turns import LARGE, Turns


@pytest.fixture
async def laps():
    """How often the loop has gone round."""
    count = [0]

    async def run():
        while True:
            count[0] += 1
            await asyncio.sleep(0)

    runner = asyncio.create_task(run())
    yield count
    runner.cancel()


async def test_the_loop_goes_round_between_two_that_are_large(laps):
    turns, read_in = Turns(), []
    readers = (turns.read(LARGE, lambda: read_in.append(laps[0])) for _ in range(8))
    await asyncio.gather(*readers)
    assert len(set(read_in)) == 8


async def test_what_is_small_waits_for_nothing_and_a_failure_ends_a_turn():
    turns, order = Turns(), []

    def fail():
        order.append("large")
        raise ValueError

    tasks = [asyncio.create_task(turns.read(LARGE, fail)) for _ in range(3)]
    await asyncio.sleep(0)
    await turns.read(LARGE - 1, lambda: order.append("small"))
    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(each) for each in found] == [ValueError] * 3
    assert order == ["large", "small", "large", "large"]
