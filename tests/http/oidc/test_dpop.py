import base64
import json

import pytest
from joserfc.jwk import OctKey, OKPKey, RSAKey
from personae.actors.domain.project.values import AuthMethod, TokenType

from tests.http.oidc.conftest import CALLBACK, basic, query_of
from tests.http.oidc.proofs import new_key, proof, thumbprint

TOKEN, USERINFO, PAR = "/oauth/v2/token", "/oidc/v1/userinfo", "/oauth/v2/par"


@pytest.fixture
def key():
    return new_key()


async def bound(stack, key, app=None, **params):
    """Redeem a code with a proof; returns the client and the token response."""
    app = app or await stack.app()
    code = await stack.code(app, **params)
    found = await stack.redeem(app, code, {**app.basic, "DPoP": proof(stack, key, TOKEN)})
    return app, found


async def use(stack, token, dpop, scheme="DPoP", method="GET"):
    headers = [("Authorization", f"{scheme} {token}"), *(("DPoP", each) for each in dpop)]
    return await stack.call(method, USERINFO, headers=headers)


def unverified(token):
    body = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))


@pytest.mark.parametrize("kind", TokenType)
async def test_a_token_is_bound_to_the_key_that_was_proved(stack, key, kind):
    project = await stack.project()
    app, api = await stack.app(project, access_token_type=kind), await stack.api(project)
    _, found = await bound(stack, key, app)
    assert found.json["token_type"] == "DPoP"
    token = found.json["access_token"]
    shown = proof(stack, key, USERINFO, method="GET", token=token)
    assert (await use(stack, token, [shown])).status == 200
    if kind is TokenType.JWT:
        assert unverified(token)["cnf"] == {"jkt": thumbprint(key)}
    about = await stack.introspect(api, token)
    assert (about["token_type"], about["cnf"]) == ("DPoP", {"jkt": thumbprint(key)})


async def test_a_bound_token_is_no_bearer_token_and_a_bearer_token_needs_no_key(stack, key):
    app, found = await bound(stack, key)
    token = found.json["access_token"]
    plain = (await stack.sign_in(app))["access_token"]
    shown = [proof(stack, key, USERINFO, method="GET", token=each) for each in (token, plain)]
    for text, scheme, dpop in ((token, "Bearer", shown[:1]), (plain, "DPoP", shown[1:])):
        answer = await use(stack, text, dpop, scheme)
        assert (answer.status, answer.error) == (401, "invalid_token")
    offered = answer.headers.getall("WWW-Authenticate")
    assert [each.partition(" ")[0] for each in offered] == ["Bearer", "DPoP"]
    assert 'algs="' in offered[1]


async def test_two_schemes_at_once_are_an_invalid_request(stack, key):
    """Section 7.2, figure 19."""
    _, found = await bound(stack, key)
    token = found.json["access_token"]
    shown = proof(stack, key, USERINFO, method="GET", token=token)
    for first, second in (("Bearer", "DPoP"), ("DPoP", "Bearer"), ("DPoP", "DPoP")):
        headers = [("Authorization", f"{each} {token}") for each in (first, second)]
        answer = await stack.call("GET", USERINFO, headers=[*headers, ("DPoP", shown)])
        assert (answer.status, answer.error) == (400, "invalid_request")
    # It has counted nowhere.
    assert (await use(stack, token, [shown])).status == 200


async def test_a_page_of_another_origin_may_read_the_challenge(stack):
    """Section 7.1: it is no header that every page may read."""
    answer = await use(stack, "x", [])
    assert answer.headers["Access-Control-Expose-Headers"] == "WWW-Authenticate"


async def test_another_key_or_no_proof_or_two_are_refused_at_userinfo(stack, key):
    _, found = await bound(stack, key)
    token = found.json["access_token"]
    asked = {"method": "GET", "token": token}
    good = [proof(stack, key, USERINFO, **asked) for _ in range(2)]
    for dpop in ([], good, [proof(stack, new_key(), USERINFO, **asked)],
                 [proof(stack, key, USERINFO, method="GET")],
                 [proof(stack, key, USERINFO, method="GET", token="other")]):  # fmt: skip
        answer = await use(stack, token, dpop)
        assert (answer.status, answer.error) == (401, "invalid_dpop_proof")
        assert answer.headers["WWW-Authenticate"].startswith("DPoP ")


def bad_proofs(stack, key):
    def of(**changes):
        return proof(stack, changes.pop("by", key), changes.pop("path", TOKEN), **changes)

    now = int(stack.services.world.now().timestamp())
    secret = OctKey.import_key("s" * 32)
    yield "typ missing", of(header={"typ": None})
    yield "typ of another", of(header={"typ": "JWT"})
    yield "symmetric", of(by=secret, algorithm="HS256", header={"jwk": secret.as_dict()})
    yield "no key", of(header={"jwk": None})
    yield "private key", of(header={"jwk": key.as_dict(private=True)})
    yield "key of another", of(header={"jwk": new_key().as_dict(private=False)})
    yield "wrong method", of(method="GET")
    yield "wrong path", of(path="/oauth/v2/introspect")
    yield "wrong host", of(htu="https://elsewhere.example/oauth/v2/token")
    yield "no htu", of(htu=None)
    yield "no htm", of(htm=None)
    yield "no iat", of(iat=None)
    yield "old", of(iat=now - 121)
    yield "future", of(iat=now + 61)
    yield "iat no number", of(iat="now")
    yield "not yet", of(nbf=now + 61)
    yield "nbf no number", of(nbf="now")
    yield "over", of(exp=now - 61)
    yield "a nonce that nobody gave", of(nonce="n-1")
    yield "short key", of(by=RSAKey.generate_key(1024), algorithm="RS256")
    yield "no jti", of(jti=None)
    yield "long jti", of(jti="x" * 300)
    yield "no jwt", "x.y"
    yield "not signed by it", of()[:-6] + "AAAAAA"
    yield "empty", ""


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")  # for the short key
async def test_bad_proofs_are_refused_and_spend_nothing(stack, key):
    app = await stack.app()
    code = await stack.code(app)
    for name, text in bad_proofs(stack, key):
        found = await stack.redeem(app, code, {**app.basic, "DPoP": text})
        assert (found.status, found.error) == (400, "invalid_dpop_proof"), name
    assert (await stack.redeem(app, code)).status == 200


