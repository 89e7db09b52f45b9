"""Identity providers: added, changed, offered and removed over the admin API; read over v2."""

import pytest
from personae.actors.domain.idp.values import IdpKind
from personae.actors.domain.instance.commands import ChangePolicy
from personae.actors.domain.policies import LoginPolicy
from personae.http.identity.jose import PrivateKey
from personae.store.crypto import Area

from tests.aggregates.conftest import INSTANCE
from tests.http.api.conftest import GUEST, OWNER, ROOT

ADMIN = "zitadel.admin.v1.AdminService"
GET = "zitadel.idp.v2.IdentityProviderService/GetIDPByID"
ACTIVE = "zitadel.settings.v2.SettingsService/GetActiveIdentityProviders"
SCOPES = {"scopes": ["openid", "email"]}
CLIENT = {"name": "Elsewhere", "client_id": "us", "client_secret": "s3cr3t", **SCOPES}
ENDPOINTS = {
    "authorization_endpoint": "https://idp.test/authorize",
    "token_endpoint": "https://idp.test/token",
    "user_endpoint": "https://idp.test/user",
}
KEY = PrivateKey.generate("ES256").pem()
OPTIONS = {
    "is_linking_allowed": True,
    "is_creation_allowed": True,
    "is_auto_creation": True,
    "is_auto_update": True,
    "auto_linking": "AUTO_LINKING_OPTION_EMAIL",
}
SHOWN = {
    "isLinkingAllowed": True,
    "isCreationAllowed": True,
    "isAutoCreation": True,
    "isAutoUpdate": True,
    "autoLinking": "AUTO_LINKING_OPTION_EMAIL",
}
DIRECTORY = {
    "name": "Directory",
    "servers": ["ldap://ldap.test:3890", "ldaps://ldap.test"],
    "start_tls": True,
    "base_dn": "dc=example,dc=com",
    "bind_dn": "cn=admin,dc=example,dc=com",
    "bind_password": "s3cr3t",
    "user_base": "dn",
    "user_object_classes": ["inetOrgPerson"],
    "user_filters": ["uid", "mail"],
    "timeout": "3s",
    "attributes": {"id_attribute": "entryUUID", "email_attribute": "mail"},
}
KINDS = {
    "GenericOIDC": (CLIENT | {"issuer": "https://idp.test", "use_pkce": True}, "oidc"),
    "GenericOAuth": (CLIENT | ENDPOINTS | {"id_attribute": "id", "use_pkce": True}, "oauth"),
    "JWT": (
        {
            "name": "Proxy",
            "issuer": "https://idp.test",
            "jwt_endpoint": "https://idp.test/jwt",
            "keys_endpoint": "https://idp.test/keys",
            "header_name": "x-auth",
        },
        "jwt",
    ),
    "LDAP": (DIRECTORY, "ldap"),
    "AzureAD": (CLIENT | {"tenant": {"tenant_id": "t1"}, "email_verified": True}, "azureAd"),
    "GitHub": (CLIENT, "github"),
    "GitHubEnterpriseServer": (CLIENT | ENDPOINTS, "githubEs"),
    "GitLab": (CLIENT, "gitlab"),
    "GitLabSelfHosted": (CLIENT | {"issuer": "https://gitlab.test"}, "gitlabSelfHosted"),
    "Google": (CLIENT, "google"),
    "Apple": (
        {"name": "Apple", "client_id": "us", "team_id": "T" * 10, "key_id": "K" * 10, **SCOPES}
        | {"private_key": KEY},
        "apple",
    ),
}
SECRETS = {"client_secret", "bind_password", "private_key"}
V1_ONLY = {"use_pkce"}


def encoded(fields):
    from base64 import b64encode

    return {
        name: b64encode(value).decode() if isinstance(value, bytes) else value
        for name, value in fields.items()
    }


def in_json(name):
    head, *tail = name.split("_")
    return head + "".join({"dn": "Dn", "ca": "Ca"}.get(part, part.capitalize()) for part in tail)


