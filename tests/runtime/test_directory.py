import asyncio
from contextlib import asynccontextmanager

import pytest
from personae.actors.runtime import ActorDeadError, ActorStopped, Directory, MailboxFull
from personae.actors.runtime.memory import MemoryLimit, resident
from pykka import ActorRegistry

from tests.runtime.actors import No, Probe, settle


class Sleeper(Probe):
    """Takes its time, when told so, to go to sleep."""

    def __init__(self, key):
        super().__init__()
        self.key = key
        self.gate = None

    async def passivate(self):
        self.seen.append("passivate")
        if self.gate is not None:
            await self.gate


@asynccontextmanager
async def crowd(size, **options):
    directory = Directory(Sleeper, **options)
    for key in range(size):
        await directory.ask(key, "hello")
    await settle()
    yield directory
    await directory.stop()


def counts(directory):
    names = ("live", "opened", "passivated", "died")
    return {name: value for name, value in directory.snapshot().items() if name in names}


async def test_the_first_message_opens_the_actor_and_the_next_finds_it():
    async with crowd(0) as directory:
        assert directory.live("a") is None
        assert await directory.ask("a", 1) == 1
        assert await directory.ask("a", 2) == 2
        assert directory.live("a").seen == ["start", 1, 2]
        assert counts(directory) == {"live": 1, "opened": 1, "passivated": 0, "died": 0}
        assert (directory.snapshot()["turns"], directory.snapshot()["waiting"]) == (2, 0)


async def test_actors_of_the_directory_are_not_in_pykkas_registry():
    """P-30."""
    async with crowd(3):
        assert ActorRegistry.get_all() == []


async def test_a_message_that_meets_a_just_stopped_actor_goes_to_its_successor():
    async with crowd(1) as directory:
        first = directory.actor(0)
        first.stop()
        assert await directory.ask(0, "again") == "again"
        assert directory.actor(0) is not first


async def test_a_message_behind_a_killing_one_goes_to_the_successor():
    """P-25: the actor that died is forgotten, the next message opens it from what is stored."""
    async with crowd(1) as directory:
        replies = [directory.ask(0, ValueError()), directory.ask(0, "behind")]
        error, answer = await asyncio.gather(*replies, return_exceptions=True)
        assert isinstance(error, ValueError)
        assert answer == "behind"
        assert counts(directory) == {"live": 1, "opened": 2, "passivated": 0, "died": 1}


async def test_a_message_is_sent_once_more_but_not_for_ever():
    class Mortal(Sleeper):
        def begin(self, parent, name):
            super().begin(parent, name).stop()
            return self

    directory = Directory(Mortal)
    with pytest.raises(ActorDeadError):
        await directory.ask(0, "x")
    assert directory.opened == 2


async def test_a_dead_actor_further_down_is_not_a_reason_to_repeat_the_turn():
    async with crowd(2) as directory:
        stranger = ActorStopped(directory.actor(1))
        actor = directory.actor(0)
        with pytest.raises(ActorStopped):
            await directory.ask(0, stranger)
        assert actor.seen.count(stranger) == 1
        assert directory.opened == 2


async def test_a_refusal_reaches_the_caller_and_the_actor_stays():
    async with crowd(1) as directory:
        with pytest.raises(No):
            await directory.ask(0, No())
        assert directory.died == 0


async def test_a_full_mailbox_is_the_callers_to_know():
    """P-29."""
    async with crowd(1) as directory:
        waiting = [directory.actor(0).ask(n) for n in range(1000)]
        with pytest.raises(MailboxFull):
            await directory.ask(0, "one more")
        await asyncio.gather(*waiting)


async def test_a_message_late_for_a_slow_start_is_not_run():
    """P-28: a caller does not wait for a hanging store beyond its deadline."""
    gate = asyncio.get_running_loop().create_future()

    class Slow(Sleeper):
        async def on_start(self):
            await gate

    directory = Directory(Slow)
    with pytest.raises(TimeoutError):
        await directory.ask(0, "x", asyncio.get_running_loop().time() + 0.01)
    gate.set_result(None)
    await settle()
    assert directory.live(0).seen == []
    await directory.stop()


async def test_the_idle_go_to_sleep_and_those_in_use_do_not():
    async with crowd(3, idle_seconds=0.02) as directory:
        slept = directory.actor(0)
        await asyncio.sleep(0.03)
        directory.live(2)
        await directory.sweep()
        assert [actor.key for actor in directory] == [2]
        assert slept.seen[-2:] == ["passivate", "stop"]
        assert directory.passivated == 2


