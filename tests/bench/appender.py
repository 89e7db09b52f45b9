"""A process that appends to a log and prints how fast, for rows of several processes.

``python -m tests.bench.appender DSN CALLERS SECONDS``
"""

import json
import sys

import uvloop
from personae.store.pool import Database
from personae.store.postgres import PostgresLog

from tests.bench.store import appends


async def main(dsn, callers, seconds):
    database = Database(dsn)
    await database.open()
    log = PostgresLog(database, notify=True)
    await appends(log, callers, 0.3)
    rate, latencies = await appends(log, callers, seconds)
    await database.close()
    print(json.dumps({"rate": rate, "latencies": latencies[:: max(1, len(latencies) // 2000)]}))


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
