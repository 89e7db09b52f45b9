"""RSA beside the loop: everybody gets the own signature, and one failure is one failure."""

import asyncio

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from personae.actors.domain.kit import Refusal
from personae.http.identity.jose import PrivateKey
from personae.http.identity.jwt import Signer
from personae.http.oidc import signing
from personae.http.oidc.signing import Signing


@pytest.fixture(scope="module")
def signer():
    return Signer("k", "RS256", PrivateKey.generate("RS256"))


@pytest.fixture
async def pool():
    pool = Signing()
    yield pool
    await pool.stop()


def read(signer, text):
    key = RSAKey.import_key(signer.key.pem())
    return jwt.decode(text, key, algorithms=["RS256"]).claims


async def test_of_many_who_ask_at_once_each_gets_the_own_token(pool, signer):
    texts = await asyncio.gather(*(pool.sign(signer, {"n": n}, "JWT") for n in range(100)))
    assert [read(signer, text)["n"] for text in texts] == list(range(100))
    assert read(signer, await pool.sign(signer, {"n": 100}, "JWT")) == {"n": 100}


async def test_what_cannot_be_signed_fails_alone(pool, signer):
    jobs = [pool.sign(signer, {"n": n if n % 3 else object()}, "JWT") for n in range(30)]
    answers = await asyncio.gather(*jobs, return_exceptions=True)
    assert [isinstance(each, TypeError) for each in answers] == [n % 3 == 0 for n in range(30)]


async def test_who_gives_up_takes_nobody_down(pool, signer):
    tasks = [asyncio.create_task(pool.sign(signer, {"n": n}, "JWT")) for n in range(30)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    rest = await asyncio.gather(*tasks[1::2])
    assert [read(signer, text)["n"] for text in rest] == list(range(1, 30, 2))


async def test_when_too_many_wait_the_next_is_told_so(pool, signer, monkeypatch):
    monkeypatch.setattr(signing, "QUEUE", 10)
    jobs = [pool.sign(signer, {"n": n}, "JWT") for n in range(40)]
    answers = await asyncio.gather(*jobs, return_exceptions=True)
    refused = [each for each in answers if isinstance(each, Refusal)]
    assert refused
    assert {each.id for each in refused} == {"SYSTEM-Overloaded"}
    assert len(refused) < 40


async def test_after_the_end_nobody_waits_for_ever(pool, signer):
    await pool.stop()
    with pytest.raises(RuntimeError):
        await asyncio.wait_for(pool.sign(signer, {}, "JWT"), 5)
