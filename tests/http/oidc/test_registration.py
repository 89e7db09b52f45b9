"""Clients that register themselves (RFC 7591) and manage that (RFC 7592)."""

from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest
from joserfc.jwk import ECKey, RSAKey
from personae.actors.domain.project import commands as p
from personae.actors.domain.user.commands import AddPersonalAccessToken, RemovePersonalAccessToken
from personae.http.identity.opaque import TokenKind
from personae.http.oidc.provider import Profiles

from tests.aggregates.conftest import ADMIN, INSTANCE, ORG
from tests.http.oidc.assertions import ASSERTION, seconds, signed
from tests.http.oidc.conftest import CALLBACK, SYSTEM, serving

REGISTER = "/oauth/v2/register"
LEAST = {"redirect_uris": [CALLBACK]}


@asynccontextmanager
async def registering(dispatch, **options):
    """A provider whose clients may register themselves in a project."""
    project_id = dispatch.world.new_id()
    order = p.AddProject(project_id=project_id, org_id=ORG, name="Registered")
    await dispatch.send(order, SYSTEM)
    profiles = Profiles(registration_project=project_id)
    async with serving(dispatch, profiles=profiles, **options) as stack:
        stack.project_id = project_id
        yield stack


@pytest.fixture
async def stack(dispatch):
    async with registering(dispatch) as stack:
        yield stack


async def initial_token(stack, roles=("PROJECT_OWNER",)):
    machine = await stack.machine()
    await stack.send(AddPersonalAccessToken(user_id=machine.id, token_id="1"))
    if roles:
        order = p.AddProjectMember(project_id=stack.project_id, user_id=machine.id, roles=roles)
        await stack.send(order)
    text = stack.services.tokens.issue(TokenKind.PERSONAL, INSTANCE, machine.id, "1")
    return SimpleNamespace(user_id=machine.id, text=text)


@pytest.fixture
async def token(stack):
    return (await initial_token(stack)).text


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


async def register(stack, token, **metadata):
    return await stack.call("POST", REGISTER, json={**LEAST, **metadata}, headers=bearer(token))


async def manage(stack, method, client, token="", **options):
    path = client["registration_client_uri"].removeprefix(stack.issuer)
    token = token or client["registration_access_token"]
    return await stack.call(method, path, headers=bearer(token), **options)


def refused(answer, error, status=400):
    return (answer.status, answer.error) == (status, error)


def app_of(found):
    from tests.http.oidc.conftest import App

    return App("", "", found["client_id"], found.get("client_secret", ""))


async def test_the_client_is_told_how_its_id_tokens_are_signed_whatever_it_asks(stack, token):
    # "The Authorization Server MAY reject or replace any of the Client's requested field values"
    # (Registration, 3.1): they are signed by the instance's key.
    for asked in ({}, {"id_token_signed_response_alg": "RS512"}):
        found = (await register(stack, token, **asked)).json
        assert found["id_token_signed_response_alg"] == "ES256"


async def test_a_client_registers_and_signs_somebody_in(stack, token):
    answer = await register(stack, token, client_name="Shop")
    assert (answer.status, answer.headers["Cache-Control"]) == (201, "no-store")
    found = answer.json
    assert found["client_secret_expires_at"] == 0
    assert found["client_id_issued_at"]
    assert found["token_endpoint_auth_method"] == "client_secret_basic"
    assert (found["client_name"], found["application_type"]) == ("Shop", "web")
    assert (found["grant_types"], found["response_types"]) == (["authorization_code"], ["code"])
    tokens = await stack.sign_in(app_of(found))
    assert tokens["access_token"]


async def test_two_clients_may_have_the_same_name(stack, token):
    one, two = [(await register(stack, token, client_name="Shop")).json for _ in range(2)]
    assert one["client_id"] != two["client_id"]
    assert two["client_name"] == f"Shop ({two['client_id']})"


async def test_nobody_chooses_a_client_id(stack, token):
    """RFC 9700, 4.15.1: it could be the id of a user."""
    found = (await register(stack, token, client_id=ADMIN)).json
    assert found["client_id"] != ADMIN


