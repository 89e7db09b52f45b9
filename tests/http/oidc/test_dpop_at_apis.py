import pytest
from multidict import CIMultiDict
from personae.actors.domain.kit import Refusal
from personae.http.wire.faults import fault_of

from tests.aggregates.conftest import INSTANCE
from tests.http.oidc.conftest import basic
from tests.http.oidc.proofs import new_key, proof

TOKEN = "/oauth/v2/token"
OURS = "urn:zitadel:iam:org:project:id:zitadel:aud"
TARGET = ("GET", "/v2/users/1")


@pytest.fixture
async def bound(stack):
    bot, key = await stack.machine(), new_key()
    headers = {**basic(bot.name, bot.secret), "DPoP": proof(stack, key, TOKEN)}
    found = await stack.token("client_credentials", headers, scope=OURS)
    return bot, key, found.json["access_token"]


async def ask(stack, token, *proofs, scheme="DPoP", target=TARGET):
    headers = CIMultiDict({"Host": stack.issuer.removeprefix("http://")})
    headers["Authorization"] = f"{scheme} {token}"
    for each in proofs:
        headers.add("DPoP", each)
    return await stack.services.authenticate(INSTANCE, headers, target)


async def test_our_apis_take_a_bound_token_with_its_proof(stack, bound):
    bot, key, token = bound
    shown = proof(stack, key, TARGET[1], method="GET", token=token)
    assert (await ask(stack, token, shown)).user_id == bot.id


async def test_our_apis_refuse_it_without_for_another_request_or_twice(stack, bound):
    _, key, token = bound

    def shown():
        return proof(stack, key, TARGET[1], method="GET", token=token)

    used = shown()
    await ask(stack, token, used)
    for proofs, options in (((), {}), ((shown(), shown()), {}), ((used,), {}),
                            ((shown(),), {"scheme": "Bearer"}),
                            ((shown(),), {"target": ("POST", TARGET[1])}),
                            ((shown(),), {"target": ("GET", "/v2/users/2")})):  # fmt: skip
        with pytest.raises(Refusal, match=r"^TOKEN-"):
            await ask(stack, token, *proofs, **options)


async def test_our_apis_say_which_scheme_and_algorithms_a_proof_needs(stack, bound):
    with pytest.raises(Refusal) as refused:
        await ask(stack, bound[2])
    challenge = fault_of(refused.value, stack.services, "en").headers["WWW-Authenticate"]
    assert challenge.startswith('DPoP realm="api", error="invalid_dpop_proof", algs="')
    assert "ES256" in challenge
