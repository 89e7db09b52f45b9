"""What people do with the API, service by service: told one call at a time, on any wire.

Each flow is given ``say``, which calls a method and returns its answer, and ``own``, which makes a
name that no other wire uses. Steps that must be refused are told like those that succeed.
"""

from base64 import b64encode

from tests.aggregates.conftest import ORG, PASSWORD, PROJECT
from tests.http.api.conftest import GUEST, OTHER_ORG
from tests.http.api.system import PUBLIC

USER = "user.UserService"
BYTES = b64encode(b"red").decode()
KEY = b64encode(PUBLIC).decode()
CODE = {"return_code": {}}
OPS = "ops"


def human(name, **more):
    return {
        "organization_id": ORG,
        "username": name,
        "human": {
            "profile": {"given_name": "Gigi", "family_name": "Giraffe"},
            "email": {"email": f"{name}@example.com", "return_code": {}},
            **more,
        },
    }


async def people(say, own):
    made = await say(f"{USER}/CreateUser", **human(own("gigi"), phone={"phone": "+491", **CODE}))
    gigi = {"user_id": made["id"]}
    await say(f"{USER}/CreateUser", **human(own("gigi")))
    await say(f"{USER}/GetUserByID", **gigi)
    await say(f"{USER}/GetUserByID", user_id="404")
    sent = await say(f"{USER}/SetEmail", **gigi, email=f"{own('g')}@example.com", **CODE)
    sent = await say(f"{USER}/ResendEmailCode", **gigi, **CODE)
    await say(f"{USER}/VerifyEmail", **gigi, verification_code="wrong")
    await say(f"{USER}/SendEmailCode", **gigi, **CODE)
    sent = await say(f"{USER}/ResendEmailCode", **gigi, **CODE)
    await say(f"{USER}/VerifyEmail", **gigi, verification_code=sent["verificationCode"])
    await say(f"{USER}/SetPhone", **gigi, phone="+492", **CODE)
    sent = await say(f"{USER}/ResendPhoneCode", **gigi, **CODE)
    await say(f"{USER}/VerifyPhone", **gigi, verification_code=sent["verificationCode"])
    await say(f"{USER}/AddOTPSMS", **gigi)
    await say(f"{USER}/RemoveOTPSMS", **gigi)
    await say(f"{USER}/AddOTPEmail", **gigi)
    await say(f"{USER}/RemoveOTPEmail", **gigi)
    await say(f"{USER}/RemovePhone", **gigi)
    await say(f"{USER}/GenerateRecoveryCodes", **gigi, count=3)
    await say(f"{USER}/RemoveRecoveryCodes", **gigi)
    await say(f"{USER}/SetPassword", **gigi, new_password={"password": "Secret-Word-2"})
    await say(f"{USER}/SetPassword", **gigi, new_password={"password": "weak"})
    await say(f"{USER}/PasswordReset", **gigi, **CODE)
    await say(f"{USER}/CreatePasskeyRegistrationLink", **gigi, **CODE)
    await say(f"{USER}/UpdateHumanUser", **gigi, profile={"given_name": "G", "family_name": "H"})
    await say(f"{USER}/UpdateUser", **gigi, human={"profile": {"given_name": "G"}})
    await say(f"{USER}/HumanMFAInitSkipped", **gigi)
    await say(f"{USER}/SetUserMetadata", **gigi, metadata=[{"key": "team", "value": BYTES}])
    await say(f"{USER}/ListUserMetadata", **gigi)
    await say(f"{USER}/DeleteUserMetadata", **gigi, keys=["team"])
    await say(f"{USER}/DeactivateUser", **gigi)
    await say(f"{USER}/ReactivateUser", **gigi)
    await say(f"{USER}/LockUser", **gigi)
    await say(f"{USER}/LockUser", **gigi)
    await say(f"{USER}/UnlockUser", **gigi)
    names = [{"user_name_query": {"user_name": own("gigi")}}]
    await say(f"{USER}/ListUsers", queries=names)
    older = {"organization": {"org_id": ORG}, "username": own("lucy")}
    await say(f"{USER}/AddHumanUser", **older, **human(own("lucy"))["human"])
    await say(f"{USER}/DeleteUser", **gigi)
    await say(f"{USER}/DeleteUser", **gigi)


