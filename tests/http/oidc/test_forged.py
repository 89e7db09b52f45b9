"""Texts that somebody made, at every place that reads a signed one: none of them is believed.

A place is told a token and answers; an attack makes one. Each place refuses each attack with its
own ``error``, and takes the same token rightly signed.
"""

import base64
import hmac

import orjson
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from personae.actors.domain.project.values import APIAuthMethod, AuthMethod, GrantType, TokenType
from personae.http.identity.jose import PrivateKey
from personae.http.identity.keys import StoredKey

from tests.aggregates.conftest import ADMIN
from tests.http.oidc.assertions import ASSERTION, seconds
from tests.http.oidc.conftest import CALLBACK, query_of
from tests.http.oidc.proofs import new_key, proof

EVERY = (GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN, GrantType.TOKEN_EXCHANGE)
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"
EVIL = "https://evil.example/keys"


def part(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def raw(header, claims, signature=b""):
    """Write a token that no library would."""
    return f"{unsigned(header, claims)}.{part(signature)}"


def unsigned(header, claims):
    return f"{part(orjson.dumps(header))}.{part(orjson.dumps(claims))}"


def of_claims(header, claims, key):
    algorithm = header["alg"]
    return jwt.encode(header, claims, key, algorithms=[algorithm])


class Signed:
    """What an attacker knows: a good token's header and claims, and the public key. Not the key."""

    def __init__(self, header, claims, key):
        self.header, self.claims, self.key = header, claims, key
        self.own = ECKey.generate_key("P-256")
        self.own_rsa = RSAKey.generate_key(2048)

    def right(self, **header):
        return of_claims({**self.header, **header}, self.claims, self.key)

    def forged(self, **header):
        """Sign with a key of one's own, under a header that leads to it."""
        key = self.own_rsa if self.header["alg"] == "RS256" else self.own
        return of_claims({**self.header, **header}, self.claims, key)

    def secret(self):
        """Sign with the public key as if it were a shared secret (key confusion)."""
        message = unsigned({**self.header, "alg": "HS256"}, self.claims)
        public = self.key.as_pem(private=False)
        return f"{message}.{part(hmac.digest(public, message.encode(), 'sha256'))}"


def swapped(s):
    header, _, signature = s.right().split(".")
    return f"{header}.{part(orjson.dumps({**s.claims, 'more': 1}))}.{signature}"


ATTACKS = {
    "no algorithm": lambda s: raw({**s.header, "alg": "none"}, s.claims),
    "no algorithm, odd case": lambda s: raw({**s.header, "alg": "nOnE"}, s.claims),
    "no algorithm, signed": lambda s: raw({**s.header, "alg": "none"}, s.claims, b"x" * 64),
    "algorithm left out": lambda s: raw({"kid": s.header["kid"]}, s.claims, b"x" * 64),
    "empty signature": lambda s: s.right().rpartition(".")[0] + ".",
    "public key as secret": lambda s: s.secret(),
    "own key, known name": lambda s: s.forged(),
    "own key in jwk": lambda s: s.forged(jwk=s.own.as_dict(private=False)),
    "own key at jku": lambda s: s.forged(jku=EVIL),
    "own key at x5u": lambda s: s.forged(x5u=EVIL),
    "own certificate in x5c": lambda s: s.forged(x5c=["AA=="]),
    "rightly signed, with jwk": lambda s: s.right(jwk=s.own.as_dict(private=False)),
    "rightly signed, with jku": lambda s: s.right(jku=EVIL),
    "rightly signed, with x5u": lambda s: s.right(x5u=EVIL),
    "rightly signed, critical extension": lambda s: raw_signed(s, crit=["x"], x=1),
    "kid a path": lambda s: s.forged(kid="../../../../dev/null"),
    "kid SQL": lambda s: s.forged(kid="x' UNION SELECT 'key' --"),
    "kid a URL": lambda s: s.forged(kid=EVIL),
    "kid empty": lambda s: s.forged(kid=""),
    "kid long": lambda s: s.forged(kid="x" * 3_000),
    "kid a list": lambda s: raw({**s.header, "kid": [s.header["kid"]]}, s.claims, b"x" * 64),
    "other claims, old signature": swapped,
}


def raw_signed(s, **header):
    header = {**s.header, **header}
    message = unsigned(header, s.claims)
    key = PrivateKey.from_pem(header["alg"], s.key.as_pem(private=True))
    return f"{message}.{part(key.sign(message.encode()))}"


# Places: each returns what makes a good token, and what the place says to one.


def claims_of(stack, subject, **more):
    now = int(seconds(stack))
    about = {"iss": subject, "sub": subject, "aud": stack.issuer, "iat": now, "exp": now + 60}
    return {name: value for name, value in (about | more).items() if value is not None}


def signed_by(app, claims, **header):
    return Signed({"alg": "RS256", "kid": app.key_id, **header}, claims, RSAKey.import_key(app.key))


async def client_assertion(stack):
    api = await stack.api(auth_method=APIAuthMethod.PRIVATE_KEY_JWT)

    async def told(text):
        form = {"client_assertion_type": ASSERTION, "client_assertion": text, "token": "x"}
        return (await stack.post("/oauth/v2/introspect", **form)).error

    return signed_by(api, claims_of(stack, api.client_id)), told


async def bearer_assertion(stack):
    bot = await stack.machine_key(await stack.machine())

    async def told(text):
        return (await stack.token(BEARER, assertion=text)).error

    return signed_by(bot, claims_of(stack, bot.id)), told


async def request_object(stack):
    app = await stack.app(auth_method_type=AuthMethod.PRIVATE_KEY_JWT)
    asked = {"response_type": "code", "scope": "openid", "redirect_uri": CALLBACK}

    async def told(text):
        params = {"client_id": app.client_id, "request": text}
        found = await stack.call("GET", "/oauth/v2/authorize", params=params)
        assert found.location.startswith("/ui/login/login?") or not found.location
        return None if found.location else "page"

    return signed_by(app, claims_of(stack, app.client_id, sub=None, **asked)), told


async def of_ours(stack, app, text):
    """Take one of our own tokens apart; the test holds the key that signed it."""
    (kept,) = await stack.services.keys._load("1")
    assert isinstance(kept, StoredKey)
    key = ECKey.import_key(kept.private_pem)
    header, claims, _ = (base64.urlsafe_b64decode(each + "==") for each in text.split("."))
    return Signed(orjson.loads(header), orjson.loads(claims), key)


async def access_token(stack):
    app = await stack.app(access_token_type=TokenType.JWT)
    text = (await stack.sign_in(app))["access_token"]

    async def told(text):
        seen = await stack.introspect(app, text)
        found = await stack.userinfo(text)
        assert seen["active"] is (found.status == 200)
        return found.error

    return await of_ours(stack, app, text), told


async def logout_hint(stack):
    app, browser = await stack.app(), await stack.browser()
    text = (await stack.sign_in(app, browser))["id_token"]

    async def told(text):
        found = await stack.call("GET", "/oidc/v1/end_session", params={"id_token_hint": text})
        return None if found.location else "page"

    return await of_ours(stack, app, text), told


async def subject_token(stack):
    app = await stack.app(grant_types=EVERY)
    text = (await stack.sign_in(app))["id_token"]

    async def told(text):
        form = {"subject_token": text, "subject_token_type": ID_TOKEN, "scope": "openid"}
        return (await stack.token(EXCHANGE, app.basic, **form)).error

    return await of_ours(stack, app, text), told


PLACES = {
    client_assertion: "invalid_client", bearer_assertion: "invalid_grant", request_object: "page",
    access_token: "invalid_token", logout_hint: "page", subject_token: "invalid_request",
}  # fmt: skip


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
async def test_no_forged_token_is_believed_anywhere(stack, place):
    good, told = await place(stack)
    for name, attack in ATTACKS.items():
        assert await told(attack(good)) == PLACES[place], name
    assert await told(good.right()) is None


async def test_no_forged_hint_says_who_signs_in(stack):
    """Only a token of ours is a hint (OIDC Core, 3.1.2.2); all others are refused, unread."""
    app, browser = await stack.app(), await stack.browser()
    good = await of_ours(stack, app, (await stack.sign_in(app, browser))["id_token"])
    good.claims["sub"] = "somebody else"
    right = {"prompt": "none", "headers": browser.cookie}
    refused = await stack.authorize(app, id_token_hint=good.right(), **right)
    assert refused.error == "login_required"
    assert "OIDC-SignInNeeded" in query_of(refused.location)["error_description"]
    for name, attack in ATTACKS.items():
        found = await stack.authorize(app, id_token_hint=attack(good), **right)
        told = query_of(found.location)
        assert "OIDC-HintRefused" in told.get("error_description", ""), name
        assert told["error"] == "login_required", name


@pytest.mark.parametrize("name", ["jku", "x5u", "x5c", "crit"])
async def test_a_proof_of_possession_brings_its_key_and_nothing_else(stack, name):
    key, bot = new_key(), await stack.machine()
    value = {"x5c": ["AA=="], "crit": ["exp"]}.get(name, EVIL)
    shown = proof(stack, key, "/oauth/v2/token")
    header, claims, _ = (base64.urlsafe_b64decode(each + "==") for each in shown.split("."))
    s = Signed({**orjson.loads(header), name: value}, orjson.loads(claims), key)
    form = {"client_id": bot.name, "client_secret": bot.secret}
    found = await stack.token("client_credentials", {"DPoP": raw_signed(s)}, **form)
    assert found.error == "invalid_dpop_proof"


async def test_a_token_of_another_kind_is_no_access_token(stack):
    """RFC 9068, 4: the type counts, whoever signed (RFC 8725, 3.11)."""
    app = await stack.app(access_token_type=TokenType.JWT)
    tokens = await stack.sign_in(app)
    good = await of_ours(stack, app, tokens["access_token"])
    for typ in ("JWT", "logout+jwt", "token-introspection+jwt", "dpop+jwt"):
        text = good.right(typ=typ)
        assert (await stack.userinfo(text)).error == "invalid_token"
        assert await stack.introspect(app, text) == {"active": False}
    assert (await stack.userinfo(good.right())).json["sub"] == ADMIN
