"""Mutual TLS at a proxy: client authentication and bound tokens (RFC 8705)."""

import ipaddress
from base64 import b64encode

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from personae.actors.domain.project.oauth import (
    CertificateMethod,
    CertificateSubject,
    SubjectKind,
)
from personae.actors.domain.project.values import (
    AuthMethod,
    GrantType,
    ResponseType,
    TokenType,
)
from personae.http.identity.certificates import Authorities, certificate_of
from personae.http.oidc.provider import Profiles

from tests.http.certificates import FAR, LONG_AGO, SERVER_ONLY, YEAR, certificate
from tests.http.oidc.conftest import BOTH, serving
from tests.http.oidc.proofs import new_key, proof
from tests.http.oidc.test_resources import claims, settings

HEADER = "X-Client-Cert"
AUTHORITY = certificate("Authority")
PROXY = {"trusted_proxies": ("127.0.0.0/8",), "client_certificate_header": HEADER}
SUBJECT = CertificateSubject(SubjectKind.DN, r"CN=client,O=Example\, Ltd,C=CH")
ON = Profiles(certificates=True, authorities=Authorities((AUTHORITY.x509,)))


@pytest.fixture
async def stack(dispatch):
    """A provider behind a trusted proxy that passes certificates on."""
    async with serving(dispatch, PROXY, profiles=ON) as stack:
        yield stack


def print_of(made):
    return certificate_of(made.pem).thumbprint


async def self_signed(stack, made, **changes):
    app = await stack.app(auth_method_type=AuthMethod.PRIVATE_KEY_JWT, **changes)
    method = CertificateMethod.SELF_SIGNED
    await settings(stack, app, certificate_method=method, certificates=(print_of(made),))
    return app


async def by_authority(stack, subject=SUBJECT, **changes):
    app = await stack.app(**changes)
    method = CertificateMethod.CA
    await settings(stack, app, certificate_method=method, certificate_subject=subject)
    return app


async def redeem(stack, app, *made, **form):
    headers = [(HEADER, each.header) for each in made]
    code = await stack.code(app)
    return await stack.redeem(app, code, headers, client_id=app.client_id, **form)


def refused(answer, status=401, error="invalid_client"):
    return (answer.status, answer.error) == (status, error)


async def test_a_registered_self_signed_certificate_proves_a_client(stack):
    made = certificate()
    app = await self_signed(stack, made)
    assert (await redeem(stack, app, made)).status == 200
    other = await redeem(stack, app, certificate())
    assert refused(other)
    assert "unknown" in other.json["error_description"]
    assert refused(await redeem(stack, app))
    assert refused(await stack.redeem(app, await stack.code(app), app.basic))
    # At every endpoint that authenticates clients.
    shown = {HEADER: made.header}
    found = await stack.post("/oauth/v2/introspect", shown, client_id=app.client_id, token="x")
    assert (found.status, found.json) == (200, {"active": False})
    assert refused(await stack.post("/oauth/v2/introspect", client_id=app.client_id, token="x"))


@pytest.mark.parametrize(
    "make",
    [
        lambda: certificate(ends=LONG_AGO + YEAR),
        lambda: certificate(begins=FAR - YEAR),
        lambda: certificate(usages=SERVER_ONLY),
    ],
    ids=["over", "not yet", "for servers"],
)
async def test_a_certificate_that_does_not_count_proves_nobody(stack, make):
    made = make()
    app = await self_signed(stack, made)
    answer = await redeem(stack, app, made)
    assert refused(answer)
    assert "expired" in answer.json["error_description"]


@pytest.mark.parametrize(
    ("kind", "value", "name"),
    [
        (SubjectKind.DNS, "Client.Example", x509.DNSName("client.example")),
        (SubjectKind.URI, "urn:client:1", x509.UniformResourceIdentifier("urn:client:1")),
        (SubjectKind.IP, "2001:db8::0:1", x509.IPAddress(ipaddress.ip_address("2001:db8::1"))),
        (SubjectKind.EMAIL, "me@client.example", x509.RFC822Name("me@client.example")),
    ],
)
async def test_a_name_certified_by_a_known_authority_proves_a_client(stack, kind, value, name):
    app = await by_authority(stack, CertificateSubject(kind, value))
    named = certificate("x", issuer=AUTHORITY, names=(name,))
    assert (await redeem(stack, app, named)).status == 200
    answer = await redeem(stack, app, certificate("x", issuer=AUTHORITY))
    assert refused(answer)
    assert "name" in answer.json["error_description"]
    forged = certificate("x", names=(name,))
    answer = await redeem(stack, app, forged)
    assert refused(answer)
    assert "authority" in answer.json["error_description"]


async def test_a_distinguished_name_is_compared_part_by_part(stack):
    app = await by_authority(stack)
    made = certificate("client", issuer=AUTHORITY)
    assert (await redeem(stack, app, made)).status == 200
    assert refused(await redeem(stack, app, certificate("client2", issuer=AUTHORITY)))
    # Another authority of the same name is another one.
    double = certificate("Authority")
    assert refused(await redeem(stack, app, certificate("client", issuer=double)))
    await settings(
        stack, app, certificate_subject=CertificateSubject(SubjectKind.DN, "no name at all")
    )
    assert refused(await redeem(stack, app, made))


async def test_a_certificate_is_read_as_proxies_write_it(stack):
    made = certificate()
    app = await self_signed(stack, made)
    text = b64encode(made.x509.public_bytes(Encoding.DER)).decode()
    for header in (f":{text}:", text, made.header, made.header + certificate().header):
        made.header = header
        assert (await redeem(stack, app, made)).status == 200, header
    for header in ("?", "x" * 8_000, "%2D", text[:40]):
        made.header = header
        assert refused(await redeem(stack, app, made)), header


