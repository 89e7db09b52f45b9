"""Who ended something waits until every living process knows, and for nobody else."""

import asyncio
import re
import time

import pytest
from personae.actors.aggregates.endings import ENDINGS
from personae.actors.domain.kit import Caller, Stream
from personae.actors.domain.kit.event import EVENTS
from personae.actors.domain.user.commands import RemoveUser
from personae.actors.workers.follower import Follower
from personae.store import witnesses
from personae.store.errors import Unavailable
from personae.store.pool import Database
from personae.store.witnesses import Ballot, Witnesses

from tests.aggregates.conftest import INSTANCE, ORG, SETUP
from tests.cluster import eventually, running

pytestmark = pytest.mark.store
SYSTEM = Caller.of_system(INSTANCE)


async def followers(node):
    return {id_ for (id_,) in await node.database.rows("SELECT id FROM followers")}


@pytest.fixture
async def pair(postgres_url):
    async with running(postgres_url, views=False) as one, running(postgres_url, views=False) as two:
        await one.send(SETUP, SYSTEM)

        async def both():
            return len(await followers(one)) == 2

        await eventually(both)
        yield one, two


async def removed(node, number):
    """Create a user, let it be known, and return what removes it and where it is."""
    await node.add_machine(INSTANCE, ORG, f"bot{number}")
    return RemoveUser(user_id=f"bot{number}"), Stream(INSTANCE, "user", f"bot{number}")


async def test_who_ends_something_is_answered_when_the_other_process_knows(pair, monkeypatch):
    one, two = pair
    held, go = asyncio.Event(), asyncio.Event()

    async def slow(self, instance_id, head):
        if self is two.follower:
            held.set()
            await go.wait()
        await catch_up(self, instance_id, head)

    order, stream = await removed(one, 1)
    assert (await two.state(stream)).exists
    catch_up = Follower._catch_up
    monkeypatch.setattr(Follower, "_catch_up", slow)
    removing = asyncio.create_task(one.send(order, SYSTEM))
    await held.wait()
    await asyncio.sleep(0.2)
    assert not removing.done()
    assert two.world.directory.live(stream).state.exists
    go.set()
    await removing
    assert not two.world.directory.live(stream).state.exists


async def test_one_that_is_stuck_is_waited_for_a_second_and_one_that_is_gone_not_at_all(
    pair, monkeypatch, caplog
):
    one, two = pair
    monkeypatch.setattr(witnesses, "PATIENCE_SECONDS", 0.3)

    async def silent(_self):
        await asyncio.sleep(0)

    monkeypatch.setattr(Witnesses, "tell", silent)
    order, _ = await removed(one, 1)
    began = time.monotonic()
    await one.send(order, SYSTEM)
    assert time.monotonic() - began >= 0.3
    assert two.follower._witnesses.id in caplog.text
    await two.follower._witnesses.sign_off()
    monkeypatch.setattr(witnesses, "PATIENCE_SECONDS", 30.0)
    order, _ = await removed(one, 2)
    async with asyncio.timeout(0.8):  # before it says once more that it lives
        await one.send(order, SYSTEM)


async def test_one_that_died_is_forgotten(pair, monkeypatch):
    one, _ = pair
    monkeypatch.setattr(witnesses, "PATIENCE_SECONDS", 20.0)
    await one.database.run(
        "INSERT INTO followers VALUES ('dead', clock_timestamp() - interval '1 second')"
    )
    assert await one.follower._witnesses.everywhere(INSTANCE, 1)
    await one.follower._witnesses.forget_dead()
    assert "dead" not in await followers(one)


async def test_who_stops_signs_off(postgres_url, database):
    async with running(postgres_url, views=False) as one:

        async def there():
            return len(await followers(one)) == 1

        await eventually(there)
    other = Database(postgres_url, size=1)
    assert await other.rows("SELECT id FROM followers") == []
    await other.close()


async def test_what_has_happened_stays_when_the_database_is_away_afterwards():
    class Away:
        async def rows(self, *_args, **_more):
            raise Unavailable("away")

    assert not await Witnesses(Away(), "channel", lambda _: 0).everywhere(INSTANCE, 1)


@pytest.mark.parametrize(
    "note",
    ["\t", "\tknow", "\tknow a b c", "\tknow a " + "9" * 30 + " c", "\tknows a b", "\tknows  ",
     "\tknow " + "x" * 9000, "\tother a 1 c"],
)  # fmt: skip
def test_odd_notes_ask_for_nothing(note):
    assert Witnesses(None, "channel", lambda _: 0).hear(note) is None


def test_questions_that_nobody_can_answer_do_not_pile_up():
    one = Witnesses(None, "channel", lambda _: 0)
    for number in range(3 * witnesses.QUESTIONS):
        assert one.hear(f"\tknow n{number} 5 i 1") == ("i 1", 5)
    assert len(one._asked) == witnesses.QUESTIONS


def test_an_answer_may_come_before_it_is_known_who_is_to_answer():
    ballot = Ballot()
    ballot.tell("b")
    assert not ballot.done.is_set()
    ballot.want({"a", "b"})
    assert (ballot.missing, ballot.done.is_set()) == ({"a"}, False)
    ballot.tell("a")
    assert ballot.done.is_set()


NOT_AWAITED = re.compile(
    r"\.cascade\.|\.policy\.(?!login|security)|\.metadata\.|domains?\.|^(target|execution)\."
    r"|unlocked|\.(sms|smtp)\."
)
"""Settings, and what follows from something that was waited for: nobody gets in by them."""


def test_every_event_that_takes_away_is_waited_for():
    words = ("removed", "deactivated", "locked", "terminated", "revoked", "withdrawn", "secret")
    names = {cls.__event__ for cls in EVENTS.values() if cls.__event__.endswith(words)}
    names -= {name for name in names if name.startswith("test.")}  # of tests beside this one
    waited = {cls.__event__ for cls in ENDINGS}
    assert [name for name in names - waited if not NOT_AWAITED.search(name)] == []
