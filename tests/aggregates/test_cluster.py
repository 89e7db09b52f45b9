"""Two processes on one database: what one writes the other knows, and neither wins twice."""

import asyncio

import pytest
from personae.actors.domain.kit import Caller, Refusal, Stream
from personae.actors.domain.org.commands import ChangeOrg
from personae.actors.domain.project.commands import AddProject, AddRole, ChangeRole
from personae.actors.domain.session.commands import AddSession, Checks
from personae.actors.domain.user.commands import UpdateMachine
from personae.actors.domain.user.events import PasswordCheckFailed
from personae.actors.workers import follower
from personae.projections.kit import ALL, Pace, Question
from personae.projections.users import USERS
from personae.store.postgres import PostgresLog

from tests.aggregates.conftest import ADMIN, INSTANCE, ORG, SETUP
from tests.cluster import eventually, running

SYSTEM = Caller.of_system(INSTANCE)
ORG_STREAM = Stream(INSTANCE, "org", ORG)


PORTABLE = {"notify": False, "listen": False, "isolation": "SERIALIZABLE"}
"""As on an engine without NOTIFY."""


@pytest.fixture(params=[{}, PORTABLE], ids=["notify", "portable"])
async def pair(request, postgres_url):
    async with (
        running(postgres_url, **request.param) as one,
        running(postgres_url, **request.param) as two,
    ):
        await one.send(SETUP, SYSTEM)
        yield one, two


async def rename(node, name):
    return await node.send(ChangeOrg(org_id=ORG, name=name), SYSTEM)


async def cut_listener(node):
    """End the connection that listens, as a network would."""
    sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"
    await node.database.rows(sql)


@pytest.fixture
def slow_looks(monkeypatch):
    """Processes that listen hear of each other by that alone."""
    monkeypatch.setattr(follower, "LOOK_SECONDS", 60.0)


@pytest.mark.usefixtures("slow_looks")
async def test_what_another_process_wrote_is_in_memory_without_being_read(pair):
    one, two = pair
    org = await two.world.aggregate(ORG_STREAM)
    await rename(one, "Renamed")

    async def heard():
        return org.state.name == "Renamed"

    await eventually(heard)
    assert org.fresh


async def test_a_lost_notification_is_made_good_by_looking(postgres_url):
    async with running(postgres_url, notify=False) as one, running(postgres_url) as two:
        await one.send(SETUP, SYSTEM)
        org = await two.world.aggregate(ORG_STREAM)
        await rename(one, "Renamed")

        async def heard():
            return org.state.name == "Renamed"

        await eventually(heard, seconds=2 * follower.LOOK_SECONDS)


@pytest.mark.parametrize("pair", [{}], ids=["notify"], indirect=True)
async def test_a_lost_connection_makes_memory_distrusted_and_read_again(pair):
    one, two = pair
    org = await two.world.aggregate(ORG_STREAM)
    before = two.distrusted
    await cut_listener(one)

    async def distrusted():
        return two.distrusted > before

    await eventually(distrusted)
    assert not org.fresh
    await rename(one, "Renamed")
    assert (await two.state(ORG_STREAM)).name == "Renamed"


async def test_a_process_that_missed_an_event_decides_on_it_all_the_same(pair):
    one, two = pair
    await two.state(ORG_STREAM)
    await asyncio.gather(*(rename(node, f"N{n}") for n in range(20) for node in pair))
    events = await one.log.stream(ORG_STREAM)
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    states = [await node.log.stream(ORG_STREAM) for node in pair]
    assert states[0] == states[1]


async def test_of_two_processes_that_create_one_user_one_succeeds(pair):
    tries = [node.add_machine(INSTANCE, ORG, "777", f"r{i}") for i, node in enumerate(pair)]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(isinstance(answer, Refusal) for answer in answers) == [False, True]


async def test_of_many_that_race_for_one_name_on_two_processes_one_wins(pair):
    tries = [pair[n % 2].add_machine(INSTANCE, ORG, str(1000 + n), "same") for n in range(40)]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    refused = {answer.id for answer in answers if isinstance(answer, Refusal)}
    assert len(refused) == 1
    assert sum(not isinstance(answer, Refusal) for answer in answers) == 1


async def test_orders_to_one_aggregate_from_two_processes_all_count(pair):
    await pair[0].add_machine(INSTANCE, ORG, "50")
    orders = [
        pair[n % 2].send(UpdateMachine(user_id="50", name=f"Robot {n}"), SYSTEM) for n in range(20)
    ]
    await asyncio.gather(*orders)
    events = await pair[0].log.stream(Stream(INSTANCE, "user", "50"))
    assert len(events) == 21


