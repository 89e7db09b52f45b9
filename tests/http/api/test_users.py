"""Creating, reading and listing users."""

import pytest

from tests.aggregates.conftest import INSTANCE, ORG
from tests.http.api.conftest import GUEST, OTHER_ORG, OWNER, ROOT, SESSION, USER

GET, LIST, ADD = f"{USER}/GetUserByID", f"{USER}/ListUsers", f"{USER}/AddHumanUser"
CREATE, UPDATE = f"{USER}/CreateUser", f"{USER}/UpdateUser"
HUMAN = {
    "profile": {"given_name": "Gigi", "family_name": "Giraffe"},
    "email": {"email": "gigi@example.com", "return_code": {}},
    "password": {"password": "Secret-Word-1"},
}


async def names(server, user=ROOT, **fields):
    listed = await server.ok(LIST, user, **fields)
    return [one["username"] for one in listed.get("result", ())], listed["details"]


async def test_a_created_human_is_read_at_once_as_it_was_given(server):
    created = await server.human("gigi")
    got = (await server.ok(GET, user_id=created["id"]))["user"]
    assert got["human"]["profile"]["displayName"] == "Gigi Giraffe"
    assert got["human"]["email"] == {"email": "gigi@example.com", "isVerified": True}
    assert got["human"]["passwordChanged"] == created["creationDate"]
    assert got["state"] == "USER_STATE_ACTIVE"
    assert got["loginNames"] == ["gigi"]
    assert got["preferredLoginName"] == got["username"] == "gigi"
    assert got["details"]["resourceOwner"] == ORG


async def test_a_human_without_a_user_name_is_called_by_the_address(server):
    created = await server.human("gigi", username=None)
    got = await server.ok(GET, user_id=created["id"])
    assert got["user"]["username"] == "gigi@example.com"


async def test_a_machine_without_a_user_name_is_called_by_its_id(server):
    fields = {"organization_id": ORG, "user_id": "m1", "machine": {"name": "Bot"}}
    assert (await server.ok(CREATE, **fields))["id"] == "m1"
    got = (await server.ok(GET, user_id="m1"))["user"]
    assert got["username"] == "m1"
    assert got["machine"] == {"name": "Bot"}


async def test_add_human_user_answers_with_details_and_the_code_asked_for(server):
    added = await server.ok(ADD, organization={"org_id": ORG}, **HUMAN)
    assert len(added["emailCode"]) == 6
    assert "phoneCode" not in added
    details = added["details"]
    assert details["sequence"] == "2"
    assert details["resourceOwner"] == ORG
    assert details["changeDate"] == details["creationDate"]


async def test_an_organisation_is_named_by_a_domain_of_it_or_the_context(server):
    added = await server.ok(ADD, organization={"org_domain": "Other.localhost"}, **HUMAN)
    assert added["details"]["resourceOwner"] == OTHER_ORG
    inherited = await server.ok(ADD, username="two", **HUMAN)
    assert inherited["details"]["resourceOwner"] == ORG
    unknown = await server.refused(ADD, organization={"org_domain": "no.where"}, **HUMAN)
    assert unknown == "ORG-NotFound"


async def test_no_code_is_told_unless_it_is_asked_for(server):
    created = await server.human("a", human=HUMAN | {"email": {"email": "a@b.example"}})
    assert "emailCode" not in created
    got = (await server.ok(GET, user_id=created["id"]))["user"]
    assert got["human"]["email"] == {"email": "a@b.example"}


async def test_a_taken_user_name_is_refused(server):
    await server.human("gigi")
    machine = {"organization_id": OTHER_ORG, "username": "GIGI", "machine": {"name": "Bot"}}
    assert await server.refused(CREATE, **machine) == "USER-NameTaken"


