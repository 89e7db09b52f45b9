from dataclasses import replace

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey
from personae.actors.domain.project.values import AuthMethod

from tests.http.oidc.assertions import ASSERTION, seconds, signed
from tests.http.oidc.conftest import CALLBACK, query_of

TYP = {"typ": "oauth-authz-req+jwt"}


@pytest.fixture
async def app(stack):
    return await stack.app(auth_method_type=AuthMethod.PRIVATE_KEY_JWT)


def request_of(stack, app, *, by=None, **changes):
    by = by or app
    asked = {
        "sub": None, "client_id": app.client_id, "response_type": "code", "scope": "openid",
        "redirect_uri": CALLBACK, "state": "inside", "nonce": "n", "max_age": 7, **changes,
    }  # fmt: skip
    return signed(
        app.client_id, stack.issuer, by.key_id, by.key, seconds(stack), headers=TYP, **asked
    )


async def ask(stack, app, text, **params):
    params = {"client_id": app.client_id, "request": text, **params}
    return await stack.call("GET", "/oauth/v2/authorize", params=params)


async def test_only_what_the_client_signed_counts(stack, app):
    browser = await stack.browser()
    text = request_of(stack, app)
    outside = {"state": "outside", "redirect_uri": "https://evil.example/", "prompt": "login"}
    begun = await ask(stack, app, text, **outside)
    request_id = query_of(begun.location)["authRequestID"]
    await stack.link(request_id, browser)
    back = await stack.callback(request_id, browser)
    assert back.location.startswith(CALLBACK)
    assert query_of(back.location)["state"] == "inside"


async def test_of_a_pushed_object_too(stack, app):
    """RFC 9126, 3: all parameters of the request "MUST appear as claims of the JWT"."""
    proof = signed(app.client_id, stack.issuer, app.key_id, app.key, seconds(stack))
    form = {"client_assertion_type": ASSERTION, "client_assertion": proof, "state": "outside"}
    form |= {"request": request_of(stack, app), "redirect_uri": "https://evil.example/"}
    pushed = await stack.post("/oauth/v2/par", **form)
    named = {"client_id": app.client_id, "request_uri": pushed.json["request_uri"]}
    begun = await stack.call("GET", "/oauth/v2/authorize", params=named)
    request_id, browser = query_of(begun.location)["authRequestID"], await stack.browser()
    await stack.link(request_id, browser)
    back = await stack.callback(request_id, browser)
    assert back.location.startswith(CALLBACK)
    assert query_of(back.location)["state"] == "inside"


@pytest.mark.parametrize(
    ("algorithm", "status"), [("RS256", 302), ("PS256", 302), ("PS384", 400), ("RS512", 400)]
)
async def test_an_object_is_signed_by_what_is_announced(stack, app, algorithm, status):
    text = request_of(stack, app, algorithm=algorithm)
    found = await ask(stack, app, text)
    assert (found.status, "authRequestID" in found.location) == (status, status == 302)


async def test_what_is_wrong_inside_is_told_at_the_redirect_uri(stack, app):
    found = await ask(stack, app, request_of(stack, app, response_type="token"))
    assert found.error == "unsupported_response_type"
    assert query_of(found.location)["state"] == "inside"


def unsigned(stack, app, key, algorithm):
    claims = {
        "iss": app.client_id, "aud": stack.issuer, "iat": int(seconds(stack)),
        "exp": int(seconds(stack)) + 60, "redirect_uri": CALLBACK, "response_type": "code",
    }  # fmt: skip
    header = {"alg": algorithm, "kid": app.key_id}
    return jwt.encode(header, claims, key, algorithms=[algorithm])


async def bad(stack, app):
    other = await stack.app(auth_method_type=AuthMethod.PRIVATE_KEY_JWT)
    yield unsigned(stack, app, OctKey.import_key("x" * 32), "none")
    yield unsigned(stack, app, OctKey.import_key(app.client_id * 3), "HS256")
    yield request_of(stack, app, by=other)
    yield request_of(stack, app)[:-4] + "AAAA"
    yield request_of(stack, app, client_id=other.client_id)
    yield request_of(stack, app, sub=app.client_id)
    yield request_of(stack, app, aud="https://elsewhere.example")
    yield request_of(stack, app, iss=other.client_id)
    yield request_of(stack, app, exp=int(seconds(stack)) - 60)
    yield request_of(stack, app, request_uri="https://x.example/")
    yield request_of(stack, app, request="x")
    # Encrypted, which is not announced (five parts), and a key of its own under another's name.
    yield f"{request_of(stack, app)}.e30.e30"
    second = await stack.with_key(app)
    yield request_of(stack, app, by=replace(app, key=second.key))


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")  # for alg none
async def test_what_does_not_prove_the_client_is_no_request(stack, app):
    form = {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}
    count = 0
    async for text in bad(stack, app):
        found = await ask(stack, app, text)
        assert (found.status, found.location) == (400, "")
        proof = signed(app.client_id, stack.issuer, app.key_id, app.key, seconds(stack))
        pushed = await stack.post("/oauth/v2/par", **form, client_assertion=proof, request=text)
        assert (pushed.status, pushed.error) == (400, "invalid_request_object")
        count += 1
    assert count == 13


async def test_an_object_needs_its_client_beside_it(stack, app):
    """RFC 9101, 5."""
    text = request_of(stack, app)
    other = await stack.app(auth_method_type=AuthMethod.PRIVATE_KEY_JWT)
    for client_id in (None, "", "nobody", other.client_id):
        params = {"request": text, **({} if client_id is None else {"client_id": client_id})}
        found = await stack.call("GET", "/oauth/v2/authorize", params=params)
        assert (found.status, found.location) == (400, "")
    assert (await ask(stack, app, text)).status == 302


async def test_an_object_and_a_name_of_one_are_refused_together(stack, app):
    text = request_of(stack, app)
    uri = "urn:ietf:params:oauth:request_uri:x"
    assert (await ask(stack, app, text, request_uri=uri)).status == 400
