"""A real server on loopback: aiohttp for HTTP, grpclib for gRPC, over a small directory of users."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import aiohttp
import grpc.aio
import pytest
from aiohttp import web
from grpclib.config import Configuration
from grpclib.encoding.proto import ProtoCodec, ProtoStatusDetailsCodec
from grpclib.events import _DispatchServerEvents
from grpclib.protocol import H2Protocol
from grpclib.server import Handler
from h2.config import H2Configuration
from personae.actors.domain.kit import Caller, Code, Reason
from personae.actors.domain.kit.refusal import PERMISSION_DENIED, UNAUTHENTICATED
from personae.http import wire

from tests.http.wire.users_api import API

NO_INSTANCE = Reason("INSTANCE-NotFound", Code.NOT_FOUND)
LATE = Reason("TOKEN-Expired", Code.UNAUTHENTICATED)
TOKENS = {"root": {"user.write", "iam.web_key.read"}, "guest": set()}
AS_ROOT = {"Authorization": "Bearer root"}
AS_GUEST = {"Authorization": "Bearer guest"}


@dataclass
class Directory:
    """Services over a dict of users, with permissions by token."""

    users: dict = field(default_factory=dict)
    permits: list = field(default_factory=list)
    ready: bool = True

    async def instance_of(self, host):
        if host.partition(":")[0] != "127.0.0.1":
            raise NO_INSTANCE()
        return "1"

    async def authenticate(self, instance_id, headers, target):
        token = headers.get("authorization", "").removeprefix("Bearer ")
        if token not in TOKENS:
            raise LATE() if token == "late" else UNAUTHENTICATED()
        org_id = headers.get("x-zitadel-orgid", "home")
        return Caller(instance_id=instance_id, user_id=token, org_id=org_id)

    async def org_of(self, instance_id, domain):
        return f"org of {domain}"

    async def permit(self, caller, permission, project_id=""):
        self.permits.append((caller.org_id, permission))
        if permission not in TOKENS[caller.user_id]:
            raise PERMISSION_DENIED()

    async def send(self, command, caller):
        self.users[command["user_id"]] = replace(caller, scopes=(command["username"],))
        return len(self.users)

    def sentence(self, refusal, language):
        words = ", ".join(f"{k} {v}" for k, v in refusal.params.items())
        return f"[{language}] {refusal.id.partition('-')[2]} {words}".strip()

    def language(self, accept_language):
        return "de" if accept_language.startswith("de") else "en"


@dataclass
class Server:
    """Where it listens, and its directory."""

    url: str
    target: str
    directory: Directory
    http: aiohttp.ClientSession
    channel: grpc.aio.Channel

    def message(self, method, **fields):
        return wire.METHODS[method].request(**fields)

    async def grpc(self, method, metadata=(("authorization", "Bearer root"),), **fields):
        known = wire.METHODS[method]
        serialize = type(known.request()).SerializeToString
        call = self.channel.unary_unary(known.path, serialize, known.reply.FromString)
        return await call(known.request(**fields), metadata=metadata, timeout=5)


@asynccontextmanager
async def http_server(directory):
    app = web.Application(client_max_size=100_000)
    wire.add_routes(app, API, directory)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield runner.addresses[0][1]
    await runner.cleanup()


class Acceptor(Handler):
    """Tells functions the host asked for, as the server room does."""

    def __init__(self, mapping):
        super().__init__(mapping, ProtoCodec(), ProtoStatusDetailsCodec(), _DispatchServerEvents())

    def accept(self, stream, headers, release_stream):
        host = ("host", dict(headers)[":authority"])
        super().accept(stream, [*headers, host], release_stream)


@asynccontextmanager
async def grpc_server(directory):
    async def ready():
        return directory.ready

    mapping = wire.grpc_mapping(API, directory, ready)
    settings = H2Configuration(client_side=False, header_encoding="ascii")
    configuration = Configuration().__for_server__()
    server = await asyncio.get_running_loop().create_server(
        lambda: H2Protocol(Acceptor(mapping), configuration, settings), "127.0.0.1", 0
    )
    yield server.sockets[0].getsockname()[1]
    server.close()


@pytest.fixture
async def server():
    directory = Directory()
    async with http_server(directory) as http_port, grpc_server(directory) as grpc_port:
        target = f"127.0.0.1:{grpc_port}"
        async with (
            aiohttp.ClientSession(f"http://127.0.0.1:{http_port}") as http,
            grpc.aio.insecure_channel(target) as channel,
        ):
            url = f"http://127.0.0.1:{http_port}"
            yield Server(url, target, directory, http, channel)


class Open(Directory):
    """Everything is permitted."""

    async def permit(self, caller, permission, project_id=""):
        pass


@pytest.fixture
async def everything():
    registry = wire.Registry()
    for name in registry.unbound():
        if registry.function(name):
            continue  # an older name of one that came before

        @registry.rpc(name)
        async def empty(request, call):
            return call.reply()

    app = web.Application()
    wire.add_routes(app, registry, Open())
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession(f"http://127.0.0.1:{runner.addresses[0][1]}") as session:
        yield session
    await runner.cleanup()
