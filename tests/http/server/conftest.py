import uvloop


def pytest_asyncio_loop_factories(config, item):
    """Use the event loop of production."""
    return {"uvloop": uvloop.new_event_loop}
