"""Several processes behind one port."""

import asyncio
import base64
import json
import os
import re
import subprocess
import sys
import time
import urllib.request

import aiohttp
import pytest
from personae.store.embedded import Embedded

from tests.cluster import eventually as happens
from tests.faults.checker import check
from tests.faults.load import Load
from tests.running import RunningServer

pytestmark = pytest.mark.flow


@pytest.fixture(scope="module")
def crew():
    server = RunningServer(PERSONAE_WORKERS="2")
    try:
        server.start()
        eventually(lambda: len(metrics(server)) == 2, 15)
        yield server
    finally:
        server.remove()


def eventually(question, seconds=10.0):
    began = time.monotonic()
    while not question():
        assert time.monotonic() - began < seconds
        time.sleep(0.05)
    return time.monotonic() - began


def metrics(server):
    """The workers that a scrape tells about."""
    with urllib.request.urlopen(f"{server.url}/debug/metrics", timeout=2) as answer:
        return set(re.findall(r'worker="(\d+)"', answer.read().decode()))


def test_workers_are_spawned_never_forked_from_a_process_with_threads(crew):
    """P-48: a fork would copy held locks and a running event loop."""
    for worker in crew.workers():
        assert "multiprocessing.spawn" in " ".join(worker.cmdline())


async def test_both_serve_one_history(crew):
    load = Load([crew.url], crew.pat, name="both", clients=16)
    async with load.running():
        await asyncio.sleep(2)
    assert load.failures == []
    await check(Embedded(crew.data / "postgresql").dsn, load.acknowledged)


async def test_a_killed_worker_is_replaced_and_no_call_is_lost(crew):
    load = Load([crew.url], crew.pat, name="killed")
    async with load.running():
        await asyncio.sleep(0.5)
        killed = crew.workers()[0]
        killed.kill()
        await asyncio.to_thread(eventually, lambda: len(crew.workers()) == 2)
        await asyncio.sleep(2)
    assert load.wrong == []
    assert killed.pid not in {worker.pid for worker in crew.workers()}
    await check(Embedded(crew.data / "postgresql").dsn, load.acknowledged)


def test_any_worker_answers_a_scrape_for_all(crew):
    assert eventually(lambda: metrics(crew) == {"0", "1"}) < 10


async def test_keys_take_turns_on_every_worker(crew):
    """Each question on a connection of its own, so that both are asked."""
    fresh = aiohttp.TCPConnector(force_close=True)
    async with aiohttp.ClientSession(crew.url, connector=fresh) as http:

        async def call(method, **fields):
            headers = {"Authorization": f"Bearer {crew.pat}"}
            async with http.post(f"/zitadel.{method}", json=fields, headers=headers) as answer:
                found = await answer.json()
                assert answer.status == 200, found
                return found

        async def published():
            async with http.get("/oauth/v2/keys") as answer:
                assert answer.headers["Cache-Control"] == "max-age=300, must-revalidate"
                return {key["kid"] for key in (await answer.json())["keys"]}

        async def token():
            form = {"grant_type": "client_credentials", "scope": "openid", **client}
            async with http.post("/oauth/v2/token", data=form) as answer:
                return (await answer.json())["access_token"]

        async def status(text):
            headers = {"Authorization": f"Bearer {text}"}
            async with http.get("/oidc/v1/userinfo", headers=headers) as answer:
                return answer.status

        async def everywhere(question, right):
            async def so():
                return all([right(await question()) for _ in range(20)])

            await happens(so, 3)

        def signed_by(text):
            head = text.partition(".")[0]
            return json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))["kid"]

        client = await machine(call)
        (old,) = {signed_by(await token()) for _ in range(20)}
        before = await token()
        new = (await call("webkey.v2.WebKeyService/CreateWebKey", ed25519={}))["id"]
        await everywhere(published, lambda kids: {old, new} <= kids)
        assert signed_by(await token()) == old
        await call("webkey.v2.WebKeyService/ActivateWebKey", id=new)
        await everywhere(token, lambda text: signed_by(text) == new)
        await everywhere(lambda: status(before), lambda found: found == 200)
        await call("webkey.v2.WebKeyService/DeleteWebKey", id=old)
        await everywhere(published, lambda kids: new in kids and old not in kids)
        await everywhere(lambda: status(before), lambda found: found == 401)


async def machine(call):
    """A machine user whose tokens are JWTs; what it proves itself with."""
    orgs = await call("org.v2.OrganizationService/ListOrganizations")
    user = {
        "organizationId": orgs["result"][0]["id"],
        "username": "signer",
        "machine": {"name": "Signer", "accessTokenType": "ACCESS_TOKEN_TYPE_JWT"},
    }
    made = await call("user.v2.UserService/CreateUser", **user)
    secret = await call("user.v2.UserService/AddSecret", userId=made["id"])
    return {"client_id": "signer", "client_secret": secret["clientSecret"]}


def test_a_port_in_use_is_refused_although_workers_share_theirs(crew):
    second = RunningServer(port=crew.port, PERSONAE_WORKERS="2")
    done = subprocess.run(
        [sys.executable, "-m", "personae.config.cli", "start"],
        env=second.environment, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    second.remove()
    assert done.returncode == 1
    assert f"port {crew.port}: Address already in use" in done.stderr


def test_ctrl_c_reaches_the_first_process_only(crew):
    assert all(os.getpgid(w.pid) != os.getpgid(crew.process.pid) for w in crew.workers())
