"""Settings: what holds for an organisation, and that it holds."""

import pytest
from personae.actors.domain import policies as p
from personae.actors.domain.instance.commands import ActivateLabel, ChangePolicy
from personae.actors.domain.org import commands as c

from tests.aggregates.conftest import HOUR, INSTANCE, ORG
from tests.http.api.conftest import GUEST, OTHER_ORG, OWNER, USER

SERVICE = "zitadel.settings.v2.SettingsService"
POLICIES = {
    "GetLoginSettings": p.LoginPolicy(allow_register=True, password_check_lifetime=HOUR),
    "GetPasswordComplexitySettings": p.PasswordComplexityPolicy(min_length=12),
    "GetPasswordExpirySettings": p.PasswordAgePolicy(max_age_days=90),
    "GetBrandingSettings": p.LabelPolicy(primary_color="#112233", theme_mode=3),
    "GetDomainSettings": p.DomainPolicy(validate_org_domains=True),
    "GetLegalAndSupportSettings": p.PrivacyPolicy(tos_link="https://x.test/tos"),
    "GetLockoutSettings": p.LockoutPolicy(max_password_attempts=3),
}
SHOWN = {
    "GetLoginSettings": ("passwordCheckLifetime", "3600s"),
    "GetPasswordComplexitySettings": ("minLength", "12"),
    "GetPasswordExpirySettings": ("maxAgeDays", "90"),
    "GetBrandingSettings": ("themeMode", "THEME_MODE_DARK"),
    "GetDomainSettings": ("requireOrgDomainVerification", True),
    "GetLegalAndSupportSettings": ("tosLink", "https://x.test/tos"),
    "GetLockoutSettings": ("maxPasswordAttempts", "3"),
}
ACTIVE, SECURITY = "GetActiveIdentityProviders", "SecuritySettings"
TRANSLATION = "HostedLoginTranslation"


async def get(server, method, **fields):
    return (await server.ok(f"{SERVICE}/{method}", **fields))["settings"]


@pytest.mark.parametrize("method", POLICIES)
async def test_an_override_holds_in_its_organisation_only(server, method):
    name, value = SHOWN[method]
    await server.send(c.AddOrgPolicy(org_id=OTHER_ORG, policy=POLICIES[method]))
    if method == "GetBrandingSettings":
        await server.send(c.ActivateOrgLabel(org_id=OTHER_ORG))
    there = await get(server, method, ctx={"org_id": OTHER_ORG})
    here = await get(server, method, ctx={"org_id": ORG})
    assert (there[name], there["resourceOwnerType"]) == (value, "RESOURCE_OWNER_TYPE_ORG")
    assert (here.get(name) != value, here["resourceOwnerType"]) == (
        True,
        "RESOURCE_OWNER_TYPE_INSTANCE",
    )
    await server.send(c.RemoveOrgPolicy(org_id=OTHER_ORG, policy=type(POLICIES[method])))
    assert await get(server, method, ctx={"org_id": OTHER_ORG}) == here


@pytest.mark.parametrize("method", POLICIES)
async def test_a_default_holds_everywhere(server, method):
    name, value = SHOWN[method]
    await server.send(ChangePolicy(instance_id=INSTANCE, policy=POLICIES[method]))
    await server.send(ActivateLabel(instance_id=INSTANCE))
    assert (await get(server, method, ctx={"instance": True}))[name] == value
    assert (await get(server, method, ctx={"org_id": OTHER_ORG}))[name] == value


@pytest.mark.parametrize("method", [*POLICIES, ACTIVE, "GetGeneralSettings"])
async def test_settings_are_read_with_the_permission_and_by_rest(server, method):
    assert await server.refused(f"{SERVICE}/{method}", GUEST) == "AUTH-PermissionDenied"
    assert await server.ok(f"{SERVICE}/{method}", OWNER)
    if method in POLICIES:
        unknown = {"ctx": {"org_id": "404"}}
        assert await server.refused(f"{SERVICE}/{method}", **unknown) == "ORG-NotFound"


@pytest.mark.parametrize("method", [*POLICIES, ACTIVE])
async def test_nobody_reads_what_holds_in_somebody_elses_organisation(server, method):
    """Nor whether there is such an organisation."""
    assert await server.ok(f"{SERVICE}/{method}", OWNER, ctx={"org_id": OTHER_ORG})
    assert await server.ok(f"{SERVICE}/{method}", OWNER, ctx={"instance": True})
    for foreign in (ORG, "404"):
        refused = await server.refused(f"{SERVICE}/{method}", OWNER, ctx={"org_id": foreign})
        assert refused == "AUTH-PermissionDenied"


async def test_the_general_settings_tell_languages_and_the_default_organisation(server):
    async with server.http.get("/v2/settings", headers=server.headers()) as answer:
        got = await answer.json()
    assert (got["defaultOrgId"], got["defaultLanguage"]) == (ORG, "en")
    assert {"en", "de"} <= set(got["supportedLanguages"])


