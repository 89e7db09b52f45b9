"""Proofs and assertions count once among all processes."""

import asyncio

import pytest
from multidict import CIMultiDict
from personae.actors.domain.kit import Refusal
from personae.actors.domain.project.values import AuthMethod
from personae.http.identity.replays import Replays
from personae.store.seen import Seen

from tests.aggregates.conftest import INSTANCE
from tests.http.oidc.assertions import ASSERTION, seconds, signed
from tests.http.oidc.conftest import basic, serving
from tests.http.oidc.proofs import new_key, proof

pytestmark = pytest.mark.store
TOKEN = "/oauth/v2/token"
OURS = "urn:zitadel:iam:org:project:id:zitadel:aud"
PATHS = {"userinfo": "/oidc/v1/userinfo", "api": "/v2/users/1"}


@pytest.fixture
async def both(stack, dispatch, database):
    """Two processes of one site that share a database."""
    async with serving(dispatch, beside=stack) as other:
        for each in (stack, other):
            each.services.proofs = Replays(Seen(database))
        other.issuer = stack.issuer
        other.address = f"http://localhost:{other.server.port}"
        yield stack, other


async def post(process, data, headers=None):
    address = getattr(process, "address", process.issuer)
    async with process.http.post(address + TOKEN, data=data, headers=headers) as answer:
        return answer.status, (await answer.json()).get("error")


async def test_a_proof_counts_in_one_process_only(both):
    stack, other = both
    machine = await stack.machine()
    form = {
        "grant_type": "client_credentials",
        "client_id": machine.name,
        "client_secret": machine.secret,
    }
    shown = {"DPoP": proof(stack, new_key(), TOKEN)}
    assert await post(stack, form, shown) == (200, None)
    assert await post(other, form, shown) == (400, "invalid_dpop_proof")
    assert await post(stack, form, shown) == (400, "invalid_dpop_proof")
    assert await post(other, form, {"DPoP": proof(stack, new_key(), TOKEN)}) == (200, None)


@pytest.mark.parametrize("where", ["userinfo", "api"])
async def test_a_proof_counts_in_one_process_only_where_tokens_are_shown(both, where):
    stack, other = both
    machine, key = await stack.machine(), new_key()
    headers = {**basic(machine.name, machine.secret), "DPoP": proof(stack, key, TOKEN)}
    answer = await stack.token("client_credentials", headers, scope=f"openid {OURS}")
    token, path = answer.json["access_token"], PATHS[where]

    async def shows(process, shown):
        headers = {"Authorization": f"DPoP {token}", "DPoP": shown}
        if where == "userinfo":
            address = getattr(process, "address", process.issuer)
            async with process.http.get(address + path, headers=headers) as answer:
                return answer.status == 200, answer.headers.get("WWW-Authenticate", "")
        headers["Host"] = stack.issuer.removeprefix("http://")
        try:
            await process.services.authenticate(INSTANCE, CIMultiDict(headers), ("GET", path))
        except Refusal as refusal:
            return False, refusal.id
        return True, ""

    used = proof(stack, key, path, method="GET", token=token)
    assert (await shows(other, used))[0]
    for process in (stack, other):
        good, why = await shows(process, used)
        assert not good
        assert "invalid_dpop_proof" in why or why == "TOKEN-ProofInvalid"
    # Fifty at once on both: one is first.
    copied = proof(stack, key, path, method="GET", token=token)
    found = await asyncio.gather(*(shows(each, copied) for each in both for _ in range(25)))
    assert sum(good for good, _ in found) == 1
    # A proof by somebody else's key, for this token, is not even looked up.
    foreign = proof(stack, new_key(), path, method="GET", token=token)
    for process in both:
        process.services.proofs = None
        assert not (await shows(process, foreign))[0]


async def test_an_assertion_with_an_id_counts_in_one_process_only(both):
    stack, other = both
    app = await stack.app(auth_method_type=AuthMethod.PRIVATE_KEY_JWT)
    text = signed(app.client_id, stack.issuer, app.key_id, app.key, seconds(stack), jti="once")
    form = {
        "grant_type": "refresh_token",
        "refresh_token": "x",
        "client_assertion_type": ASSERTION,
        "client_assertion": text,
    }
    assert await post(stack, form) == (400, "invalid_grant")  # the client was believed
    assert await post(other, form) == (401, "invalid_client")
    assert await post(stack, form) == (401, "invalid_client")
    # Fifty at once on both: one is believed (OA-25).
    text = signed(app.client_id, stack.issuer, app.key_id, app.key, seconds(stack), jti="many")
    form["client_assertion"] = text
    found = await asyncio.gather(*(post(each, form) for each in both for _ in range(25)))
    assert sorted(found) == [(400, "invalid_grant"), *[(401, "invalid_client")] * 49]