@pytest.mark.parametrize("word", KINDS)
async def test_every_kind_is_added_read_changed_and_deleted(server, word):
    fields, member = KINDS[word]
    given = encoded(fields)
    made = await server.ok(f"{ADMIN}/Add{word}Provider", **given, provider_options=OPTIONS)
    known = {"id": made["id"]}
    v1 = (await server.ok(f"{ADMIN}/GetProviderByID", **known))["idp"]
    v2 = (await server.ok(GET, **known))["idp"]
    for found in (v1, v2):
        assert (found["name"], found["config"]["options"]) == (fields["name"], SHOWN)
        assert "s3cr3t" not in str(found)
        assert found["details"]["resourceOwner"] == INSTANCE
    assert v1["owner"] == "IDP_OWNER_TYPE_SYSTEM"
    assert (v1["state"], v2["state"]) == ("IDP_STATE_ACTIVE", "IDP_STATE_ACTIVE")
    assert v1["type"].removeprefix("PROVIDER_TYPE_") == v2["type"].removeprefix("IDP_TYPE_")
    config = v1["config"][member]
    plain = {name: value for name, value in fields.items() if isinstance(value, str | bool | list)}
    for name in plain.keys() - SECRETS - {"name"}:
        assert config[in_json(name)] == fields[name], name
        assert name in V1_ONLY or v2["config"][member][in_json(name)] == fields[name]
    changed = {name: value for name, value in given.items() if name not in SECRETS}
    head = await server.services.world.log.head(INSTANCE)
    await server.ok(f"{ADMIN}/Update{word}Provider", **known, **changed, provider_options=OPTIONS)
    assert await server.services.world.log.head(INSTANCE) == head  # nothing is different
    other = changed | {"name": "Other", "provider_options": {"is_linking_allowed": True}}
    await server.ok(f"{ADMIN}/Update{word}Provider", **known, **other)
    found = (await server.ok(GET, **known))["idp"]
    assert (found["name"], found["config"]["options"]) == ("Other", {"isLinkingAllowed": True})
    await server.ok(f"{ADMIN}/DeleteProvider", **known)
    assert await server.refused(GET, **known) == "IDP-NotFound"
    for method in (f"Update{word}Provider", "GetProviderByID", "DeleteProvider"):
        more = changed if method.startswith("Update") else {}
        assert await server.refused(f"{ADMIN}/{method}", **known, **more) == "IDP-NotFound"


async def test_a_secret_is_kept_sealed_and_stays_when_none_is_given(server):
    made = await server.ok(f"{ADMIN}/AddGoogleProvider", **CLIENT)
    changed = CLIENT | {"id": made["id"], "client_secret": "", "client_id": "new"}
    await server.ok(f"{ADMIN}/UpdateGoogleProvider", **changed)
    instance = await server.services.dispatch.state(INSTANCE, "instance", INSTANCE)
    idp = instance.idps[made["id"]]
    keyring = server.services.world.keyring
    assert keyring.open(Area.IDENTITY_PROVIDER, idp.secret, INSTANCE) == b"s3cr3t"
    assert idp.client_id == "new"
    events = await server.services.world.log.after(INSTANCE, 0, 1000)
    assert "s3cr3t" not in str([each.event for each in events])


BAD = {
    "issuer": ("GenericOIDC", {"issuer": "ftp://idp.test"}),
    "authorization_endpoint": ("GenericOAuth", {"authorization_endpoint": "javascript:alert(1)"}),
    "token_endpoint": ("GenericOAuth", {"token_endpoint": "https://a@idp.test/"}),
    "user_endpoint": ("GenericOAuth", {"user_endpoint": "https://idp.test/#x"}),
    "jwt_endpoint": ("JWT", {"jwt_endpoint": "/relative"}),
    "keys_endpoint": ("JWT", {"keys_endpoint": "file:///etc/passwd"}),
    "header_name": ("JWT", {"header_name": "a b"}),
    "servers": ("LDAP", {"servers": ["https://ldap.test"]}),
    "user_filters": ("LDAP", {"user_filters": ["uid=*)(uid"]}),
    "user_object_classes": ("LDAP", {"user_object_classes": ["a)(b"]}),
    "email_attribute": ("LDAP", {"attributes": {"email_attribute": "a)("}}),
    "timeout": ("LDAP", {"timeout": "61s"}),
    "tenant": ("AzureAD", {"tenant": {"tenant_id": "../evil"}}),
    "scopes": ("Google", {"scopes": ["a b"]}),
}


@pytest.mark.parametrize("field", BAD)
async def test_settings_that_nothing_could_be_done_with_are_refused(server, field):
    word, wrong = BAD[field]
    fields = encoded(KINDS[word][0]) | wrong
    answer = await server.call(f"{ADMIN}/Add{word}Provider", **fields)
    assert answer["details"][0]["debug"]["id"] == "IDP-Invalid"
    assert field in answer["message"]


async def test_a_key_that_is_none_is_refused(server):
    fields = encoded(KINDS["Apple"][0] | {"private_key": b"x"})
    assert await server.refused(f"{ADMIN}/AddAppleProvider", **fields) == "KEY-Invalid"


async def test_a_provider_stays_of_its_kind(server):
    made = await server.ok(f"{ADMIN}/AddGoogleProvider", **CLIENT)
    fields = CLIENT | {"id": made["id"]}
    assert await server.refused(f"{ADMIN}/UpdateGitHubProvider", **fields) == "IDP-OtherKind"


