// The client that is published for the reference system, unchanged. Prints one JSON object: what each call answered.
import { createServerTransport } from "@zitadel/client/node";
import {
  createOrganizationServiceClient,
  createSessionServiceClient,
  createUserServiceClient,
} from "@zitadel/client/v2";

const [baseUrl, token, name] = process.argv.slice(2);
const transport = createServerTransport(token, { baseUrl, httpVersion: "2" });
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

console.log(
  JSON.stringify({
    user: { id: found.user.userId, name: found.user.username, type: found.user.type.case },
    listed: listed.result.map((user) => user.userId),
    session: { user: checked.session.factors.user.id, password: Boolean(checked.session.factors.password) },
    refusal: { code: refusal.code, message: refusal.rawMessage },
    added: userId,
  }),
);