async def invited(say, own):
    gigi = {"user_id": (await say(f"{USER}/CreateUser", **human(own("gigi"))))["id"]}
    await say(f"{USER}/CreateInviteCode", **gigi, **CODE)
    await say(f"{USER}/ResendInviteCode", **gigi)
    sent = await say(f"{USER}/CreateInviteCode", **gigi, **CODE)
    await say(f"{USER}/VerifyInviteCode", **gigi, verification_code=sent["inviteCode"])
    link = {"idp_link": {"idp_id": "i", "user_id": own("x"), "user_name": "x"}}
    await say(f"{USER}/AddIDPLink", **gigi, **link)
    await say(f"{USER}/ListIDPLinks", **gigi)
    await say(f"{USER}/RemoveIDPLink", **gigi, idp_id="i", linked_user_id=own("x"))
    key = await say(f"{USER}/RegisterU2F", **gigi, domain="localhost")
    await say(f"{USER}/RemoveU2F", **gigi, u2f_id=key["u2fId"])
    await say(f"{USER}/RemoveU2F", **gigi, u2f_id="404")
    key = await say(f"{USER}/RegisterPasskey", **gigi, domain="localhost")
    await say(f"{USER}/RemovePasskey", **gigi, passkey_id=key["passkeyId"])
    await say(f"{USER}/RemovePasskey", **gigi, passkey_id="404")
    await say(f"{USER}/ListAuthenticationFactors", **gigi)
    await say(f"{USER}/ListAuthenticationMethodTypes", **gigi)
    await say(f"{USER}/ListPasskeys", **gigi)


async def machines(say, own):
    machine = {"organization_id": ORG, "username": own("bot"), "machine": {"name": "Bot"}}
    bot = {"user_id": (await say(f"{USER}/CreateUser", **machine))["id"]}
    await say(f"{USER}/AddSecret", **bot)
    await say(f"{USER}/RemoveSecret", **bot)
    await say(f"{USER}/RemoveSecret", **bot)
    later = {"expiration_date": "2099-01-01T00:00:00Z"}
    key = await say(f"{USER}/AddKey", **bot, **later, public_key=KEY)
    await say(f"{USER}/ListKeys", filters=[{"user_id_filter": {"id": bot["user_id"]}}])
    await say(f"{USER}/RemoveKey", **bot, key_id=key["keyId"])
    token = await say(f"{USER}/AddPersonalAccessToken", **bot, **later)
    of = [{"user_id_filter": {"id": bot["user_id"]}}]
    await say(f"{USER}/ListPersonalAccessTokens", filters=of)
    await say(f"{USER}/RemovePersonalAccessToken", **bot, token_id=token["tokenId"])
    await say(f"{USER}/RemovePersonalAccessToken", **bot, token_id=token["tokenId"])


async def sessions(say, own):
    del own
    checks = {"user": {"login_name": "admin@acme.localhost"}}
    made = await say("session.SessionService/CreateSession", checks=checks)
    it = {"session_id": made["sessionId"]}
    proof = {"password": {"password": PASSWORD}}
    await say("session.SessionService/SetSession", **it, checks=proof)
    await say("session.SessionService/SetSession", **it, checks={"password": {"password": "no"}})
    await say("session.SessionService/GetSession", **it)
    ids = [{"ids_query": {"ids": [made["sessionId"]]}}]
    await say("session.SessionService/ListSessions", queries=ids)
    await say("session.SessionService/DeleteSession", **it)
    await say("session.SessionService/GetSession", **it)


