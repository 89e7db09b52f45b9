"""``make fuzz``: a whole server under random messages and Schemathesis, for about five minutes.

``make fuzz ARGS="60"`` sends random messages for that many seconds, ``ARGS="60 7"`` with a seed. The
phases of Schemathesis come after that, each bounded by its number of cases. Exits 1 for an answer that
is an error of the server, for one that does not come, for memory that grows, and for a phase that does
not come to its end.
"""

import asyncio
import os
import random
import subprocess
import sys
from pathlib import Path
from time import monotonic

import grpc.aio
from personae.http.wire import METHODS

from tests.fuzz.messages import Messages
from tests.running import ROOT, RunningServer

SECONDS = 90
AT_ONCE = 16
GROWTH = 64
"""MiB that memory may grow after the first third of a run, and within a phase."""
PHASES = {"examples": 5, "coverage": 5, "fuzzing": 5}
"""Phases of Schemathesis with how many cases of each route are made by chance; ``coverage`` counts
its own, about 80 of each. ``stateful`` follows links from answer to request: the document has none."""
WORKERS = 1
"""Threads of Schemathesis. In two of them it fails by itself now and then: it parses its own source
with ``ast``, which two threads cannot do at a time (CPython 3.11, gh-106905)."""
PHASE_SECONDS = 240
"""How long a phase may take on two slow cores; it takes a third of that or so."""
WRONG = {"INTERNAL", "UNKNOWN", "DEADLINE_EXCEEDED", "DATA_LOSS"}
SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")


async def protobuf(server, seconds, seed):
    """Send random messages to the gRPC port; returns what went wrong."""
    found, ends = [], monotonic() + seconds
    metadata = (("authorization", f"Bearer {server.pat}"),)
    async with grpc.aio.insecure_channel(f"localhost:{server.port}") as channel:

        async def sender(number):
            messages = Messages(random.Random(seed * 1000 + number))
            names = sorted(METHODS)
            while monotonic() < ends:
                method = METHODS[messages.chance.choice(names)]
                body = messages.of(method.request.DESCRIPTOR).SerializeToString()
                if messages.chance.random() < 0.4:
                    body = messages.broken(body)
                try:
                    await channel.unary_unary(method.path)(body, metadata=metadata, timeout=30)
                except grpc.aio.AioRpcError as error:
                    if error.code().name in WRONG:
                        found.append((method.name, error.code().name, body[:500]))

        async def watch():
            await asyncio.sleep(seconds / 3)
            before = server.memory()
            await asyncio.sleep(seconds * 2 / 3)
            grown = server.memory() - before
            print(f"memory: {before:.0f} MiB, grown by {grown:.1f}")
            if grown > GROWTH:
                found.append(("memory", f"grew by {grown:.0f} MiB", b""))

        await asyncio.gather(watch(), *(sender(number) for number in range(AT_ONCE)))
    return found


def schemathesis(server, phase, cases, seed):
    """Let Schemathesis call all routes of the OpenAPI document; returns what went wrong."""
    command = [
        SCHEMATHESIS, "run", f"{server.url}/openapi.json", "--url", server.url,
        "-H", f"Authorization: Bearer {server.pat}", "--checks", "no_error_of_the_server",
        "--phases", phase, "--max-examples", str(cases), "--seed", str(seed),
        "--workers", str(WORKERS),
        "--request-timeout", "30", "--suppress-health-check", "all", "--warnings", "off",
    ]  # fmt: skip
    hooks = {"SCHEMATHESIS_HOOKS": "tests.fuzz.hooks", "PYTHONPATH": str(ROOT)}
    before, began = server.memory(), monotonic()
    try:
        code = subprocess.run(
            command, check=False, timeout=PHASE_SECONDS, cwd=server.folder, env=os.environ | hooks
        ).returncode
    except subprocess.TimeoutExpired:
        return [(phase, f"did not end within {PHASE_SECONDS} s", b"")]
    grown = server.memory() - before
    print(f"{phase}: {monotonic() - began:.0f} s; memory: {before:.0f} MiB, grown by {grown:.1f}")
    wrong = [(phase, f"exit code {code}", b"")] if code else []
    return wrong + ([(phase, f"memory grew by {grown:.0f} MiB", b"")] if grown > GROWTH else [])


def main(arguments):
    """Return the exit code."""
    seconds = int(arguments[0]) if arguments else SECONDS
    seed = int(arguments[1]) if len(arguments) > 1 else random.randrange(10**6)
    print(f"seed {seed}", flush=True)
    server = RunningServer()
    try:
        server.start()
        found = asyncio.run(protobuf(server, seconds, seed))
        for phase, cases in PHASES.items():
            found += schemathesis(server, phase, cases, seed)
        for each in found[:20]:
            print(*each)
        return int(bool(found))
    finally:
        server.remove()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
