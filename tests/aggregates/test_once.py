"""A call that is sent again is answered as the first time and changes nothing."""

import asyncio

import pytest
from personae.actors.aggregates.once import KEY_REUSED, THIS_CALL, carried_out
from personae.actors.domain.kit import Caller, Refusal, Stream
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


async def sent(node, call, key="k", request="r", caller=ALICE):
    return await carried_out(node.world, caller, key, request, call)


async def added(node):
    """Draw an id and add a machine of that id."""
    user_id = THIS_CALL.get().new_id(node.world.new_id)
    order = AddMachine(user_id=user_id, org_id=ORG, user_name="helper", name="Robot")
    return user_id, await node.send(order, ALICE)


async def create(node, **named):
    """As a door does it: draw an id, send the orders, answer with all."""

    async def call():
        user_id, done = await added(node)
        return user_id, done, await node.send(SetMachineSecret(user_id=user_id), ALICE)

    return await sent(node, call, **named)


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
    user_id, _ = await sent(pair[0], lambda: added(pair[0]))
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


async def test_calls_sent_at_once_get_one_answer_all_of_them(pair):
    first, *others = await asyncio.gather(*(create(pair[n % 2]) for n in range(8)))
    assert all(other == first for other in others)
    assert await create(pair[1]) == first
    assert len(await pair[0].log.stream(Stream(INSTANCE, "user", first[0]))) == first[2].sequence


async def test_an_order_that_changes_nothing_leaves_no_receipt(pair):
    await sent(pair[0], lambda: pair[0].send(ChangeOrg(org_id=ORG, name="ACME"), ALICE))
    assert await pair[0].log.receipts(INSTANCE, "alice", "k") == []
