"""FAPI 2.0 Security Profile, as a switch of the application."""

import asyncio

import pytest
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey
from personae.actors.domain.project import commands as p
from personae.actors.domain.project.oauth import CertificateMethod
from personae.actors.domain.project.values import (
    ApplicationType,
    AuthMethod,
    GrantType,
    ResponseType,
    TokenType,
)
from personae.actors.domain.web_key.commands import ActivateWebKey, AddWebKey
from personae.http.identity.signer import signer_of
from personae.http.oidc.provider import Profiles

from tests.aggregates.conftest import ADMIN, INSTANCE
from tests.http.certificates import certificate
from tests.http.oidc.assertions import ASSERTION, seconds, signed
from tests.http.oidc.conftest import BOTH, CALLBACK, challenge_of, query_of, serving
from tests.http.oidc.proofs import new_key, proof
from tests.http.oidc.test_certificates import HEADER, PROXY, print_of
from tests.http.oidc.test_resources import settings
from tests.http.oidc.test_token_exchange import ACCESS, JWT
from tests.http.oidc.test_token_exchange import GRANT as EXCHANGE

PAR, TOKEN, USERINFO = "/oauth/v2/par", "/oauth/v2/token", "/oidc/v1/userinfo"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
BAD_PROOF = "invalid_dpop_proof"


class Client:
    """A client as the profile wants it, with a key of its own."""

    def __init__(self, stack, app, key, algorithm):
        self.stack, self.app, self.algorithm, self.key = stack, app, algorithm, key
        self.pem = key.as_pem(private=True).decode()
        self.sender = new_key()

    def proves(self, **changes):
        about = {"algorithm": self.algorithm, **changes}
        audience = about.pop("audience", self.stack.issuer)
        text = signed(self.app.client_id, audience, "k", self.pem, seconds(self.stack), **about)
        return {"client_assertion_type": ASSERTION, "client_assertion": text}

    async def push(self, verifier, auth=None, **changes):
        form = {
            "redirect_uri": CALLBACK, "response_type": "code", "scope": "openid offline_access",
            "code_challenge": challenge_of(verifier), "code_challenge_method": "S256",
            **(self.proves() if auth is None else auth), **changes,
        }  # fmt: skip
        return await self.stack.post(PAR, **{k: v for k, v in form.items() if v is not None})

    async def code(self, verifier, **changes):
        pushed = await self.push(verifier, **changes)
        assert pushed.status == 201, pushed.text
        named = {"client_id": self.app.client_id, "request_uri": pushed.json["request_uri"]}
        asked = await self.stack.call("GET", "/oauth/v2/authorize", params=named)
        browser = await self.stack.browser()
        request_id = query_of(asked.location)["authRequestID"]
        await self.stack.link(request_id, browser)
        answer = query_of((await self.stack.callback(request_id, browser)).location)
        assert answer["iss"] == self.stack.issuer
        return answer["code"]

    async def token(self, grant, *, dpop=True, auth=None, **form):
        headers = {"DPoP": proof(self.stack, self.sender, TOKEN)} if dpop else {}
        form |= self.proves() if auth is None else auth
        return await self.stack.token(grant, headers, **form)

    async def redeem(self, code, verifier, **more):
        form = {"redirect_uri": CALLBACK, "code": code, "code_verifier": verifier, **more}
        return await self.token("authorization_code", **form)


async def client_of(stack, key=None, algorithm="ES256", **changes):
    app = await stack.app(
        **{"auth_method_type": AuthMethod.PRIVATE_KEY_JWT, "grant_types": BOTH, **changes}
    )
    key = key or ECKey.generate_key("P-256")
    of = {"project_id": app.project_id, "app_id": app.app_id}
    public = key.as_pem(private=False)
    await stack.send(p.AddAppKey(**of, key_id="k", public_key=public))
    await settings(stack, app, fapi=True)
    return Client(stack, app, key, algorithm)


@pytest.fixture
async def client(stack):
    return await client_of(stack)


def refused(answer, error, status=400):
    return (answer.status, answer.error) == (status, error)


@pytest.mark.parametrize("algorithm", ["ES256", "PS256"])
async def test_the_whole_way_as_the_profile_wants_it(stack, verifier, algorithm):
    key = RSAKey.generate_key(2048) if algorithm == "PS256" else None
    client = await client_of(stack, key, algorithm)
    found = await client.redeem(await client.code(verifier), verifier)
    assert (found.status, found.json["token_type"]) == (200, "DPoP")
    token = found.json["refresh_token"]
    first, second = [await client.token("refresh_token", refresh_token=token) for _ in range(2)]
    # Refresh tokens stay: an answer that is lost ends nothing.
    assert first.status == second.status == 200
    again = await client.token("refresh_token", refresh_token=second.json["refresh_token"])
    assert again.status == 200


