"""How many connections a server has when it needs all of them: no more, and none is lost."""

import asyncio
import secrets

import aiohttp

from tests.cluster import eventually

CONNECTIONS = """
SELECT count(*), count(*) FILTER (WHERE wait_event_type = 'Lock') FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"""


async def all_used(database, server, pool, within=2.0):
    """Assert that a server can use its whole pool, and no more; return after how many seconds.

    More callers than it has connections ask for users that it must look for in the log, which is
    locked: each connection waits there with one of them. One connection more listens; that of
    ``database`` is the only other one.
    """
    headers = {"Authorization": f"Bearer {server.pat}"}
    async with aiohttp.ClientSession(server.url, headers=headers) as http:
        async with database.transaction() as session:
            await session.run("LOCK TABLE events IN ACCESS EXCLUSIVE MODE")
            asking = [asyncio.create_task(unknown(http)) for _ in range(3 * pool)]

            async def full():
                await session.run("SELECT pg_stat_clear_snapshot()")
                ((connections, waiting),) = await session.rows(CONNECTIONS)
                assert connections <= pool + 1
                return (connections, waiting) == (pool + 1, pool)

            seconds = await eventually(full, within)
            await asyncio.sleep(0.2)
            assert await full()
        statuses = await asyncio.gather(*asking)
    assert set(statuses) <= {404, 503}
    assert statuses.count(404) >= pool
    return seconds


async def unknown(http):
    """Ask for what no memory holds."""
    async with http.get(f"/v2/users/nobody-{secrets.token_hex(8)}") as answer:
        return answer.status
