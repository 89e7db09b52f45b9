import asyncio
from contextlib import suppress

import pytest
from personae.actors.runtime import FORGET, Directory, Restart, Supervisor, supervisor

from tests.runtime.actors import Probe, settle


class Time:
    """A clock that goes on only when somebody sleeps by it."""

    def __init__(self):
        self.now = 0.0
        self.slept = []

    async def sleep(self, seconds):
        self.now += seconds
        self.slept.append(seconds)
        await asyncio.sleep(0)


class Part:
    """A service that writes down its life."""

    def __init__(self, name, log, error=None):
        self.name, self.log, self.error = name, log, error

    async def start(self):
        self.log.append(f"+{self.name}")
        if self.error is not None:
            raise self.error

    async def stop(self):
        self.log.append(f"-{self.name}")


def tree(**options):
    time = Time()
    root = Supervisor("Root", clock=lambda: time.now, sleep=time.sleep, **options)
    return root, time


async def kill(actor, error=None):
    actor.post((error or ValueError("broken"), None, None))
    await settle(20)


def seen(node, name):
    return next(child for child in node.snapshot()["children"] if child["name"] == name)


STEADY = Restart(first_delay=1, longest_delay=8, jitter=0, times=5, seconds=100)


async def test_children_start_in_order_and_stop_in_reverse():
    log, (root, _) = [], tree()
    root.add("store", lambda: Part("store", log))
    root.node("workers").add("mail", lambda: Part("mail", log))
    root.add("doors", lambda: Part("doors", log))
    await root.start()
    assert root.ready
    await root.stop()
    assert log == ["+store", "+mail", "+doors", "-doors", "-mail", "-store"]


async def test_when_a_service_cannot_start_the_others_are_stopped():
    log, (root, _) = [], tree()
    root.add("store", lambda: Part("store", log))
    root.add("doors", lambda: Part("doors", log, OSError("port taken")))
    with pytest.raises(OSError, match="port taken"):
        await root.start()
    assert log == ["+store", "+doors", "-doors", "-store"]


async def test_the_next_child_starts_when_the_one_before_is_ready():
    order, (root, _) = [], tree()

    class Slow(Probe):
        async def on_start(self):
            await settle()
            order.append("ready")

    root.add("projector", Slow)
    root.add("door", lambda: Part("door", order))
    await root.start()
    assert order == ["ready", "+door"]
    await root.stop()


async def test_a_dead_actor_is_started_again():
    """P-25: without a supervisor it would be gone for good."""
    root, time = tree()
    root.add("projector", Probe, STEADY)
    await root.start()
    first = root.child("projector")
    await kill(first)
    second = root.child("projector")
    assert second is not first
    assert await second.ask("alive") == "alive"
    assert time.slept == [1]
    await root.stop()


async def test_the_tree_is_not_ready_while_a_child_is_dead():
    """P-25."""
    gate = asyncio.Event()
    root = Supervisor("Root", sleep=lambda _: gate.wait())
    root.node("projectors").add("users", Probe)
    await root.start()
    assert root.ready
    await kill(root.child("projectors").child("users"))
    assert not root.ready
    gate.set()
    await settle()
    assert root.ready
    await root.stop()


async def test_the_delay_doubles_up_to_the_longest_and_starts_anew_after_quiet_times():
    root, time = tree()
    root.add("projector", Probe, STEADY)
    await root.start()
    for _ in range(5):
        await kill(root.child("projector"))
    time.now += 100
    await kill(root.child("projector"))
    assert time.slept == [1, 2, 4, 8, 8, 1]
    await root.stop()


def test_jitter_lengthens_a_delay_by_its_part_at_most():
    delays = {Restart(first_delay=1, jitter=0.5).delay(0) for _ in range(100)}
    assert len(delays) > 1
    assert all(1 <= delay <= 1.5 for delay in delays)


async def test_too_many_deaths_at_the_root_call_for_help():
    cries = []
    root, _ = tree(on_escalation=cries.append)
    root.add("projector", Probe, STEADY)
    await root.start()
    for _ in range(6):
        await kill(root.child("projector"))
    assert [str(cry) for cry in cries] == ["broken"]
    assert root.snapshot()["state"] == "failed"
    assert seen(root, "projector")["restarts"] == 5
    await root.stop()


async def test_a_failed_node_is_restarted_as_a_whole():
    log, (root, _) = [], tree()
    node = root.node("projectors", STEADY)
    node.add("spooler", lambda: Part("spooler", log))
    node.add("users", Probe, Restart(jitter=0, times=1))
    await root.start()
    for _ in range(2):
        await kill(node.child("users"))
    await settle(50)
    assert log == ["+spooler", "-spooler", "+spooler"]
    assert await node.child("users").ask("alive") == "alive"
    assert seen(root, "projectors")["restarts"] == 1
    await kill(node.child("users"))
    assert seen(root, "projectors")["restarts"] == 1
    assert root.ready
    await root.stop()


async def test_a_start_that_fails_again_and_again_escalates():
    cries = []
    root, _ = tree(on_escalation=cries.append)

    class Hopeless(Probe):
        async def on_start(self):
            raise OSError("no disk")

    root.add("projector", Hopeless, STEADY)
    await root.start()
    await settle(200)
    assert [str(cry) for cry in cries] == ["no disk"]
    await root.stop()


