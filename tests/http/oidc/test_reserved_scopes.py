"""Every scope that means more here than in the standard, and what it does and does not give."""

import base64

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from personae.actors.domain.org.commands import AddOrg
from personae.actors.domain.project.commands import AddRole
from personae.actors.domain.project.values import GrantType, TokenType
from personae.actors.domain.user.commands import RemoveMetadata, SetMetadata

from tests.aggregates.conftest import ADMIN, ORG, PROJECT
from tests.http.oidc.conftest import BOTH, basic, query_of

START = "urn:zitadel:iam"
METADATA, OWNER = f"{START}:user:metadata", f"{START}:user:resourceowner"


async def decoded(stack, token):
    keys = KeySet.import_key_set((await stack.call("GET", "/oauth/v2/keys")).json)
    return jwt.decode(token, keys, algorithms=["ES256"]).claims


async def test_metadata_is_a_claim_everywhere_and_follows_what_is_set(stack):
    """Values are base64url without padding, since they are any bytes."""
    app = await stack.app(access_token_type=TokenType.JWT)
    entries = (("shoe", b"\xff\xfe size?"), ("café", "ü".encode()))
    await stack.send(SetMetadata(user_id=ADMIN, entries=entries))
    tokens = await stack.sign_in(app, scope=f"openid offline_access {METADATA}")
    token = tokens["access_token"]
    expected = {
        key: base64.urlsafe_b64encode(value).rstrip(b"=").decode() for key, value in entries
    }
    assert (await stack.userinfo(token)).json == {"sub": ADMIN, METADATA: expected}
    assert (await stack.introspect(app, token))[METADATA] == expected
    for each in ("access_token", "id_token"):
        assert (await decoded(stack, tokens[each]))[METADATA] == expected
    await stack.send(RemoveMetadata(user_id=ADMIN, keys=("shoe", "café")))
    assert (await stack.userinfo(token)).json == {"sub": ADMIN}
    later = (await stack.refresh(app, tokens["refresh_token"])).json
    assert METADATA not in await decoded(stack, later["access_token"])


async def test_metadata_is_not_told_unasked(stack):
    await stack.send(SetMetadata(user_id=ADMIN, entries=(("shoe", b"38"),)))
    tokens = await stack.sign_in(await stack.app(), scope="openid profile email")
    assert METADATA not in (await stack.userinfo(tokens["access_token"])).json
    assert METADATA not in await decoded(stack, tokens["id_token"])


async def granted(stack, scope, app=None):
    """The scopes that a whole sign-in gets, and the audience of its token."""
    app = app or await stack.app()
    tokens = await stack.sign_in(app, scope=f"openid {scope}")
    live = await stack.introspect(app, tokens["access_token"])
    return live["scope"].split()[1:], live["aud"]


@pytest.mark.parametrize(
    "scope",
    [
        f"{START}:org:projects:roles", METADATA, OWNER, f"{START}:org:id:{ORG}",
        f"{START}:org:domain:primary:acme.localhost", f"{START}:org:roles:id:{ORG}",
        f"{START}:org:project:id:{PROJECT}:aud", f"{START}:org:idp:id:77",
        "profile", "email", "phone", "address",
    ],
)  # fmt: skip
async def test_reserved_scopes_are_granted(stack, scope):
    assert (await granted(stack, scope))[0] == [scope]


@pytest.mark.parametrize(
    "scope",
    ["admin", f"{START}:everything", f"{START}:user:metadata:x", f"{START}:org:project:role:none"],
)
async def test_scopes_that_nobody_knows_are_dropped_in_silence(stack, scope):
    assert (await granted(stack, scope))[0] == []


async def test_a_role_scope_is_granted_where_the_project_has_the_role(stack):
    app = await stack.app()
    await stack.send(AddRole(project_id=app.project_id, key="reader"))
    scope = f"{START}:org:project:role:reader"
    assert (await granted(stack, scope, app))[0] == [scope]


async def test_the_audience_is_the_project_with_its_clients_and_those_that_are_named(stack):
    app = await stack.app()
    api = await stack.api(app.project_id)
    own = {app.client_id, api.client_id, app.project_id}
    assert set((await granted(stack, "email", app))[1]) == own
    named = f"{START}:org:project:id:{{}}:aud"
    assert set((await granted(stack, named.format("12345"), app))[1]) == own | {"12345"}
    # "zitadel" stands for the project of the instance itself, whose audience our APIs ask for.
    assert set((await granted(stack, named.format("zitadel"), app))[1]) == own | {PROJECT}


@pytest.mark.parametrize(
    ("scope", "right"),
    [
        (f"{START}:org:id:{ORG}", True),
        (f"{START}:org:id:77", False),
        (f"{START}:org:domain:primary:acme.localhost", True),
        (f"{START}:org:domain:primary:else.localhost", False),
    ],
)
async def test_an_organization_scope_lets_in_its_own_users_only(stack, scope, right):
    await stack.send(AddOrg(org_id="77", name="Else"))
    app, browser = await stack.app(), await stack.browser()
    found = await stack.authorize(
        app, scope=f"openid {scope}", prompt="none", headers=browser.cookie
    )
    assert ("code" in query_of(found.location)) is right
    assert found.error == (None if right else "login_required")


async def test_no_token_names_an_organization_that_its_user_is_not_of(stack):
    """What refuses a sign-in is left out of tokens that nobody signs in for."""
    own = [f"{START}:org:id:{ORG}", f"{START}:org:domain:primary:acme.localhost"]
    others = [f"{START}:org:id:77", f"{START}:org:domain:primary:else.localhost"]
    scope = " ".join(["openid", *own, *others])
    bot = await stack.machine()
    app = await stack.app(grant_types=(*BOTH, GrantType.TOKEN_EXCHANGE))
    subject = {
        "subject_token": (await stack.sign_in(app))["id_token"],
        "subject_token_type": "urn:ietf:params:oauth:token-type:id_token",
    }
    exchange = "urn:ietf:params:oauth:grant-type:token-exchange"
    for found in (
        await stack.token("client_credentials", basic(bot.name, bot.secret), scope=scope),
        await stack.token(exchange, app.basic, **subject, scope=scope),
    ):
        assert found.json["scope"] == " ".join(["openid", *own])


async def test_machines_get_the_claims_of_their_own_scopes(stack):
    bot = await stack.machine()
    await stack.send(SetMetadata(user_id=bot.id, entries=(("rack", b"7"),)))
    auth = {"client_id": bot.name, "client_secret": bot.secret}
    found = await stack.token("client_credentials", **auth, scope=f"openid {METADATA} {OWNER}")
    told = (await stack.userinfo(found.json["access_token"])).json
    assert told[METADATA] == {"rack": "Nw"}
    assert told[f"{OWNER}:id"] == ORG
