"""Clocks are wrong: of a node (ten minutes ahead, behind, twice as fast), of the database, of a world.

libfaketime stands between a program and its clock; what measures durations is left alone.
"""

import asyncio
import importlib.util
import json
import os
import random
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from pathlib import Path

import aiohttp
import pytest
from personae.actors.domain.kit import Caller, Refusal
from personae.store.pool import Database
from pyotp import TOTP

from tests.aggregates.conftest import INSTANCE, ORG, SETUP
from tests.cluster import eventually, running
from tests.faults.checker import check_log, check_views
from tests.faults.conftest import Cluster, Postgres, in_thread
from tests.faults.leases import watched
from tests.faults.load import Acknowledged
from tests.http.oidc.assertions import signed

BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ISSUER = "http://localhost:8080"
LEASE = {"PERSONAE_PROJECTIONS__LEASE": "5s"}
"""Long enough for a machine that other work keeps busy: who misses a renewal is no fault here."""
LIFE = 60
"""Seconds for which what a machine signs is to count."""
NEAR, FAR = 50, 70
"""Seconds that two clocks may, and may not, be apart."""
STEP = 60
"""Seconds by which the database's clock is set back."""


@cache
def faketime():
    """What a program needs in its environment; the test is skipped where it cannot be loaded."""
    found = importlib.util.find_spec("libfaketime")
    library = next(Path(found.origin).parent.rglob("libfaketime.so.1"), None) if found else None
    wrong = {"LD_PRELOAD": str(library), "DONT_FAKE_MONOTONIC": "1", "FAKETIME_NO_CACHE": "1"}
    ask = [sys.executable, "-c", "import time; print(time.gmtime().tm_year)"]
    then = {**os.environ, **wrong, "FAKETIME": "@2001-02-03 00:00:00"}
    if subprocess.run(ask, env=then, check=False, capture_output=True).stdout != b"2001\n":
        pytest.skip("libfaketime cannot be loaded here")
    return wrong


async def settled(database):
    """Wait until every lease is held."""
    held = (
        "SELECT count(*) > 0 AND bool_and(expires_at > clock_timestamp()) FROM projections.leases"
    )

    async def all_held():
        return (await database.rows(held))[0][0]

    await eventually(all_held, 20)


class Clients:
    """Whoever depends on a node's clock: a machine that signs, a person with an app."""

    def __init__(self, http, node, machine, pat):
        self.http, self.node, self.machine = http, node, machine
        self.headers = {"Authorization": f"Bearer {pat}"}

    async def now(self):
        """The node's time, as it says in its answers."""
        async with self.http.get(f"{self.node.url}/debug/ready") as answer:
            return parsedate_to_datetime(answer.headers["Date"])

    async def token(self, at):
        """Exchange what the machine signed at a time by its own clock: the token, or None."""
        key, user = self.machine["key"], self.machine["userId"]
        text = signed(user, ISSUER, self.machine["keyId"], key, at.timestamp())
        form = {"grant_type": BEARER, "assertion": text, "scope": "openid"}
        async with self.http.post(f"{self.node.url}/oauth/v2/token", data=form) as answer:
            said = await answer.json()
            assert answer.status == 200 or said["error"] == "invalid_grant", said
            return said.get("access_token")

    async def known(self, token):
        headers = {"Authorization": f"Bearer {token}"}
        async with self.http.get(f"{self.node.url}/oidc/v1/userinfo", headers=headers) as answer:
            return answer.status == 200

    async def post(self, path, body):
        url = f"{self.node.url}{path}"
        async with self.http.post(url, json=body, headers=self.headers) as answer:
            return answer.status, await answer.json()

    async def proves(self, user_id, at):
        """Whether the code that a new app shows at a time proves it."""
        _, made = await self.post(f"/v2/users/{user_id}/totp", {})
        body = {"code": TOTP(made["secret"]).at(at)}
        return (await self.post(f"/v2/users/{user_id}/totp/verify", body))[0] == 200


