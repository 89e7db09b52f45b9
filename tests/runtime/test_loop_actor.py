import asyncio
import contextvars
import threading
import time

import pytest
from personae.actors.runtime import (
    ActorDeadError,
    ActorStopped,
    AskedItself,
    LoopActor,
    MailboxFull,
    TurnFailed,
)
from pykka import ActorRegistry

from tests.runtime.actors import No, Parent, Plain, Probe, settle


async def test_start_runs_before_the_first_message_and_turns_keep_mailbox_order():
    probe = Probe().begin()
    replies = [probe.ask(n) for n in range(5)]
    assert [await reply for reply in replies] == [0, 1, 2, 3, 4]
    assert probe.seen == ["start", 0, 1, 2, 3, 4]


async def test_one_turn_at_a_time_even_when_turns_suspend():
    gate = asyncio.get_running_loop().create_future()
    probe = Probe().begin()
    first, second = probe.ask(gate), probe.ask("second")
    await settle()
    assert probe.seen == ["start", gate]
    gate.set_result(None)
    assert await second == "second"
    assert first.done()


async def test_a_turn_may_be_a_plain_function():
    assert await Plain().begin().ask(21) == 42


async def test_an_idle_actor_has_no_task_and_no_queue():
    probe = Probe().begin()
    await probe.ask(1)
    await settle()
    assert probe.task is None
    assert probe.actor_inbox._letters is None


async def test_pykkas_reference_asks_tells_and_stops():
    """P-30: started the pykka way, an actor is in the global registry, and only then."""
    ref = Probe.start()
    ref.tell("told")
    assert await ref.ask("asked", block=False) == "asked"
    assert ref in ActorRegistry.get_all()
    assert await ref.stop(block=False) is True
    assert await ref.stop(block=False) is False
    assert ActorRegistry.get_all() == []
    assert Probe().begin().actor_ref not in ActorRegistry.get_all()


async def test_a_proxy_reaches_attributes_and_methods():
    proxy = Probe.start().proxy()
    assert await proxy.turns == 1
    await proxy.actor_ref.stop(block=False)


async def test_stop_lets_earlier_messages_run_and_sends_later_ones_away():
    probe = Probe().begin()
    before = probe.ask("before")
    probe.stop()
    after = probe.ask("after")
    assert await before == "before"
    with pytest.raises(ActorDeadError):
        await after
    assert probe.seen == ["start", "before", "stop"]
    with pytest.raises(ActorStopped):
        probe.ask("much later")


@pytest.mark.parametrize(
    "error", [ValueError("x"), asyncio.CancelledError(), GeneratorExit(), SystemExit(3)]
)
async def test_a_failing_turn_kills_its_actor_and_no_other(error):
    """P-23, P-24: whatever a turn raises, the neighbours live on."""
    parent, ref = Parent(), Probe.start()
    probe = Probe().begin(parent)
    first, second = probe.ask(error), probe.ask("waiting")
    with pytest.raises((ValueError, TurnFailed)):
        await first
    with pytest.raises(ActorStopped):
        await second
    assert probe.seen == ["start", error, type(error)]
    assert parent.heard == [(probe, error)]
    assert await ref.ask("still here", block=False) == "still here"
    await ref.stop(block=False)


async def test_a_turn_cut_by_cancellation_does_not_cancel_its_caller():
    """P-42: the caller would take the actor's CancelledError for its own."""
    with pytest.raises(TurnFailed) as failed:
        await Probe().begin().ask(asyncio.CancelledError())
    assert isinstance(failed.value.__cause__, asyncio.CancelledError)


def test_keyboard_interrupt_stops_the_actor_and_then_the_loop():
    parent = Parent()

    async def main():
        await Probe().begin(parent).ask(KeyboardInterrupt())

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(main())
    assert isinstance(parent.heard[0][1], KeyboardInterrupt)


async def test_a_refusal_is_a_reply():
    probe = Probe().begin()
    with pytest.raises(No):
        await probe.ask(No())
    assert await probe.ask("alive") == "alive"


async def test_a_failed_tell_is_heard_by_the_parent():
    """P-25: pykka would let the actor vanish in silence."""
    parent = Parent()
    probe = Probe().begin(parent)
    error = ValueError()
    probe.post((error, None, None))
    await settle()
    assert parent.heard == [(probe, error)]


