"""All read models are built anew from a long log while the server works, lost ones too."""

import asyncio
import contextlib
import random
import time

import aiohttp
from personae import projections as read_models
from personae.actors.domain.kit import Caller
from personae.actors.domain.project.commands import AddProject, AddRole
from personae.actors.domain.session.commands import AddSession
from personae.actors.domain.user.commands import SetMetadata
from personae.projections.kit import tables_in

from tests.cluster import running
from tests.faults.conftest import commanded, in_thread

EVENTS = 100_000
NOTES, BATCH = 12, 200
OK, AGAIN = 200, 503


async def test_read_models_are_rebuilt_from_100_000_events_while_writes_go_on(
    cluster, trials, measured
):
    tables = tables_in(read_models)
    async with running(cluster.postgres.dsn, views=False) as writer:
        load = cluster.load(pause=0.2)
        async with load.running():
            org_id = load._org
        user_ids = await filled(writer, org_id)
        for lost in [False, True] * len(trials):
            load = cluster.load(pause=0.2)
            async with load.running(), readers(cluster.nodes[0], user_ids) as reads:
                for table in tables if lost else ():
                    await writer.database.run(f'TRUNCATE projections."{table.physical}"')
                began = time.monotonic()
                await in_thread(commanded, cluster.nodes[0], "projections", "rebuild", "--json")
                seconds = time.monotonic() - began
            measured("each of so many tables rebuilt", len(tables))
            measured("all of them in, s", seconds, len(tables) * EVENTS / 2000)
            measured("reads by id meanwhile", len(reads))
            assert load.failures == []
            assert set(reads) == {OK} or (lost and set(reads) <= {OK, AGAIN})
            await cluster.check(load)


async def filled(writer, org_id):
    """Write mixed events until there are enough; return the ids of the users among them."""
    (instance_id,), user_ids = await writer.log.instances(), []
    while (head := await writer.log.head(instance_id)) < EVENTS:
        several = (some(writer, instance_id, org_id, f"{head}{n:03d}") for n in range(BATCH))
        user_ids += await asyncio.gather(*several)
    return user_ids


async def some(writer, instance_id, org_id, id_):
    caller = Caller.of_system(instance_id)
    await writer.add_machine(instance_id, org_id, id_)
    notes = tuple((f"key{n}", b"value") for n in range(NOTES))
    session, project = f"8{id_}", f"9{id_}"
    for order in (
        SetMetadata(user_id=id_, entries=notes),
        AddSession(session_id=session, instance_id=instance_id, token_id="t"),
        AddProject(project_id=project, org_id=org_id, name=project),
        AddRole(project_id=project, key="reader"),
    ):
        await writer.send(order, caller)
    return id_


@contextlib.asynccontextmanager
async def readers(node, user_ids):
    """Ask for users by their ids while the body runs: the status of each answer."""
    answers, over = [], asyncio.Event()
    headers = {"Authorization": f"Bearer {node.pat}"}

    async def read(http):
        while not over.is_set():
            id_ = random.choice(user_ids)
            async with http.get(f"/v2/users/{id_}") as answer:
                said = await answer.json()
                answers.append(answer.status)
                assert answer.status != OK or said["user"]["username"] == f"robot-{id_}"
            await asyncio.sleep(0.05)

    async with aiohttp.ClientSession(node.url, headers=headers) as http:
        reading = asyncio.create_task(read(http))
        try:
            yield answers
        finally:
            over.set()
            await reading
