"""Factors over REST and gRPC: bytes, structures and paths arrive as they do by Connect."""

import pytest
from google.protobuf.json_format import MessageToDict

from tests.authenticator import Authenticator
from tests.http.api.conftest import USER


@pytest.fixture
async def gigi(server):
    return (await server.human())["id"]


async def rest(server, verb, path, **fields):
    async with server.http.request(
        verb, path, json=fields or None, headers=server.headers()
    ) as answer:
        return await answer.json()


async def test_an_app_is_registered_and_removed_over_rest(server, gigi):
    made = await rest(server, "POST", f"/v2/users/{gigi}/totp")
    assert made["secret"] in made["uri"]
    assert (await rest(server, "DELETE", f"/v2/users/{gigi}/totp"))["details"]["changeDate"]


async def test_what_a_user_signs_in_with_is_read_over_rest(server, gigi):
    got = await rest(server, "GET", f"/v2/users/{gigi}/authentication_methods")
    assert got["authMethodTypes"] == ["AUTHENTICATION_METHOD_TYPE_PASSWORD"]


async def test_a_passkey_is_registered_over_grpc(server, gigi):
    begun = await server.grpc(f"{USER}/RegisterPasskey", user_id=gigi, domain="example.com")
    options = MessageToDict(begun.public_key_credential_creation_options)
    await server.grpc(
        f"{USER}/VerifyPasskeyRegistration",
        user_id=gigi,
        passkey_id=begun.passkey_id,
        passkey_name="Mine",
        public_key_credential=Authenticator().create(options),
    )
    listed = await server.grpc(f"{USER}/ListPasskeys", user_id=gigi)
    assert [each.name for each in listed.result] == ["Mine"]


async def test_metadata_set_over_rest_comes_over_grpc_as_bytes(server, gigi):
    entry = {"key": "team", "value": "AGJsdWU="}
    assert (await rest(server, "POST", f"/v2/users/{gigi}/metadata", metadata=[entry]))["setDate"]
    listed = await server.grpc(f"{USER}/ListUserMetadata", user_id=gigi)
    assert listed.metadata[0].value == b"\x00blue"
    over_rest = await rest(server, "DELETE", f"/v2/users/{gigi}/metadata?keys=team")
    assert over_rest["deletionDate"]
