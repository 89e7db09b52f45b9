"""The API as its callers see it: reads of 100,000 users and creations, over REST, Connect and gRPC.

wrk for HTTP/1.1, h2load (Debian's ``nghttp2-client``) for gRPC, on the same cores and loopback only.
``USERS=10000`` makes it shorter.
"""

import asyncio
import itertools
import json
import os
import re
import shutil
import statistics
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import grpc
from personae.actors.domain.kit import Stream
from personae.actors.domain.user import events as e
from personae.http.wire import METHODS
from personae.http.wire.decode import from_json
from personae.http.wire.encode import to_json
from personae.store.embedded import Embedded
from personae.store.log import Commit, Part
from personae.store.pool import Database
from personae.store.postgres import PostgresLog

from tests.bench.server import CONNECTIONS, RUNS, SECONDS, Load, call, measure
from tests.running import RunningServer

USERS = int(os.environ.get("USERS", "100000"))
SERVICE = "zitadel.user.v2.UserService"
ONE, MANY = {"userId": "u50000"}, {"query": {"limit": 100}, "queries": [
    {"userNameQuery": {"userName": "user-1", "method": "TEXT_QUERY_METHOD_STARTS_WITH"}},
]}  # fmt: skip
WRITES = 100
"""Users created a second while lists are asked for."""

SEEN = 1000
"""Users that are created and read at once."""

ASK = """
wrk.method, wrk.body = "VERB", [[BODY]]
wrk.headers["content-type"] = "application/json"
wrk.headers["authorization"] = "Bearer TOKEN"
"""
OTHERS = """
local body, number = wrk.body, 99
request = function()
  number = number % 199 + 1
  if number < 100 then number = 100 end
  return wrk.format(nil, nil, nil, (body:gsub("user%-1", "user-" .. number, 1)))
end
"""
"""Each request asks for another hundred of ten thousand users: more than a process remembers."""

CREATE = """
local count = 0
request = function()
  count = count + 1
  local name = string.format("RUN-%d", count)
  return wrk.format("POST", "PATH", {["content-type"] = "application/json",
    authorization = "Bearer TOKEN"}, string.format('{"organizationId":"ORG","username":"%s",'
    .. '"human":{"profile":{"givenName":"Gigi","familyName":"Giraffe"},"email":{"email":'
    .. '"%s@example.com","isVerified":true}}}', name, name))
end
"""


async def rows():
    """Yield one row per figure: what, figure, unit."""
    for tool, package in (("wrk", "wrk"), ("h2load", "nghttp2-client")):
        if not shutil.which(tool):
            yield f"{tool} is missing: apt-get install {package}", "", ""
            return
    server = RunningServer()
    try:
        await asyncio.to_thread(server.start)
        instance = call(
            server,
            f"/{SERVICE.replace('user', 'instance').replace('User', 'Instance')}/GetInstance",
            {},
            bearer(server),
        )
        org = call(server, "/v2/organizations/_search", {}, bearer(server))["result"][0]["id"]
        await asyncio.to_thread(server.stop)
        await fill(server, instance["instance"]["id"], org)
        await asyncio.to_thread(server.start, 600)
        await asyncio.to_thread(caught_up, server)
        async for row in loads(server, org):
            yield row
    finally:
        await asyncio.to_thread(server.remove)
    for row in conversions():
        yield row


def bearer(server):
    return f"Bearer {server.pat}"


async def fill(server, instance, org):
    """Write users into the log while nobody else does."""
    embedded = Embedded(server.data / "postgresql")
    database = Database(await asyncio.to_thread(embedded.start), size=8)
    await database.open()
    log, at = PostgresLog(database), datetime(2026, 1, 1, tzinfo=UTC)

    async def user(number):
        name = f"user-{number}"
        happened = (
            e.HumanAdded(user_name=name, first_name="Ada", last_name=name, email=f"{name}@x.test"),
            e.EmailVerified(),
        )
        part = Part(Stream(instance, "user", f"u{number}"), 0, org, happened)
        await log.append(Commit(instance_id=instance, parts=(part,), creator="me", at=at))

    for begin in range(0, USERS, 1000):
        await asyncio.gather(*(user(n) for n in range(begin, min(begin + 1000, USERS))))
    await log.close()
    await database.close()
    await asyncio.to_thread(embedded.stop)


