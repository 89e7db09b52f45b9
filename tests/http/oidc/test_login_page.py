"""Where a browser is sent to sign in."""

from personae.actors.domain.feature.commands import ResetFeatures, SetFeatures
from personae.actors.domain.feature.events import Level, LoginV2
from personae.actors.domain.kit import SYSTEM, Caller

from tests.aggregates.conftest import INSTANCE

OURS = "/ui/login/login?authRequestID=V2_"


async def sent_to(stack):
    return (await stack.authorize(await stack.app())).headers["Location"]


async def feature(stack, level, **login):
    owner = INSTANCE if level is Level.INSTANCE else SYSTEM
    order = SetFeatures(owner_id=owner, level=level, values={"login_v2": LoginV2(**login)})
    await stack.services.send(order, Caller.of_system(owner))


async def test_people_sign_in_at_our_pages_unless_others_are_named(stack):
    assert (await sent_to(stack)).startswith(OURS)
    await feature(stack, Level.SYSTEM, required=True, base_uri="https://all.example")
    assert (await sent_to(stack)).startswith("https://all.example/login?authRequest=V2_")
    base = "https://id.example/ui/v2/login/"
    await feature(stack, Level.INSTANCE, required=True, base_uri=base)
    assert (await sent_to(stack)).startswith(f"{base}login?authRequest=V2_")
    await feature(stack, Level.INSTANCE, required=False, base_uri=base)
    assert (await sent_to(stack)).startswith(OURS)
    reset = ResetFeatures(owner_id=INSTANCE, level=Level.INSTANCE)
    await stack.services.send(reset, Caller.of_system(INSTANCE))
    assert (await sent_to(stack)).startswith("https://all.example/")
