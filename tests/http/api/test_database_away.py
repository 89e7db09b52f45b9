"""ZA-12, OA-26: while the database is away nobody is told anything of it, nor that it was done."""

import json
import re

import grpc
import psycopg2
import pytest
from personae.http import wire
from personae.store.connection import Connection
from psycopg2.extensions import parse_dsn

from tests.http.api.conftest import ROOT
from tests.http.api.test_authorization_matrix import LISTS, METHODS, READS

TOLD = (
    'connection to server at "db.internal" (10.9.8.7), port 6543 failed: FATAL:  password '
    'authentication failed for user "dbadmin" dbname=customers'
)
SECRETS = re.compile(
    r"db\.internal|10\.9\.8\.7|6543|dbadmin|customers|psycopg|aiopg|FATAL|Traceback|SQLSTATE"
    r"|OperationalError|\.py\b|postgres|\b(?:08|57|28)[0-9P]\w{2}\b",
    re.IGNORECASE,
)


@pytest.fixture
async def away(server, postgres_server, used_database, monkeypatch):
    """The API, whose database has just gone: connections end, new ones fail with many words."""

    async def failing(*_args, **_options):
        raise psycopg2.OperationalError(TOLD)

    await server.ok("zitadel.user.v2.UserService/GetUserByID", user_id=ROOT)
    monkeypatch.setattr(Connection, "_connect", failing)
    with psycopg2.connect(postgres_server.dsn) as admin, admin.cursor() as cursor:
        name = parse_dsn(used_database.dsn)["dbname"]
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,)
        )
    return server


async def test_no_answer_says_anything_of_it(away):
    statuses = set()
    every = [(name, {}) for name in wire.METHODS]
    for name, fields in METHODS + READS + LISTS + every:
        async with away.http.post(f"/{name}", json=fields, headers=away.headers()) as answer:
            text, shown = await answer.text(), str(dict(answer.headers))
            statuses.add(answer.status)
        assert not SECRETS.search(text), (name, text)
        assert not SECRETS.search(shown), name
        assert answer.status != 500, (name, text)
    assert 503 in statuses


async def test_no_trailer_says_anything_of_it(away):
    method = "zitadel.org.v2.OrganizationService/UpdateOrganization"
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await away.grpc(method, organization_id="10", name="x")
    error = caught.value
    assert error.code() is grpc.StatusCode.UNAVAILABLE
    said = json.dumps([str(each) for each in (*error.trailing_metadata(), error.details())])
    assert not SECRETS.search(said)
