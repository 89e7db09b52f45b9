"""A call that is sent again is answered as the first time and changes nothing."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from personae.actors.aggregates.once import KEY_REUSED, THIS_CALL, Once
from personae.actors.domain.kit import Caller, Refusal, Stream
from personae.actors.domain.kit.refusal import CONTENDED
from personae.actors.domain.org.commands import ChangeOrg
from personae.actors.domain.user.commands import AddMachine, SetMachineSecret
from personae.actors.domain.user.refusals import NAME_TAKEN

from tests.aggregates.conftest import INSTANCE, ORG, SETUP
from tests.cluster import running

ALICE = Caller(instance_id=INSTANCE, user_id="alice", system=True)


@pytest.fixture
async def pair(postgres_url):
    first, second = (running(postgres_url, views=False) for _ in range(2))
    async with first as one, second as two:
        await one.send(SETUP, Caller.of_system(INSTANCE))
        yield one, two


@asynccontextmanager
async def call(node, key="k", request="r", caller=ALICE):
    once = await Once.of(node.world, caller, key, request)
    token = THIS_CALL.set(once)
    yield once
    THIS_CALL.reset(token)


async def create(node, name="helper", **named):
    """As a door does it: draw an id, send the order, answer with both."""
    async with call(node, **named) as once:
        user_id = once.new_id(node.world.new_id)
        order = AddMachine(user_id=user_id, org_id=ORG, user_name=name, name="Robot")
        done = await node.send(order, ALICE)
        secret = await node.send(SetMachineSecret(user_id=user_id), ALICE)
        return user_id, done, secret


async def test_a_call_sent_again_gets_the_first_answer_on_any_process(pair):
    first = await create(pair[0])
    head = await pair[0].log.head(INSTANCE)
    assert await create(pair[1]) == first == await create(pair[0])
    assert await pair[0].log.head(INSTANCE) == head


async def test_secrets_are_answered_again_and_kept_sealed(pair):
    *_, done = await create(pair[0])
    assert done.secrets["client_secret"]
    rows = await pair[0].database.rows("SELECT sealed FROM receipts")
    assert all(done.secrets["client_secret"].encode() not in bytes(sealed) for (sealed,) in rows)


async def test_what_was_cut_off_in_the_middle_goes_on_where_it_ended(pair):
    async with call(pair[0]) as once:
        user_id = once.new_id(pair[0].world.new_id)
        order = AddMachine(user_id=user_id, org_id=ORG, user_name="helper", name="Robot")
        await pair[0].send(order, ALICE)
    again, _, secret = await create(pair[1])
    assert again == user_id
    assert len(await pair[1].log.stream(Stream(INSTANCE, "user", user_id))) == secret.sequence


async def test_another_request_under_the_same_key_is_refused(pair):
    await create(pair[0])
    with pytest.raises(Refusal) as refused:
        await create(pair[1], request="another")
    assert refused.value.reason is KEY_REUSED


async def test_keys_of_callers_do_not_meet(pair):
    await create(pair[0])
    with pytest.raises(Refusal) as refused:
        await create(pair[0], caller=Caller(instance_id=INSTANCE, user_id="bob", system=True))
    assert refused.value.reason is NAME_TAKEN


async def test_of_calls_sent_at_once_all_that_are_answered_get_one_answer(pair):
    tries = (create(pair[n % 2]) for n in range(8))
    answers = await asyncio.gather(*tries, return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, Exception)]
    assert {answer.reason for answer in refused} <= {CONTENDED}
    [first, *others] = [answer for answer in answers if not isinstance(answer, Exception)]
    assert all(other == first for other in others)
    assert await create(pair[1]) == first


async def test_an_order_that_changes_nothing_leaves_no_receipt(pair):
    async with call(pair[0]):
        await pair[0].send(ChangeOrg(org_id=ORG, name="ACME"), ALICE)
    assert await pair[0].log.receipts(INSTANCE, "alice", "k") == []