async def test_whoever_waits_for_a_failed_start_gets_its_reason():
    class Unready(Probe):
        async def on_start(self):
            raise No("not today")

    unready = Unready().begin()
    replies = await asyncio.gather(unready.ask(1), unready.ask(2), return_exceptions=True)
    assert [type(reply) for reply in replies] == [No, No]
    assert unready.stopped


async def test_clean_up_that_fails_or_hangs_hides_no_death(monkeypatch):
    """P-42: the parent hears of the end, and senders get their answer, whatever clean-up does."""
    monkeypatch.setattr("personae.actors.runtime.loop_actor.CLEANUP_SECONDS", 0.01)

    class Untidy(Probe):
        async def on_failure(self, *_):
            await asyncio.sleep(60)

    parent = Parent()
    untidy = Untidy().begin(parent)
    _, second = untidy.ask(ValueError()), untidy.ask("waiting")
    with pytest.raises(ActorStopped):
        await second
    assert len(parent.heard) == 1


@pytest.mark.parametrize("error", [OSError("disk full"), asyncio.CancelledError(), SystemExit(3)])
async def test_a_stop_that_cleans_up_badly_is_still_one_orderly_stop(error):
    """P-42."""

    class Untidy(Probe):
        async def on_stop(self):
            raise error

    parent = Parent()
    untidy = Untidy().begin(parent)
    untidy.stop()
    await settle()
    assert parent.heard == [(untidy, None)]


async def test_awaiting_a_reply_does_not_block_the_loop():
    """P-26: pykka's own await would; here a timer fires while the reply is awaited."""
    loop = asyncio.get_running_loop()
    gate = loop.create_future()
    loop.call_later(0.01, gate.set_result, None)
    reply = Probe().begin().actor_ref.ask(gate, block=False)
    assert await asyncio.wait_for(reply, 1) is gate


async def test_get_on_the_loops_own_thread_is_an_error_not_a_dead_lock():
    """P-26, P-27."""
    ref = Probe().begin().actor_ref
    with pytest.raises(RuntimeError, match="await the future"):
        ref.ask("x")


async def test_other_threads_may_ask_tell_and_wait():
    ref = Probe().begin().actor_ref

    def elsewhere():
        ref.tell("told")
        assert ref.ask("x", block=False).map(str.upper).get(timeout=2) == "X"
        return ref.ask("asked", timeout=2)

    assert await asyncio.to_thread(elsewhere) == "asked"
    assert ref._actor.seen == ["start", "told", "x", "asked"]


async def test_turns_run_on_the_loops_thread_wherever_they_were_asked():
    class Where(LoopActor):
        def on_receive(self, message):
            return threading.get_ident()

    ref = Where().begin().actor_ref
    assert await asyncio.to_thread(ref.ask, "x", timeout=2) == threading.get_ident()


async def test_what_pykka_derives_from_a_future_can_be_awaited():
    assert await Probe().begin().actor_ref.ask("x", block=False).map(str.upper) == "X"


async def test_asking_oneself_is_an_error_not_a_dead_lock():
    """P-27."""

    class Narcissus(Probe):
        async def on_receive(self, message):
            return await self.ask(message)

    with pytest.raises(AskedItself):
        await Narcissus().begin().ask("me")


async def test_a_circle_of_asks_ends_at_the_deadline():
    """P-27."""

    class Asks(Probe):
        other: LoopActor

        async def on_receive(self, message):
            return await self.other.ask(message, self.loop.time() + 0.02)

    one, two = Asks().begin(), Asks().begin()
    one.other, two.other = two, one
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(one.ask("round"), 1)


async def test_a_late_message_is_answered_on_time_and_never_run():
    """P-28: while the actor is busy with another turn."""
    loop = asyncio.get_running_loop()
    gate, probe = loop.create_future(), Probe().begin()
    busy = probe.ask(gate)
    late, patient = probe.ask("late", loop.time() + 0.01), probe.ask("patient", loop.time() + 60)
    with pytest.raises(TimeoutError):
        await late
    assert not busy.done()
    gate.set_result(None)
    assert await patient == "patient"
    assert probe.seen == ["start", gate, "patient"]