@pytest.mark.parametrize("clock", ["+600s", "-600s", "+0 x2"])
async def test_a_node_whose_clock_is_wrong(postgres, serve, trials, measured, clock):
    wrong_clock = {**LEASE, **faketime(), "FAKETIME": clock}
    await in_thread(lambda: serve(**LEASE))
    nodes = await in_thread(lambda: serve(**wrong_clock))
    cluster, database = Cluster(postgres, nodes, measured), Database(postgres.dsn, size=1)
    for _ in trials:
        load = cluster.load()
        await settled(database)
        async with watched(database) as holders, load.running():
            await asyncio.sleep(1)
            async with aiohttp.ClientSession() as http:
                machine = json.loads((nodes[0].folder / "key.json").read_text())
                right, wrong = (Clients(http, node, machine, nodes[0].pat) for node in nodes)
                apart = (await wrong.now() - datetime.now(UTC)).total_seconds()
                measured("the clocks are apart by, s", abs(apart))
                assert (apart > 2, apart < -2) == (clock[0] == "+", clock[0] == "-")
                await tokens_are_judged_by(wrong)
                token = await wrong.token(await wrong.now())
                assert await right.known(token)
                assert await wrong.known(await right.token(datetime.now(UTC)))
                await codes_are_judged_by(wrong, list(load.acknowledged.users.values())[-1])
            await asyncio.sleep(5)
        measured("holders of a lease", len(holders) / len(dict(holders)), 1)
        measured("calls failed", len(load.failures), 0)
        await cluster.check(load)
    await database.close()


async def tokens_are_judged_by(node):
    """What is signed counts by the node's clock: almost a minute of skew is forgiven, more is not."""
    life = timedelta(seconds=LIFE)
    for skew, counts in ((NEAR, True), (FAR, False)):
        early, late = timedelta(seconds=skew), life + timedelta(seconds=skew)
        assert bool(await node.token(await node.now() + early)) == counts, f"{skew} s too early"
        assert bool(await node.token(await node.now() - late)) == counts, f"{skew} s too late"
    apart = abs(await node.now() - datetime.now(UTC))
    assert apart < life or not await node.token(datetime.now(UTC))


async def codes_are_judged_by(node, user_id):
    """A code of an app counts by the node's clock, and no other."""
    if abs(await node.now() - datetime.now(UTC)) > timedelta(seconds=FAR):
        assert not await node.proves(user_id, datetime.now(UTC))
    assert await node.proves(user_id, await node.now())


class Clocked(Postgres):
    """A database whose clock is moved while it runs: by the seconds that a file says."""

    def __init__(self, folder):
        super().__init__(folder)
        self.file = folder.with_name("clock")
        self.move_to(0)

    def move_to(self, seconds):
        new = self.file.with_suffix(".new")
        new.write_text(f"{seconds:+d}\n")
        new.chmod(0o644)
        new.replace(self.file)  # at once: nobody reads half of it

    def _launch(self, account):
        wrong = {**faketime(), "FAKETIME_TIMESTAMP_FILE": str(self.file)}
        os.environ.update(wrong)
        try:
            super()._launch(account)
        finally:
            for name in wrong:
                del os.environ[name]


@pytest.mark.parametrize("postgres", [Clocked], indirect=True)
async def test_the_clock_of_the_database_is_set_back_a_minute(postgres, serve, trials, measured):
    nodes = await in_thread(lambda: serve(2, **LEASE))
    cluster, database = Cluster(postgres, nodes, measured), Database(postgres.dsn, size=1)
    for trial in trials:
        load = cluster.load()
        await settled(database)
        async with watched(database) as holders, load.running():
            await asyncio.sleep(random.uniform(0.5, 2))
            before = await clock_of(database)
            postgres.move_to(-STEP * (trial + 1))
            moved = await clock_of(database) - before
            assert timedelta(seconds=-STEP) < moved < timedelta(seconds=5 - STEP)
            await asyncio.sleep(12)  # longer than a lease lasts
        measured("holders of a lease", len(holders) / len(dict(holders)), 1)
        measured("calls failed", len(load.failures), 0)
        await cluster.check(load)
    await database.close()


async def clock_of(database):
    return (await database.rows("SELECT clock_timestamp()"))[0][0]


async def test_a_clock_moved_back_an_hour_moves_no_position_and_no_id_back(
    postgres_url, trials, measured
):
    class Clock:
        behind = timedelta()

        def __call__(self):
            return datetime.now(UTC) - self.behind

    clock = Clock()
    async with running(postgres_url, clock=clock) as node:
        await node.send(SETUP, Caller.of_system(INSTANCE))
        ids = []
        for _ in trials:
            for n in range(200):
                clock.behind = timedelta(hours=n // 100)
                ids.append(node.world.new_id())
                await node.add_machine(INSTANCE, ORG, ids[-1])
            with pytest.raises(Refusal):
                await node.add_machine(INSTANCE, ORG, ids[0])
        measured("ids made, all ascending", len(ids))
        assert ids == sorted(ids, key=int)
        head = await node.log.head(INSTANCE)
        for table in node.views.tables:
            assert await node.views.reached(table, INSTANCE, head, 10), table.name
        await check_log(node.database, Acknowledged({f"robot-{id_}": id_ for id_ in ids}))
        await check_views(node.database)
