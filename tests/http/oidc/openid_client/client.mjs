// A relying party made of the published library openid-client, unchanged. Told what to do by lines of JSON on
// standard input, {call, ...arguments}; answers each with one line: {ok: …} or {error, status, header}.
import { createInterface } from "node:readline";
import * as oidc from "openid-client";

const configurations = new Map();
const keys = new Map();

const METHODS = {
  none: () => oidc.None(),
  client_secret_basic: ({ secret }) => oidc.ClientSecretBasic(secret),
  client_secret_post: ({ secret }) => oidc.ClientSecretPost(secret),
  private_key_jwt: async (who) => oidc.PrivateKeyJwt(await privateKey(who), { [oidc.modifyAssertion]: change(who) }),
  tls_client_auth: () => oidc.TlsClientAuth(),
  self_signed_tls_client_auth: () => oidc.TlsClientAuth(),
};

// What a proxy does that ends TLS: it adds the certificate of the connection, as a header, to each request.
const behind = (proxy) => (url, options) => fetch(url, { ...options, headers: { ...options.headers, ...proxy } });

async function privateKey({ keyId: kid, jwk }) {
  const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  return { key: await crypto.subtle.importKey("jwk", jwk, algorithm, false, ["sign"]), kid };
}

const change = ({ claims }) => (_header, payload) => Object.assign(payload, claims);

async function dpop(config, name) {
  if (!name) return undefined;
  if (!keys.has(name)) keys.set(name, await oidc.randomDPoPKeyPair("ES256"));
  return { DPoP: oidc.getDPoPHandle(config, keys.get(name)) };
}

const CALLS = {
  async discover({ name, issuer, clientId, method, skew, proxy, ...who }) {
    const authentication = await METHODS[method](who);
    const metadata = { [oidc.clockSkew]: skew };
    const options = { execute: [oidc.allowInsecureRequests], [oidc.customFetch]: behind(proxy) };
    const config = await oidc.discovery(new URL(issuer), clientId, metadata, authentication, options);
    oidc.enableNonRepudiationChecks(config);
    configurations.set(name, config);
    return config.serverMetadata();
  },
  challenge: ({ verifier }) => oidc.calculatePKCECodeChallenge(verifier),
  authorize: ({ config, params }) => oidc.buildAuthorizationUrl(config, params),
  push: ({ config, params, proof }) => oidc.buildAuthorizationUrlWithPAR(config, params, proof),
  sign: async ({ config, params, ...who }) => oidc.buildAuthorizationUrlWithJAR(config, params, await privateKey(who)),
  redeem: async ({ config, url, checks, proof }) =>
    told(await oidc.authorizationCodeGrant(config, new URL(url), checks, undefined, proof)),
  implicit: ({ config, url, nonce, checks }) => {
    oidc.useIdTokenResponseType(config);
    return oidc.implicitAuthentication(config, new URL(url), nonce, checks);
  },
  refresh: async ({ config, token, params, proof }) => told(await oidc.refreshTokenGrant(config, token, params, proof)),
  credentials: ({ config, params, proof }) => oidc.clientCredentialsGrant(config, params, proof),
  grant: async ({ config, type, params, proof }) => told(await oidc.genericGrantRequest(config, type, params, proof)),
  device: ({ config, params }) => oidc.initiateDeviceAuthorization(config, params),
  // The library waits for the server's interval before each question; a test need not.
  poll: async ({ config, begun, proof }) =>
    told(await oidc.pollDeviceAuthorizationGrant(config, { ...begun, interval: 0.001 }, undefined, {
      ...proof, signal: AbortSignal.timeout(2000),
    })),
  userinfo: ({ config, token, subject, proof }) =>
    oidc.fetchUserInfo(config, token, subject ?? oidc.skipSubjectCheck, proof),
  introspect: ({ config, token }) => oidc.tokenIntrospection(config, token),
  revoke: ({ config, token }) => oidc.tokenRevocation(config, token),
  logout: ({ config, params }) => oidc.buildEndSessionUrl(config, params),
};

// The tokens, and the claims of the ID token that the library has verified.
const told = (tokens) => ({ ...tokens, claims: tokens.claims?.() });

async function answer(line) {
  const { call, name, proof, ...rest } = JSON.parse(line);
  try {
    const config = configurations.get(name);
    const found = await CALLS[call]({ ...rest, name, config, proof: await dpop(config, proof) });
    return { ok: found ?? null };
  } catch (error) {
    const challenged = error.cause?.[0]?.parameters;
    return { error: error.error ?? challenged?.error ?? error.code ?? String(error), status: error.status ?? 0 };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await answer(line)));
}
