"""The OpenID provider under load, on one process and on two: what each kind of request takes.

wrk on the same cores, medians of three runs, as in :mod:`tests.bench.server`. Bodies that must differ
from call to call (codes, refresh tokens) are taken from the answers before, inside of wrk.
``make bench ARGS=oauth``; ``PROCESSES="1"`` measures one process only.
"""

import asyncio
import hashlib
import os
import re
import shutil
import time
import urllib.parse
from base64 import b64encode
from html import unescape
from http.cookiejar import CookieJar
from string import Template
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, Request, build_opener

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from personae.http.identity import base64url
from personae.http.identity.jwt import Signer

from tests.bench.server import (
    CONNECTIONS,
    FORM,
    GET,
    Load,
    basic,
    call,
    credentials,
    introspector,
    machine,
    measure,
    wrk,
)
from tests.running import ADMIN, PASSWORD, RunningServer

PROCESSES = tuple(map(int, os.environ.get("PROCESSES", "1 2").split()))
BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
BACK = "http://localhost:9/back"
ASSERTIONS = 2_500
"""More than a process remembers of those without an id: each call verifies a signature."""
ISSUED, STEP = 200_000, 50_000

# A request takes a token out of the pool, its answer puts the next one in.
REFRESH = Template("""
local pool = $pool
wrk.method = "POST"
wrk.headers["content-type"] = "application/x-www-form-urlencoded"
wrk.headers["authorization"] = "$authorization"
request = function()
  return wrk.format(nil, nil, nil, "grant_type=refresh_token&refresh_token=" .. table.remove(pool))
end
response = function(status, headers, body)
  local token = body:match('"refresh_token":"([^"]+)"')
  if token then table.insert(pool, token) end
end
""")

# Two requests a flow: authorize, which redirects with a code, and token.
FLOW = Template("""
local codes = {}
local form = {["content-type"] = "application/x-www-form-urlencoded", authorization = "$authorization"}
request = function()
  local code = table.remove(codes)
  if code then
    return wrk.format("POST", "/oauth/v2/token", form,
      "grant_type=authorization_code&redirect_uri=$back&code_verifier=$verifier&code=" .. code)
  end
  return wrk.format("GET", "$authorize", {cookie = "$cookie"})
end
response = function(status, headers, body)
  if status == 302 then table.insert(codes, (headers["Location"]:match("code=([^&]+)"))) end
end
""")

ROUND = Template("""
local bodies = $bodies
local count = 0
wrk.method = "POST"
wrk.headers["content-type"] = "application/x-www-form-urlencoded"
request = function()
  count = count + 1
  return wrk.format(nil, nil, nil, bodies[count % #bodies + 1])
end
""")


async def rows():
    """Yield every row: (what, figure, unit)."""
    if not shutil.which("wrk"):
        yield "wrk is missing: apt-get install wrk", "", ""
        return
    for processes in PROCESSES:
        server = RunningServer(
            PERSONAE_WORKERS=str(processes), PERSONAE_OIDC__ACCESS_TOKEN_LIFETIME="2h"
        )
        try:
            await asyncio.to_thread(server.start)
            async for what, figure, unit in loads(server):
                yield f"{processes} process{'es' * (processes > 1)}: {what}", figure, unit
            if processes == 1:
                async for row in issued(server):
                    yield row
        finally:
            await asyncio.to_thread(server.remove)


async def loads(server):
    """Yield the rows of every load on a running server."""
    org = call(server, "/v2/organizations/_search", {}, f"Bearer {server.pat}")["result"][0]["id"]
    api, project = introspector(server, org)
    scope = f"openid urn:zitadel:iam:org:project:id:{project}:aud"
    bot = machine(server, org, "opaque", jwt=False)
    signer = credentials(machine(server, org, "signed", jwt=True), scope)
    rsa, ecdsa = web_key(server, RS256), web_key(server, ES256)
    asserted = assertions(server, org)
    form = {"grant_type": "client_credentials", "scope": scope}
    token = call(server, TOKEN, form, basic(*bot), form=True)["access_token"]
    body = FORM.replace("BODY", f"token={token}").replace("AUTHORIZATION", api)
    person = Person(server, web_app(server, project))
    async for row in measure(
        server,
        Load("client_credentials, opaque", TOKEN, lambda _: credentials(bot, scope)),
        Load("client_credentials, JWT RS256", TOKEN, lambda _: signer, before=rsa),
        Load("client_credentials, JWT ES256", TOKEN, lambda _: signer, before=ecdsa),
        Load("jwt-bearer", TOKEN, lambda _: asserted),
        Load("introspection", "/oauth/v2/introspect", lambda _: body),
        Load("userinfo", "/oidc/v1/userinfo", lambda _: GET.replace("TOKEN", token)),
        Load("refresh", TOKEN, lambda _: person.refreshing()),
        Load("code flow, authorize to tokens", TOKEN, lambda _: person.flow(), requests=2),
    ):
        yield row


async def issued(server):
    """Yield what memory is held while tokens are issued, by their number."""
    org = call(server, "/v2/organizations/_search", {}, f"Bearer {server.pat}")["result"][0]["id"]
    script = credentials(machine(server, org, "many", jwt=False), "openid")
    yield "memory before", server.memory(), "MiB"
    count = 0
    for wanted in range(STEP, ISSUED + 1, STEP):
        while count < wanted:
            rate, *_, seconds = await asyncio.to_thread(timed, server, script)
            count += int(rate * seconds)
        yield f"memory after {count:,} issued tokens", server.memory(), "MiB"


