"""One whole server for the flows that do not break it, one of its own for those that do."""

import aiohttp
import grpc.aio
import pytest
from personae.http.wire import METHODS

from tests.running import RunningServer


@pytest.fixture(scope="session")
def running():
    """A server of the session, started as its users start it."""
    server = RunningServer()
    try:
        yield server.start()
    finally:
        server.remove()


@pytest.fixture
def own_server():
    """A server of this test alone, not yet started."""
    server = RunningServer()
    yield server
    server.remove()


class Client:
    """Speaks to a running server over HTTP and gRPC, as the machine user that owns it."""

    def __init__(self, server, http, channel):
        self.server, self.http, self.channel = server, http, channel
        self.as_owner = {"Authorization": f"Bearer {server.pat}"}

    async def call(self, verb, path, body=None, **options):
        """Return status and JSON of a REST call."""
        headers = {**self.as_owner, **options.pop("headers", {})}
        async with self.http.request(verb, path, json=body, headers=headers, **options) as answer:
            return answer.status, await answer.json()

    async def ok(self, verb, path, body=None, **options):
        """Return the JSON of a REST call that must succeed."""
        status, answer = await self.call(verb, path, body, **options)
        assert status < 300, answer
        return answer

    def message(self, name, **fields):
        return METHODS[name].request(**fields)

    async def grpc(self, name, metadata=(), **fields):
        method = METHODS[name]
        ask = self.channel.unary_unary(
            method.path,
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=method.reply.FromString,
        )
        return await ask(self.message(name, **fields), metadata=metadata, timeout=10)

    async def organisation(self):
        """Return the id of the default organisation."""
        found = await self.ok("POST", "/v2/organizations/_search", {})
        return found["result"][0]["id"]


@pytest.fixture
async def client(running):
    async with (
        aiohttp.ClientSession(running.url) as http,
        grpc.aio.insecure_channel(f"localhost:{running.port}") as channel,
    ):
        yield Client(running, http, channel)
