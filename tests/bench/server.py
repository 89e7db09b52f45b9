"""The server as clients see it: wrk on the same cores, medians of three runs.

One process, embedded PostgreSQL with fsync on. wrk is Debian's package ``wrk``; every run is bounded
in time and goes to loopback only; ``SECONDS`` and ``RUNS`` make it shorter, ``QUIET`` makes it wait for
quiet neighbours (:mod:`tests.bench.machine`).
"""

import asyncio
import json
import os
import re
import shutil
import statistics
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass

from tests.bench.machine import loop, wait_until_quiet
from tests.running import RunningServer

SECONDS, RUNS = int(os.environ.get("SECONDS", "8")), int(os.environ.get("RUNS", "3"))
CONNECTIONS = 64

DONE = """
done = function(summary, latency, requests)
  local errors = summary.errors.status + summary.errors.connect + summary.errors.read
    + summary.errors.write + summary.errors.timeout
  io.write(string.format("@%f %f %f %f %d\\n", summary.requests / summary.duration * 1e6,
    latency:percentile(50) / 1000, latency:percentile(95) / 1000, latency:percentile(99) / 1000,
    errors))
end
"""

CREATE = """
local thread = 0
function setup(t) t:set("number", thread) thread = thread + 1 end
local count = 0
request = function()
  count = count + 1
  local name = string.format("%s-%d-%d", RUN, number, count)
  return wrk.format("POST", "/v2/users/human", {["content-type"] = "application/json",
    authorization = "Bearer TOKEN"}, string.format('{"username":"%s","organization":{"orgId":'
    .. '"ORG"},"profile":{"givenName":"Gigi","familyName":"Giraffe"},"email":{"email":"%s@'
    .. 'example.com","isVerified":true}}', name, name))
end
"""

FORM = """
wrk.method, wrk.body = "POST", [[BODY]]
wrk.headers["content-type"] = "application/x-www-form-urlencoded"
wrk.headers["authorization"] = "AUTHORIZATION"
"""

GET = """
wrk.headers["authorization"] = "Bearer TOKEN"
"""


def call(server, path, body=None, token="", form=False):
    data = headers = None
    headers = {"authorization": token} if token else {}
    if body is not None:
        data = urllib.parse.urlencode(body).encode() if form else json.dumps(body).encode()
        kind = "x-www-form-urlencoded" if form else "json"
        headers["content-type"] = f"application/{kind}"
    request = urllib.request.Request(server.url + path, data, headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())