def caught_up(server):
    """Wait until lists show all users."""
    for _ in range(600):
        try:
            found = call(server, "/v2/users", {"query": {"limit": 1}}, bearer(server))
            if int(found["details"]["totalResult"]) >= USERS:
                return
        except OSError:
            pass
        time.sleep(1)


async def loads(server, org):
    script = ASK.replace("TOKEN", server.pat)
    for method, rest, asked in (
        ("GetUserByID", ("GET", f"/v2/users/{ONE['userId']}"), ONE),
        ("ListUsers", ("POST", "/v2/users"), MANY),
    ):
        body = json.dumps(asked)
        verb, path = rest
        over_rest = script.replace("VERB", verb).replace("BODY", "" if verb == "GET" else body)
        async for row in measure(server, Load(f"{method}, REST", path, lambda _, s=over_rest: s)):
            yield row
        connect = script.replace("VERB", "POST").replace("BODY", body)
        path = f"/{SERVICE}/{method}"
        async for row in measure(server, Load(f"{method}, Connect", path, lambda _, s=connect: s)):
            yield row
        yield await asyncio.to_thread(grpc_load, server, method, message(method, body))
    script = script.replace("VERB", "POST").replace("BODY", json.dumps(MANY))
    others = script + OTHERS
    what = "ListUsers, REST, users not remembered"
    async for row in measure(server, Load(what, "/v2/users", lambda _: others)):
        yield row
    async with writing(server, org) as written:
        what = f"ListUsers, REST, beside {WRITES} creations/s"
        async for row in measure(server, Load(what, "/v2/users", lambda _: script)):
            yield row
    yield "creations beside it", f"{written():,.0f}", "/s"
    create = CREATE.replace("TOKEN", server.pat).replace("ORG", org)
    for what, path in (("REST", "/v2/users/new"), ("Connect", f"/{SERVICE}/CreateUser")):
        lines = create.replace("PATH", path)
        async for row in measure(
            server,
            Load(
                f"CreateUser, {what}",
                path,
                lambda run, s=lines, w=what: s.replace("RUN", f"{w}{run}"),
            ),
        ):
            yield row
    machine = {"organizationId": org, "machine": {"name": "Bot"}}
    asked = message("CreateUser", json.dumps(machine))
    yield await asyncio.to_thread(grpc_load, server, "CreateUser", asked)
    async for row in pages(server):
        yield row
    for row in await asyncio.to_thread(read_at_once, server, org):
        yield row


@asynccontextmanager
async def writing(server, org):
    """Create users that the list finds, so many a second; gives how many there were."""
    counted, began, slots = [], time.perf_counter(), ThreadPoolExecutor(32)

    def create(number):
        name = f"user-1-beside-{began}-{number}"
        body = {"organizationId": org, "username": name, "machine": {"name": name}}
        call(server, "/v2/users/new", body, bearer(server))
        counted.append(time.perf_counter())

    async def pace():
        for number in itertools.count():
            loop.run_in_executor(slots, create, number)
            await asyncio.sleep(began + number / WRITES - time.perf_counter())

    loop = asyncio.get_running_loop()
    task = loop.create_task(pace())
    yield lambda: len(counted) / (counted[-1] - began)
    task.cancel()
    await asyncio.to_thread(slots.shutdown, cancel_futures=True)


def message(method, body):
    made = METHODS[f"{SERVICE}/{method}"].request()
    from_json(body.encode(), made)
    return made.SerializeToString()


def grpc_load(server, method, body):
    """Return the row of a gRPC load: the median of its runs."""
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(b"\0" + len(body).to_bytes(4) + body)
        command = [
            "h2load", "-D", str(SECONDS), "-c", "8", "-m", str(CONNECTIONS // 8), "-d", file.name,
            "-H", "content-type: application/grpc", "-H", "te: trailers",
            "-H", f"authorization: {bearer(server)}", f"{server.url}/{SERVICE}/{method}",
        ]  # fmt: skip
        runs = []
        for _ in range(RUNS):
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=SECONDS + 30, check=True
            )
            runs.append(float(re.search(r"([\d.]+) req/s", done.stdout)[1]))
    return f"{method}, gRPC", f"{statistics.median(runs):,.0f}", "/s"