async def test_a_client_registers_with_its_keys(stack, token, verifier):
    key = ECKey.generate_key("P-256")
    jwk = {**key.as_dict(private=False), "kid": "mine"}
    metadata = {
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": {"keys": [jwk]},
        "grant_types": ["authorization_code", "refresh_token"],
        "require_pushed_authorization_requests": True,
        "dpop_bound_access_tokens": True,
        "application_type": "native",
    }
    found = (await register(stack, token, **metadata)).json
    assert "client_secret" not in found
    for name in metadata.keys() - {"jwks"}:
        assert found[name] == metadata[name], name
    assert found["jwks"]["keys"][0]["x"] == jwk["x"]
    pem = key.as_pem(private=True).decode()
    text = signed(found["client_id"], stack.issuer, "mine", pem, seconds(stack), algorithm="ES256")
    form = {"redirect_uri": CALLBACK, "response_type": "code", "scope": "openid"}
    proves = {"client_assertion_type": ASSERTION, "client_assertion": text}
    assert (await stack.post("/oauth/v2/par", **form, **proves)).status == 201
    assert (await stack.authorize(app_of(found))).error == "invalid_request"


RSA = RSAKey.generate_key(2048)


@pytest.mark.parametrize(
    ("meant_for", "good"),
    [
        ("PS256", {"PS256"}),
        ("RS256", {"RS256"}),
        ("", {"PS256", "RS256"}),
    ],
)
async def test_a_key_signs_by_what_it_was_registered_for(stack, token, meant_for, good):
    """RFC 7517, 4.4: "alg" says what a key is meant for; without it both ways of RSA will do."""
    jwk = {**RSA.as_dict(private=False), "kid": "mine", **({"alg": meant_for} if meant_for else {})}
    metadata = {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [jwk]}}
    found = (await register(stack, token, **metadata)).json
    assert found["jwks"]["keys"][0]["alg"] == (meant_for or "RS256")
    pem = RSA.as_pem(private=True).decode()
    for algorithm in ("RS256", "PS256", "PS384", "RS512"):
        about = (found["client_id"], stack.issuer, "mine", pem, seconds(stack))
        text = signed(*about, algorithm=algorithm)
        proves = {"client_assertion_type": ASSERTION, "client_assertion": text}
        answer = await stack.post("/oauth/v2/revoke", token="x", **proves)
        assert answer.status == (200 if algorithm in good else 401), algorithm


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS512", "HS256", "none"])
async def test_a_key_meant_for_what_is_not_announced_is_refused(stack, token, algorithm):
    jwk = {**RSA.as_dict(private=False), "alg": algorithm}
    metadata = {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [jwk]}}
    assert refused(await register(stack, token, **metadata), "invalid_client_metadata")


JWK = ECKey.generate_key("P-256").as_dict(private=False)


