"""openid-client, a library that knows nothing of ours, walks every grant and every authentication.

Each row has its negative twins: the same call with one thing wrong, and the ``error`` it must get.
"""

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from personae.actors.domain.instance.commands import ChangePolicy
from personae.actors.domain.org.commands import AddOrgMember
from personae.actors.domain.policies import SecurityPolicy
from personae.actors.domain.project.oauth import CertificateMethod
from personae.actors.domain.project.values import AuthMethod, GrantType, ResponseType, TokenType

from tests.aggregates.conftest import ADMIN, INSTANCE, ORG, human
from tests.http.certificates import certificate
from tests.http.oidc.assertions import seconds, signed
from tests.http.oidc.conftest import AFTER, App, query_of, serving
from tests.http.oidc.relying_party import FOLDER, METHOD_NAMES, OpenIDClient, jwk_of
from tests.http.oidc.test_certificates import AUTHORITY, HEADER, ON, PROXY, SUBJECT, print_of
from tests.http.oidc.test_device import answer
from tests.node import installed

URN = "urn:ietf:params:oauth:token-type:"
ACCESS, JWT = f"{URN}access_token", f"{URN}jwt"
USER_ID = "urn:zitadel:params:oauth:token-type:user_id"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
BACK = "https://app.example/back"
VERIFIER, OTHER = "v" * 43, "w" * 43
EVERY = (
    GrantType.AUTHORIZATION_CODE,
    GrantType.REFRESH_TOKEN,
    GrantType.DEVICE_CODE,
    GrantType.TOKEN_EXCHANGE,
)
CHECKS = {"pkceCodeVerifier": VERIFIER, "expectedState": "s", "expectedNonce": "n"}
METHODS = tuple(METHOD_NAMES)
PROVED = tuple(each for each in METHODS if each is not AuthMethod.NONE)
BY_CERTIFICATE = (CertificateMethod.CA, CertificateMethod.SELF_SIGNED)
each_method = pytest.mark.parametrize("method", METHODS, ids=METHOD_NAMES.get)
each_proved = pytest.mark.parametrize("method", PROVED, ids=METHOD_NAMES.get)


@pytest.fixture(scope="session")
def library(tmp_path_factory):
    library = OpenIDClient(installed(FOLDER, tmp_path_factory))
    yield library
    library.stop()


@pytest.fixture
async def stack(dispatch):
    """A provider behind a trusted proxy that passes certificates on."""
    async with serving(dispatch, PROXY, profiles=ON) as stack:
        yield stack


async def client(library, stack, method=AuthMethod.BASIC, **changes):
    wanted = {"grant_types": EVERY, "redirect_uris": (BACK,)}
    if method not in BY_CERTIFICATE:
        wanted["auth_method_type"] = method
    app = await stack.app(**wanted, **changes)
    made = certificate_for(method)
    if made:
        registered = {"certificate_subject": SUBJECT, "certificates": (print_of(made),)}
        await stack.settings(app, certificate_method=method, **registered)
    return await party_of(library, stack, app, method, made)


def certificate_for(method, authority=AUTHORITY):
    """Make what a client of a method shows to a proxy, if it shows anything."""
    if method not in BY_CERTIFICATE:
        return None
    return certificate(issuer=authority if method is CertificateMethod.CA else None)


async def party_of(library, stack, app, method, made):
    """Return a client whose requests come through a proxy, with its certificate if it has one."""
    return await library.party(stack, app, method, proxy={HEADER: made.header} if made else {})


async def asked(party, **params):
    """Return the parameters of an authorization request with PKCE."""
    challenge = await party.ok("challenge", verifier=VERIFIER)
    return {
        "redirect_uri": BACK, "scope": "openid profile email offline_access", "state": "s",
        "nonce": "n", "code_challenge": challenge, "code_challenge_method": "S256", **params,
    }  # fmt: skip


async def came_back(party, how="authorize", **params):
    """Return the address the browser came back to, with a code."""
    arguments = {"params": await asked(party, **params)}
    if how == "sign":
        keyed = await party.stack.with_key(party.app) if not party.app.key else party.app
        party.app = keyed
        arguments |= {"keyId": keyed.key_id, "jwk": jwk_of(keyed)}
    return await party.returned(await party.ok(how, **arguments))


