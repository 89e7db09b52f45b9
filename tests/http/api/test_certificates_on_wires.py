"""Tokens bound to a certificate that a proxy passes on (RFC 8705), on the real port, over each protocol."""

import json
from contextlib import asynccontextmanager

import grpc.aio
import pytest
from aiohttp import ClientSession, web
from personae.actors.domain.oidc_session.commands import OpenOIDCSession
from personae.actors.domain.oidc_session.opening import Opening
from personae.actors.domain.oidc_session.terms import Terms
from personae.http import wire
from personae.http.identity.certificates import certificate_of
from personae.http.identity.opaque import TokenKind
from personae.http.server import Server, ServerSettings
from personae.http.wire.registry import DEFAULT

from tests.aggregates.conftest import INSTANCE, ORG, PROJECT
from tests.http.api.conftest import GUEST
from tests.http.certificates import certificate
from tests.http.server.kit import H2Client

HEADER = "x-client-cert"
PROXY = ("127.0.0.0/8",)
METHOD = "zitadel.user.v2.UserService/GetUserByID"
PATH = f"/v2/users/{GUEST}"


@pytest.fixture
def made():
    return certificate()


@pytest.fixture
async def token(server, made):
    opening = Opening(
        user_id=GUEST, org_id=ORG, audience=(PROJECT,), access_token_id="at",
        terms=Terms(certificate=certificate_of(made.pem).thumbprint),
    )  # fmt: skip
    await server.send(OpenOIDCSession(oidc_session_id="V2_9", org_id=ORG, opening=opening))
    return server.services.tokens.issue(TokenKind.ACCESS, INSTANCE, "V2_9", "at")


@asynccontextmanager
async def listening(services, *, proxies=PROXY):
    """Serve the API on the port of the server itself, behind a proxy that shows certificates."""

    async def ready():
        return True

    app = web.Application()
    wire.add_routes(app, DEFAULT, services)
    settings = ServerSettings(
        port=0, trusted_proxies=proxies, client_certificate_header=HEADER,
        drain_timeout=0.1, drain_grace=0,
    )  # fmt: skip
    server = Server(app, wire.grpc_mapping(DEFAULT, services, ready), settings)
    await server.start()
    try:
        yield server.port
    finally:
        await server.stop()


async def over_http1(port, headers):
    async with ClientSession() as http:
        url = f"http://127.0.0.1:{port}{PATH}"
        async with http.get(url, headers=headers) as answer:
            return answer.status == 200 and (await answer.json())["user"]["userId"]


async def over_http2(port, headers):
    client = await H2Client.connect(port)
    stream = client.head(PATH, extra=headers, authority=f"127.0.0.1:{port}")
    status, _, body = await client.response(stream)
    client.writer.close()
    return status == 200 and json.loads(body)["user"]["userId"]


async def over_grpc(port, headers):
    known = wire.METHODS[METHOD]
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        call = channel.unary_unary(
            known.path, known.request.SerializeToString, known.reply.FromString
        )
        try:
            reply = await call(known.request(user_id=GUEST), metadata=headers, timeout=5)
        except grpc.aio.AioRpcError as error:
            return error.code() is not grpc.StatusCode.UNAUTHENTICATED and error.code()
    return reply.user.user_id


WIRES = {"HTTP/1.1": over_http1, "HTTP/2": over_http2, "gRPC": over_grpc}


@pytest.mark.parametrize("ask", WIRES.values(), ids=WIRES)
async def test_a_bound_token_counts_with_its_certificate_only(server, token, made, ask):
    bearer = ("authorization", f"Bearer {token}")
    async with listening(server.services) as port:
        assert await ask(port, (bearer, (HEADER, made.header))) == GUEST
        for shown in ((), (certificate().header,), ("?",), (made.header, made.header)):
            others = tuple((HEADER, each) for each in shown)
            assert not await ask(port, (bearer, *others)), shown


@pytest.mark.parametrize("ask", WIRES.values(), ids=WIRES)
async def test_nobody_else_is_believed_about_certificates(server, token, made, ask):
    headers = (("authorization", f"Bearer {token}"), (HEADER, made.header))
    async with listening(server.services, proxies=()) as port:
        assert not await ask(port, headers)
