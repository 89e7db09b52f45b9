"""``make bench``: every figure, measured here and now. Prints, never judges.

``make bench ARGS="server store"`` measures some of: server, oauth, store, runtime, aggregates,
projections; and ``growth`` and ``api``, which take minutes.
"""

import asyncio
import importlib
import inspect
import signal
import sys

import uvloop

PARTS = ("server", "oauth", "store", "runtime", "aggregates", "projections")


async def measured(part):
    """Yield (what, figure, unit) of one part."""
    rows = importlib.import_module(f"tests.bench.{part}").rows()
    if inspect.isasyncgen(rows):
        async for row in rows:
            yield row
    else:
        for row in await rows:
            yield row


async def main(parts):
    # Cut off, a part still stops its database and removes its files.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asyncio.current_task().cancel)
    for part in parts:
        print(f"\n{part}", flush=True)
        async for what, figure, unit in measured(part):
            shown = f"{figure:,.2f}" if isinstance(figure, float) else str(figure)
            print(f"  {what:58} {shown:>14} {unit}", flush=True)
        await asyncio.sleep(0)


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1:] or PARTS))
