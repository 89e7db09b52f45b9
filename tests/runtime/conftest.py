import asyncio

import uvloop


def pytest_asyncio_loop_factories(config, item):
    """Run every test of this room on the server's loop and on the standard one."""
    return {"uvloop": uvloop.new_event_loop, "asyncio": asyncio.new_event_loop}