async def signed_in(party, **params):
    return await party.ok("redeem", url=await came_back(party, **params), checks=CHECKS)


async def verified(stack, text, typ):
    """Verify a token with joserfc and the published keys; return its claims."""
    keys = KeySet.import_key_set((await stack.call("GET", "/oauth/v2/keys")).json)
    token = jwt.decode(text, keys, algorithms=["ES256"])
    assert token.header["typ"] == typ
    return token.claims


# Client authentication: each with the code grant, and everything else an application does.


@each_method
async def test_each_authentication_signs_in_refreshes_asks_and_revokes(library, stack, method):
    party = await client(library, stack, method, access_token_type=TokenType.JWT)
    tokens = await signed_in(party)
    assert (tokens["claims"]["sub"], tokens["token_type"]) == (ADMIN, "bearer")
    assert (await verified(stack, tokens["access_token"], "at+jwt"))["sub"] == ADMIN
    assert (await verified(stack, tokens["id_token"], "JWT"))["nonce"] == "n"
    about = await party.ok("userinfo", token=tokens["access_token"], subject=ADMIN)
    assert about["name"] == "Ada Admin"
    renewed = await party.ok("refresh", token=tokens["refresh_token"])
    assert renewed["claims"]["sub"] == ADMIN
    if method is not AuthMethod.NONE:
        assert (await party.ok("introspect", token=renewed["access_token"]))["active"] is True
    await party.ok("revoke", token=renewed["refresh_token"])
    gone = await party.refused("userinfo", token=renewed["access_token"])
    assert gone == ("invalid_token", 401)


@each_proved
async def test_a_wrong_secret_key_or_certificate_is_invalid_client(library, stack, method):
    party = await client(library, stack, method)
    url = await came_back(party)
    other = await stack.with_key(await stack.app())
    thief = App(
        party.app.project_id, "", party.app.client_id, "x" * 64, party.app.key_id, other.key
    )
    forged = certificate_for(method, certificate("Authority"))
    wrong = await party_of(library, stack, thief, method, forged)
    calls = {
        "redeem": {"url": url, "checks": CHECKS}, "refresh": {"token": "x"},
        "introspect": {"token": "x"}, "revoke": {"token": "x"}, "push": {"params": {}},
        "device": {"params": {}}, "grant": {"type": EXCHANGE, "params": {"subject_token": "x"}},
    }  # fmt: skip
    for call, arguments in calls.items():
        assert await wrong.refused(call, **arguments) == ("invalid_client", 401), call
    assert await party.ok("redeem", url=url, checks=CHECKS)


@each_method
async def test_another_method_than_the_registered_one_is_invalid_client(library, stack, method):
    party = await client(library, stack, method)
    url = await came_back(party)
    keyed = await stack.with_key(party.app) if not party.app.key else party.app
    keyed.secret = keyed.secret or "x" * 64
    # Whoever needs to prove nothing may show a certificate: it is not looked at.
    passed_over = BY_CERTIFICATE if method is AuthMethod.NONE else ()
    for other in set(METHODS) - {method, *passed_over}:
        wrong = await party_of(library, stack, keyed, other, certificate_for(other))
        found = await wrong.refused("redeem", url=url, checks=CHECKS)
        assert found == ("invalid_client", 401), other


@pytest.mark.parametrize(
    "claims",
    [{"aud": "https://elsewhere.example"}, {"sub": "other"}, {"exp": 1}, {"iat": 9_999_999_999}],
)
async def test_an_assertion_with_a_wrong_claim_is_invalid_client(library, stack, claims):
    app = await stack.app(auth_method_type=AuthMethod.PRIVATE_KEY_JWT)
    wrong = await library.party(stack, app, AuthMethod.PRIVATE_KEY_JWT, claims=claims)
    assert await wrong.refused("refresh", token="x") == ("invalid_client", 401)
    right = await library.party(stack, app, AuthMethod.PRIVATE_KEY_JWT)
    assert await right.refused("refresh", token="x") == ("invalid_grant", 400)


# authorization_code


