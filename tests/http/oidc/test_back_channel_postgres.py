"""From the end of a session to the client's ear, over the database and the running worker."""

import asyncio

import pytest
from personae.actors.domain.session.commands import TerminateSession
from personae.actors.workers.back_channel import BackChannelLogout
from personae.actors.workers.outbound import Outbound
from personae.projections.kit.registry import Projections
from personae.projections.logouts import LOGOUTS

from tests.http.oidc.test_back_channel import receiver, waiting  # noqa: F401 — a fixture
from tests.http.oidc.test_postgres import durable  # noqa: F401 — a fixture

pytestmark = pytest.mark.store


@pytest.fixture
async def views(durable, database):  # noqa: F811
    log = durable.services.world.log
    views = Projections(database, log, (LOGOUTS,))
    await views.start()
    log.on_committed.append(views.on_committed)
    yield views
    await views.stop()


async def test_two_processes_that_look_tell_each_client_once(durable, views, receiver):  # noqa: F811
    stack = durable
    browser = await stack.browser()
    for _ in range(2):
        await stack.sign_in(await stack.app(back_channel_logout_uri=receiver.url), browser)

    async def sign(instance_id, claims, typ):
        return (await stack.services.keys.of(instance_id)).signer.sign(claims, typ)

    both = [
        BackChannelLogout(stack.services.dispatch, views, sign, Outbound(private=True))
        for _ in range(2)
    ]
    log = stack.services.world.log
    log.on_committed += [each.hear for each in both]
    running = [asyncio.create_task(each.run()) for each in both]
    await asyncio.sleep(0.2)
    await stack.send(TerminateSession(session_id=browser.held.session_id))
    async with asyncio.timeout(5):
        while await waiting(stack, browser.held.session_id):  # noqa: ASYNC110 — a client has no event
            await asyncio.sleep(0.02)
    await asyncio.sleep(0.2)
    for task in running:
        task.cancel()
    assert len(receiver.got) == 2