async def organisations(say, own):
    service = "org.OrganizationService"
    made = await say(f"{service}/AddOrganization", name=own("Zoo"))
    zoo = {"organization_id": made["organizationId"]}
    await say(f"{service}/AddOrganization", name=own("Zoo"))
    await say(f"{service}/UpdateOrganization", **zoo, name=own("Park"))
    await say(f"{service}/SetOrganizationMetadata", **zoo, metadata=[{"key": "a", "value": BYTES}])
    await say(f"{service}/ListOrganizationMetadata", **zoo)
    await say(f"{service}/DeleteOrganizationMetadata", **zoo, keys=["a"])
    domain = {**zoo, "domain": f"{own('zoo')}.example.com"}
    await say(f"{service}/AddOrganizationDomain", **domain)
    await say(f"{service}/ListOrganizationDomains", **zoo)
    await say(f"{service}/GenerateOrganizationDomainValidation", **domain, type=1)
    await say(f"{service}/VerifyOrganizationDomain", **zoo, domain="404.example.com")
    await say(f"{service}/DeleteOrganizationDomain", **domain)
    await say(f"{service}/DeactivateOrganization", **zoo)
    await say(f"{service}/ActivateOrganization", **zoo)
    only = [{"id_query": {"id": zoo["organization_id"]}}]
    await say(f"{service}/ListOrganizations", queries=only)
    await say(f"{service}/DeleteOrganization", **zoo)


async def projects(say, own):
    service = "project.ProjectService"
    made = await say(f"{service}/CreateProject", organization_id=ORG, name=own("Shop"))
    shop = {"project_id": made["projectId"]}
    await say(f"{service}/UpdateProject", **shop, name=own("Store"))
    await say(f"{service}/GetProject", **shop)
    role = {**shop, "role_key": "buyer"}
    await say(f"{service}/AddProjectRole", **role, display_name="Buyer")
    await say(f"{service}/AddProjectRole", **role, display_name="Buyer")
    await say(f"{service}/UpdateProjectRole", **role, display_name="Who buys")
    await say(f"{service}/ListProjectRoles", **shop)
    to = {**shop, "granted_organization_id": OTHER_ORG}
    await say(f"{service}/CreateProjectGrant", **to, role_keys=["buyer"])
    await say(f"{service}/UpdateProjectGrant", **to, role_keys=[])
    await say(f"{service}/DeactivateProjectGrant", **to)
    await say(f"{service}/ActivateProjectGrant", **to)
    await say(
        f"{service}/ListProjectGrants",
        filters=[{"in_project_ids_filter": {"ids": [*shop.values()]}}],
    )
    await say(f"{service}/DeleteProjectGrant", **to)
    await say(f"{service}/RemoveProjectRole", **role)
    await say(f"{service}/DeactivateProject", **shop)
    await say(f"{service}/ActivateProject", **shop)
    name = [{"project_name_filter": {"project_name": own("Store")}}]
    await say(f"{service}/ListProjects", filters=name)
    await say(f"{service}/DeleteProject", **shop)


async def applications(say, own):
    service = "application.ApplicationService"
    api = {"api_configuration": {"auth_method_type": "API_AUTH_METHOD_TYPE_BASIC"}}
    made = await say(f"{service}/CreateApplication", project_id=PROJECT, name=own("App"), **api)
    app = {"application_id": made["applicationId"], "project_id": PROJECT}
    await say(f"{service}/CreateApplication", project_id="404", name=own("App"), **api)
    await say(f"{service}/UpdateApplication", **app, name=own("New"))
    await say(f"{service}/GetApplication", application_id=app["application_id"])
    await say(f"{service}/GenerateClientSecret", **app)
    jwt = {"api_configuration": {"auth_method_type": "API_AUTH_METHOD_TYPE_PRIVATE_KEY_JWT"}}
    await say(f"{service}/UpdateApplication", **app, **jwt)
    later = {"expiration_date": "2099-01-01T00:00:00Z"}
    key = await say(f"{service}/CreateApplicationKey", **app, **later)
    await say(f"{service}/GetApplicationKey", key_id=key["keyId"])
    of = [{"application_id_filter": {"application_id": app["application_id"]}}]
    await say(f"{service}/ListApplicationKeys", filters=of)
    await say(f"{service}/DeleteApplicationKey", **app, key_id=key["keyId"])
    await say(f"{service}/DeactivateApplication", **app)
    await say(f"{service}/ReactivateApplication", **app)
    await say(f"{service}/ListApplications", filters=[{"name_filter": {"name": own("New")}}])
    await say(f"{service}/DeleteApplication", **app)