@pytest.mark.parametrize(
    "metadata",
    [
        {"token_endpoint_auth_method": "client_secret_jwt"},
        {"token_endpoint_auth_method": 7},
        {"token_endpoint_auth_method": "private_key_jwt"},
        {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "a.example"},
        {"tls_client_certificate_bound_access_tokens": True},
        {"tls_client_auth_san_dns": "a.example", "tls_client_auth_san_ip": "10.0.0.1"},
        {"grant_types": ["password"]},
        {"grant_types": "authorization_code"},
        {"grant_types": ["authorization_code", "implicit"]},
        {"response_types": ["id_token"]},
        {"response_types": ["code id_token"]},
        {"response_types": []},
        {"application_type": "toaster"},
        {"client_name": "x" * 151},
        {"client_name": "a\0b"},
        {"client_name": "pay\u202emoc.elppa"},
        {"default_max_age": 60},
        {"introspection_encrypted_response_alg": "RSA-OAEP"},
        {"subject_type": "pairwise"},
        {"jwks_uri": "https://client.example/keys", "jwks": {"keys": [JWK]}},
        {"jwks_uri": "http://client.example/keys"},
        {"jwks_uri": "https://me@client.example/keys"},
        {"jwks_uri": "https://client.example/keys#here"},
        {"jwks_uri": 7},
        {"jwks": {"keys": [{**JWK, "d": "c2VjcmV0"}]}},
        {"jwks": {"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}},
        {"jwks": {"keys": [JWK, JWK]}},
        {"jwks": {"keys": ["text"]}},
        {"jwks": "text"},
        {"jwks": {"keys": [{**JWK, "x5c": ["text"]}]}},
        {"jwks": {"keys": [{**JWK, "x5c": []}]}},
        {"id_token_encrypted_response_alg": "RSA-OAEP"},
        {"userinfo_signed_response_alg": "RS256"},
        {"userinfo_encrypted_response_alg": "RSA-OAEP"},
        {"request_object_encryption_alg": "RSA-OAEP"},
        {"request_uris": ["https://app.example/request"]},
        {"initiate_login_uri": "https://app.example/begin"},
        {"backchannel_logout_uri": "https://app.example/bye#part"},
        {"require_signed_request_object": True},
        {"require_signed_request_object": "yes"},
        {"dpop_bound_access_tokens": "yes"},
        {"post_logout_redirect_uris": [""]},
    ],
    ids=",".join,
)
async def test_metadata_that_will_not_do_is_refused(stack, token, metadata):
    assert refused(await register(stack, token, **metadata), "invalid_client_metadata")


async def test_what_is_switched_off_may_be_said(stack, token):
    assert (await register(stack, token, require_signed_request_object=False)).status == 201


async def test_a_client_registers_where_it_is_told_of_logouts(stack, token):
    uri = "https://app.example/gone?from=here"
    found = (await register(stack, token, frontchannel_logout_uri=uri)).json
    assert found["frontchannel_logout_uri"] == uri
    update = {"client_id": found["client_id"], **LEAST}
    for other in ("https://evil.example/gone", "http://app.example/gone"):
        bad = await register(stack, token, frontchannel_logout_uri=other)
        assert refused(bad, "invalid_client_metadata"), other
        body = {**update, "frontchannel_logout_uri": other}
        assert refused(await manage(stack, "PUT", found, json=body), "invalid_client_metadata")
    again = (await manage(stack, "PUT", found, json=update)).json
    assert "frontchannel_logout_uri" not in again


@pytest.mark.parametrize(
    "uris",
    [
        [],
        None,
        ["javascript:alert(1)"],
        ["http://app.example/cb"],
        ["https://app.example/cb#part"],
        ["com.example.app:/cb"],
        [7],
        ["https://app.example/cb"] * 51,
    ],
)
async def test_redirect_uris_that_will_not_do_are_refused(stack, token, uris):
    assert refused(await register(stack, token, redirect_uris=uris), "invalid_redirect_uri")


@pytest.mark.parametrize("uri", ["http://localhost/cb", "https://localhost/cb", "https://[::1]/cb"])
async def test_a_web_client_gets_tokens_by_the_browser_on_the_web_only(stack, token, uri):
    """OpenID Connect Dynamic Client Registration 1.0, 2 (``application_type``)."""
    implicit = {"grant_types": ["implicit"], "response_types": ["id_token"]}
    for metadata, right in (
        (implicit, False), ({}, True), ({**implicit, "application_type": "native"}, True),
    ):  # fmt: skip
        found = await register(stack, token, redirect_uris=[uri], **metadata)
        assert found.status == 201 if right else refused(found, "invalid_redirect_uri")
    ours = await register(stack, token, redirect_uris=["https://app.example/cb"], **implicit)
    assert ours.status == 201


async def test_a_software_statement_is_refused_by_name(stack, token):
    answer = await register(stack, token, software_statement="e30.e30.x")
    assert refused(answer, "unapproved_software_statement")


async def test_what_is_no_json_object_is_refused(stack, token):
    for body, kind in (
        (b"[]", "application/json"),
        (b"{", "application/json"),
        (b"{}", "text/plain"),
    ):
        headers = {**bearer(token), "Content-Type": kind}
        answer = await stack.call("POST", REGISTER, data=body, headers=headers)
        assert refused(answer, "invalid_client_metadata")


async def test_only_an_initial_token_registers(stack):
    for headers in ({}, bearer("nonsense"), {"Authorization": "Basic eDp5"}):
        answer = await stack.call("POST", REGISTER, json=LEAST, headers=headers)
        assert refused(answer, "invalid_token", 401)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    nobody = await initial_token(stack, roles=())
    assert refused(await register(stack, nobody.text), "access_denied", 403)
    viewer = await initial_token(stack, roles=("PROJECT_OWNER_VIEWER",))
    assert refused(await register(stack, viewer.text), "access_denied", 403)
    gone = await initial_token(stack)
    await stack.send(RemovePersonalAccessToken(user_id=gone.user_id, token_id="1"))
    assert refused(await register(stack, gone.text), "invalid_token", 401)


async def test_a_client_reads_what_is_registered_of_it(stack, token):
    made = (await register(stack, token)).json
    read = await manage(stack, "GET", made)
    assert read.status == 200
    told_once = {"client_secret", "client_secret_expires_at", "client_id_issued_at"}
    assert read.json == {k: v for k, v in made.items() if k not in told_once}


async def test_a_client_replaces_what_is_registered_and_gets_a_new_token(stack, token):
    made = (await register(stack, token, post_logout_redirect_uris=["https://app.example/x"])).json
    new = {
        "client_id": made["client_id"],
        "client_secret": made["client_secret"],
        "redirect_uris": ["https://new.example/cb"],
        "client_name": "New",
    }
    answer = await manage(stack, "PUT", made, json=new)
    assert answer.status == 200
    changed = answer.json
    assert changed["redirect_uris"] == new["redirect_uris"]
    assert changed["client_name"] == "New"
    assert "post_logout_redirect_uris" not in changed
    assert changed["registration_access_token"] != made["registration_access_token"]
    assert refused(await manage(stack, "GET", made), "invalid_token", 401)
    assert (await manage(stack, "GET", changed)).status == 200
    # The secret is the one it was.
    asked = await stack.post("/oauth/v2/introspect", app_of(made).basic, token="x")
    assert asked.status == 200


async def test_a_client_that_changes_to_a_secret_gets_one(stack, token):
    made = (await register(stack, token, token_endpoint_auth_method="none")).json
    assert "client_secret" not in made
    new = {
        **LEAST,
        "client_id": made["client_id"],
        "token_endpoint_auth_method": "client_secret_post",
    }
    assert (await manage(stack, "PUT", made, json=new)).json["client_secret"]


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "another"},
        {"client_id": None},
        {"client_secret": "wrong"},
        {"client_secret": 7},
        {"registration_access_token": "x"},
        {"registration_client_uri": "x"},
        {"client_secret_expires_at": 0},
        {"client_id_issued_at": 1},
        {"grant_types": ["password"]},
    ],
    ids=str,
)
async def test_what_a_client_must_not_send_is_refused_and_changes_nothing(stack, token, changes):
    made = (await register(stack, token)).json
    new = {**LEAST, "client_id": made["client_id"], **changes}
    assert refused(await manage(stack, "PUT", made, json=new), "invalid_client_metadata")
    assert (await manage(stack, "GET", made)).status == 200


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"redirect_uris": ["javascript:alert(1)"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["http://app.example/cb"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://app.example/cb#x"]}, "invalid_redirect_uri"),
        ({"redirect_uris": []}, "invalid_redirect_uri"),
        ({"grant_types": ["authorization_code", "implicit"]}, "invalid_client_metadata"),
        ({"jwks_uri": "http://client.example/keys"}, "invalid_client_metadata"),
        ({"require_signed_request_object": True}, "invalid_client_metadata"),
        ({"software_statement": "x.y.z"}, "unapproved_software_statement"),
        ({"tls_client_certificate_bound_access_tokens": True}, "invalid_client_metadata"),
        (
            {
                "grant_types": ["urn:ietf:params:oauth:grant-type:token-exchange"],
                "response_types": [],
                "token_endpoint_auth_method": "none",
            },
            "invalid_client_metadata",
        ),
    ],
    ids=str,
)
async def test_an_update_is_checked_like_a_registration(stack, token, changes, error):
    """OA-10, CVE-2026-15572."""
    made = (await register(stack, token)).json
    assert refused(await register(stack, token, **changes), error)
    new = {**LEAST, "client_id": made["client_id"], **changes}
    assert refused(await manage(stack, "PUT", made, json=new), error)
    found = (await manage(stack, "GET", made)).json
    kept = found.keys() - {"registration_access_token"}
    assert {name: found[name] for name in kept} == {name: made[name] for name in kept}


