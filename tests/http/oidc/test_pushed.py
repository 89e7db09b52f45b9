import pytest
from authlib.integrations.httpx_client import AsyncOAuth2Client
from personae.actors.domain.kit import Refusal
from personae.actors.domain.project.values import AuthMethod
from personae.http.identity.opaque import TokenKind

from tests.http.oidc.assertions import ASSERTION, seconds, signed
from tests.http.oidc.conftest import CALLBACK, basic, challenge_of, query_of

PAR = "/oauth/v2/par"
ASKED = {
    "response_type": "code", "redirect_uri": CALLBACK, "scope": "openid profile", "state": "s",
    "nonce": "n",
}  # fmt: skip


async def push(stack, app, **params):
    wanted = {**ASKED, **params}
    wanted = {name: value for name, value in wanted.items() if value is not None}
    return await stack.post(PAR, app.basic, **wanted)


async def brought(stack, app, uri, **params):
    params = {"client_id": app.client_id, "request_uri": uri, **params}
    return await stack.call("GET", "/oauth/v2/authorize", params=params)


async def test_a_pushed_request_signs_in_and_nothing_beside_its_name_counts(stack, verifier):
    app, browser = await stack.app(), await stack.browser()
    challenge = {"code_challenge": challenge_of(verifier), "code_challenge_method": "S256"}
    pushed = await push(stack, app, **challenge)
    assert (pushed.status, pushed.headers["Cache-Control"]) == (201, "no-store")
    assert pushed.json["request_uri"].startswith("urn:ietf:params:oauth:request_uri:")
    assert 5 <= pushed.json["expires_in"] <= 600
    begun = await brought(stack, app, pushed.json["request_uri"], scope="openid email", state="x")
    request_id = query_of(begun.location)["authRequestID"]
    await stack.link(request_id, browser)
    back = await stack.callback(request_id, browser)
    assert query_of(back.location)["state"] == "s"
    url = f"{stack.issuer}/oauth/v2/token"
    async with AsyncOAuth2Client(app.client_id, app.secret, redirect_uri=CALLBACK) as client:
        tokens = await client.fetch_token(
            url, authorization_response=back.location, state="s", code_verifier=verifier
        )
    assert tokens["scope"] == "openid profile"


async def test_a_pushed_request_is_good_once_for_its_client_for_a_while(stack, clock):
    app, other = await stack.app(), await stack.app()
    pushed = (await push(stack, app)).json
    assert (await brought(stack, other, pushed["request_uri"])).status == 400
    clock.pass_(seconds=pushed["expires_in"] - 1)
    assert (await brought(stack, app, pushed["request_uri"])).status == 302
    assert (await brought(stack, app, pushed["request_uri"])).status == 400
    late = (await push(stack, app)).json
    clock.pass_(seconds=late["expires_in"])
    for uri in (
        late["request_uri"],
        late["request_uri"][:-1],
        "urn:ietf:params:oauth:request_uri:x",
    ):
        assert (await brought(stack, app, uri)).status == 400


async def test_nobody_signs_in_to_a_pushed_request_that_was_not_opened(stack):
    app, browser = await stack.app(), await stack.browser()
    pushed = (await push(stack, app)).json["request_uri"].rpartition(":")[2]
    (request_id,) = stack.services.tokens.open(TokenKind.PUSHED, "1", pushed)
    with pytest.raises(Refusal, match="AUTHREQUEST-AlreadyHandled"):
        await stack.link(request_id, browser)


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"request_uri": "urn:ietf:params:oauth:request_uri:x"}, "invalid_request"),
        ({"redirect_uri": "https://evil.example/"}, "invalid_request"),
        ({"redirect_uri": None}, "invalid_request"),
        ({"response_type": "code token"}, "unsupported_response_type"),
        ({"scope": "nonsense"}, "invalid_scope"),
        ({"request": "x.y.z"}, "invalid_request_object"),
        ({"client_id": "somebody"}, "invalid_request"),
    ],
)
async def test_what_is_wrong_is_told_when_it_is_pushed(stack, params, error):
    found = await push(stack, await stack.app(), **params)
    assert (found.status, found.error) == (400, error)


async def test_no_more_is_kept_of_a_pushed_request_than_of_one_that_a_browser_brings(stack):
    """A public client only names itself, so anybody pushes for it."""
    app = await stack.app(auth_method_type=AuthMethod.NONE)
    named = {**ASKED, "client_id": app.client_id, "code_challenge_method": "S256"}
    named["code_challenge"] = challenge_of("v" * 43)
    assert (await stack.post(PAR, **{**named, "state": "s" * 15_000})).status == 201
    found = await stack.post(PAR, **{**named, "state": "s" * 17_000})
    assert (found.status, found.error) == (400, "invalid_request")


async def test_who_pushes_is_authenticated_as_at_the_token_endpoint(stack):
    app = await stack.app()
    wrong = await stack.post(PAR, basic(app.client_id, "x" * 40), **ASKED)
    assert (wrong.status, wrong.error) == (401, "invalid_client")
    assert (await stack.call("GET", PAR)).status == 405
    keyed = await stack.app(auth_method_type=AuthMethod.PRIVATE_KEY_JWT)
    proof = signed(keyed.client_id, stack.issuer, keyed.key_id, keyed.key, seconds(stack))
    form = {"client_assertion": proof, "client_assertion_type": ASSERTION}
    assert (await stack.post(PAR, **form, **ASKED)).status == 201


async def test_prompt_none_is_answered_to_the_client(stack):
    app = await stack.app()
    uri = (await push(stack, app, prompt="none")).json["request_uri"]
    assert query_of((await brought(stack, app, uri)).location)["error"] == "login_required"