async def test_every_late_message_is_answered_at_its_own_deadline():
    """P-28: one timer serves them all, in whichever order they came."""
    loop = asyncio.get_running_loop()
    gate, probe = loop.create_future(), Probe().begin()
    busy, began = probe.ask(gate), loop.time()
    late = [probe.ask("late", began + after) for after in (0.03, 0.01, 0.02)]
    await asyncio.wait(late, timeout=1)
    assert [type(reply.exception()) for reply in late] == [TimeoutError] * 3
    gate.set_result(None)
    await busy


async def test_a_turn_that_has_begun_is_not_cut_by_its_deadline():
    loop = asyncio.get_running_loop()
    gate = loop.create_future()
    reply = Probe().begin().ask(gate, loop.time() + 0.01)
    loop.call_later(0.05, gate.set_result, None)
    assert await reply is gate


async def test_a_message_told_too_late_is_dropped():
    """P-28."""
    probe = Probe().begin()
    probe.actor_ref.tell("late", deadline=time.monotonic() - 1)
    await settle()
    assert probe.seen == ["start"]


async def test_a_message_whose_caller_has_gone_is_not_run():
    """P-28: without a deadline too."""
    gate, probe = asyncio.get_running_loop().create_future(), Probe().begin()
    busy, gone = probe.ask(gate), probe.ask("gone")
    gone.cancel()
    gate.set_result(None)
    await busy
    await settle()
    assert probe.seen == ["start", gate]


async def test_a_reply_nobody_waits_for_any_more_is_no_error():
    gate, probe = asyncio.get_running_loop().create_future(), Probe().begin()
    gone = probe.ask(gate)
    await settle()
    gone.cancel()
    gate.set_result(None)
    assert await probe.ask("next") == "next"


async def test_a_full_mailbox_sheds_load_but_can_be_stopped():
    """P-29."""
    probe = Probe().begin()
    waiting = [probe.ask(n) for n in range(probe.mailbox_limit)]
    with pytest.raises(MailboxFull):
        probe.ask("one more")
    with pytest.raises(MailboxFull):
        probe.actor_ref.tell("one more")
    probe.stop()
    assert await asyncio.gather(*waiting) == list(range(probe.mailbox_limit))
    await settle()
    assert probe.stopped


async def test_a_full_mailbox_is_told_to_other_threads_too():
    """P-29."""
    gate, probe = asyncio.get_running_loop().create_future(), Probe().begin()
    waiting = [probe.ask(gate)]
    await settle()
    waiting += [probe.ask(gate) for _ in range(probe.mailbox_limit)]
    with pytest.raises(MailboxFull):
        await asyncio.to_thread(probe.actor_ref.ask, "one more", timeout=2)
    with pytest.raises(MailboxFull):
        await asyncio.to_thread(probe.actor_ref.tell, "one more")
    gate.set_result(None)
    await asyncio.gather(*waiting)


async def test_ten_thousand_actors_need_no_thread_and_no_task():
    """P-29."""
    threads, tasks = threading.active_count(), len(asyncio.all_tasks())
    actors = [Plain().begin() for _ in range(10_000)]
    assert await asyncio.gather(*(actor.ask(1) for actor in actors)) == [2] * 10_000
    await settle()
    assert threading.active_count() == threads
    assert len(asyncio.all_tasks()) == tasks


async def test_a_busy_actor_lets_the_rest_of_the_loop_run():
    probe, ticks = Plain().begin(), []
    waiting = [probe.ask(n) for n in range(1000)]

    async def tick():
        while not waiting[-1].done():
            ticks.append(1)
            await asyncio.sleep(0)

    await tick()
    assert len(ticks) > 10


async def test_a_turn_has_a_task_of_its_own_for_timeouts_and_no_context_of_others():
    secret = contextvars.ContextVar("secret", default="none")

    class Context(LoopActor):
        async def on_receive(self, message):
            async with asyncio.timeout(1):
                await asyncio.sleep(0)
            return secret.get()

    secret.set("the caller's")
    assert await Context().begin().ask("what do you know") == "none"
