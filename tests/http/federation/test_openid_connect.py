"""People who come from an OpenID provider: another Personae, and one that tries everything."""

import base64
import hashlib

import orjson
import pytest
from personae.actors.domain.idp.values import IdpKind
from personae.actors.domain.idp_intent.state import Status
from personae.actors.domain.project.values import AuthMethod
from personae.http.identity.jose import PrivateKey
from personae.http.identity.jwt import Signer

from tests.http.federation.conftest import FAILURE, SUCCESS, parameters

SCOPES = ("openid", "profile", "email")


@pytest.fixture
async def ours(us, theirs):
    """Our provider: another Personae that knows us as a client."""
    app = await theirs.app(
        redirect_uris=(us.back,), post_logout_redirect_uris=(), dev_mode=True,
        auth_method_type=AuthMethod.BASIC,
    )  # fmt: skip
    return await us.idp(
        issuer=theirs.issuer, client_id=app.client_id, secret=app.secret, scopes=SCOPES,
        use_pkce=True, is_creation_allowed=True,
    )  # fmt: skip


async def test_somebody_comes_from_another_personae(us, theirs, ours):
    started = await us.start(ours)
    asked = parameters(started.url)
    assert started.url.startswith(f"{theirs.issuer}/oauth/v2/authorize?")
    assert asked["code_challenge_method"] == "S256"
    browser = await theirs.browser()
    at = await theirs.call("GET", f"/oauth/v2/authorize?{started.url.partition('?')[2]}")
    request_id = parameters(at.location)["authRequestID"]
    await theirs.link(request_id, browser)
    back = parameters((await theirs.callback(request_id, browser)).location)
    got = await us.answer(**back)
    assert (got.status, got.to) == (303, SUCCESS)
    assert set(got.said) == {"id", "token"}
    intent = await us.intents.usable(got.said["id"], got.said["token"])
    said = orjson.loads(intent.idp_user)
    assert (intent.idp_user_id, said["email"]) == ("20", "admin@acme.localhost")
    assert got.headers["Referrer-Policy"] == "no-referrer"
    again = await us.answer(**back)
    assert (again.status, "IDP-StateInvalid" in again.text) == (400, True)


@pytest.fixture
async def idp(us, elsewhere):
    return await us.idp(issuer=elsewhere.issuer, client_id="us", scopes=SCOPES, use_pkce=True)


async def answered(us, elsewhere, idp_id, **answer):
    """Walk to a provider and back; returns where the browser ends."""
    started = await us.start(idp_id)
    asked = parameters(started.url)
    elsewhere.nonce = elsewhere.nonce or asked["nonce"]
    return started, await us.answer(state=asked["state"], code="c-1", **answer)


async def test_an_answer_is_redeemed_with_secret_and_verifier(us, elsewhere, idp):
    started, got = await answered(us, elsewhere, idp)
    assert got.to == SUCCESS
    [(headers, form)] = elsewhere.asked
    assert headers["Authorization"] == f"Basic {base64.b64encode(b'us:secret').decode()}"
    challenge = hashlib.sha256(form["code_verifier"].encode()).digest()
    sent = parameters(started.url)["code_challenge"]
    assert base64.urlsafe_b64encode(challenge).rstrip(b"=").decode() == sent
    assert (form["code"], form["redirect_uri"]) == ("c-1", us.back)
    intent = await us.state(started.intent_id)
    assert (intent.status, intent.idp_user_name) == (Status.SUCCEEDED, "gigi@example.com")
    assert intent.access_token.crypted
    assert "at-1" not in str(intent)


OTHER = Signer("k1", "ES256", PrivateKey.generate("ES256"))
BAD = {
    "another issuer": {"iss": "https://evil.test"},
    "another audience": {"aud": "somebody"},
    "one of several audiences, without azp": {"aud": ["us", "somebody"]},
    "another authorized party": {"azp": "somebody"},
    "another nonce": {"nonce": "other"},
    "no nonce": {"nonce": None},
    "expired": {"exp": 1},
    "no expiry": {"exp": None},
    "of the future": {"iat": 99_999_999_999},
    "no time": {"iat": None},
    "no subject": {"sub": None},
    "an empty subject": {"sub": ""},
    "for another access token": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
}


@pytest.mark.parametrize("claims", BAD.values(), ids=BAD)
async def test_a_token_that_is_not_for_us_now_is_refused(us, elsewhere, idp, claims):
    elsewhere.claims = claims
    started, got = await answered(us, elsewhere, idp)
    assert (got.to, got.said["error"]) == (FAILURE.partition("?")[0], "IDP-Untrusted")
    assert got.said["keep"] == "1"
    assert (await us.state(started.intent_id)).status is Status.FAILED