@pytest.mark.parametrize("how", ["authorize", "push", "sign"])
@pytest.mark.parametrize("proof", [None, "key"])
async def test_a_code_is_redeemed_once_however_it_was_asked_for(library, stack, how, proof):
    party = await client(library, stack)
    url = await came_back(party, how)
    found = await party.ok("redeem", url=url, checks=CHECKS, proof=proof)
    assert found["token_type"] == ("dpop" if proof else "bearer")
    about = {"token": found["access_token"], "subject": ADMIN, "proof": proof}
    assert (await party.ok("userinfo", **about))["sub"] == ADMIN
    again = await party.refused("redeem", url=url, checks=CHECKS, proof=proof)
    assert again == ("invalid_grant", 400)
    assert (await party.refused("userinfo", **about))[0] == "invalid_token"


@pytest.mark.parametrize(
    ("checks", "error"),
    [
        ({"pkceCodeVerifier": OTHER}, ("invalid_grant", 400)),
        ({"pkceCodeVerifier": None}, ("invalid_grant", 400)),
        ({"expectedState": "other"}, ("OAUTH_INVALID_RESPONSE", 0)),
        ({"expectedNonce": "other"}, ("OAUTH_JWT_CLAIM_COMPARISON_FAILED", 0)),
    ],
)
async def test_a_code_without_its_proof_is_worth_nothing(library, stack, checks, error):
    party = await client(library, stack)
    wanted = {**CHECKS, **checks}
    wanted = {name: value for name, value in wanted.items() if value is not None}
    assert await party.refused("redeem", url=await came_back(party), checks=wanted) == error


async def test_a_code_is_not_for_another_client_or_redirect_uri(library, stack):
    party, thief = await client(library, stack), await client(library, stack)
    url = await came_back(party)
    moved = url.replace("/back?", "/other?")
    assert await party.refused("redeem", url=moved, checks=CHECKS) == ("invalid_grant", 400)
    assert await thief.refused("redeem", url=url, checks=CHECKS) == ("invalid_grant", 400)
    assert await party.refused("redeem", url=url, checks=CHECKS) == ("invalid_grant", 400)


async def test_an_answer_of_another_issuer_is_refused_by_the_client(library, stack):
    """Mix-up (RFC 9207): we say who we are in each answer, so that the library can tell."""
    party = await client(library, stack)
    url = await came_back(party)
    assert query_of(url)["iss"] == stack.issuer
    forged = url.replace("iss=http", "iss=https")
    for wrong in (forged, url.partition("&iss=")[0]):
        found = await party.refused("redeem", url=wrong, checks=CHECKS)
        assert found == ("OAUTH_INVALID_RESPONSE", 0)


# refresh_token


async def test_a_refresh_token_rotates_and_its_reuse_ends_the_family(library, stack):
    party = await client(library, stack)
    first = await signed_in(party)
    second = await party.ok("refresh", token=first["refresh_token"], params={"scope": "openid"})
    assert (second["scope"], second["claims"]["sub"]) == ("openid", ADMIN)
    wider = {"token": second["refresh_token"], "params": {"scope": "openid phone"}}
    assert await party.refused("refresh", **wider) == ("invalid_scope", 400)
    for token in (first["refresh_token"], second["refresh_token"], first["access_token"], "x"):
        assert await party.refused("refresh", token=token) == ("invalid_grant", 400)
    assert (await party.refused("userinfo", token=second["access_token"]))[0] == "invalid_token"


async def test_a_refresh_token_is_its_clients_own(library, stack):
    party, thief = await client(library, stack), await client(library, stack)
    token = (await signed_in(party))["refresh_token"]
    assert await thief.refused("refresh", token=token) == ("invalid_grant", 400)
    unregistered = await stack.app(grant_types=(GrantType.AUTHORIZATION_CODE,))
    plain = await library.party(stack, unregistered, AuthMethod.BASIC)
    assert await plain.refused("refresh", token=token) == ("unauthorized_client", 400)


