"""Time travel, on a log in memory."""

from datetime import timedelta

import pytest
from personae.actors import domain
from personae.actors.aggregates.history import Change, NoHistory, changes, history
from personae.actors.domain.kit import Foreign, Stream
from personae.actors.domain.user.events import MachineAdded, UserLocked, UsernameChanged
from personae.actors.domain.user.values import Status
from personae.store.log import Commit, Part
from personae.store.memory import MemoryLog

from tests.store.histories import AT

domain.load()
ROBOT = Stream("i1", "user", "r1")
LIFE = (
    MachineAdded(user_name="r", name="Robot"),
    UsernameChanged(user_name="robot"),
    Foreign("user.unheard.of", {"x": 1}),
    UserLocked(),
)


@pytest.fixture
async def log():
    """A robot to which something happens every minute."""
    log = MemoryLog()
    for version, event in enumerate(LIFE):
        at = AT + timedelta(minutes=version)
        part = Part(ROBOT, version, "org", (event,))
        await log.append(Commit(instance_id="i1", parts=(part,), creator="me", at=at))
    return log


async def test_the_state_is_that_after_a_sequence(log):
    found = await history(log, ROBOT, 2)
    assert (found.state.user_name, found.state.status) == ("robot", Status.ACTIVE)
    assert len(found.steps) == 2


async def test_the_state_is_that_at_a_time_the_moment_included(log):
    assert (await history(log, ROBOT, AT)).state.user_name == "r"
    assert (await history(log, ROBOT, AT + timedelta(seconds=90))).state.user_name == "robot"
    assert (await history(log, ROBOT)).state.status is Status.LOCKED


async def test_each_event_says_what_it_changed(log):
    steps = (await history(log, ROBOT)).steps
    assert [step.changes for step in steps[1:]] == [
        (Change("user_name", "r", "robot"),),
        (),
        (Change("status", Status.ACTIVE, Status.LOCKED),),
    ]
    assert Change("machine.name", None, "Robot") in steps[0].changes


async def test_what_is_not_there_is_said(log):
    with pytest.raises(NoHistory, match=f"no events then: the first is of {AT.date()}"):
        await history(log, ROBOT, AT - timedelta(seconds=1))
    with pytest.raises(NoHistory, match="user nobody of instance i1 has no events; `personae"):
        await history(log, Stream("i1", "user", "nobody"))
    with pytest.raises(NoHistory, match="no aggregate type robot"):
        await history(log, Stream("i1", "robot", "r1"))


def test_a_field_that_goes_is_a_change_too():
    assert list(changes({"a": {"b": 1}, "c": 2}, {"c": 2})) == [Change("a.b", 1, None)]
