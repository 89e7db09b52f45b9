"""A backup is taken under load, and a server starts on what it restores."""

import asyncio
import json
import random
import shutil
import time

import aiohttp
import pytest

from tests.faults.checker import check
from tests.faults.conftest import MASTERKEY, Cluster, Postgres, commanded, folder_for_all, in_thread
from tests.faults.living import check_living
from tests.faults.load import Acknowledged, Load
from tests.http.oidc.assertions import signed
from tests.running import RunningServer

BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ISSUER = "http://localhost:8080"


@pytest.fixture
def restored():
    """Another database, empty, and a server for it that is not started."""
    folder = folder_for_all()
    postgres = Postgres(folder / "data")
    postgres.start()
    settings = {"PERSONAE_MASTERKEY": MASTERKEY, "PERSONAE_EXTERNAL_PORT": "8080"}
    server = RunningServer(PERSONAE_DATABASE=postgres.dsn, **settings)
    yield server
    server.remove()
    postgres.stop()
    shutil.rmtree(folder)


async def test_a_backup_taken_under_load_serves_in_an_empty_store(
    postgres, serve, restored, measured
):
    cluster = Cluster(postgres, await in_thread(serve), measured)
    (server,) = cluster.nodes
    file, load = str(server.folder / "monday.personae"), cluster.load()
    async with load.running():
        await asyncio.sleep(random.uniform(1, 2))
        before = Acknowledged(*map(dict, vars(load.acknowledged).values()))
        token = await issued(server)
        taken = json.loads(await in_thread(commanded, server, "backup", file, "--json"))
        await asyncio.sleep(0.5)
    assert load.failures == []
    await cluster.check(load)
    began = time.monotonic()
    said = json.loads(await in_thread(commanded, restored, "restore", file, "--json"))
    await in_thread(restored.start)
    measured("restored and ready within, s", time.monotonic() - began)
    measured("acknowledged before the backup, all found", len(before.users))
    assert said["backup"] == taken
    url = restored.settings["PERSONAE_DATABASE"]
    await serves(restored, server.pat, token, before)
    await check_living([restored], server.pat, url, before)
    history = await check(url, before)
    measured("events restored", said["restored"]["events"])
    measured("users that came after it, in the old store alone", len(missing(load, history)))


def missing(load, history):
    """Users that the old store has and the restored one has not."""
    return load.acknowledged.users.keys() - history.users.keys()


async def issued(server):
    """An access token of a machine user."""
    key = json.loads((server.folder / "key.json").read_text())
    text = signed(key["userId"], ISSUER, key["keyId"], key["key"], time.time())
    form = {"grant_type": BEARER, "assertion": text, "scope": "openid"}
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{server.url}/oauth/v2/token", data=form) as answer,
    ):
        return (await answer.json())["access_token"]


async def serves(server, pat, token, before):
    """Assert that tokens and users of before are known, and new users are taken."""
    async with aiohttp.ClientSession(server.url) as http:
        bearer = {"Authorization": f"Bearer {token}"}
        async with http.get("/oidc/v1/userinfo", headers=bearer) as answer:
            assert answer.status == 200
        for name, user_id in before.users.items():
            owner = {"Authorization": f"Bearer {pat}"}
            async with http.get(f"/v2/users/{user_id}", headers=owner) as answer:
                assert (await answer.json())["user"]["username"] == name
    load = Load([server.url], pat, name="later", acknowledged=before)
    async with load.running():
        await asyncio.sleep(1)
    assert (load.failures, load.wrong) == ([], [])
    assert len(load.answered_at) > 0