async def rights(say, own):
    project = await say("project.ProjectService/CreateProject", organization_id=ORG, name=own("P"))
    shop = {"project_id": project["projectId"]}
    for key in ("a", "b"):
        await say("project.ProjectService/AddProjectRole", **shop, role_key=key, display_name=key)
    service = "authorization.AuthorizationService"
    who = {"user_id": GUEST, **shop, "organization_id": ORG}
    id_ = (await say(f"{service}/CreateAuthorization", **who, role_keys=["a"]))["id"]
    await say(f"{service}/CreateAuthorization", **who, role_keys=["a"])
    await say(f"{service}/UpdateAuthorization", id=id_, role_keys=["b"])
    await say(f"{service}/DeactivateAuthorization", id=id_)
    await say(f"{service}/ActivateAuthorization", id=id_)
    await say(f"{service}/ListAuthorizations", filters=[{"project_id": {"id": shop["project_id"]}}])
    await say(f"{service}/DeleteAuthorization", id=id_)
    service = "internal_permission.InternalPermissionService"
    of = {"user_id": GUEST, "resource": shop}
    await say(f"{service}/CreateAdministrator", **of, roles=["PROJECT_OWNER"])
    await say(f"{service}/UpdateAdministrator", **of, roles=["PROJECT_OWNER_VIEWER"])
    mine = [{"resource": shop}]
    await say(f"{service}/ListAdministrators", filters=mine)
    await say(f"{service}/DeleteAdministrator", **of)
    await say(f"{service}/UpdateAdministrator", **of, roles=["PROJECT_OWNER"])


async def actions(say, own):
    service = "action.ActionService"
    hook = {"rest_webhook": {}, "timeout": "10s", "endpoint": "https://hook.test/x"}
    target = (await say(f"{service}/CreateTarget", name=own("Hook"), **hook))["id"]
    await say(f"{service}/UpdateTarget", id=target, name=own("New"))
    await say(f"{service}/GetTarget", id=target)
    ids = [{"in_target_ids_filter": {"target_ids": [target]}}]
    await say(f"{service}/ListTargets", filters=ids)
    of = {"target_id": target}
    key = await say(f"{service}/AddPublicKey", **of, public_key=KEY)
    of_key = {**of, "key_id": key["keyId"]}
    await say(f"{service}/ActivatePublicKey", **of_key)
    await say(f"{service}/ListPublicKeys", **of)
    await say(f"{service}/RemovePublicKey", **of_key)
    await say(f"{service}/DeactivatePublicKey", **of_key)
    await say(f"{service}/RemovePublicKey", **of_key)
    condition = {"condition": {"request": {"all": True}}}
    await say(f"{service}/SetExecution", **condition, targets=[target])
    await say(f"{service}/ListExecutions")
    await say(f"{service}/SetExecution", **condition)
    for what in ("Functions", "Methods", "Services"):
        await say(f"{service}/ListExecution{what}")
    await say(f"{service}/DeleteTarget", id=target)
    await say(f"{service}/GetTarget", id=target)


async def settings(say, own):
    service = "settings.SettingsService"
    await say(f"{service}/GetGeneralSettings")
    await say(f"{service}/GetActiveIdentityProviders")
    for what in ("Login", "PasswordComplexity", "PasswordExpiry", "Branding", "Domain", "Lockout"):
        await say(f"{service}/Get{what}Settings", ctx={"org_id": ORG})
    await say(f"{service}/GetLegalAndSupportSettings", ctx={"org_id": ORG})
    await say(f"{service}/GetLoginSettings", ctx={"org_id": "404"})
    await say(f"{service}/SetSecuritySettings", enable_impersonation=True)
    await say(f"{service}/GetSecuritySettings")
    text = {"instance": True, "locale": "en"}
    await say(f"{service}/SetHostedLoginTranslation", **text, translations={"a": own("t")})
    await say(f"{service}/GetHostedLoginTranslation", **text)
    service = "feature.FeatureService"
    await say(f"{service}/SetInstanceFeatures", user_schema=True)
    await say(f"{service}/GetInstanceFeatures", inheritance=True)
    await say(f"{service}/ResetInstanceFeatures")
    await say(f"{service}/SetSystemFeatures", OPS, user_schema=True)
    await say(f"{service}/GetSystemFeatures", OPS)
    await say(f"{service}/ResetSystemFeatures", OPS)
    await say(f"{service}/SetSystemFeatures", user_schema=True)
    for method in ("SetOrganization", "GetOrganization", "ResetOrganization"):
        await say(f"{service}/{method}Features", organization_id=ORG)
        await say(f"{service}/{method}Features", organization_id="404")
    for method in ("SetUser", "GetUser", "ResetUser"):
        await say(f"{service}/{method}Features", user_id=GUEST)
        await say(f"{service}/{method}Features", user_id="404")