async def test_a_request_that_was_not_pushed_is_refused(stack, client, verifier):
    asked = {"code_challenge": challenge_of(verifier), "code_challenge_method": "S256"}
    answer = await stack.authorize(client.app, **asked)
    assert refused(answer, "invalid_request", 302)
    assert "OIDC-PushRequired" in answer.location


async def test_pushing_can_be_demanded_without_the_rest(stack):
    app = await stack.app()
    await settings(stack, app, require_pushed=True)
    assert refused(await stack.authorize(app), "invalid_request", 302)
    form = {"redirect_uri": CALLBACK, "response_type": "code", "scope": "openid"}
    assert (await stack.post(PAR, app.basic, **form)).status == 201


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"response_type": "id_token token", "nonce": "n"}, "unsupported_response_type"),
        ({"redirect_uri": "https://elsewhere.example/cb"}, "invalid_request"),
    ],
)
async def test_what_the_profile_lacks_is_refused_when_pushed(stack, verifier, changes, error):
    client = await client_of(
        stack,
        grant_types=(*BOTH, GrantType.IMPLICIT),
        response_types=(ResponseType.CODE, ResponseType.ID_TOKEN_TOKEN),
    )
    assert refused(await client.push(verifier, **changes), error)


@pytest.mark.parametrize(
    ("app", "uri"),
    [
        ({"dev_mode": True, "redirect_uris": ("https://*.app.example/cb",)}, "https://a.app.example/cb"),
        ({"dev_mode": True, "redirect_uris": ("http://app.example/cb",)}, "http://app.example/cb"),
        (
            {"application_type": ApplicationType.NATIVE, "redirect_uris": ("http://127.0.0.1/cb",)},
            "http://127.0.0.1:7000/cb",
        ),
    ],
    ids=["pattern", "http", "any port"],
)  # fmt: skip
async def test_redirect_uris_are_exact_and_https(stack, verifier, app, uri):
    client = await client_of(stack, **app)
    answer = await client.push(verifier, redirect_uri=uri)
    assert refused(answer, "invalid_request")
    assert "OIDC-RedirectUriNotRegistered" in answer.json["error_description"]


@pytest.mark.parametrize(
    ("method", "shown"),
    [
        (AuthMethod.BASIC, lambda app: {}),
        (AuthMethod.POST, lambda app: {"client_id": app.client_id, "client_secret": app.secret}),
        (AuthMethod.NONE, lambda app: {"client_id": app.client_id}),
    ],
)
async def test_secrets_prove_nobody(stack, method, shown):
    app = await stack.app(auth_method_type=method)
    await settings(stack, app, fapi=True)
    auth = app.basic if method is AuthMethod.BASIC else None
    others = ("device_authorization", "introspect", "revoke")
    for path in (PAR, TOKEN, *(f"/oauth/v2/{each}" for each in others)):
        form = {"grant_type": "authorization_code", "token": "t", **shown(app)}
        assert refused(await stack.post(path, auth, **form), "invalid_client", 401), path


@pytest.mark.parametrize(
    "changes",
    [
        {"audience": lambda stack: [stack.issuer]},
        {"audience": lambda stack: f"{stack.issuer}{TOKEN}"},
        {"audience": lambda stack: [stack.issuer, "https://other.example"]},
    ],
    ids=["a list", "the endpoint", "two"],
)
async def test_assertions_are_for_the_issuer_alone(stack, client, verifier, changes):
    wrong = client.proves(audience=changes["audience"](stack))
    assert refused(await client.push(verifier, auth=wrong), "invalid_client", 401)


async def test_other_signatures_prove_nobody(stack, verifier):
    rsa = RSAKey.generate_key(2048)
    client = await client_of(stack, rsa, "RS256")
    assert refused(await client.push(verifier), "invalid_client", 401)
    other = await client_of(stack, ECKey.generate_key("P-384"), "ES384")
    assert refused(await other.push(verifier), "invalid_client", 401)
    # A proof of possession neither.
    good = await client_of(stack)
    code = await good.code(verifier)
    header = {"DPoP": proof(stack, rsa, TOKEN, algorithm="RS256")}
    form = {"redirect_uri": CALLBACK, "code": code, "code_verifier": verifier}
    answer = await stack.token("authorization_code", header, **form, **good.proves())
    assert refused(answer, "invalid_dpop_proof")
    assert (await good.redeem(code, verifier)).status == 200


def asked_for(client, verifier, **changes):
    """Sign what a client asks for (RFC 9101)."""
    stack, app = client.stack, client.app
    claims = {
        "sub": None, "client_id": app.client_id, "response_type": "code", "scope": "openid",
        "redirect_uri": CALLBACK, "code_challenge": challenge_of(verifier),
        "code_challenge_method": "S256", "algorithm": client.algorithm, **changes,
    }  # fmt: skip
    return signed(app.client_id, stack.issuer, "k", client.pem, seconds(stack), **claims)