@pytest.mark.parametrize("how", ["another key", "no signature", "the public key as secret"])
async def test_a_token_that_the_provider_did_not_sign_is_refused(us, elsewhere, idp, how):
    started = await us.start(idp)
    asked = parameters(started.url)
    elsewhere.nonce = asked["nonce"]
    head = {"another key": None, "no signature": "none", "the public key as secret": "HS256"}[how]
    if head is None:
        elsewhere.id_token = OTHER.sign(elsewhere.said(), "JWT")
    else:
        parts = [orjson.dumps({"alg": head, "kid": "k1"}), orjson.dumps(elsewhere.said())]
        text = ".".join(base64.urlsafe_b64encode(p).rstrip(b"=").decode() for p in parts)
        elsewhere.id_token = f"{text}.{'' if head == 'none' else 'AAAA'}"
    got = await us.answer(state=asked["state"], code="c")
    assert got.said["error"] == "IDP-Untrusted"


async def test_userinfo_of_somebody_else_is_refused(us, elsewhere, idp):
    elsewhere.user = {"sub": "other", "email": "boss@example.com"}
    _, got = await answered(us, elsewhere, idp)
    assert got.said["error"] == "IDP-Untrusted"


MIXED_UP = {
    "its own": (True, "{}", SUCCESS),
    "none though it always says": (True, None, FAILURE),
    "another": (True, "https://evil.test", FAILURE),
    "another though it never says": (False, "https://evil.test", FAILURE),
}


@pytest.mark.parametrize("case", MIXED_UP.values(), ids=MIXED_UP)
async def test_an_answer_of_another_provider_is_refused(us, elsewhere, idp, case):
    """RFC 9207: the mix-up."""
    names, iss, to = case
    elsewhere.metadata = {"authorization_response_iss_parameter_supported": names}
    answer = {"iss": iss.format(elsewhere.issuer)} if iss else {}
    _, got = await answered(us, elsewhere, idp, **answer)
    assert got.to == to.partition("?")[0]
    assert bool(elsewhere.asked) == (to == SUCCESS)  # the code was not given away


async def test_metadata_of_another_issuer_is_refused(us, elsewhere, idp):
    elsewhere.metadata = {"issuer": "https://accounts.google.com"}
    with pytest.raises(Exception, match="IDP-Untrusted"):
        await us.start(idp)


async def test_a_state_counts_once_in_its_own_instance_and_unchanged(us, elsewhere, idp):
    started = await us.start(idp)
    asked = parameters(started.url)
    elsewhere.nonce = asked["nonce"]
    state = asked["state"]
    flipped = ("A" if state[5] != "A" else "B").join((state[:5], state[6:]))
    for wrong in ("", "x", flipped, state + "A", state[:-4]):
        got = await us.answer(state=wrong, code="c")
        assert (got.status, "IDP-StateInvalid" in got.text) == (400, True)
    assert (await us.answer(state=state, code="c")).to == SUCCESS
    assert (await us.answer(state=state, code="c")).status == 400


async def test_who_says_no_at_the_provider_comes_back_to_the_failure_page(us, elsewhere, idp):
    started = await us.start(idp)
    state = parameters(started.url)["state"]
    got = await us.answer(state=state, error="access_denied")
    assert (got.said["id"], got.said["error"]) == (started.intent_id, "IDP-Refused")


async def test_an_answer_that_takes_more_than_an_hour_is_refused(us, elsewhere, idp, clock):
    started = await us.start(idp)
    clock.pass_(minutes=61)
    got = await us.answer(state=parameters(started.url)["state"], code="c")
    assert "IDPINTENT-Expired" in got.text


async def test_an_endless_answer_is_not_read(us, elsewhere, idp):
    elsewhere.user = {"sub": "ext", "more": "x" * 300_000}
    _, got = await answered(us, elsewhere, idp)
    assert got.said["error"] == "IDP-Unreachable"


async def test_apple_gets_a_signed_secret_and_answers_by_form(us, elsewhere, idp):
    key = PrivateKey.generate("ES256")
    apple = await us.idp(
        IdpKind.APPLE, secret=key.pem().decode(), client_id="us", team_id="T" * 10, key_id="K" * 10
    )
    # Apple's own address cannot be called from here: its settings are those of ``elsewhere``.
    from personae.actors.domain.idp import presets

    fixed = presets.PRESETS[IdpKind.APPLE].fixed
    before = fixed["issuer"]
    fixed["issuer"] = elsewhere.issuer
    try:
        started = await us.start(apple)
        asked = parameters(started.url)
        assert asked["response_mode"] == "form_post"
        elsewhere.nonce = asked["nonce"]
        name = orjson.dumps({"name": {"firstName": "Gigi", "lastName": "G"}, "email": "x@evil"})
        form = {"state": asked["state"], "code": "c", "user": name.decode()}
        got = await us.stack.post("/idps/callback", **form)
    finally:
        fixed["issuer"] = before
    assert got.location.startswith(SUCCESS)
    raw = orjson.loads((await us.state(started.intent_id)).idp_user)
    assert (raw["given_name"], raw["email"]) == ("Gigi", "gigi@example.com")
    [(_, sent)] = elsewhere.asked
    claims = key.public("K" * 10)
    head, body, signature = sent["client_secret"].split(".")
    assert claims.verify(f"{head}.{body}".encode(), base64.urlsafe_b64decode(signature + "=="))