async def test_a_client_ends_itself(stack, token):
    made = (await register(stack, token)).json
    tokens = await stack.sign_in(app_of(made))
    assert (await manage(stack, "DELETE", made)).status == 204
    assert (await stack.userinfo(tokens["access_token"])).status == 401
    for method in ("GET", "DELETE"):
        assert refused(await manage(stack, method, made), "invalid_token", 401)


async def test_nobody_manages_the_client_of_another(stack, token):
    one, two = [(await register(stack, token)).json for _ in range(2)]
    for other in (two["registration_access_token"], token, "nonsense"):
        for method in ("GET", "PUT", "DELETE"):
            answer = await manage(stack, method, one, other, json={})
            assert refused(answer, "invalid_token", 401)
    app = await stack.app(stack.project_id)
    path = f"{REGISTER}/{app.client_id}"
    answer = await stack.call("GET", path, headers=bearer(one["registration_access_token"]))
    assert refused(answer, "invalid_token", 401)


async def test_it_is_announced_only_where_it_is_on(stack, dispatch):
    async def announced(stack):
        found = await stack.call("GET", "/.well-known/openid-configuration")
        same = await stack.call("GET", "/.well-known/oauth-authorization-server")
        assert found.json == same.json
        return found.json.get("registration_endpoint")

    assert await announced(stack) == stack.issuer + REGISTER
    await stack.send(p.RemoveProject(project_id=stack.project_id))
    assert await announced(stack) is None
    async with serving(dispatch) as off:
        assert await announced(off) is None
        assert (await off.call("POST", REGISTER, json=LEAST)).status == 404
