"""Opening, extending, reading and ending sessions."""

import pytest
from personae.actors.domain.instance.commands import ChangePolicy
from personae.actors.domain.policies import LoginPolicy

from tests.aggregates.conftest import ADMIN, INSTANCE, PASSWORD
from tests.http.api.conftest import GUEST, OTHER_ORG, OWNER, ROOT, SESSION, USER

CREATE, SET, GET = f"{SESSION}/CreateSession", f"{SESSION}/SetSession", f"{SESSION}/GetSession"
LIST, DELETE = f"{SESSION}/ListSessions", f"{SESSION}/DeleteSession"
WITH_USER = {"checks": {"user": {"login_name": "admin@acme.localhost"}}}
WITH_PASSWORD = {"checks": WITH_USER["checks"] | {"password": {"password": PASSWORD}}}


async def opened(server, user=GUEST, **fields):
    created = await server.ok(CREATE, user, **(fields or WITH_PASSWORD))
    return {"session_id": created["sessionId"], "session_token": created["sessionToken"]}


async def listed(server, user=ROOT, *queries, **more):
    found = await server.ok(LIST, user, queries=list(queries), **more)
    return [one["id"] for one in found.get("sessions", ())], int(
        found["details"].get("totalResult", 0)
    )


async def test_a_session_is_read_with_what_was_proved_and_given(server):
    created = await server.ok(
        CREATE,
        GUEST,
        **WITH_PASSWORD,
        metadata={"key": "dmFsdWU="},
        lifetime="3600s",
        user_agent={
            "fingerprint_id": "f1",
            "ip": "127.0.0.1",
            "description": "Firefox",
            "header": {"accept": {"values": ["a", "b"]}},
        },
    )
    got = (await server.ok(GET, GUEST, session_id=created["sessionId"]))["session"]
    user = got["factors"]["user"]
    assert (user["id"], user["loginName"]) == (ADMIN, "admin@acme.localhost")
    assert user["displayName"] == "Ada Admin"
    assert got["factors"]["password"]["verifiedAt"] == user["verifiedAt"]
    assert got["metadata"] == {"key": "dmFsdWU="}
    assert got["userAgent"]["header"] == {"accept": {"values": ["a", "b"]}}
    assert got["userAgent"]["fingerprintId"] == "f1"
    assert got["creationDate"] < got["expirationDate"]
    assert got["sequence"] == created["details"]["sequence"]


async def test_creating_a_session_answers_201_by_rest(server):
    headers = server.headers(GUEST)
    async with server.http.post("/v2/sessions", json=WITH_USER, headers=headers) as answer:
        assert answer.status == 201
        assert (await answer.json())["sessionId"]


async def test_a_session_without_a_user_has_no_factors(server):
    session = await opened(server, metadata={})
    got = (await server.ok(GET, GUEST, session_id=session["session_id"]))["session"]
    assert "factors" not in got
    assert "expirationDate" not in got


@pytest.mark.parametrize(
    ("checks", "refusal"),
    [
        ({"user": {"login_name": "nobody"}}, "USER-NotFound"),
        ({"user": {}}, "REQUEST-InvalidField"),
        ({"password": {"password": "x"}}, "SESSION-UserNotChecked"),
        ({"user": {"user_id": ADMIN}, "password": {"password": "x"}}, "USER-PasswordWrong"),
    ],
)
async def test_what_is_not_proved_opens_no_session(server, checks, refusal):
    assert await server.refused(CREATE, GUEST, checks=checks) == refusal
    assert (await listed(server)) == ([], 0)


@pytest.mark.parametrize("lifetime", ["0s", "-1s", "3155760001s", "315576000000s"])
async def test_a_life_of_no_or_more_time_than_there_is_is_refused(server, lifetime):
    refused = await server.refused(CREATE, GUEST, **WITH_USER, lifetime=lifetime)
    assert refused == "REQUEST-InvalidField"
    assert (await listed(server)) == ([], 0)


async def test_no_password_opens_a_session_where_passwords_are_switched_off(server):
    """CVE-2026-29193: what the policy switches off is off for pages of others too."""
    known = await opened(server, **WITH_USER)
    await server.send(ChangePolicy(instance_id=INSTANCE, policy=LoginPolicy()))
    assert await server.refused(CREATE, GUEST, **WITH_PASSWORD) == "SESSION-PasswordsOff"
    password = {"checks": {"password": {"password": PASSWORD}}}
    assert await server.refused(SET, GUEST, **known, **password) == "SESSION-PasswordsOff"
    assert "password" not in (await server.ok(GET, GUEST, **known))["session"]["factors"]


async def test_each_change_needs_the_newest_token_and_gives_another(server):
    first = await opened(server, **WITH_USER)
    password = {"checks": {"password": {"password": PASSWORD}}}
    second = await server.ok(SET, GUEST, **first, **password)
    assert await server.refused(SET, GUEST, **first) == "SESSION-TokenInvalid"
    assert await server.refused(GET, GUEST, **first) == "SESSION-TokenInvalid"
    newest = first | {"session_token": second["sessionToken"]}
    got = (await server.ok(GET, OWNER, **newest))["session"]
    assert got["factors"]["password"]
    assert got["sequence"] == second["details"]["sequence"]