async def test_a_weak_password_is_refused_and_nothing_is_written(server):
    weak = HUMAN | {"password": {"password": "weak"}}
    head = await server.services.world.log.head(INSTANCE)
    assert await server.refused(ADD, **weak) == "USER-PasswordTooShort"
    assert await server.services.world.log.head(INSTANCE) == head


async def test_a_user_comes_with_an_authenticator_app_and_links(server):
    await server.idp("1")
    link = {"idp_id": "1", "user_id": "u", "user_name": "n"}
    more = {"totp_secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "idp_links": [link]}
    made = await server.ok(ADD, **HUMAN, **more)
    found = await server.ok(f"{USER}/ListAuthenticationMethodTypes", user_id=made["userId"])
    kinds = {each.removeprefix("AUTHENTICATION_METHOD_TYPE_") for each in found["authMethodTypes"]}
    assert {"IDP", "TOTP"} <= kinds
    assert await server.refused(ADD, **HUMAN | {"username": "b"}, idp_links=[link]) == (
        "USER-IdpLinkTaken"
    )


@pytest.mark.parametrize("secret", ["x", "JBSWY3DPEHPK3PXP", "not base32!"])
async def test_a_secret_that_no_app_can_have_is_refused(server, secret):
    refused = await server.refused(ADD, **HUMAN, totp_secret=secret)
    assert refused == "USER-TotpSecretInvalid"


async def test_a_user_of_no_kind_is_refused(server):
    assert await server.refused(CREATE, organization_id=ORG) == "REQUEST-InvalidField"


async def test_an_unknown_gender_is_refused(server):
    strange = HUMAN["profile"] | {"gender": 17}
    refused = await server.refused(ADD, **HUMAN | {"profile": strange})
    assert refused == "REQUEST-InvalidField"


async def test_creating_needs_the_permission_in_that_organisation(server):
    fields = {"organization_id": ORG, "machine": {"name": "Bot"}}
    assert await server.refused(CREATE, GUEST, **fields) == "AUTH-PermissionDenied"
    assert await server.refused(CREATE, OWNER, **fields) == "AUTH-PermissionDenied"
    assert await server.ok(CREATE, OWNER, **fields | {"organization_id": OTHER_ORG})
    assert await server.refused(ADD, GUEST, **HUMAN) == "AUTH-PermissionDenied"
    assert await server.refused(CREATE, None, **fields) == "AUTH-Unauthenticated"


async def test_whom_one_may_not_see_is_not_found_but_oneself_is(server):
    gigi = (await server.human("gigi"))["id"]
    for user in (GUEST, OWNER):
        assert await server.refused(GET, user, user_id=gigi) == "USER-NotFound"
    assert await server.refused(GET, user_id="nobody") == "USER-NotFound"
    assert (await server.ok(GET, GUEST, user_id=GUEST))["user"]["userId"] == GUEST


async def test_a_list_shows_only_and_counts_only_whom_one_may_see(server):
    await server.human("gigi")
    everybody, details = await names(server)
    assert set(everybody) == {"admin@acme.localhost", "robot", ROOT, GUEST, OWNER, "gigi"}
    assert details["totalResult"] == "6"
    assert int(details["processedSequence"]) == await server.services.world.log.head(INSTANCE)
    for user in (GUEST, OWNER):
        seen, details = await names(server, user)
        assert (seen, details["totalResult"]) == ([user], "1")


async def test_who_manages_an_organisation_sees_its_users(server):
    await server.human("gigi", organization_id=OTHER_ORG)
    assert set((await names(server, OWNER))[0]) == {OWNER, "gigi"}
    assert (await names(server, GUEST))[0] == [GUEST]


FILTERS = {
    "userNameQuery": {"userName": "gi", "method": "TEXT_QUERY_METHOD_STARTS_WITH"},
    "firstNameQuery": {"firstName": "Gigi"},
    "lastNameQuery": {"lastName": "GIRAFFE", "method": "TEXT_QUERY_METHOD_EQUALS_IGNORE_CASE"},
    "nickNameQuery": {"nickName": "Gi"},
    "displayNameQuery": {"displayName": "gi gir", "method": "TEXT_QUERY_METHOD_CONTAINS"},
    "emailQuery": {"emailAddress": "gigi@", "method": "TEXT_QUERY_METHOD_STARTS_WITH"},
    "phoneQuery": {"number": "+41791234567"},
    "loginNameQuery": {"loginName": "gigi"},
    "inUserIdsQuery": {"userIds": ["g1", "g2"]},
    "inUserEmailsQuery": {"userEmails": ["gigi@example.com"]},
    "metadataKeyFilter": {"key": "colour"},
    "metadataValueFilter": {"value": "Ymx1ZQ=="},
    "andQuery": {
        "queries": [
            {"stateQuery": {"state": "USER_STATE_ACTIVE"}},
            {"typeQuery": {"type": "TYPE_HUMAN"}},
            {"organizationIdQuery": {"organizationId": OTHER_ORG}},
        ]
    },
    "orQuery": {"queries": [{"userNameQuery": {"userName": each}} for each in ("gigi", "nobody")]},
}


@pytest.fixture
async def gigi(server):
    human = HUMAN | {
        "profile": HUMAN["profile"] | {"nick_name": "Gi", "display_name": "A Gigi Girl".lower()},
        "phone": {"phone": "+41791234567", "is_verified": True},
    }
    metadata = [{"key": "colour", "value": "Ymx1ZQ=="}]
    more = {"user_id": "g1", "organization_id": OTHER_ORG, "metadata": metadata}
    return await server.human("gigi", human=human, **more)


async def test_every_filter_finds_and_its_opposite_does_not(server, gigi):
    for name, query in FILTERS.items():
        assert (await names(server, queries=[{name: query}]))[0] == ["gigi"], name
        opposite = {"notQuery": {"query": {name: query}}}
        others, details = await names(server, queries=[opposite])
        assert "gigi" not in others, name
        assert int(details["totalResult"]) == 5


@pytest.mark.parametrize(
    ("number", "method"),
    [
        ("+41 (0)79 123 45 67", "EQUALS"),
        ("0041 79-123-45-67", "EQUALS"),
        ("+41 79", "STARTS_WITH"),
        ("123 45 67", "ENDS_WITH"),
        ("9 123", "CONTAINS"),
    ],
)
async def test_a_phone_number_is_found_however_it_is_written(server, gigi, number, method):
    query = {"phone_query": {"number": number, "method": f"TEXT_QUERY_METHOD_{method}"}}
    assert (await names(server, queries=[query]))[0] == ["gigi"]
    nul = {"phone_query": {"number": "\0"}}
    refused = await server.refused(LIST, queries=[nul])
    assert refused in {"QUERY-InvalidFilter", "REQUEST-InvalidField", "REQUEST-InvalidMessage"}


async def test_phone_numbers_are_kept_in_one_form(server, gigi):
    await server.ok(f"{USER}/SetPhone", user_id="g1", phone="0041 44 668 18 00", is_verified=True)
    got = await server.ok(GET, user_id="g1")
    assert got["user"]["human"]["phone"]["phone"] == "+41446681800"


async def test_lists_are_sorted_by_every_column_both_ways(server, gigi):
    for number in range(10):
        up = (await names(server, sorting_column=number, query={"asc": True}))[0]
        down = (await names(server, sorting_column=number, query={"asc": False}))[0]
        assert up == down[::-1]
    assert await server.refused(LIST, sorting_column=10) == "REQUEST-InvalidField"


async def test_pages_are_limited_and_lose_nobody(server, gigi):
    everybody = (await names(server, query={"asc": True}))[0]
    pages = [
        (await names(server, query={"asc": True, "limit": 2, "offset": at}))[0] for at in (0, 2, 4)
    ]
    assert [one for page in pages for one in page] == everybody
    assert await server.refused(LIST, query={"limit": 1001}) == "QUERY-LimitExceeded"


async def test_what_is_created_is_listed_and_read_at_once_100_of_100(server):
    for number in range(100):
        created = await server.ok(
            CREATE, organization_id=ORG, username=f"u{number}", machine={"name": "Bot"}
        )
        query = {"userNameQuery": {"userName": f"u{number}"}}
        assert (await names(server, queries=[query]))[0] == [f"u{number}"]
        assert (await server.ok(GET, user_id=created["id"]))["user"]["username"] == f"u{number}"


async def test_what_is_updated_is_read_at_once(server, gigi):
    changes = {
        "profile": {"given_name": "Gina", "gender": "GENDER_FEMALE"},
        "email": {"email": "gina@example.com", "return_code": {}},
        "phone": {"phone": ""},
    }
    updated = await server.ok(UPDATE, user_id="g1", username="gina", human=changes)
    assert updated["emailCode"]
    got = (await server.ok(GET, user_id="g1"))["user"]
    assert got["username"] == "gina"
    assert got["human"]["profile"]["givenName"] == "Gina"
    assert got["human"]["profile"]["familyName"] == "Giraffe"
    assert got["human"]["email"] == {"email": "gina@example.com"}
    assert "phone" not in got["human"]
    assert got["details"]["changeDate"] == updated["changeDate"]


async def test_a_machine_is_updated_and_renamed(server):
    await server.ok(UPDATE, user_id=GUEST, machine={"name": "Robby", "description": "New"})
    await server.ok(UPDATE, user_id=GUEST, username="robby")
    got = (await server.ok(GET, user_id=GUEST))["user"]
    assert (got["username"], got["machine"]) == ("robby", {"name": "Robby", "description": "New"})


async def test_a_person_stays_a_person(server, gigi):
    refused = await server.refused(UPDATE, user_id="g1", machine={"name": "Robby"})
    assert refused == "USER-NotMachine"


async def test_a_password_is_changed_by_who_may(server, gigi):
    password = {"password": {"password": "Another-Word-1"}}
    await server.ok(UPDATE, user_id="g1", human={"password": password})
    code = {**password, "verification_code": "123456"}
    refused = await server.refused(UPDATE, user_id="g1", human={"password": code})
    assert refused == "USER-CodeInvalid"
    empty = {"current_password": "x"}
    refused = await server.refused(UPDATE, user_id="g1", human={"password": empty})
    assert refused == "REQUEST-InvalidField"


async def test_others_are_changed_only_with_the_permission(server, gigi):
    for method in ("DeleteUser", "DeactivateUser", "ReactivateUser", "LockUser", "UnlockUser"):
        refused = await server.refused(f"{USER}/{method}", GUEST, user_id="g1")
        assert refused == "AUTH-PermissionDenied", method
    assert (
        await server.refused(UPDATE, GUEST, user_id="g1", username="x") == "AUTH-PermissionDenied"
    )


LIVES = [
    ("DeactivateUser", "ReactivateUser", "USER_STATE_INACTIVE", "USER-NotInactive"),
    ("LockUser", "UnlockUser", "USER_STATE_LOCKED", "USER-NotLocked"),
]


@pytest.mark.parametrize("life", LIVES)
async def test_lives_go_there_and_back(server, gigi, life):
    there, back, state, refusal = life
    assert await server.refused(f"{USER}/{back}", user_id="g1") == refusal
    done = await server.ok(f"{USER}/{there}", user_id="g1")
    assert done["details"]["resourceOwner"] == OTHER_ORG
    assert (await server.ok(GET, user_id="g1"))["user"]["state"] == state
    assert (await names(server, queries=[{"stateQuery": {"state": state}}]))[0] == ["gigi"]
    assert (await server.refused(f"{USER}/{there}", user_id="g1")).startswith("USER-Already")
    await server.ok(f"{USER}/{back}", user_id="g1")
    assert (await server.ok(GET, user_id="g1"))["user"]["state"] == "USER_STATE_ACTIVE"


async def test_a_deleted_user_is_gone_from_reads_and_lists(server, gigi):
    await server.ok(f"{USER}/DeleteUser", user_id="g1")
    assert await server.refused(GET, user_id="g1") == "USER-NotFound"
    assert "gigi" not in (await names(server))[0]
    assert await server.refused(f"{USER}/DeleteUser", user_id="g1") == "USER-NotFound"


async def test_the_parts_of_a_human_are_changed_one_by_one(server, gigi):
    done = await server.ok(f"{USER}/SetEmail", user_id="g1", email="n@example.com", return_code={})
    assert len(done["verificationCode"]) == 6
    await server.ok(f"{USER}/SetPhone", user_id="g1", phone="+49", is_verified=True)
    profile = {"given_name": "Gina", "family_name": "Gazelle"}
    await server.ok(f"{USER}/UpdateHumanUser", user_id="g1", username="gina", profile=profile)
    human = (await server.ok(GET, user_id="g1"))["user"]["human"]
    assert human["email"] == {"email": "n@example.com"}
    assert human["phone"] == {"phone": "+49", "isVerified": True}
    assert (human["username"], human["profile"]["familyName"]) == ("gina", "Gazelle")
    assert human["profile"]["nickName"] == "Gi"
    await server.ok(f"{USER}/RemovePhone", user_id="g1")
    assert "phone" not in (await server.ok(GET, user_id="g1"))["user"]["human"]


async def test_a_password_is_set_and_signs_in(server, gigi):
    new = {"password": "Another-Word-1"}
    await server.ok(f"{USER}/SetPassword", user_id="g1", new_password=new)
    checks = {"user": {"user_id": "g1"}, "password": new}
    assert await server.ok(f"{SESSION}/CreateSession", checks=checks)
    refused = await server.refused(f"{USER}/SetPassword", user_id="g1", new_password=new)
    assert refused == "USER-PasswordSame"
    assert await server.refused(f"{USER}/SetPassword", user_id="g1") == "REQUEST-InvalidField"


PARTS = {
    "SetEmail": {"email": "n@example.com"},
    "SetPhone": {"phone": "+49"},
    "RemovePhone": {},
    "SetPassword": {"new_password": {"password": "Another-Word-1"}},
    "UpdateHumanUser": {"username": "x"},
}


@pytest.mark.parametrize(("method", "fields"), PARTS.items())
async def test_parts_of_others_are_changed_only_with_the_permission(server, gigi, method, fields):
    refused = await server.refused(f"{USER}/{method}", GUEST, user_id="g1", **fields)
    assert refused == "AUTH-PermissionDenied"
    refused = await server.refused(f"{USER}/{method}", user_id=GUEST, **fields)
    assert refused == "USER-NotHuman"


async def test_a_password_hashed_elsewhere_signs_in(server):
    hashed = {"hash": "$2a$04$GQTqKZyWMgGuXlGcSqVhVuz9ZTVN0zZ4WkNjDxVzJ9yCjv7cJ3dZe"}
    encoded = await server.services.world.hash("Secret-Word-1")
    for hash_, right in ((encoded, True), (hashed["hash"], False)):
        human = {k: v for k, v in HUMAN.items() if k != "password"}
        human["hashed_password"] = {"hash": hash_}
        made = await server.human("h", username=f"h{right}", human=human)
        checks = {"user": {"user_id": made["id"]}, "password": {"password": "Secret-Word-1"}}
        answer = await server.call(f"{SESSION}/CreateSession", checks=checks)
        assert ("sessionToken" in answer) is right
    human["hashed_password"] = {"hash": "md5:no"}
    refused = await server.refused(CREATE, organization_id=ORG, human=human)
    assert refused == "PASSWORD-UnknownHash"