async def test_a_public_clients_refresh_token_needs_the_key_it_is_bound_to(library, stack):
    party = await client(library, stack, AuthMethod.NONE)
    url = await came_back(party)
    tokens = await party.ok("redeem", url=url, checks=CHECKS, proof="own")
    token = tokens["refresh_token"]
    for proof in (None, "another"):
        found = await party.refused("refresh", token=token, proof=proof)
        assert found == ("invalid_grant", 400)
    assert (await party.ok("refresh", token=token, proof="own"))["token_type"] == "dpop"


# client_credentials and jwt-bearer


async def machine(library, stack, **changes):
    bot = await stack.machine()
    app = App("", "", bot.name, changes.pop("secret", bot.secret))
    return bot, await library.party(stack, app, changes.pop("method", AuthMethod.BASIC))


@pytest.mark.parametrize("method", [AuthMethod.BASIC, AuthMethod.POST])
@pytest.mark.parametrize("proof", [None, "key"])
async def test_a_machine_gets_tokens_for_its_secret(library, stack, method, proof):
    bot, party = await machine(library, stack, method=method)
    found = await party.ok("credentials", params={"scope": "openid"}, proof=proof)
    assert found["token_type"] == ("dpop" if proof else "bearer")
    about = await party.ok("userinfo", token=found["access_token"], subject=bot.id, proof=proof)
    assert about["sub"] == bot.id
    _, wrong = await machine(library, stack, method=method, secret="x" * 64)
    assert await wrong.refused("credentials", proof=proof) == ("invalid_client", 401)


async def test_an_application_is_no_machine(library, stack):
    party = await client(library, stack)
    assert await party.refused("credentials") == ("invalid_client", 401)
    public = await client(library, stack, AuthMethod.NONE)
    assert await public.refused("credentials") == ("invalid_client", 401)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({}, None), ({"aud": "https://elsewhere.example"}, "invalid_grant"),
        ({"sub": ADMIN}, "invalid_grant"), ({"exp": 1}, "invalid_grant"),
        ({"headers": {"kid": "other"}}, "invalid_grant"),
    ],
)  # fmt: skip
async def test_a_machine_gets_tokens_for_what_it_signed(library, stack, changes, error):
    bot = await stack.machine_key(await stack.machine())
    party = await library.party(stack, App("", "", bot.id), AuthMethod.NONE)
    text = signed(bot.id, stack.issuer, bot.key_id, bot.key, seconds(stack), **changes)
    params = {"assertion": text, "scope": "openid"}
    if error:
        assert await party.refused("grant", type=BEARER, params=params) == (error, 400)
        return
    found = await party.ok("grant", type=BEARER, params=params)
    assert (await party.ok("userinfo", token=found["access_token"]))["sub"] == bot.id


# Token exchange: delegation of one's own token, and impersonation.


async def exchange(party, token, kind=ACCESS, **more):
    params = {"subject_token": token, "subject_token_type": kind, **more}
    return await party.told("grant", type=EXCHANGE, params=params)


@each_proved
async def test_a_token_is_exchanged_for_a_narrower_one_of_the_project(library, stack, method):
    first = await client(library, stack)
    second = await client(library, stack, method, project_id=first.app.project_id)
    stranger = await client(library, stack)
    token = (await signed_in(first))["access_token"]
    found = (await exchange(second, token, scope="openid", requested_token_type=JWT)).ok
    claims = await verified(stack, found["access_token"], "at+jwt")
    assert (claims["sub"], claims["client_id"]) == (ADMIN, second.app.client_id)
    assert (found["scope"], found["issued_token_type"]) == ("openid", JWT)
    for party, changes, error in (
        (stranger, {}, "invalid_grant"), (second, {"scope": "phone"}, "invalid_scope"),
        (second, {"audience": "elsewhere"}, "invalid_target"),
        (second, {"requested_token_type": "x"}, "invalid_request"),
    ):  # fmt: skip
        told = await exchange(party, token, **changes)
        assert (told.error, told.status) == (error, 400)
    public = await client(library, stack, AuthMethod.NONE)
    assert (await exchange(public, token)).error == "unauthorized_client"