async def test_a_token_is_good_for_its_own_session_only(server):
    one, other = await opened(server), await opened(server)
    mixed = {"session_id": one["session_id"], "session_token": other["session_token"]}
    for method in (SET, GET, DELETE):
        assert await server.refused(method, OWNER, **mixed) == "SESSION-TokenInvalid"
        forged = one | {"session_token": "no token"}
        assert await server.refused(method, OWNER, **forged) == "SESSION-TokenInvalid"


async def test_sessions_are_changed_without_token_only_by_permission(server):
    session = {"session_id": (await opened(server))["session_id"]}
    assert await server.refused(SET, GUEST, **session) == "SESSION-TokenInvalid"
    assert await server.refused(DELETE, OWNER, **session) == "SESSION-TokenInvalid"
    assert await server.ok(SET, ROOT, **session, metadata={"a": "Yg=="})
    assert await server.ok(DELETE, ROOT, **session)


async def test_a_session_is_seen_by_its_creator_its_user_and_who_may_read_it(server):
    session = {"session_id": (await opened(server))["session_id"]}
    for user in (GUEST, ROOT):
        assert await server.ok(GET, user, **session)
        assert await listed(server, user) == ([session["session_id"]], 1)
    assert await server.refused(GET, OWNER, **session) == "SESSION-NotFound"
    assert await listed(server, OWNER) == ([], 0)


async def test_who_manages_an_organisation_sees_the_sessions_of_its_users(server):
    await server.human("gigi", organization_id=OTHER_ORG)
    session = await opened(server, checks={"user": {"login_name": "gigi"}})
    await opened(server)
    assert await listed(server, OWNER) == ([session["session_id"]], 1)
    assert await server.ok(GET, OWNER, session_id=session["session_id"])


async def test_who_manages_an_organisation_ends_the_sessions_of_its_users_and_no_others(server):
    await server.human("gigi", organization_id=OTHER_ORG)
    session = await opened(server, checks={"user": {"login_name": "gigi"}})
    foreign, nobodys = await opened(server), await opened(server, lifetime="60s")
    for other in (foreign, nobodys):
        id_ = other["session_id"]
        assert await server.refused(DELETE, OWNER, session_id=id_) == "SESSION-TokenInvalid"
    it = {"session_id": session["session_id"]}
    assert await server.refused(SET, OWNER, **it, metadata={"a": "Yg=="}) == "SESSION-TokenInvalid"
    assert await server.ok(DELETE, OWNER, **it)
    assert await server.refused(GET, ROOT, **it) == "SESSION-NotFound"


async def test_a_terminated_session_is_gone(server):
    session = await opened(server)
    await server.ok(DELETE, OWNER, **session)
    assert await server.refused(GET, ROOT, **session) == "SESSION-NotFound"
    assert await listed(server) == ([], 0)
    refused = await server.refused(SET, ROOT, session_id=session["session_id"])
    assert refused == "SESSION-Terminated"
    assert await server.refused(DELETE, ROOT, session_id="none") == "SESSION-NotFound"


async def test_the_sessions_of_a_deleted_user_are_gone(server):
    gigi = (await server.human("gigi"))["id"]
    await opened(server, checks={"user": {"user_id": gigi}})
    await server.ok(f"{USER}/DeleteUser", user_id=gigi)
    assert await listed(server) == ([], 0)


async def test_every_filter_finds_its_sessions(server):
    agent = {"user_agent": {"fingerprint_id": "f1"}}
    session = await opened(server, **WITH_PASSWORD, **agent, lifetime="3600s")
    await opened(server, ROOT, metadata={})
    moment = {"creationDate": "2020-01-01T00:00:00Z", "method": "TIMESTAMP_QUERY_METHOD_GREATER"}
    end = {"expirationDate": "2020-01-01T00:00:00Z", "method": "TIMESTAMP_QUERY_METHOD_GREATER"}
    queries = [
        {"idsQuery": {"ids": [session["session_id"], "none"]}},
        {"userIdQuery": {"id": ADMIN}},
        {"creatorQuery": {"id": GUEST}},
        {"userAgentQuery": {"fingerprintId": "f1"}},
        {"expirationDateQuery": end},
    ]
    for query in queries:
        assert await listed(server, ROOT, query) == ([session["session_id"]], 1), query
    assert (await listed(server, ROOT, {"creationDateQuery": moment}))[1] == 2
    assert (await listed(server, GUEST, {"creatorQuery": {}}))[0] == [session["session_id"]]


async def test_sessions_are_sorted_by_creation(server):
    ids = [(await opened(server))["session_id"] for _ in range(3)]
    by = {"sorting_column": "SESSION_FIELD_NAME_CREATION_DATE"}
    assert (await listed(server, **by, query={"asc": True}))[0] == ids
    assert (await listed(server, **by))[0] == ids[::-1]


@pytest.mark.parametrize("method", [CREATE, SET, GET, LIST, DELETE])
async def test_nobody_without_a_token_gets_in(server, method):
    assert await server.refused(method, None, session_id="1") == "AUTH-Unauthenticated"


async def test_what_is_opened_is_listed_and_read_at_once_100_of_100(server):
    for number in range(100):
        session = await opened(server, **WITH_USER)
        found = await server.ok(LIST, queries=[{"idsQuery": {"ids": [session["session_id"]]}}])
        assert len(found["sessions"]) == 1, number
        assert await server.ok(GET, **session)