async def test_beyond_the_cap_the_least_recently_used_go_first():
    async with crowd(5, cap=2) as directory:
        directory.live(0)
        await directory.sweep()
        assert [actor.key for actor in directory] == [4, 0]


async def test_who_was_asked_only_once_does_not_send_others_to_sleep():
    async with crowd(3, cap=10, newcomers=2) as directory:
        for key in range(3):
            await directory.ask(key, "again")
        for key in range(100, 120):
            await directory.ask(key, "hello")
        await directory.sweep()
        assert [actor.key for actor in directory] == [118, 119, 0, 1, 2]
        assert len(directory) == 5


async def test_newcomers_take_no_room_beyond_the_cap():
    async with crowd(20, cap=10, newcomers=2) as directory:
        for key in range(20):
            directory.live(key)
        for key in range(100, 110):
            await directory.ask(key, "hello")
        await directory.sweep()
        assert [actor.key for actor in directory] == [108, 109, *range(12, 20)]


async def test_who_retires_counts_as_asked_only_once():
    async with crowd(6, cap=10, newcomers=2) as directory:
        for key in range(6):
            directory.live(key)
        for key in range(4):
            directory.retire(key)
        directory.retire("nobody")
        await directory.sweep()
        assert [actor.key for actor in directory] == [2, 3, 4, 5]
        assert await directory.ask(2, "after all") == "after all"
        assert [actor.key for actor in directory] == [3, 4, 5, 2]


async def test_where_newcomers_are_not_limited_nobody_retires():
    async with crowd(2) as directory:
        directory.live(0)
        directory.retire(0)
        assert [actor.key for actor in directory] == [1, 0]


async def test_to_be_looked_at_is_no_use():
    async with crowd(3, cap=10, newcomers=1) as directory:
        assert directory.awake(0).key == 0
        assert directory.awake("nobody") is None
        await directory.sweep()
        assert [actor.key for actor in directory] == [2]


class Light(Probe):
    """Has nothing to keep."""

    light = True

    def __init__(self, key):
        super().__init__()
        self.key = key


async def test_who_has_nothing_to_keep_leaves_without_a_turn():
    directory = Directory(Light, cap=0)
    actor, busy = directory.actor(0), directory.actor(1)
    await directory.ask(0, "hello")
    await settle()
    gate = asyncio.get_running_loop().create_future()
    waiting = asyncio.ensure_future(directory.ask(1, gate))
    await settle()
    await directory.sweep()
    assert list(directory) == [busy]
    assert (actor.stopped, actor.seen, directory.passivated) == (True, ["start", "hello"], 1)
    assert await directory.ask(0, "again") == "again"
    assert directory.actor(0) is not actor
    gate.set_result(None)
    await waiting
    await directory.stop()


async def test_a_busy_actor_is_never_put_to_sleep():
    gate = asyncio.get_running_loop().create_future()
    async with crowd(1, cap=0) as directory:
        busy = asyncio.ensure_future(directory.ask(0, gate))
        await settle()
        await directory.sweep()
        assert len(directory) == 1
        gate.set_result(None)
        await busy
        assert "passivate" not in directory.live(0).seen


async def test_others_go_to_sleep_in_place_of_the_busy():
    gate = asyncio.get_running_loop().create_future()
    async with crowd(3, cap=1) as directory:
        busy = directory.actor(0).ask(gate)
        await settle()
        for other in (1, 2):
            directory.live(other)
        await directory.sweep()
        assert [actor.key for actor in directory] == [0]
        gate.set_result(None)
        await busy


async def test_who_was_used_since_the_sweep_began_stays_awake():
    async with crowd(100, cap=0) as directory:
        slow, *_, last = directory
        slow.gate = asyncio.get_running_loop().create_future()
        sweep = asyncio.ensure_future(directory.sweep())
        await asyncio.sleep(0.01)
        directory.live(99)
        slow.gate.set_result(None)
        await sweep
        assert list(directory) == [last]


async def test_a_message_during_the_snapshot_keeps_the_actor_alive():
    async with crowd(1, cap=0) as directory:
        actor = directory.actor(0)
        actor.gate = asyncio.get_running_loop().create_future()
        sweep = asyncio.ensure_future(directory.sweep())
        await settle()
        reply = asyncio.ensure_future(directory.ask(0, "wait for me"))
        await settle()
        actor.gate.set_result(None)
        assert await reply == "wait for me"
        await sweep
        assert directory.live(0) is actor
        assert directory.passivated == 0