async def instances(say, own):
    service = "instance.InstanceService"
    await say(f"{service}/UpdateInstance", instance_name=own("Acme"))
    await say(f"{service}/UpdateInstance", instance_id="1", instance_name=own("Inc"))
    await say(f"{service}/UpdateInstance", OPS, instance_id="404", instance_name="X")
    await say(f"{service}/GetInstance")
    await say(f"{service}/ListInstances", OPS)
    custom = {"instance_id": "1", "custom_domain": f"{own('id')}.example.com"}
    await say(f"{service}/AddCustomDomain", OPS, **custom)
    await say(f"{service}/AddCustomDomain", OPS, **custom)
    await say(f"{service}/ListCustomDomains")
    await say(f"{service}/RemoveCustomDomain", OPS, **custom)
    trusted = {"trusted_domain": f"{own('t')}.example.com"}
    await say(f"{service}/AddTrustedDomain", **trusted)
    await say(f"{service}/ListTrustedDomains")
    await say(f"{service}/RemoveTrustedDomain", **trusted)
    await say(f"{service}/RemoveTrustedDomain", **trusted)
    await say(f"{service}/DeleteInstance", OPS, instance_id="404")
    service = "webkey.WebKeyService"
    key = (await say(f"{service}/CreateWebKey", ed25519={}))["id"]
    await say(f"{service}/ActivateWebKey", id=key)
    await say(f"{service}/DeleteWebKey", id=key)
    await say(f"{service}/ActivateWebKey", id="k1")
    await say(f"{service}/ListWebKeys")
    await say(f"{service}/DeleteWebKey", id=key)


async def federation(say, own):
    del own
    urls = {"urls": {"success_url": "https://a.test", "failure_url": "https://a.test"}}
    await say(f"{USER}/StartIdentityProviderIntent", idp_id="i", **urls)
    await say(f"{USER}/StartIdentityProviderIntent", idp_id="404", **urls)
    urls["urls"]["success_url"] = "javascript:alert(1)"
    await say(f"{USER}/StartIdentityProviderIntent", idp_id="i", **urls)
    ldap = {"username": "gigi", "password": "x"}
    await say(f"{USER}/StartIdentityProviderIntent", idp_id="i", ldap=ldap)
    await say(f"{USER}/RetrieveIdentityProviderIntent", idp_intent_id="404", idp_intent_token="t")
    await say("idp.IdentityProviderService/GetIDPByID", id="i")
    await say("idp.IdentityProviderService/GetIDPByID", id="404")
    await say("settings.SettingsService/GetActiveIdentityProviders")


async def not_built_yet(say, own):
    del own
    await say("saml.SAMLService/GetSAMLRequest", saml_request_id="V2_404")
    await say("saml.SAMLService/CreateResponse", saml_request_id="V2_404", error={"error": 1})
    await say("oidc.OIDCService/GetAuthRequest", auth_request_id="V2_404")
    await say("oidc.OIDCService/GetDeviceAuthorizationRequest", user_code="BBBB-BBBB")
    answer = {"device_authorization_id": "404", "deny": {}}
    await say("oidc.OIDCService/AuthorizeOrDenyDeviceAuthorization", **answer)


FLOWS = (
    people,
    invited,
    machines,
    sessions,
    organisations,
    projects,
    applications,
    rights,
    actions,
    settings,
    instances,
    federation,
    not_built_yet,
)
