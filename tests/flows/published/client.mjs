// The client that is published for the reference system, unchanged. Prints one JSON object: what each call answered.
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { createClientFor, NewAuthorizationBearerInterceptor, toJson } from "@zitadel/client";
import { createServerTransport } from "@zitadel/client/node";
import {
  createOrganizationServiceClient,
  createSessionServiceClient,
  createUserServiceClient,
} from "@zitadel/client/v2";
import { ActionService } from "@zitadel/proto/zitadel/action/v2beta/action_service_pb.js";
import { AppService } from "@zitadel/proto/zitadel/app/v2beta/app_service_pb.js";
import { AuthorizationService } from "@zitadel/proto/zitadel/authorization/v2beta/authorization_service_pb.js";
import { FeatureService } from "@zitadel/proto/zitadel/feature/v2/feature_service_pb.js";
import { IdentityProviderService } from "@zitadel/proto/zitadel/idp/v2/idp_service_pb.js";
import { InstanceService } from "@zitadel/proto/zitadel/instance/v2beta/instance_service_pb.js";
import { InternalPermissionService } from "@zitadel/proto/zitadel/internal_permission/v2beta/internal_permission_service_pb.js";
import { OIDCService } from "@zitadel/proto/zitadel/oidc/v2/oidc_service_pb.js";
import { OrganizationService } from "@zitadel/proto/zitadel/org/v2/org_service_pb.js";
import { ProjectService } from "@zitadel/proto/zitadel/project/v2beta/project_service_pb.js";
import { SAMLService } from "@zitadel/proto/zitadel/saml/v2/saml_service_pb.js";
import { SessionService } from "@zitadel/proto/zitadel/session/v2/session_service_pb.js";
import { SettingsService } from "@zitadel/proto/zitadel/settings/v2/settings_service_pb.js";
import { UserService } from "@zitadel/proto/zitadel/user/v2/user_service_pb.js";
import { WebKeyService } from "@zitadel/proto/zitadel/webkey/v2/webkey_service_pb.js";

const [baseUrl, token, loginToken, name] = process.argv.slice(2);
const transport = createServerTransport(token, { baseUrl, httpVersion: "2" });

// What people do, over gRPC.

const orgs = createOrganizationServiceClient(transport);
const users = createUserServiceClient(transport);
const sessions = createSessionServiceClient(transport);
const password = "Correct-Horse-2";

const org = await orgs.addOrganization({ name });
const organization = { org: { case: "orgId", value: org.organizationId } };
const added = await users.addHumanUser({
  organization,
  username: name,
  profile: { givenName: "Ada", familyName: "Lovelace" },
  email: { email: "ada@example.test", verification: { case: "isVerified", value: true } },
  passwordType: { case: "password", value: { password, changeRequired: false } },
});
const userId = added.userId;
const found = await users.getUserByID({ userId });
const inOrg = { query: { case: "organizationIdQuery", value: { organizationId: org.organizationId } } };
const listed = await users.listUsers({ queries: [inOrg] });
const search = { case: "userId", value: userId };
const session = await sessions.createSession({ checks: { user: { search }, password: { password } } });
const checked = await sessions.getSession({ sessionId: session.sessionId, sessionToken: session.sessionToken });
const refusal = await users.getUserByID({ userId: "nobody" }).catch((error) => error);

// Every service it knows, over every wire it knows; of six the client has only the older package.

const project = createClientFor(ProjectService)(transport);
const projectId = (await project.createProject({ organizationId: org.organizationId, name })).id;

const settings = await createClientFor(SettingsService)(transport).getLoginSettings({});
const instanceId = settings.details.resourceOwner;

function transports(token) {
  const over = { baseUrl, httpVersion: "2", interceptors: [NewAuthorizationBearerInterceptor(token)] };
  return Object.entries({
    grpc: createServerTransport(token, { baseUrl, httpVersion: "2" }),
    connect: createConnectTransport(over),
    connectBinary: createConnectTransport({ ...over, useBinaryFormat: true }),
    grpcWeb: createGrpcWebTransport(over),
    http1: createConnectTransport({ ...over, httpVersion: "1.1" }),
  });
}

const owner = transports(token);
const signIn = transports(loginToken); // the pages to sign in on, which see requests of everybody
const calls = [
  [UserService, "listUsers", { queries: [inOrg] }],
  [SessionService, "getSession", { sessionId: session.sessionId, sessionToken: session.sessionToken }],
  [OrganizationService, "listOrganizations", {}],
  [ProjectService, "listProjects", {}],
  [AppService, "listApplications", { projectId }],
  [AuthorizationService, "listAuthorizations", {}],
  [InternalPermissionService, "listAdministrators", {}],
  [InstanceService, "getInstance", { instanceId }],
  [SettingsService, "getLoginSettings", {}],
  [FeatureService, "getInstanceFeatures", { inheritance: true }],
  [IdentityProviderService, "getIDPByID", { id: "nobody" }],
  [OIDCService, "getAuthRequest", { authRequestId: "V2_nobody" }, signIn],
  [SAMLService, "getSAMLRequest", { samlRequestId: "V2_nobody" }, signIn],
  [WebKeyService, "listWebKeys", {}],
  [ActionService, "listTargets", {}],
];

async function say(service, method, request, wire) {
  try {
    const answer = await createClientFor(service)(wire)[method](request);
    if (answer.details?.timestamp) delete answer.details.timestamp; // of lists: when they were made
    return toJson(service.method[method].output, answer);
  } catch (error) {
    return { code: error.code, message: error.rawMessage };
  }
}

const everywhere = {};
for (const [service, method, request, wires = owner] of calls) {
  const said = wires.map(async ([wire, over]) => [wire, await say(service, method, request, over)]);
  everywhere[service.typeName] = Object.fromEntries(await Promise.all(said));
}

console.log(
  JSON.stringify({
    user: { id: found.user.userId, name: found.user.username, type: found.user.type.case },
    listed: listed.result.map((user) => user.userId),
    session: { user: checked.session.factors.user.id, password: Boolean(checked.session.factors.password) },
    refusal: { code: refusal.code, message: refusal.rawMessage },
    added: userId,
    everywhere,
  }),
);
process.exit(0); // connections that are kept alive would hold it
