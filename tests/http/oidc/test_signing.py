"""Many RSA signatures are made beside the loop: everybody gets the own, whatever becomes of it."""

import asyncio
import logging
import signal

import psutil
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from personae.actors.domain.kit import Refusal
from personae.http.identity.jose import PrivateKey
from personae.http.identity.jwt import Signer
from personae.http.oidc import signing
from personae.http.oidc.signing import CHILD, Signing


@pytest.fixture(scope="module")
def signer():
    return Signer("k", "RS256", PrivateKey.generate("RS256"))


@pytest.fixture
async def beside(signer):
    """Signing with its process up."""
    signing_ = Signing()
    await busy(signing_, signer)
    yield signing_
    await signing_.stop()
    assert children() == []


async def busy(signing_, signer):
    for _ in range(signing.OFTEN + 1):
        await signing_.sign(signer, {}, "JWT")
    await until(lambda: signing_._child is not None)
    await signing_.sign(signer, {}, "JWT")  # it is up when it has answered


async def until(true):
    for _ in range(2_000):
        if true():
            return
        await asyncio.sleep(0.01)
    raise TimeoutError


def children():
    """The processes that sign for this one."""
    every = psutil.Process().children()
    return [each for each in every if CHILD in each.cmdline()]


def read(signer, text):
    key = RSAKey.import_key(signer.key.pem())
    return jwt.decode(text, key, algorithms=["RS256"]).claims


async def test_a_few_need_no_process(signer):
    signing_ = Signing()
    texts = [await signing_.sign(signer, {"n": n}, "JWT") for n in range(signing.OFTEN)]
    assert [read(signer, text)["n"] for text in texts] == list(range(signing.OFTEN))
    assert children() == []
    await signing_.stop()


async def test_fast_signatures_never_need_one():
    signing_, signer = Signing(), Signer("e", "ES256", PrivateKey.generate("ES256"))
    for _ in range(3 * signing.OFTEN):
        await signing_.sign(signer, {}, "JWT")
    assert children() == []
    await signing_.stop()


async def test_of_many_who_ask_at_once_each_gets_the_own_token(beside, signer):
    other = Signer("o", "PS256", PrivateKey.generate("PS256"))
    signers = [signer, other]
    jobs = [beside.sign(signers[n % 2], {"n": n}, "JWT") for n in range(100)]
    texts = await asyncio.gather(*jobs)
    assert [read(signer, text)["n"] for text in texts[::2]] == list(range(0, 100, 2))
    key = RSAKey.import_key(other.key.pem())
    assert [
        jwt.decode(text, key, algorithms=["PS256"]).claims["n"] for text in texts[1::2]
    ] == list(range(1, 100, 2))
    assert len(children()) == 1


async def test_what_cannot_be_signed_fails_alone(beside, signer):
    jobs = [beside.sign(signer, {"n": n if n % 3 else object()}, "JWT") for n in range(30)]
    answers = await asyncio.gather(*jobs, return_exceptions=True)
    assert [isinstance(each, TypeError) for each in answers] == [n % 3 == 0 for n in range(30)]


async def test_who_gives_up_takes_nobody_down(beside, signer):
    tasks = [asyncio.create_task(beside.sign(signer, {"n": n}, "JWT")) for n in range(30)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    rest = await asyncio.gather(*tasks[1::2])
    assert [read(signer, text)["n"] for text in rest] == list(range(1, 30, 2))


async def test_when_too_many_wait_the_next_is_told_so(beside, signer, monkeypatch):
    monkeypatch.setattr(signing, "QUEUE", 10)
    jobs = [beside.sign(signer, {"n": n}, "JWT") for n in range(40)]
    answers = await asyncio.gather(*jobs, return_exceptions=True)
    refused = [each for each in answers if isinstance(each, Refusal)]
    assert {each.id for each in refused} == {"SYSTEM-Overloaded"}
    assert len(refused) == 30


async def test_a_killed_process_costs_nobody_the_token(beside, signer):
    jobs = [asyncio.create_task(beside.sign(signer, {"n": n}, "JWT")) for n in range(50)]
    await asyncio.sleep(0)
    children()[0].send_signal(signal.SIGKILL)
    texts = await asyncio.gather(*jobs)
    assert [read(signer, text)["n"] for text in texts] == list(range(50))
    assert read(signer, await beside.sign(signer, {"n": 50}, "JWT"))["n"] == 50


async def test_a_killed_process_comes_back_when_it_is_needed(beside, signer, monkeypatch):
    monkeypatch.setattr(signing, "PAUSE_SECONDS", 0)
    (before,) = children()
    before.kill()
    await until(lambda: beside._child is None)
    await busy(beside, signer)
    assert children() != [before]


async def test_where_no_process_can_be_started_signatures_are_made_at_once(
    signer, monkeypatch, caplog
):
    monkeypatch.setattr(signing.sys, "executable", "/no/such/python")
    signing_ = Signing()
    with caplog.at_level(logging.ERROR):
        texts = []
        for n in range(3 * signing.OFTEN):
            texts.append(await signing_.sign(signer, {"n": n}, "JWT"))
            await asyncio.sleep(0)
        await until(lambda: caplog.records)
    await signing_.stop()
    assert [read(signer, text)["n"] for text in texts] == list(range(3 * signing.OFTEN))
    assert len(caplog.records) == 1


async def test_after_the_end_nobody_waits_for_ever(beside, signer):
    waiting = [asyncio.create_task(beside.sign(signer, {"n": n}, "JWT")) for n in range(5)]
    await asyncio.sleep(0)
    await beside.stop()
    assert [read(signer, text)["n"] for text in await asyncio.gather(*waiting)] == list(range(5))
    assert read(signer, await beside.sign(signer, {"n": 1}, "JWT"))["n"] == 1


async def test_it_ends_with_its_parent(signer):
    signing_ = Signing()
    await busy(signing_, signer)
    (child,) = children()
    for number in (signal.SIGINT, signal.SIGTERM):  # the whole group gets them from a terminal
        child.send_signal(number)
    assert read(signer, await signing_.sign(signer, {"n": 1}, "JWT"))["n"] == 1
    signing_._child._process.stdin.close()  # as the system does for a parent that is killed
    await until(lambda: children() == [])
    await signing_.stop()