async def pages(server):
    """Yield what page 1 and page 1,000 of all users cost, and one to the other."""
    script = ASK.replace("TOKEN", server.pat).replace("VERB", "POST")
    figures = []
    for number in (1, 1000):
        query = {"offset": max(0, min(number * 100, USERS) - 100), "limit": 100, "asc": True}
        asked = {"query": query, "sortingColumn": "USER_FIELD_NAME_CREATION_DATE"}
        lines = script.replace("BODY", json.dumps(asked))
        async for row in measure(
            server, Load(f"page {number:,} of all users", "/v2/users", lambda _, s=lines: s)
        ):
            if row[2] == "/s":
                figures.append(float(row[1].split()[0].replace(",", "")))
            yield row
    yield "page 1,000 costs", f"{figures[0] / figures[1]:.1f}", "times page 1"


def read_at_once(server, org):
    """Yield how many of 1,000 created users are read and listed at once, without any wait."""
    for wire, ask in (("REST", by_rest(server)), ("gRPC", by_grpc(server))):
        got = listed = 0
        began = time.perf_counter()
        for number in range(SEEN):
            name = f"seen-{wire}-{number}"
            machine = {"organizationId": org, "username": name, "machine": {"name": name}}
            made = ask("CreateUser", machine)
            got += ask("GetUserByID", {"userId": made["id"]})["user"]["username"] == name
            only = {"queries": [{"userNameQuery": {"userName": name}}]}
            listed += len(ask("ListUsers", only).get("result", ())) == 1
        yield f"of {SEEN:,} created, read at once, {wire}", got, ""
        yield f"of {SEEN:,} created, listed at once, {wire}", listed, ""
        each = (time.perf_counter() - began) / SEEN * 1e3
        yield f"create, read and list, one after the other, {wire}", each, "ms"


def by_rest(server):
    """Return how a method is asked over REST: JSON in, JSON out."""
    token = bearer(server)

    def ask(method, body):
        if method == "GetUserByID":
            return call(server, f"/v2/users/{body['userId']}", token=token)
        return call(
            server, {"CreateUser": "/v2/users/new", "ListUsers": "/v2/users"}[method], body, token
        )

    return ask


def by_grpc(server):
    """Return the same over gRPC, by the client of Google."""
    channel = grpc.insecure_channel(f"localhost:{server.port}")
    metadata = (("authorization", bearer(server)),)

    def ask(name, body):
        method = METHODS[f"{SERVICE}/{name}"]
        message = method.request()
        from_json(json.dumps(body).encode(), message)
        asked = channel.unary_unary(
            method.path,
            request_serializer=lambda each: each.SerializeToString(),
            response_deserializer=method.reply.FromString,
        )
        return json.loads(to_json(asked(message, metadata=metadata, timeout=10)))

    return ask


def conversions():
    """Yield what JSON costs per message, with our tables and with protobuf's own module."""
    from google.protobuf.json_format import MessageToDict, ParseDict

    method = METHODS[f"{SERVICE}/GetUserByID"]
    reply = method.reply(
        user={
            "user_id": "u1", "username": "gigi", "state": 1, "login_names": ["gigi@acme.test"],
            "details": {"sequence": 3, "change_date": datetime(2026, 1, 1, tzinfo=UTC)},
            "human": {"profile": {"given_name": "Gigi", "family_name": "Giraffe"},
                      "email": {"email": "gigi@example.com", "is_verified": True}},
        }
    )  # fmt: skip
    data = to_json(reply)
    for what, convert in (
        ("a user to JSON", lambda: to_json(reply)),
        ("a user to JSON, protobuf's json_format", lambda: json.dumps(MessageToDict(reply))),
        ("a user from JSON", lambda: from_json(data, method.reply())),
        (
            "a user from JSON, protobuf's json_format",
            lambda: ParseDict(json.loads(data), method.reply(), descriptor_pool=None),
        ),
    ):
        began = time.perf_counter()
        for _ in range(2000):
            convert()
        yield what, (time.perf_counter() - began) * 500, "µs"
