"""Events are poison to a read model: it stands still for seconds, puts them aside and goes on."""

import asyncio
import json
import secrets
import time
from datetime import UTC, datetime

import aiohttp
import pytest
from personae.actors import domain
from personae.actors.domain.kit import Stream
from personae.actors.domain.user.events import PhoneChanged, UsernameChanged
from personae.store.log import Commit, Part
from personae.store.pool import Database
from personae.store.postgres import PostgresLog

from tests.faults.conftest import Cluster, commanded, in_thread
from tests.faults.living import last, listed

FAILED = "SELECT event_type, position FROM projections.failed_events ORDER BY 1"
MEND = "UPDATE events SET payload = %s WHERE position = %s"


@pytest.fixture
async def database(postgres):
    database = Database(postgres.dsn, size=1)
    yield database
    await database.close()


async def test_poison_stops_one_read_model_for_a_moment_and_no_other(
    postgres, serve, trials, measured, database
):
    cluster = Cluster(postgres, await in_thread(serve), measured)
    (node,) = cluster.nodes
    headers = {"Authorization": f"Bearer {node.pat}"}
    for _ in trials:
        load = cluster.load()
        async with load.running(), aiohttp.ClientSession(headers=headers) as http:
            await asyncio.sleep(1)
            victims = list(load.acknowledged.users.values())[-20:-18]
            await poisoned(database, *victims)
            measured("parked after, s", await parked(http, node, database, load, measured), 10.0)
            began = time.monotonic()
            name, user_id = last(load.acknowledged.users)[0]
            assert await found(http, node, name) == [user_id]
            measured("its lists are answered again after, s", time.monotonic() - began, 1.0)
            await mended(http, node, database, victims[0])
        assert load.failures == []
        await cluster.check(load)


async def poisoned(database, one, two):
    """Append what PostgreSQL refuses, a name too long for the index, and what no reducer takes."""
    domain.load()
    log = PostgresLog(database, notify=True)
    (instance_id,) = await log.instances()
    for user_id, poison in (
        (one, UsernameChanged(user_name=secrets.token_hex(8000))), (two, PhoneChanged(phone=5)),
    ):  # fmt: skip
        stream = Stream(instance_id, "user", user_id)
        past = await log.stream(stream)
        part = Part(stream, past[-1].sequence, past[-1].owner, (poison,))
        now = datetime.now(UTC)
        await log.append(Commit(instance_id=instance_id, parts=(part,), creator="", at=now))


async def parked(http, node, database, load, measured):
    """After how many seconds both events are put aside; other lists are new until then."""
    began = time.monotonic()
    while len(await database.rows(FAILED)) < 2:
        asked = time.monotonic()
        # Who has a session had its note before; lists of sessions show names of users, and wait.
        user_id, _ = last(load.acknowledged.sessions)[0]
        (note,) = (await listed(http, node, f"/v2/users/{user_id}/metadata/search", {}))["metadata"]
        assert note["key"] == "note"
        measured("another list is answered within, s", time.monotonic() - asked, 1.0)
        assert time.monotonic() - began < 15
        await asyncio.sleep(0.2)
    return time.monotonic() - began


async def found(http, node, name):
    asked = {"queries": [{"userNameQuery": {"userName": name}}]}
    return [user["userId"] for user in (await listed(http, node, "/v2/users", asked))["result"]]


async def mended(http, node, database, user_id):
    """What an operator does: look, mend the one and apply it after all, forget the other."""
    positions = dict(await database.rows(FAILED))
    assert list(positions) == ["user.human.phone.changed", "user.username.changed"]
    phone, name = map(str, positions.values())
    shown = {one["position"]: one for one in json.loads(await ran(node, "failed", "--json"))}
    assert {one["name"] for one in shown.values()} == {"users"}
    assert sorted(map(str, shown)) == sorted([phone, name])
    assert {one["attempts"] for one in shown.values()} <= {1, 5}
    assert "54000" in shown[int(name)]["error"]
    await database.run(MEND, (json.dumps({"userName": f"mended-{user_id}"}), int(name)))
    await ran(node, "retry", "users", name)
    assert await found(http, node, f"mended-{user_id}") == [user_id]
    await ran(node, "remove", "users", phone)
    assert json.loads(await ran(node, "failed", "--json")) == []


async def ran(node, *words):
    return await in_thread(commanded, node, "projections", *words)