def timed(server, script):
    began = time.perf_counter()
    return *wrk(server, TOKEN, script), time.perf_counter() - began


TOKEN = "/oauth/v2/token"
RS256 = {"rsa": {"bits": "RSA_BITS_2048", "hasher": "RSA_HASHER_SHA256"}}
ES256 = {"ecdsa": {"curve": "ECDSA_CURVE_P256"}}


def web_key(server, key):
    """Create a signing key; return what makes the instance sign with it."""
    owner = f"Bearer {server.pat}"
    made = call(server, "/v2/web_keys", key, owner)["id"]

    def sign_with_it():
        call(server, f"/v2/web_keys/{made}/activate", {}, owner)
        time.sleep(1)  # every process hears of it soon

    return sign_with_it


def assertions(server, org):
    """Return a load of assertions that a machine user signed with its own key."""
    owner = f"Bearer {server.pat}"
    user = call(server, "/v2/users/new", {
        "organizationId": org, "username": "asserting", "machine": {"name": "asserting"},
    }, owner)["id"]  # fmt: skip
    private = ec.generate_private_key(ec.SECP256R1())
    pem = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    key = call(server, f"/v2/users/{user}/keys", {
        "expirationDate": "2100-01-01T00:00:00Z", "publicKey": b64encode(pem).decode(),
    }, owner)["keyId"]  # fmt: skip
    signer = Signer(key, "ES256", private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ))  # fmt: skip
    now = int(time.time())
    about = {"iss": user, "sub": user, "aud": server.url, "iat": now - 1}
    texts = [signer.sign({**about, "exp": now + 3000 + n}, "JWT") for n in range(ASSERTIONS)]
    form = f"grant_type={urllib.parse.quote(BEARER)}&scope=openid&assertion="
    return ROUND.substitute(bodies=lua([form + text for text in texts]))


def web_app(server, project):
    """Create an application that people sign in to; return its id and secret."""
    made = call(server, "/v2/applications", {
        "projectId": project, "name": "web", "oidcConfiguration": {
            "redirectUris": [BACK], "responseTypes": ["OIDC_RESPONSE_TYPE_CODE"],
            "grantTypes": ["OIDC_GRANT_TYPE_AUTHORIZATION_CODE", "OIDC_GRANT_TYPE_REFRESH_TOKEN"],
        },
    }, f"Bearer {server.pat}")["oidcConfiguration"]  # fmt: skip
    return made["clientId"], made["clientSecret"]


class Person:
    """Somebody who has signed in with a browser, and an application of theirs."""

    def __init__(self, server, app):
        self.server, self.app = server, app
        self.jar = CookieJar()
        self._browser = build_opener(HTTPCookieProcessor(self.jar))
        self._sign_in()

    def authorize(self, **more):
        query = {
            "client_id": self.app[0], "redirect_uri": BACK, "response_type": "code",
            "scope": "openid profile offline_access", "code_challenge": challenge(VERIFIER),
            "code_challenge_method": "S256", **more,
        }  # fmt: skip
        return f"/oauth/v2/authorize?{urllib.parse.urlencode(query)}"

    def _sign_in(self):
        page = self._browser.open(self.server.url + self.authorize(), timeout=30).read().decode()
        for field, value in (("loginName", ADMIN), ("password", PASSWORD)):
            action, hidden = re.search(
                r'<form method="post" action="(?!/ui/login/language)([^"]*)".*?name="token" value="([^"]*)"',
                page,
                re.DOTALL,
            ).groups()
            form = urllib.parse.urlencode({"token": unescape(hidden), field: value}).encode()
            try:
                found = self._browser.open(self.server.url + unescape(action), form, timeout=30)
            except OSError:  # nothing listens where the application would
                return
            page = found.read().decode()

    @property
    def cookie(self):
        return "; ".join(f"{each.name}={each.value}" for each in self.jar)

    def tokens(self):
        """Return the tokens of a whole flow."""
        request = Request(
            self.server.url + self.authorize(prompt="none"), headers={"cookie": self.cookie}
        )
        location = build_opener(NoRedirect).open(request, timeout=30).headers["Location"]
        code = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(location).query))["code"]
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": BACK,
            "code_verifier": VERIFIER,
        }  # fmt: skip
        return call(self.server, TOKEN, form, basic(*self.app), form=True)

    def refreshing(self):
        pool = [self.tokens()["refresh_token"] for _ in range(CONNECTIONS + 2)]
        return REFRESH.substitute(pool=lua(pool), authorization=basic(*self.app))

    def flow(self):
        return FLOW.substitute(
            authorize=self.authorize(prompt="none"), cookie=self.cookie, verifier=VERIFIER,
            back=urllib.parse.quote(BACK, safe=""), authorization=basic(*self.app),
        )  # fmt: skip


class NoRedirect(HTTPRedirectHandler):
    def http_error_302(self, _request, answer, _code, _message, _headers):
        return answer


VERIFIER = "v" * 43


def challenge(verifier):
    return base64url.encode(hashlib.sha256(verifier.encode()).digest()).decode()


def lua(texts):
    return "{" + ",".join(f'"{each}"' for each in texts) + "}"