async def test_no_identity_provider_is_active_yet(server):
    assert set(await server.ok(f"{SERVICE}/{ACTIVE}")) == {"details"}


async def test_the_complexity_of_the_organisation_is_what_passwords_must_keep(server):
    strict = p.PasswordComplexityPolicy(min_length=30)
    await server.send(c.AddOrgPolicy(org_id=OTHER_ORG, policy=strict))
    await server.human("here")
    fields = {
        "organization_id": OTHER_ORG,
        "username": "there",
        "human": {
            "profile": {"given_name": "G", "family_name": "G"},
            "email": {"email": "t@x.test", "is_verified": True},
            "password": {"password": "Secret-Word-1"},
        },
    }
    assert await server.refused(f"{USER}/CreateUser", **fields) == "USER-PasswordTooShort"


async def test_the_lockout_of_the_organisation_locks_its_users(server):
    once = p.LockoutPolicy(max_password_attempts=1)
    await server.send(c.AddOrgPolicy(org_id=ORG, policy=once))
    id_ = (await server.human())["id"]
    wrong = {"user": {"user_id": id_}, "password": {"password": "wrong"}}
    create = "zitadel.session.v2.SessionService/CreateSession"
    await server.refused(create, checks=wrong)
    assert (await server.ok(f"{USER}/GetUserByID", user_id=id_))["user"]["state"] == (
        "USER_STATE_LOCKED"
    )


async def test_names_end_in_the_domain_where_the_organisation_says_so(server):
    await server.ok("zitadel.org.v2.OrganizationService/AddOrganization", name="Scoped", org_id="7")
    scoped = p.DomainPolicy(user_login_must_be_domain=True)
    await server.send(c.AddOrgPolicy(org_id="7", policy=scoped))
    await server.human("gigi")
    id_ = (await server.human("gigi", organization_id="7"))["id"]
    user = (await server.ok(f"{USER}/GetUserByID", user_id=id_))["user"]
    [name] = user["loginNames"]
    assert name.startswith("gigi@scoped.")
    query = {"loginNameQuery": {"loginName": name}}
    found = await server.ok(f"{USER}/ListUsers", queries=[query])
    assert [each["userId"] for each in found["result"]] == [id_]


async def test_security_settings_are_set_and_read(server):
    frame = {"enabled": True, "allowedOrigins": ["https://a.test"]}
    wanted = {"embeddedIframe": frame, "enableImpersonation": True}
    await server.ok(f"{SERVICE}/Set{SECURITY}", **wanted)
    assert await get(server, f"Get{SECURITY}") == wanted
    bad = {"embedded_iframe": {"enabled": True, "allowed_origins": ["x"]}}
    assert await server.refused(f"{SERVICE}/Set{SECURITY}", **bad) == "POLICY-Invalid"
    for method in (f"Get{SECURITY}", f"Set{SECURITY}"):
        assert await server.refused(f"{SERVICE}/{method}", OWNER) == "AUTH-PermissionDenied"


async def test_texts_of_the_pages_are_inherited_level_by_level(server):
    async def texts(**fields):
        got = await server.ok(f"{SERVICE}/Get{TRANSLATION}", locale="de", **fields)
        assert len(got["etag"]) == 32
        return got["translations"]

    own = {"loginname": {"title": "Hallo"}}
    await server.ok(f"{SERVICE}/Set{TRANSLATION}", instance=True, locale="de", translations=own)
    theirs = {"loginname": {"label": "Name"}}
    to = {"organization_id": OTHER_ORG, "locale": "de"}
    await server.ok(f"{SERVICE}/Set{TRANSLATION}", **to, translations=theirs)
    assert (await texts(system=True))["loginname"]["title"] != "Hallo"
    assert (await texts(instance=True))["loginname"]["title"] == "Hallo"
    both = (await texts(organization_id=OTHER_ORG))["loginname"]
    assert (both["title"], both["label"]) == ("Hallo", "Name")
    assert await texts(organization_id=OTHER_ORG, ignore_inheritance=True) == theirs
    assert await texts(organization_id=ORG, ignore_inheritance=True) == {}


@pytest.mark.parametrize("verb", ["Get", "Set"])
async def test_texts_need_a_level_a_language_and_the_permission(server, verb):
    method = f"{SERVICE}/{verb}{TRANSLATION}"
    assert await server.refused(method, locale="de") == "REQUEST-InvalidField"
    assert await server.refused(method, locale="d!", instance=True) == "REQUEST-InvalidField"
    unknown = {"organization_id": "404", "locale": "de"}
    assert await server.refused(method, **unknown) == "ORG-NotFound"
    assert await server.refused(method, OWNER, locale="de", instance=True) == (
        "AUTH-PermissionDenied"
    )


async def test_endless_texts_are_refused(server):
    long = {"a": "x" * 70_000}
    set_ = {"instance": True, "locale": "de", "translations": long}
    assert await server.refused(f"{SERVICE}/Set{TRANSLATION}", **set_) == "REQUEST-InvalidField"