def wrk(server, path, script):
    """Return (per second, p50, p95, p99, errors) of one run."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script + DONE)
        file.flush()
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-s", file.name]
        done = subprocess.run(
            [*command, server.url + path], capture_output=True, text=True, timeout=SECONDS + 30,
            check=True,
        )  # fmt: skip
    line = next(line for line in done.stdout.splitlines() if line.startswith("@"))
    return [float(each) for each in line[1:].split()]


@dataclass
class Load:
    """What is asked of a server over and over; ``requests`` of it make one of what is counted.

    ``script_of`` makes wrk's script for a run, ``before`` what must be so when a run begins.
    """

    what: str
    path: str
    script_of: Callable[[int], str]
    requests: int = 1
    before: Callable[[], None] | None = None

    def run(self, server, number):
        """Return (per second, p50, p95, p99, errors, processor seconds, loop) of one run."""
        if self.before:
            self.before()
        script = self.script_of(number)
        before = wait_until_quiet()
        spent = server.cpu()
        measured = wrk(server, self.path, script)
        spent = server.cpu() - spent
        return [*measured, spent, (before + loop()) / 2]

    def rows(self, runs):
        """Yield the medians of the runs, with the slowest and the fastest of them."""
        rates = [run[0] / self.requests for run in runs]
        p50, p95, p99 = (statistics.median(run[i] for run in runs) for i in (1, 2, 3))
        yield self.what, spread(rates, ",.0f"), "/s"
        each = sum(run[5] for run in runs) / (sum(rates) * SECONDS)
        yield f"{self.what}, processor time", f"{each * 1e6:,.0f}", "µs"
        yield f"{self.what}, p50 / p95 / p99", f"{p50:.1f} / {p95:.1f} / {p99:.1f}", "ms"
        yield f"{self.what}, the machine's loop", spread([run[6] for run in runs], ".1f"), "ms"
        if errors := sum(int(run[4]) for run in runs):
            yield f"{self.what}, failed requests", str(errors), ""


def spread(figures, form):
    """Return the median of figures, with the least and the greatest of several."""
    median = format(statistics.median(figures), form)
    return f"{median} ({min(figures):{form}}-{max(figures):{form}})" if len(figures) > 1 else median


async def measure(server, *loads):
    """Yield the rows of loads: a run of each, then the next of each, so that a slow minute of the
    machine touches one run of every load and no median.

    Processor time is that of the server's own processes, without the database: it says what a
    request costs even when others use the cores.
    """
    runs = [
        [await asyncio.to_thread(load.run, server, number) for load in loads]
        for number in range(RUNS)
    ]
    for load, measured in zip(loads, zip(*runs, strict=True), strict=True):
        for row in load.rows(measured):
            yield row


def machine(server, org, name, *, jwt):
    """Create a machine user with a secret; return its client id and secret."""
    pat = f"Bearer {server.pat}"
    kind = "ACCESS_TOKEN_TYPE_JWT" if jwt else "ACCESS_TOKEN_TYPE_BEARER"
    user = call(server, "/v2/users/new", {
        "organizationId": org, "username": name,
        "machine": {"name": name, "accessTokenType": kind},
    }, pat)  # fmt: skip
    secret = call(server, f"/v2/users/{user['id']}/secret", {}, pat)
    return name, secret["clientSecret"]


def credentials(client, scope):
    body = urllib.parse.urlencode({"grant_type": "client_credentials", "scope": scope})
    return FORM.replace("BODY", body).replace("AUTHORIZATION", basic(*client))


def basic(name, secret):
    from base64 import b64encode

    return "Basic " + b64encode(f"{name}:{secret}".encode()).decode()


def introspector(server, org):
    """Create an API application; return its basic credentials and its project."""
    pat = f"Bearer {server.pat}"
    project = call(server, "/v2/projects", {"organizationId": org, "name": "bench"}, pat)[
        "projectId"
    ]
    app = call(server, "/v2/applications", {
        "projectId": project, "name": "api",
        "apiConfiguration": {"authMethodType": "API_AUTH_METHOD_TYPE_BASIC"},
    }, pat)["apiConfiguration"]  # fmt: skip
    return basic(app["clientId"], app["clientSecret"]), project


async def rows():
    """Yield one row per figure: what, figure, unit."""
    if not shutil.which("wrk"):
        yield "wrk is missing: apt-get install wrk", "", ""
        return
    server = RunningServer()
    try:
        await asyncio.to_thread(server.start)
        yield "first start to ready", server.seconds, "s"
        yield "memory after start", server.memory(), "MiB"
        async for row in loads(server):
            yield row
        yield "memory at the end", server.memory(), "MiB"
        await asyncio.to_thread(server.stop)
        await asyncio.to_thread(server.start)
        yield "later start to ready", server.seconds, "s"
    finally:
        await asyncio.to_thread(server.remove)


async def loads(server):
    """Yield the rows of every load on a running server."""
    pat = server.pat
    org = call(server, "/v2/organizations/_search", {}, f"Bearer {pat}")["result"][0]["id"]
    create = CREATE.replace("TOKEN", pat).replace("ORG", org)
    async for row in measure(
        server,
        Load("user creations", "/v2/users/human", lambda run: f'RUN = "u{run}"\n{create}'),
        Load("healthz (the floor)", "/debug/healthz", lambda _: ""),
    ):
        yield row
    yield "lag of the loop under all of this, p99 at most", loop_lag(server), "ms"
    async for row in hashing():
        yield row


def loop_lag(server, part=0.99):
    """Return the bound that this part of the looks at the loop's lag kept, in milliseconds."""
    with urllib.request.urlopen(f"{server.url}/debug/metrics", timeout=30) as answer:
        text = answer.read().decode()
    bounds = re.findall(r'personae_loop_lag_seconds_bucket\{le="([^"]+)"\} (\S+)', text)
    most = float(bounds[-1][1])
    return next(1000 * float(bound) for bound, count in bounds if float(count) >= part * most)


async def hashing():
    """Yield what one password costs: argon2id at the default cost, on one thread."""
    from personae.store.passwords import Passwords

    passwords = Passwords()
    began = time.perf_counter()
    for _ in range(10):
        await asyncio.to_thread(passwords.hash, "Correct-Horse-1")
    yield "one argon2id hash (19 MiB, 2 passes)", (time.perf_counter() - began) * 100, "ms"