async def test_a_message_during_the_last_clean_up_opens_a_successor():
    gate = asyncio.get_running_loop().create_future()

    class Tidy(Sleeper):
        async def on_stop(self):
            await gate

    directory = Directory(Tidy, cap=0)
    await directory.ask(0, "hello")
    first = directory.actor(0)
    await settle()
    sweep = asyncio.ensure_future(directory.sweep())
    await settle()
    assert await directory.ask(0, "again") == "again"
    second = directory.live(0)
    gate.set_result(None)
    await sweep
    assert directory.live(0) is second
    assert second is not first
    await directory.stop()


async def test_no_message_is_lost_while_actors_go_to_sleep_all_the_time():
    async with crowd(0, cap=0) as directory:
        answers = []

        async def talk(key):
            for n in range(50):
                answers.append(await directory.ask(key, n))
                await asyncio.sleep(0.0001 * (n % 3))

        talking = asyncio.gather(*(talk(key) for key in range(10)))
        while not talking.done():
            await directory.sweep()
            await asyncio.sleep(0)
        assert len(answers) == 500
        assert directory.passivated > 10


async def test_a_failing_snapshot_forgets_the_actor_and_not_the_message():
    async with crowd(1, cap=0) as directory:
        directory.actor(0).gate = asyncio.get_running_loop().create_future()
        sweep = asyncio.ensure_future(directory.sweep())
        await settle()
        reply = asyncio.ensure_future(directory.ask(0, "x"))
        await settle()
        directory.live(0).gate.set_exception(OSError("disk full"))
        assert await reply == "x"
        await sweep
        assert directory.died == 1


async def test_the_directory_sweeps_by_itself_when_crowded(monkeypatch):
    monkeypatch.setattr("personae.actors.runtime.directory.PAUSE_SECONDS", 0)
    async with crowd(0, cap=3, idle_seconds=3600) as directory:
        directory.start()
        for key in range(10):
            await directory.ask(key, "hello")
        for _ in range(100):
            await asyncio.sleep(0.001)
        assert len(directory) == 3


async def test_only_the_living_are_told_and_it_is_no_use_of_theirs():
    async with crowd(2) as directory:
        directory.tell_live(0, "news")
        directory.tell_live("nobody", "news")
        await settle()
        assert [actor.key for actor in directory] == [0, 1]
        assert directory.live(0).seen[-1] == "news"
        assert directory.opened == 2


async def test_stop_lets_all_finish_and_keeps_their_snapshots_oldest_first():
    order = []

    class Last(Sleeper):
        async def on_stop(self):
            order.append(self.key)

    directory = Directory(Last)
    waiting = [directory.actor(key).ask("last words") for key in range(200)]
    actors = list(directory)
    await directory.stop()
    assert [reply.result() for reply in waiting] == ["last words"] * 200
    assert all(actor.seen == ["start", "last words", "passivate"] for actor in actors)
    assert order == list(range(200))
    with pytest.raises(ActorDeadError):
        await directory.ask(0, "too late")


async def test_stop_gives_up_an_actor_that_hangs(monkeypatch):
    monkeypatch.setattr("personae.actors.runtime.directory.PATIENCE_SECONDS", 0.01)
    gate = asyncio.get_running_loop().create_future()
    directory = Directory(Sleeper)
    stuck = directory.actor(0).ask(gate)
    await directory.stop()
    assert len(directory) == 0
    gate.set_result(None)
    await stuck


async def test_ten_thousand_actors_live_and_answer():
    async with crowd(10_000) as directory:
        replies = await asyncio.gather(*(directory.ask(key, key) for key in range(10_000)))
        assert replies == list(range(10_000))
        await settle()
        assert not any(actor.busy for actor in directory)


async def test_while_memory_is_short_and_grows_a_fifth_goes_to_sleep_oldest_first():
    now = [0]
    limit = MemoryLimit(1000, lambda: now[0])
    async with crowd(50, exceeded=limit.exceeded) as directory:
        for used, left in ((900, 50), (1100, 40), (1100, 40), (1200, 32), (900, 32), (1100, 26)):
            now[0] = used
            await directory.sweep()
            assert len(directory) == left
        assert directory.live(0) is None
        assert directory.live(49)


def test_the_memory_of_this_process_is_measured():
    assert 10_000_000 < resident() < 100_000_000_000
