"""Proofs and assertions count once among all processes."""

import pytest
from personae.actors.domain.project.values import AuthMethod
from personae.http.identity.replays import Replays
from personae.store.seen import Seen

from tests.http.oidc.assertions import ASSERTION, seconds, signed
from tests.http.oidc.conftest import serving
from tests.http.oidc.proofs import new_key, proof

pytestmark = pytest.mark.store
TOKEN = "/oauth/v2/token"


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
