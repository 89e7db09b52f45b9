import asyncio

from personae.actors.runtime import Bus

from tests.runtime.actors import Probe, settle


async def test_subscribers_are_told_what_they_want():
    bus, evens, all_ = Bus(), Probe().begin(), Probe().begin()
    bus.subscribe(evens.actor_ref, lambda n: n % 2 == 0)
    bus.subscribe(all_.actor_ref)
    for n in range(4):
        bus.publish(n)
    await settle()
    assert evens.seen == ["start", 0, 2]
    assert all_.seen == ["start", 0, 1, 2, 3]


async def test_nobody_is_told_after_unsubscribing():
    bus, probe = Bus(), Probe().begin()
    bus.subscribe(probe.actor_ref)
    bus.unsubscribe(probe.actor_ref)
    bus.publish("news")
    await settle()
    assert probe.seen == ["start"]


async def test_a_slow_subscriber_misses_messages_and_slows_nobody():
    """P-29: the mailbox does not grow, the writer does not wait, the other one hears all."""
    bus, slow, other = Bus(), Probe().begin(), Probe().begin()
    gate = asyncio.get_running_loop().create_future()
    behind, heard = bus.subscribe(slow.actor_ref), bus.subscribe(other.actor_ref)
    slow.post((gate, None, None))
    for n in range(1500):
        bus.publish(n)
        if n % 100 == 0:
            await settle()
    await settle(100)
    assert slow.depth == slow.mailbox_limit
    assert (behind.missed, heard.missed) == (500, 0)
    assert other.seen == ["start", *range(1500)]
    gate.set_result(None)
    await settle(100)


async def test_a_dead_subscriber_is_forgotten():
    bus, probe = Bus(), Probe().begin()
    bus.subscribe(probe.actor_ref)
    probe.stop()
    await settle()
    bus.publish("news")
    assert not bus._subscriptions


async def test_a_subscriber_that_cannot_say_what_it_wants_does_not_fail_the_writer():
    bus, probe = Bus(), Probe().begin()
    picky = bus.subscribe(probe.actor_ref, lambda message: message.no_such_thing)
    bus.publish("news")
    assert picky.missed == 1