async def vouched(client, **changes):
    """Exchange what a client says of somebody; without an actor, that is refused in the end."""
    stack, claims = client.stack, {"algorithm": client.algorithm, **changes}
    about = (client.app.client_id, stack.issuer, "k", client.pem, seconds(stack))
    answer = await client.token(
        EXCHANGE, subject_token_type=JWT, subject_token=signed(*about, sub=ADMIN, **claims)
    )
    assert refused(answer, "invalid_request")
    return "OIDC-ActorRequired" in answer.json["error_description"]


async def test_whatever_else_a_client_signs_is_signed_as_the_profile_wants(stack, verifier):
    """Request objects, subject tokens and proofs where tokens are shown: by PS256, not RS256."""
    rsa = RSAKey.generate_key(2048)
    client = await client_of(stack, rsa, "PS256", grant_types=(*BOTH, GrantType.TOKEN_EXCHANGE))
    for algorithm, good in (("PS256", True), ("RS256", False)):
        text = asked_for(client, verifier, algorithm=algorithm)
        pushed = await stack.post(PAR, request=text, **client.proves())
        assert (pushed.status, pushed.error) == (
            (201, None) if good else (400, "invalid_request_object")
        )
        assert await vouched(client, algorithm=algorithm) is good
    header = {"DPoP": proof(stack, rsa, TOKEN, algorithm="PS256")}
    form = {"redirect_uri": CALLBACK, "code": await client.code(verifier), **client.proves()}
    found = await stack.token("authorization_code", header, code_verifier=verifier, **form)
    token = found.json["access_token"]
    for algorithm, status in (("RS256", 401), ("PS256", 200)):
        shown = proof(stack, rsa, USERINFO, method="GET", token=token, algorithm=algorithm)
        header = {"Authorization": f"DPoP {token}", "DPoP": shown}
        answer = await stack.call("GET", USERINFO, headers=header)
        assert (answer.status, answer.error) == (status, None if status == 200 else BAD_PROOF)


@pytest.mark.parametrize("claim", ["iat", "nbf"])
async def test_clocks_may_differ_by_a_minute_and_no_more(stack, verifier, claim):
    """5.3.2.1, 13: of assertions, request objects, subject tokens and proofs."""
    client = await client_of(stack, grant_types=(*BOTH, GrantType.TOKEN_EXCHANGE))
    for ahead, good in ((10, True), (59, True), (61, False)):
        then = {claim: int(seconds(stack)) + ahead}
        pushed = await client.push(verifier, auth=client.proves(**then))
        assert (pushed.status, pushed.error) == ((201, None) if good else (401, "invalid_client"))
        text = asked_for(client, verifier, **then)
        pushed = await stack.post(PAR, request=text, **client.proves())
        assert pushed.error == (None if good else "invalid_request_object")
        assert await vouched(client, **then) is good
        header = {"DPoP": proof(stack, client.sender, TOKEN, **then)}
        form = {"redirect_uri": CALLBACK, "code": await client.code(verifier), **client.proves()}
        answer = await stack.token("authorization_code", header, code_verifier=verifier, **form)
        assert answer.error == (None if good else BAD_PROOF)


async def test_no_grant_gives_a_token_that_is_not_bound(stack, verifier):
    more = (GrantType.TOKEN_EXCHANGE, GrantType.DEVICE_CODE)
    client = await client_of(stack, grant_types=(*BOTH, *more))
    device = await stack.post("/oauth/v2/device_authorization", scope="openid", **client.proves())
    kept = (await stack.sign_in(await stack.app(client.app.project_id)))["access_token"]
    forms = {
        DEVICE: {"device_code": device.json["device_code"]},
        EXCHANGE: {"subject_token": kept, "subject_token_type": ACCESS},
    }
    for grant, form in forms.items():
        answer = await client.token(grant, dpop=False, **form)
        assert refused(answer, "invalid_request"), grant
        assert "OIDC-SenderUnbound" in answer.json["error_description"]
    found = await client.token(EXCHANGE, **forms[EXCHANGE])
    assert (found.status, found.json["token_type"]) == (200, "DPoP")


async def test_tokens_are_bound_or_not_given(stack, client, verifier):
    code = await client.code(verifier)
    answer = await client.redeem(code, verifier, dpop=False)
    assert refused(answer, "invalid_request")
    assert "OIDC-SenderUnbound" in answer.json["error_description"]
    found = await client.redeem(code, verifier)
    bare = await client.token(
        "refresh_token", refresh_token=found.json["refresh_token"], dpop=False
    )
    assert refused(bare, "invalid_grant") or refused(bare, "invalid_request")