@pytest.mark.parametrize("error", [ValueError("x"), asyncio.CancelledError(), SystemExit(3)])
async def test_a_coroutine_that_fails_is_started_again(error):
    """P-04, P-42: also when it fails by a CancelledError that nobody asked for."""
    runs, (root, _) = [], tree()

    async def run():
        runs.append(1)
        if len(runs) < 3:
            raise error
        await asyncio.Event().wait()

    root.add("sweeper", run, STEADY)
    await root.start()
    await settle(50)
    assert len(runs) == 3
    assert root.ready
    assert seen(root, "sweeper")["error"]["what"].startswith(type(error).__name__)
    await root.stop()


@pytest.mark.parametrize("error", [ValueError("x"), asyncio.CancelledError(), SystemExit(3)])
async def test_a_service_that_fails_at_its_restart_is_tried_again(error):
    """P-42."""
    log, (root, _) = [], tree()
    parts = [Part("one", log), Part("two", log, error), Part("three", log)]
    made = iter(parts)
    root.add("store", lambda: next(made), STEADY)
    await root.start()
    root.failed("store", OSError("connection lost"))
    await settle(50)
    assert log == ["+one", "-one", "+two", "-two", "+three"]
    assert root.ready
    await root.stop()


async def test_a_failure_reported_twice_is_one_restart():
    log, (root, _) = [], tree()
    root.add("store", lambda: Part("store", log), STEADY)
    await root.start()
    root.failed("store", OSError("connection lost"))
    root.failed("store", OSError("connection lost"))
    await settle(50)
    assert log == ["+store", "-store", "+store"]
    await root.stop()
    root.failed("store", OSError("connection lost"))
    await settle(50)
    assert log == ["+store", "-store", "+store", "-store"]


async def test_a_child_that_dies_as_soon_as_it_started_is_not_taken_for_running():
    gate = asyncio.Event()
    root = Supervisor("Root", sleep=lambda _: gate.wait())

    class Brief(Probe):
        async def on_start(self):
            await settle()
            self.post((ValueError("broken"), None, None))

    root.add("brief", Brief)
    await root.start()
    assert seen(root, "brief")["state"] == "restarting"
    await root.stop()


async def test_a_coroutine_that_returns_is_done():
    root, _ = tree()
    root.add("migration", lambda: asyncio.sleep(0))
    await root.start()
    await settle()
    assert seen(root, "migration") == {"name": "migration", "state": "done", "restarts": 0}
    await root.stop()


async def test_the_forgotten_are_not_started_again():
    root, time = tree()
    root.add("once", Probe, FORGET)
    await root.start()
    await kill(root.child("once"))
    assert root.child("once") is None
    assert time.slept == []
    await root.stop()


@pytest.mark.parametrize("error", [ValueError("x"), asyncio.CancelledError(), SystemExit(3)])
async def test_one_child_that_stops_badly_keeps_no_other_from_stopping(error):
    """P-42."""
    log, (root, _) = [], tree()

    class Bad(Part):
        async def stop(self):
            raise error

    root.add("store", lambda: Part("store", log))
    root.add("bad", lambda: Bad("bad", log))
    await root.start()
    await root.stop()
    assert log[-1] == "-store"


async def test_a_child_that_does_not_stop_is_left_behind(monkeypatch):
    monkeypatch.setattr("personae.actors.runtime.supervisor.STOP_SECONDS", 0.01)
    root, _ = tree()
    root.add("stuck", Probe)
    await root.start()
    gate = asyncio.get_running_loop().create_future()
    stuck = root.child("stuck").ask(gate)
    await root.stop()
    gate.set_result(None)
    await stuck


async def test_nobody_is_restarted_after_stop():
    gate = asyncio.Event()
    root = Supervisor("Root", sleep=lambda _: gate.wait())
    root.add("projector", Probe)
    await root.start()
    await kill(root.child("projector"))
    await root.stop()
    gate.set()
    await settle()
    assert root.child("projector") is None


async def test_the_tree_can_be_looked_at():
    root, time = tree()
    root.add("users", Probe, FORGET)
    await root.start()
    actor = root.child("users")
    await actor.ask("x")
    alive = {"name": "users", "state": "running", "restarts": 0, "waiting": 0, "turns": 1}
    assert root.snapshot() == {"name": "Root", "state": "running", "children": [alive]}
    await kill(actor, ValueError("password=hunter2"))
    time.now += 3
    error = seen(root, "users")["error"]
    assert error["what"].startswith("ValueError in ")
    assert error["seconds_ago"] == 3
    assert "hunter2" not in repr(root.snapshot())
    await root.stop()


async def test_the_directory_is_a_child_whose_actors_are_forgotten():
    root, _ = tree()
    directory = Directory(lambda _: Probe())
    root.add("aggregates", lambda: directory)
    await root.start()
    with pytest.raises(ValueError, match="broken"):
        await directory.ask("user 1", ValueError("broken"))
    aggregates = seen(root, "aggregates")
    assert (aggregates["live"], aggregates["died"], aggregates["restarts"]) == (0, 1, 0)
    await root.stop()


async def test_two_children_need_two_names():
    root, _ = tree()
    root.add("twin", Probe)
    with pytest.raises(ValueError, match="twin"):
        root.add("twin", Probe)


async def test_a_coroutine_that_lost_its_cancellation_is_cancelled_again(monkeypatch):
    monkeypatch.setattr(supervisor, "CANCEL_AGAIN_SECONDS", 0.01)
    root, _ = tree()

    async def loses_one():
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        await asyncio.Event().wait()

    root.add("work", loses_one)
    await root.start()
    await settle()
    async with asyncio.timeout(2):
        await root.stop()
