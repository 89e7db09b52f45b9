"""The instance's own signing keys by time, as clients see it: signed before, published, retired, gone."""

from dataclasses import replace
from datetime import timedelta

import pytest
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError
from joserfc.jwk import KeySet
from personae.actors.domain.project.values import TokenType
from personae.actors.domain.web_key.commands import AddWebKey
from personae.actors.workers.key_rotation import KeyRotation
from personae.projections.web_keys import WEB_KEYS

from tests.aggregates.conftest import INSTANCE, SETUP
from tests.cluster import running
from tests.http.oidc.conftest import SYSTEM, serving

pytestmark = pytest.mark.store

OWN = tuple(
    AddWebKey(key_id=id_, instance_id=INSTANCE, algorithm="RS256") for id_ in ("first", "second")
)
"""As a new instance has them: one that signs, and the next one."""
LIFE, KEEP = timedelta(minutes=40), timedelta(minutes=15)
"""Tokens live for an hour, so that what ends them here is their key."""


@pytest.fixture
async def stack(postgres_url, clock):
    async with running(postgres_url, clock=clock) as node:
        await node.send(replace(SETUP, web_keys=OWN), SYSTEM)
        async with serving(node.dispatch) as stack:
            node.log.on_committed.append(lambda _: stack.services.keys.forget(INSTANCE))
            rotation = KeyRotation(node.dispatch, node.views, life=LIFE, keep=KEEP)

            async def rotate():
                assert await node.views.reached(WEB_KEYS, INSTANCE, await node.log.head(INSTANCE))
                await rotation.rotate(INSTANCE)

            stack.rotate = rotate
            yield stack


async def published(stack):
    """Return the keys that clients are shown; by id."""
    keys = (await stack.call("GET", "/oauth/v2/keys")).json["keys"]
    return {each["kid"]: each for each in keys}


async def signed_by(stack, text):
    """Verify a token as clients do; return the id of its key."""
    keys = KeySet.import_key_set({"keys": list((await published(stack)).values())})
    return jwt.decode(text, keys, algorithms=["RS256"]).header["kid"]


async def test_a_key_is_published_before_it_signs_and_verifies_until_it_is_retired(stack, clock):
    app = await stack.app(access_token_type=TokenType.JWT)
    old = await stack.sign_in(app)
    assert await signed_by(stack, old["id_token"]) == "first"
    assert set(await published(stack)) == {"first", "second"}

    clock.pass_(minutes=39)
    await stack.rotate()
    assert set(await published(stack)) == {"first", "second"}

    clock.pass_(minutes=1)
    await stack.rotate()
    new = await stack.sign_in(app)
    assert await signed_by(stack, new["id_token"]) == "second"
    [third] = set(await published(stack)) - {"first", "second"}

    clock.pass_(minutes=14)
    await stack.rotate()
    assert set(await published(stack)) == {"first", "second", third}
    for tokens, by in ((old, "first"), (new, "second")):
        assert await signed_by(stack, tokens["access_token"]) == by
        assert (await stack.userinfo(tokens["access_token"])).status == 200

    clock.pass_(minutes=1)
    await stack.rotate()
    assert set(await published(stack)) == {"second", third}
    for token in (old["id_token"], old["access_token"]):
        with pytest.raises(InvalidKeyIdError):
            await signed_by(stack, token)
    assert (await stack.userinfo(old["access_token"])).status == 401
    assert (await stack.userinfo(new["access_token"])).status == 200
    clock.pass_(minutes=25)
    await stack.rotate()
    assert await signed_by(stack, (await stack.sign_in(app))["id_token"]) == third