async def test_two_headers_prove_nobody(stack):
    made = certificate()
    app = await self_signed(stack, made)
    assert refused(await redeem(stack, app, made, certificate()))
    assert refused(await redeem(stack, app, made, made))


@pytest.mark.parametrize(
    "server",
    [{**PROXY, "trusted_proxies": ("10.0.0.0/8",)}, {**PROXY, "trusted_proxies": ()}, {}],
    ids=["another proxy", "no proxy", "no header"],
)
async def test_nobody_else_is_believed_about_certificates(dispatch, server):
    async with serving(dispatch, server, profiles=ON) as stack:
        made = certificate()
        app = await self_signed(stack, made)
        assert refused(await redeem(stack, app, made))
        bound = await stack.app()
        await settings(stack, bound, certificate_bound=True)
        code = await stack.code(bound)
        answer = await stack.redeem(bound, code, {**bound.basic, HEADER: made.header})
        assert refused(answer, 400, "invalid_request")


@pytest.mark.parametrize("kind", TokenType)
async def test_a_bound_token_counts_with_its_certificate_only(stack, kind):
    project = await stack.project()
    app, api = await stack.app(project, access_token_type=kind), await stack.api(project)
    await settings(stack, app, certificate_bound=True)
    made = certificate()
    shown = {HEADER: made.header}
    found = (await stack.redeem(app, await stack.code(app), {**app.basic, **shown})).json
    assert found["token_type"] == "Bearer"
    token, cnf = found["access_token"], {"x5t#S256": print_of(made)}
    if kind is TokenType.JWT:
        assert claims(token)["cnf"] == cnf
    assert (await stack.introspect(api, token))["cnf"] == cnf
    for headers, status in (
        (shown, 200),
        ({}, 401),
        ({HEADER: certificate().header}, 401),
        ({HEADER: "?"}, 401),
    ):
        bearer = {"Authorization": f"Bearer {token}", **headers}
        answer = await stack.call("GET", "/oidc/v1/userinfo", headers=bearer)
        assert answer.status == status
        assert status == 200 or answer.error == "invalid_token"


async def test_tokens_of_a_bound_client_need_a_certificate_with_every_grant(stack):
    grants = (*BOTH, GrantType.IMPLICIT, GrantType.TOKEN_EXCHANGE)
    responses = (ResponseType.CODE, ResponseType.ID_TOKEN_TOKEN)
    app = await stack.app(grant_types=grants, response_types=responses)
    subject = (await stack.sign_in(app))["access_token"]
    await settings(stack, app, certificate_bound=True)
    code = await stack.code(app)
    assert refused(await stack.redeem(app, code), 400, "invalid_request")
    shown = {**app.basic, HEADER: certificate().header}
    found = await stack.redeem(app, code, shown)
    assert found.status == 200
    bare = await stack.refresh(app, found.json["refresh_token"])
    assert refused(bare, 400, "invalid_request")
    direct = await stack.authorize(app, response_type="id_token token")
    assert refused(direct, 302, "unauthorized_client")
    exchange = {
        "subject_token": subject,
        "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
    }
    grant = "urn:ietf:params:oauth:grant-type:token-exchange"
    assert refused(await stack.token(grant, app.basic, **exchange), 400, "invalid_request")
    assert (await stack.token(grant, shown, **exchange)).status == 200


async def test_a_refresh_token_of_a_public_client_is_bound_too(stack, verifier):
    app = await stack.app(auth_method_type=AuthMethod.NONE)
    await settings(stack, app, certificate_bound=True)
    made, other = certificate(), certificate()
    code = await stack.code(app, verifier=verifier)
    form = {"client_id": app.client_id, "code_verifier": verifier}
    found = await stack.redeem(app, code, {HEADER: made.header}, **form)
    form = {"client_id": app.client_id, "refresh_token": found.json["refresh_token"]}
    wrong = await stack.token("refresh_token", {HEADER: other.header}, **form)
    assert refused(wrong, 400, "invalid_grant")
    assert (await stack.token("refresh_token", {HEADER: made.header}, **form)).status == 200


async def test_a_client_that_is_proved_otherwise_may_have_a_new_certificate(stack):
    app = await stack.app()
    await settings(stack, app, certificate_bound=True)
    shown = {**app.basic, HEADER: certificate().header}
    found = await stack.redeem(app, await stack.code(app), shown)
    shown[HEADER] = certificate().header
    again = await stack.token("refresh_token", shown, refresh_token=found.json["refresh_token"])
    assert again.status == 200


async def test_tokens_of_a_client_with_keys_need_a_proof(stack):
    app = await stack.app()
    await settings(stack, app, dpop_bound=True)
    code, path = await stack.code(app), "/oauth/v2/token"
    assert refused(await stack.redeem(app, code), 400, "invalid_dpop_proof")
    shown = {**app.basic, "DPoP": proof(stack, new_key(), path)}
    assert (await stack.redeem(app, code, shown)).json["token_type"] == "DPoP"


async def test_only_what_works_is_announced(stack, dispatch):
    async def announced(stack):
        found = (await stack.call("GET", "/.well-known/openid-configuration")).json
        methods = found["token_endpoint_auth_methods_supported"]
        return methods[4:], found["tls_client_certificate_bound_access_tokens"]

    assert await announced(stack) == (["tls_client_auth", "self_signed_tls_client_auth"], True)
    async with serving(dispatch, PROXY, profiles=Profiles(certificates=True)) as other:
        assert await announced(other) == (["self_signed_tls_client_auth"], True)
    async with serving(dispatch) as other:
        assert await announced(other) == ([], False)
