import asyncio

import pykka
import pytest
from personae.actors.runtime import ActorDeadError, LoopFuture

from tests.runtime.actors import Plain, Probe, settle


async def test_the_first_answer_counts_and_later_ones_are_no_error():
    future = LoopFuture()
    future.set(1)
    future.set(2)
    future.set_exception((ValueError, ValueError("late"), None))
    assert await future == 1


async def test_set_exception_takes_the_one_being_handled():
    future = LoopFuture()
    try:
        int("broken")
    except ValueError:
        future.set_exception()
    with pytest.raises(ValueError, match="broken"):
        await future


async def test_another_thread_waits_no_longer_than_it_wants_to_and_may_wait_again():
    future = LoopFuture()
    with pytest.raises(pykka.Timeout):
        await asyncio.to_thread(future.get, timeout=0.01)
    future.set("at last")
    assert await asyncio.to_thread(future.get, timeout=2) == "at last"


async def test_a_late_answer_is_not_mistaken_for_an_impatient_thread():
    """A reply that is a TimeoutError (of a deadline) is passed on as it is."""
    future = LoopFuture()
    future.set_exception((TimeoutError, TimeoutError("deadline"), None))
    with pytest.raises(TimeoutError, match="deadline"):
        await asyncio.to_thread(future.get, timeout=2)


def test_a_future_of_no_loop_says_so():
    with pytest.raises(RuntimeError, match="no event loop"):
        LoopFuture().get()


async def test_replies_can_be_joined():
    refs = [Plain().begin().actor_ref for _ in range(2)]
    one, two = (ref.ask(21, block=False) for ref in refs)
    assert await one.join(two) == [42, 42]


async def test_a_dead_actor_is_in_the_reply_wherever_it_is_asked():
    ref = Probe().begin().actor_ref
    assert await asyncio.to_thread(ref.stop, timeout=2) is True
    await settle()
    with pytest.raises(ActorDeadError):
        await ref.ask("x", block=False)
    with pytest.raises(ActorDeadError):
        await asyncio.to_thread(ref.ask, "x", timeout=2)