@pytest.mark.parametrize(
    ("allowed", "role", "error"),
    [
        (True, "ORG_END_USER_IMPERSONATOR", None),
        (True, "ORG_OWNER_VIEWER", "access_denied"),
        (False, "ORG_END_USER_IMPERSONATOR", "access_denied"),
    ],
)
async def test_somebody_acts_for_a_user_and_the_token_says_so(library, stack, allowed, role, error):
    policy = SecurityPolicy(enable_impersonation=allowed)
    if allowed:
        await stack.send(ChangePolicy(instance_id=INSTANCE, policy=policy))
    party = await client(library, stack)
    bot, helper = await machine(library, stack)
    await stack.send(AddOrgMember(org_id=ORG, user_id=bot.id, roles=(role,)))
    scope = f"openid urn:zitadel:iam:org:project:id:{party.app.project_id}:aud"
    own = (await helper.ok("credentials", params={"scope": scope}))["access_token"]
    await stack.send(human("77"))
    actor = {"actor_token": own, "actor_token_type": ACCESS, "requested_token_type": JWT}
    told = await exchange(party, "77", USER_ID, scope="openid", **actor)
    assert told.error == error
    if error is None:
        claims = await verified(stack, told.ok["access_token"], "at+jwt")
        assert (claims["sub"], claims["act"]["sub"]) == ("77", bot.id)


# Device code


@each_method
async def test_a_device_that_nobody_allowed_yet_waits(library, stack, method):
    party = await client(library, stack, method)
    begun = await party.ok("device", params={"scope": "openid offline_access"})
    pending = await party.refused(
        "grant", type=DEVICE, params={"device_code": begun["device_code"]}
    )
    assert pending == ("authorization_pending", 400)
    soon = await party.refused("grant", type=DEVICE, params={"device_code": begun["device_code"]})
    assert soon == ("slow_down", 400)


@each_method
async def test_a_device_signs_in(library, stack, method):
    party = await client(library, stack, method)
    begun = await party.ok("device", params={"scope": "openid offline_access"})
    await allow(stack, begun)
    found = await party.ok("poll", begun=begun)
    assert found["claims"]["sub"] == ADMIN
    assert await party.ok("refresh", token=found["refresh_token"])


async def allow(stack, begun, *, allow=True):
    class Begun:
        json = begun

    await answer(stack, Begun, await stack.browser(), allow=allow)


async def test_a_device_that_was_denied_or_came_late_or_is_another_gets_nothing(
    library, stack, clock
):
    party, other = await client(library, stack), await client(library, stack)
    denied, late = [await party.ok("device", params={"scope": "openid"}) for _ in range(2)]
    await allow(stack, denied, allow=False)
    assert await party.refused("poll", begun=denied) == ("access_denied", 400)
    assert await other.refused("poll", begun=late) == ("invalid_grant", 400)
    clock.pass_(seconds=300)
    assert await party.refused("poll", begun=late) == ("expired_token", 400)
    unregistered = await library.party(stack, await stack.app(), AuthMethod.BASIC)
    assert await unregistered.refused("device", params={}) == ("unauthorized_client", 400)


# The implicit flow and logout


async def test_an_id_token_alone_is_verified_and_ends_its_session(library, stack):
    app = await stack.app(
        auth_method_type=AuthMethod.NONE, response_types=(ResponseType.ID_TOKEN,),
        grant_types=(GrantType.IMPLICIT,), redirect_uris=(BACK,),
    )  # fmt: skip
    party = await library.party(stack, app, AuthMethod.NONE)
    params = {
        "redirect_uri": BACK, "scope": "openid", "state": "s", "nonce": "n",
        "response_type": "id_token",
    }  # fmt: skip
    url = await party.returned(await party.ok("authorize", params=params))
    assert (await party.refused("implicit", url=url, nonce="x", checks={"expectedState": "s"}))[
        1
    ] == 0
    claims = await party.ok("implicit", url=url, nonce="n", checks={"expectedState": "s"})
    assert claims["sub"] == ADMIN
    hint = {"id_token_hint": query_of(url)["id_token"], "post_logout_redirect_uri": AFTER}
    out = await party.ok("logout", params={**hint, "state": "t"})
    gone = await stack.call("GET", out.removeprefix(stack.issuer))
    assert gone.location == f"{AFTER}?state=t"
