"""Secrets, keys and tokens of machines."""

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from tests.aggregates.conftest import ADMIN, INSTANCE, ORG
from tests.http.api.conftest import GUEST, OWNER, ROOT, USER

GET = f"{USER}/GetUserByID"
LATER = {"expiration_date": "2099-01-01T00:00:00Z"}
PAST = {"expiration_date": "1999-01-01T00:00:00Z"}


async def has_secret(server, user_id):
    got = await server.ok(GET, user_id=user_id)
    return got["user"]["machine"].get("hasSecret", False)


async def test_a_secret_is_shown_once_and_can_be_removed(server):
    added = await server.ok(f"{USER}/AddSecret", user_id=GUEST)
    assert len(added["clientSecret"]) >= 32
    assert added["creationDate"]
    assert await has_secret(server, GUEST)
    await server.ok(f"{USER}/RemoveSecret", user_id=GUEST)
    assert not await has_secret(server, GUEST)
    assert await server.refused(f"{USER}/RemoveSecret", user_id=GUEST) == "USER-SecretNotSet"


async def test_a_made_key_comes_as_a_file_for_clients(server):
    added = await server.ok(f"{USER}/AddKey", user_id=GUEST, **LATER)
    content = json.loads(base64.b64decode(added["keyContent"]))
    private = load_pem_private_key(content.pop("key").encode(), None)
    assert private.key_size == 2048
    assert content == {
        "type": "serviceaccount",
        "keyId": added["keyId"],
        "userId": GUEST,
        "expirationDate": "2099-01-01T00:00:00Z",
    }


async def test_a_given_public_key_is_kept_and_nothing_is_returned(server):
    public = generate_private_key(SECP256R1()).public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    given = base64.b64encode(pem).decode()
    added = await server.ok(f"{USER}/AddKey", user_id=GUEST, public_key=given, **LATER)
    assert "keyContent" not in added
    state = await server.services.dispatch.state(INSTANCE, "user", GUEST)
    assert added["keyId"] in state.machine.keys
    assert await server.ok(f"{USER}/RemoveKey", user_id=GUEST, key_id=added["keyId"])
    refused = await server.refused(f"{USER}/RemoveKey", user_id=GUEST, key_id=added["keyId"])
    assert refused == "USER-KeyNotFound"


async def test_what_is_no_key_is_refused(server):
    given = base64.b64encode(b"no key").decode()
    refused = await server.refused(f"{USER}/AddKey", user_id=GUEST, public_key=given, **LATER)
    assert refused == "USER-KeyInvalid"


async def test_a_personal_access_token_calls_the_api_until_it_is_removed(server):
    added = await server.ok(f"{USER}/AddPersonalAccessToken", user_id=GUEST, **LATER)
    server.tokens["new"] = added["token"]
    assert (await server.ok(GET, "new", user_id=GUEST))["user"]["userId"] == GUEST
    ids = {"user_id": GUEST, "token_id": added["tokenId"]}
    await server.ok(f"{USER}/RemovePersonalAccessToken", **ids)
    assert await server.refused(GET, "new", user_id=GUEST) == "TOKEN-Invalid"
    refused = await server.refused(f"{USER}/RemovePersonalAccessToken", **ids)
    assert refused == "USER-TokenNotFound"


@pytest.mark.parametrize("method", ["AddKey", "AddPersonalAccessToken"])
async def test_an_end_in_the_past_or_none_is_refused(server, method):
    assert await server.refused(f"{USER}/{method}", user_id=GUEST, **PAST) == "USER-ExpirationPast"
    assert await server.refused(f"{USER}/{method}", user_id=GUEST) == "REQUEST-InvalidField"


METHODS = {
    "AddSecret": {},
    "RemoveSecret": {},
    "AddKey": LATER,
    "RemoveKey": {"key_id": "1"},
    "AddPersonalAccessToken": LATER,
    "RemovePersonalAccessToken": {"token_id": "1"},
}


@pytest.mark.parametrize(("method", "fields"), METHODS.items())
async def test_credentials_are_for_machines_and_who_may_change_them(server, method, fields):
    refused = await server.refused(f"{USER}/{method}", user_id=ADMIN, **fields)
    assert refused == "USER-NotMachine"
    refused = await server.refused(f"{USER}/{method}", GUEST, user_id=ADMIN, **fields)
    assert refused == "AUTH-PermissionDenied"


LISTS = [
    ("ListKeys", "AddKey", "RemoveKey", "key"),
    ("ListPersonalAccessTokens", "AddPersonalAccessToken", "RemovePersonalAccessToken", "token"),
]


@pytest.mark.parametrize("methods", LISTS)
async def test_what_machines_have_is_listed_until_it_is_removed(server, methods):
    listing, adding, removing, name = methods
    id_ = (await server.ok(f"{USER}/{adding}", user_id=GUEST, **LATER))[f"{name}Id"]
    one = {f"{name}_id_filter": {"id": id_}}
    [shown] = (await server.ok(f"{USER}/{listing}", GUEST, filters=[one]))["result"]
    assert (shown["userId"], shown["organizationId"]) == (GUEST, ORG)
    assert shown["expirationDate"] == LATER["expiration_date"]
    assert "result" not in await server.ok(f"{USER}/{listing}", OWNER, filters=[one])
    await server.ok(f"{USER}/{removing}", **{"user_id": GUEST, f"{name}_id": id_})
    assert "result" not in await server.ok(f"{USER}/{listing}", filters=[one])


async def test_tokens_are_filtered_and_sorted(server):
    await server.ok(f"{USER}/AddPersonalAccessToken", user_id=GUEST, **LATER)
    moment = {"timestamp": "2098-01-01T00:00:00Z"}
    counts = {
        "user_id_filter": ({"id": GUEST}, 2),
        "organization_id_filter": ({"id": ORG}, 3),
        "created_date_filter": ({**moment, "method": "TIMESTAMP_FILTER_METHOD_BEFORE"}, 4),
        "expiration_date_filter": ({**moment, "method": "TIMESTAMP_FILTER_METHOD_AFTER"}, 1),
    }
    for name, (query, count) in counts.items():
        found = await server.ok(f"{USER}/ListPersonalAccessTokens", filters=[{name: query}])
        assert len(found["result"]) == count, name
    for column in range(6):
        up, down = [
            (await server.ok(
                f"{USER}/ListPersonalAccessTokens", ROOT,
                sorting_column=column, pagination={"asc": asc},
            ))["result"]
            for asc in (True, False)
        ]  # fmt: skip
        assert up == down[::-1]


async def test_metadata_is_listed_by_key_of_users_one_may_see(server):
    metadata = [{"key": key, "value": "Yg=="} for key in ("b", "a")]
    gigi = (await server.human("gigi", metadata=metadata))["id"]
    listing = f"{USER}/ListUserMetadata"
    found = await server.ok(listing, user_id=gigi, pagination={"asc": True})
    assert [(one["key"], one["value"]) for one in found["metadata"]] == [
        ("a", "Yg=="),
        ("b", "Yg=="),
    ]
    assert found["pagination"]["totalResult"] == "2"
    one = await server.ok(listing, user_id=gigi, filters=[{"keyFilter": {"key": "b"}}])
    assert len(one["metadata"]) == 1
    assert "metadata" not in await server.ok(listing, GUEST, user_id=gigi)
