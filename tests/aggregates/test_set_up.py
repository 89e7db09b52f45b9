from personae.actors.domain.kit import Stream
from personae.actors.domain.web_key.state import Status

from tests.aggregates.conftest import ADMIN, INSTANCE, ORG, PROJECT, ROBOT


async def test_a_set_up_instance_has_all_it_needs_in_one_commit(dispatch):
    instance = await dispatch.state(INSTANCE, "instance", INSTANCE)
    assert (instance.default_org, instance.project_id, instance.language) == (ORG, PROJECT, "en")
    org = await dispatch.state(INSTANCE, "org", ORG)
    assert org.members == {ADMIN: ("ORG_OWNER",)}
    assert org.primary_domain == "acme.localhost"
    assert (await dispatch.state(INSTANCE, "user", ROBOT)).machine.name == "Robot"
    assert (await dispatch.state(INSTANCE, "web_key", "k1")).status is Status.ACTIVE


async def test_the_log_and_memory_agree_after_set_up(dispatch, world):
    log = world.log
    for each in await log.after(INSTANCE, 0, 1000):
        actor = await world.aggregate(each.stream)
        events = await log.stream(each.stream)
        assert actor.state == actor.kind.fold(event.event for event in events)
        assert actor.version == len(events)


async def test_a_set_up_instance_is_found_by_its_domain(dispatch, world):
    assert await world.log.holder("", "instance_domain", "localhost") == INSTANCE
    assert (await world.state(Stream(INSTANCE, "instance", INSTANCE))).domains == ("localhost",)