async def test_providers_are_listed_by_name_and_found(server):
    for name in ("b", "a", "C"):
        await server.ok(f"{ADMIN}/AddGitHubProvider", **CLIENT | {"name": name})
    listed = await server.ok(f"{ADMIN}/ListProviders", query={"asc": True})
    assert [each["name"] for each in listed["result"]] == ["a", "b", "C"]
    assert listed["details"]["totalResult"] == "3"
    method = "TEXT_QUERY_METHOD_STARTS_WITH_IGNORE_CASE"
    query = [{"idp_name_query": {"name": "c", "method": method}}]
    found = await server.ok(f"{ADMIN}/ListProviders", queries=query)
    assert [each["name"] for each in found["result"]] == ["C"]
    by_id = [{"idp_id_query": {"id": found["result"][0]["id"]}}]
    assert await server.ok(f"{ADMIN}/ListProviders", queries=by_id)
    page = await server.ok(f"{ADMIN}/ListProviders", query={"asc": True, "limit": 1, "offset": 1})
    assert [each["name"] for each in page["result"]] == ["b"]


async def test_only_what_the_login_policy_offers_is_active(server):
    made = (await server.ok(f"{ADMIN}/AddGoogleProvider", **CLIENT, provider_options=OPTIONS))["id"]
    assert "identityProviders" not in await server.ok(ACTIVE)
    await server.ok(f"{ADMIN}/AddIDPToLoginPolicy", idp_id=made)
    assert "identityProviders" not in await server.ok(ACTIVE)  # the policy lets nobody in
    policy = LoginPolicy(allow_external_idp=True)
    await server.send(ChangePolicy(instance_id=INSTANCE, policy=policy))
    [shown] = (await server.ok(ACTIVE))["identityProviders"]
    assert shown == {
        "id": made, "name": "Elsewhere", "options": SHOWN, "type": "IDENTITY_PROVIDER_TYPE_GOOGLE",
    }  # fmt: skip
    assert "identityProviders" in await server.ok(ACTIVE, creation_allowed=True, auto_linking=True)
    assert "identityProviders" not in await server.ok(ACTIVE, linking_allowed=False)
    offered = await server.ok(f"{ADMIN}/ListLoginPolicyIDPs")
    assert offered["result"] == [{"idpId": made, "idpName": "Elsewhere"}]
    again = await server.refused(f"{ADMIN}/AddIDPToLoginPolicy", idp_id=made)
    assert again == "IDP-AlreadyOffered"
    await server.ok(f"{ADMIN}/RemoveIDPFromLoginPolicy", idp_id=made)
    gone = await server.refused(f"{ADMIN}/RemoveIDPFromLoginPolicy", idp_id=made)
    assert gone == "IDP-NotOffered"
    assert await server.refused(f"{ADMIN}/AddIDPToLoginPolicy", idp_id="404") == "IDP-NotFound"
    await server.ok(f"{ADMIN}/AddIDPToLoginPolicy", idp_id=made)
    await server.ok(f"{ADMIN}/DeleteProvider", id=made)
    assert "result" not in await server.ok(f"{ADMIN}/ListLoginPolicyIDPs")
    state = await server.services.dispatch.state(INSTANCE, "instance", INSTANCE)
    assert (state.idps, state.policies.idps) == ({}, ())


async def test_a_list_has_an_end(server):
    for method in ("ListProviders", "ListLoginPolicyIDPs"):
        much = await server.refused(f"{ADMIN}/{method}", query={"limit": 1001})
        assert much == "QUERY-LimitExceeded"


@pytest.mark.parametrize("user", [GUEST, OWNER])
async def test_who_may_not_is_refused_everywhere(server, user):
    await server.idp("1")
    calls = {f"Add{word}Provider": encoded(fields) for word, (fields, _) in KINDS.items()}
    calls |= {f"Update{word}Provider": {"id": "1", **encoded(f)} for word, (f, _) in KINDS.items()}
    calls |= {"ListProviders": {}, "GetProviderByID": {"id": "1"}, "DeleteProvider": {"id": "1"}}
    calls |= {"ListLoginPolicyIDPs": {}}
    calls |= {f"{what}LoginPolicy": {"idp_id": "1"} for what in ("AddIDPTo", "RemoveIDPFrom")}
    head = await server.services.world.log.head(INSTANCE)
    for method, fields in calls.items():
        refused = await server.refused(f"{ADMIN}/{method}", user, **fields)
        assert refused == "AUTH-PermissionDenied", method
        refused = await server.refused(f"{ADMIN}/{method}", None, **fields)
        assert refused == "AUTH-Unauthenticated", method
    assert await server.services.world.log.head(INSTANCE) == head


async def test_an_owner_of_an_organisation_sees_a_provider_but_a_stranger_does_not(server):
    await server.idp("1")
    assert (await server.ok(GET, OWNER, id="1"))["idp"]["name"] == "Elsewhere"
    assert await server.refused(GET, GUEST, id="1") == "AUTH-PermissionDenied"
    assert await server.refused(GET, ROOT, id="2") == "IDP-NotFound"


def test_every_kind_has_its_two_methods():
    from personae.http.api.admin_v1_idps import METHODS

    assert METHODS.keys() == KINDS.keys()
    assert set(METHODS.values()) == set(IdpKind)
