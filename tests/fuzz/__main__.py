"""``make fuzz``: a whole server under random messages and Schemathesis, for minutes.

``make fuzz ARGS="60"`` gives each of both that many seconds. Exits 1 for an answer that is an error
of the server, for one that does not come, and for memory that grows.
"""

import asyncio
import random
import subprocess
import sys
from pathlib import Path
from time import monotonic

import grpc.aio
from personae.http.wire import METHODS

from tests.fuzz.messages import Messages
from tests.running import RunningServer

SECONDS = 300
AT_ONCE = 16
GROWTH = 64
"""MiB that memory may grow after the first third of a run."""
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


def schemathesis(server, seconds, seed):
    """Let Schemathesis call all routes of the OpenAPI document; returns its exit code, or None.

    None: its time was over before it came to an end, which shows nothing.
    """
    command = [
        SCHEMATHESIS, "run", f"{server.url}/openapi.json", "--url", server.url,
        "-H", f"Authorization: Bearer {server.pat}", "--checks", "not_a_server_error",
        "--phases", "examples,coverage,fuzzing", "--max-examples", "20", "--seed", str(seed),
        "--request-timeout", "30", "--workers", "2", "--suppress-health-check", "all",
    ]  # fmt: skip
    try:
        return subprocess.run(command, check=False, timeout=seconds, cwd=server.folder).returncode
    except subprocess.TimeoutExpired:
        return None


def main(arguments):
    """Return the exit code."""
    seconds = int(arguments[0]) if arguments else SECONDS
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    server = RunningServer()
    try:
        server.start()
        found = asyncio.run(protobuf(server, seconds, seed))
        for each in found[:20]:
            print(*each)
        code = schemathesis(server, seconds, seed)
        if code is None:
            print(f"Schemathesis did not end within {seconds} s: give it more")
        return int(bool(found) or code != 0)
    finally:
        server.remove()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