async def test_a_certificate_proves_and_binds(dispatch, verifier):
    async with serving(dispatch, PROXY, profiles=Profiles(certificates=True)) as stack:
        made, client = certificate(), await client_of(stack)
        await settings(
            stack,
            client.app,
            certificate_method=CertificateMethod.SELF_SIGNED,
            certificates=(print_of(made),),
            certificate_bound=True,
        )
        stack.http.headers[HEADER] = made.header
        named = {"client_id": client.app.client_id}
        code = await client.code(verifier, auth=named)
        found = await client.redeem(code, verifier, dpop=False, auth=named)
        assert (found.status, found.json["token_type"]) == (200, "Bearer")
        assert (await stack.userinfo(found.json["access_token"])).status == 200
        del stack.http.headers[HEADER]
        assert (await stack.userinfo(found.json["access_token"])).status == 401


async def signs_by_rs256(stack):
    await stack.send(AddWebKey(key_id="k2", instance_id=INSTANCE, algorithm="RS256"))
    await stack.send(ActivateWebKey(key_id="k2", previous="k1"))
    stack.services.keys.forget(INSTANCE)


async def published(stack):
    return (await stack.call("GET", "/oauth/v2/keys")).json


async def test_on_an_instance_that_signs_otherwise_the_profile_gets_a_key_of_its_own(
    stack, verifier
):
    await signs_by_rs256(stack)
    client = await client_of(stack, access_token_type=TokenType.JWT)
    found = (await client.redeem(await client.code(verifier), verifier)).json
    keys = KeySet.import_key_set(await published(stack))
    for text in (found["id_token"], found["access_token"]):
        token = jwt.decode(text, keys, algorithms=["ES256"])
        assert token.header["kid"] not in {"k1", "k2"}
        assert token.header.keys() == {"alg", "kid", "typ"}
        assert token.claims["client_id"] == client.app.client_id
    # Authlib agrees that the hash inside is of this very access token, by that algorithm.
    id_token = jwt.decode(found["id_token"], keys, algorithms=["ES256"])
    options = {"iss": {"value": stack.issuer}, "at_hash": {"essential": True}}
    about = {"access_token": found["access_token"], "client_id": client.app.client_id}
    claims = CodeIDToken(id_token.claims, id_token.header, options, about)
    claims.validate(now=seconds(stack))
    other = await stack.sign_in(await stack.app())
    assert jwt.decode(other["id_token"], keys, algorithms=["RS256"]).header["kid"] == "k2"
    # Both are good to us.
    proved = proof(
        stack, client.sender, "/oidc/v1/userinfo", method="GET", token=found["access_token"]
    )
    header = {"Authorization": f"DPoP {found['access_token']}", "DPoP": proved}
    assert (await stack.call("GET", "/oidc/v1/userinfo", headers=header)).status == 200


async def test_of_many_that_need_a_key_at_once_one_makes_it(stack):
    await signs_by_rs256(stack)
    before = len((await published(stack))["keys"])
    signers = await asyncio.gather(
        *(signer_of(stack.services, INSTANCE, fapi=True) for _ in range(20))
    )
    assert len({each.public.id for each in signers}) == 1
    ids = [each["kid"] for each in (await published(stack))["keys"]]
    assert len(ids) == len(set(ids)) == before + 1
    # The instance's own key is not touched, and no second one is made where it will do.
    assert (await signer_of(stack.services, INSTANCE, fapi=False)).public.id == "k2"
    await stack.send(ActivateWebKey(key_id="k1", previous="k2"))
    stack.services.keys.forget(INSTANCE)
    assert (await signer_of(stack.services, INSTANCE, fapi=True)).public.id == "k1"


@pytest.mark.store
async def test_of_two_processes_that_need_a_key_at_once_one_makes_it(pair):
    await signs_by_rs256(pair[0])
    found = await asyncio.gather(
        *(signer_of(each.services, INSTANCE, fapi=True) for each in pair for _ in range(5))
    )
    assert len({each.public.id for each in found}) == 1


async def test_answers_of_introspection_are_signed_for_the_profile_too(stack, verifier):
    await signs_by_rs256(stack)
    client = await client_of(stack)
    found = (await client.redeem(await client.code(verifier), verifier)).json
    form = {"token": found["access_token"], **client.proves()}
    accepts = {"Accept": "application/token-introspection+jwt"}
    answer = await stack.post("/oauth/v2/introspect", accepts, **form)
    keys = KeySet.import_key_set(await published(stack))
    token = jwt.decode(answer.text, keys, algorithms=["ES256"])
    assert token.claims["token_introspection"]["active"] is True


async def test_codes_and_requests_are_short_lived(stack, client, verifier):
    assert (await client.push(verifier)).json["expires_in"] < 600