async def test_a_list_shows_what_its_caller_wrote_on_another_process(pair):
    one, two = pair
    question = Question(table=USERS, instance_id=INSTANCE, allowed=ALL, limit=1000)
    for n in range(30):
        writer, reader = (one, two) if n % 2 else (two, one)
        done = await writer.add_machine(INSTANCE, ORG, str(2000 + n))
        head = await reader.log.head(INSTANCE)
        assert head >= done.position
        assert await reader.views.reached(USERS, INSTANCE, head)
        page = await reader.views.ask(question)
        assert str(2000 + n) in {row.id for row in page.rows}


@pytest.fixture
async def deaf(postgres_url, monkeypatch):
    """Two processes that neither hear of each other nor look by themselves."""
    monkeypatch.setattr(follower, "LOOK_ALONE_SECONDS", 60.0)
    async with running(postgres_url, **PORTABLE) as one, running(postgres_url, **PORTABLE) as two:
        await one.send(SETUP, SYSTEM)
        yield one, two


async def test_a_read_by_id_shows_what_its_caller_wrote_on_another_process(deaf):
    one, two = deaf
    for n in range(20):
        writer, reader = (one, two) if n % 2 else (two, one)
        await rename(writer, f"N{n}")
        await reader.world.current(INSTANCE)
        assert (await reader.state(ORG_STREAM)).name == f"N{n}"


async def test_nobody_is_refused_by_what_another_process_changed(deaf):
    one, two = deaf
    await one.send(AddProject(project_id="31", org_id=ORG, name="P"), SYSTEM)
    await two.world.aggregate(Stream(INSTANCE, "project", "31"))
    await one.send(AddRole(project_id="31", key="new", display_name="New"), SYSTEM)
    await two.send(ChangeRole(project_id="31", key="new", display_name="Newer"), SYSTEM)
    with pytest.raises(Refusal):
        await two.send(ChangeRole(project_id="31", key="none", display_name="?"), SYSTEM)


async def test_nothing_is_left_undone_because_it_was_done_before_another_process_changed_it(deaf):
    one, two = deaf
    name = (await two.state(ORG_STREAM)).name
    await rename(one, "Renamed")
    await rename(two, name)
    assert {(await node.world.log.stream(ORG_STREAM))[-1].event.name for node in deaf} == {name}


async def test_an_order_that_gave_another_one_is_not_given_twice(deaf):
    """A wrong password counts once, whatever others wrote meanwhile."""
    one, two = deaf
    await two.state(ORG_STREAM)
    await rename(one, "Renamed")
    checks = Checks(user_id=ADMIN, password="wrong")
    order = AddSession(session_id="70", instance_id=INSTANCE, token_id="t", checks=checks)
    with pytest.raises(Refusal):
        await two.send(order, SYSTEM)
    events = await two.log.stream(Stream(INSTANCE, "user", ADMIN))
    assert [type(each.event) for each in events].count(PasswordCheckFailed) == 1


async def test_many_reads_share_the_looks_at_the_head(deaf, monkeypatch):
    one, two = deaf
    await two.world.current(INSTANCE)
    looks, head = [], two.log.head

    async def counted(instance_id):
        looks.append(instance_id)
        return await head(instance_id)

    monkeypatch.setattr(two.log, "head", counted)

    async def write_and_read(n):
        await one.add_machine(INSTANCE, ORG, str(3000 + n))
        await two.world.current(INSTANCE)
        return (await two.state(Stream(INSTANCE, "user", str(3000 + n)))).exists

    assert all(await asyncio.gather(*(write_and_read(n) for n in range(50))))
    assert 0 < len(looks) < 50


async def test_a_read_while_the_database_is_away_is_refused(deaf):
    _, two = deaf
    await two.database.close()
    with pytest.raises(Refusal):
        await two.world.current(INSTANCE)


@pytest.mark.parametrize("pair", [{"pace": Pace(sweep=60)}], ids=["notify"], indirect=True)
async def test_what_both_write_in_turns_is_read_once_and_not_by_each_projection(pair, monkeypatch):
    await asyncio.gather(
        *(node.views.reached(table, INSTANCE, 1) for node in pair for table in node.views.tables)
    )
    looks = []
    search = PostgresLog._search

    def counted(log, *page):
        looks.append(page)
        return search(log, *page)

    monkeypatch.setattr(PostgresLog, "_search", counted)
    rounds = [
        await asyncio.gather(
            *(node.add_machine(INSTANCE, ORG, f"{turn}-{at}") for at, node in enumerate(pair))
        )
        for turn in range(20)
    ]
    position = max(done.position for done in rounds[-1])

    async def told():
        return all(
            track.seen >= position
            for node in pair
            for projector in node.views._projectors.values()
            for track in projector.tracks.values()
        )

    await eventually(told)
    assert not looks