async def test_a_proof_counts_once(stack, key):
    bot = await stack.machine()
    shown = {**basic(bot.name, bot.secret), "DPoP": proof(stack, key, TOKEN)}
    first = await stack.token("client_credentials", shown)
    assert first.json["token_type"] == "DPoP"
    again = await stack.token("client_credentials", shown)
    assert (again.status, again.error) == (400, "invalid_dpop_proof")


async def test_query_and_case_of_the_url_do_not_count(stack, key):
    bot = await stack.machine()
    url = stack.issuer.replace("http://localhost", "HTTP://LOCALHOST") + TOKEN + "?a=b#c"
    shown = {**basic(bot.name, bot.secret), "DPoP": proof(stack, key, TOKEN, htu=url)}
    assert (await stack.token("client_credentials", shown)).status == 200


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [(OKPKey.generate_key("Ed25519"), "Ed25519"), (RSAKey.generate_key(2048), "RS256")],
)
async def test_other_kinds_of_keys_prove_too(stack, key, algorithm):
    bot = await stack.machine()
    shown = proof(stack, key, TOKEN, algorithm=algorithm)
    found = await stack.token("client_credentials", {**basic(bot.name, bot.secret), "DPoP": shown})
    assert found.json["token_type"] == "DPoP"


async def test_a_code_may_be_bound_to_a_key_by_its_name(stack, key):
    app, browser = await stack.app(), await stack.browser()
    by_name = await stack.code(app, browser, dpop_jkt=thumbprint(key))
    other = {**app.basic, "DPoP": proof(stack, new_key(), TOKEN)}
    for auth in (app.basic, other):
        assert (await stack.redeem(app, by_name, auth)).error == "invalid_grant"
    right = {**app.basic, "DPoP": proof(stack, key, TOKEN)}
    assert (await stack.redeem(app, by_name, right)).status == 200
    assert (await stack.authorize(app, dpop_jkt="short")).error == "invalid_request"


def pushing(stack, app, key, **changes):
    """Push a request with a proof (section 10.1)."""
    form = {"response_type": "code", "redirect_uri": CALLBACK, "scope": "openid", **changes}
    return stack.post(PAR, {**app.basic, "DPoP": proof(stack, key, PAR)}, **form)


async def test_a_proof_beside_a_push_binds_the_code_as_its_name_would(stack, key):
    app, browser = await stack.app(), await stack.browser()
    for both in ({"dpop_jkt": thumbprint(key)}, {}):
        pushed = await pushing(stack, app, key, **both)
        named = {"client_id": app.client_id, "request_uri": pushed.json["request_uri"]}
        asked = await stack.call("GET", "/oauth/v2/authorize", params=named)
        request_id = query_of(asked.location)["authRequestID"]
        await stack.link(request_id, browser)
        code = query_of((await stack.callback(request_id, browser)).location)["code"]
        for auth in (app.basic, {**app.basic, "DPoP": proof(stack, new_key(), TOKEN)}):
            assert (await stack.redeem(app, code, auth)).error == "invalid_grant"
        right = {**app.basic, "DPoP": proof(stack, key, TOKEN)}
        assert (await stack.redeem(app, code, right)).json["token_type"] == "DPoP"


async def test_a_push_with_two_keys_or_a_bad_proof_is_refused(stack, key):
    app = await stack.app()
    form = {"response_type": "code", "redirect_uri": CALLBACK, "scope": "openid"}
    two = {"dpop_jkt": thumbprint(new_key())}
    for bad, more in (
        (proof(stack, key, PAR), two), (proof(stack, key, TOKEN), {}),
        (proof(stack, key, PAR, method="GET"), {}), ("x.y", {}), ("", {}),
    ):  # fmt: skip
        wrong = await stack.post(PAR, {**app.basic, "DPoP": bad}, **form, **more)
        assert (wrong.status, wrong.error) == (400, "invalid_dpop_proof")


async def test_a_public_client_refreshes_with_its_key_only(stack, key, verifier):
    app = await stack.app(auth_method_type=AuthMethod.NONE)
    code = await stack.code(app, verifier=verifier)
    found = await stack.redeem(
        app, code, {"DPoP": proof(stack, key, TOKEN)}, client_id=app.client_id, code_verifier=verifier
    )  # fmt: skip
    form = {"refresh_token": found.json["refresh_token"], "client_id": app.client_id}
    for headers in ({}, {"DPoP": proof(stack, new_key(), TOKEN)}):
        refused = await stack.token("refresh_token", headers, **form)
        assert refused.error == "invalid_grant"
    renewed = await stack.token("refresh_token", {"DPoP": proof(stack, key, TOKEN)}, **form)
    assert renewed.json["token_type"] == "DPoP"


async def test_an_authenticated_client_may_change_its_key_but_not_do_without(stack, key):
    app, found = await bound(stack, key)
    token = found.json["refresh_token"]
    assert (await stack.refresh(app, token)).error == "invalid_grant"
    headers = {**app.basic, "DPoP": proof(stack, new_key(), TOKEN)}
    renewed = await stack.token("refresh_token", headers, refresh_token=token)
    assert renewed.json["token_type"] == "DPoP"
