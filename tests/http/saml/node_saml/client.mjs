// A service provider made of the published library node-saml, unchanged. Told what to do by lines of JSON on
// standard input, {call, ...arguments}; answers each with one line: {ok: …} or {error}.
import { createInterface } from "node:readline";
import { SAML, ValidateInResponseTo } from "@node-saml/node-saml";

const parties = new Map();

const CALLS = {
  make({ name, options }) {
    const checks = {
      // "always" refuses every LogoutResponse that is posted: the library looks for the id in Responses only.
      validateInResponseTo: ValidateInResponseTo.ifPresent,
      wantAuthnResponseSigned: true,
      wantAssertionsSigned: true,
      signatureAlgorithm: "sha256",
      digestAlgorithm: "sha256",
    };
    parties.set(name, new SAML({ ...checks, ...options }));
  },
  metadata: ({ party, certificate }) => party.generateServiceProviderMetadata(null, certificate),
  authorize: ({ party, relay }) => party.getAuthorizeUrlAsync(relay, undefined, {}),
  form: ({ party, relay }) => party.getAuthorizeFormAsync(relay),
  validate: async ({ party, response }) => (await party.validatePostResponseAsync({ SAMLResponse: response })).profile,
  logout: ({ party, profile, relay }) => party.getLogoutUrlAsync(profile, relay, {}),
  loggedOut: async ({ party, response }) => (await party.validatePostResponseAsync({ SAMLResponse: response })).loggedOut,
};

async function answer(line) {
  const { call, name, ...rest } = JSON.parse(line);
  try {
    const found = await CALLS[call]({ ...rest, name, party: parties.get(name) });
    return { ok: found ?? null };
  } catch (error) {
    return { error: String(error.message ?? error) };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await answer(line)));
}
