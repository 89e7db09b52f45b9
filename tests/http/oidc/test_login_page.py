"""Where a browser is sent to sign in."""

from personae.actors.domain.feature.commands import ResetFeatures, SetFeatures
from personae.actors.domain.feature.events import Level, LoginV2
from personae.actors.domain.kit import SYSTEM, Caller
from personae.actors.domain.project.values import LoginVersion

from tests.aggregates.conftest import INSTANCE, ORG

OWNERS = {Level.SYSTEM: SYSTEM, Level.INSTANCE: INSTANCE, Level.ORG: ORG}
OURS = "/ui/login/login?authRequestID=V2_"


async def sent_to(stack, app=None, **asked):
    return (await stack.authorize(app or await stack.app(), **asked)).headers["Location"]


async def feature(stack, level, **login):
    owner = OWNERS[level]
    order = SetFeatures(owner_id=owner, level=level, values={"login_v2": LoginV2(**login)})
    await stack.services.send(order, Caller.of_system(SYSTEM if owner == SYSTEM else INSTANCE))


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


async def test_the_organisation_asked_for_says_where_its_people_sign_in(stack):
    scope = f"openid urn:zitadel:iam:org:id:{ORG}"
    await feature(stack, Level.INSTANCE, required=True, base_uri="https://all.example")
    await feature(stack, Level.ORG, required=False)
    assert (await sent_to(stack, scope=scope)).startswith(OURS)
    assert (await sent_to(stack)).startswith("https://all.example/")
    await feature(stack, Level.ORG, required=True, base_uri="https://org.example")
    assert (await sent_to(stack, scope=scope)).startswith("https://org.example/login?authRequest=")


async def test_an_application_chooses_the_pages(stack):
    base = "https://app.example/ui/"
    own = await stack.app(login_version=LoginVersion.V2, login_base_uri=base)
    other = await stack.app(login_version=LoginVersion.V2)
    ours = await stack.app(login_version=LoginVersion.V1)
    assert (await sent_to(stack, own)).startswith(f"{base}login?authRequest=V2_")
    assert (await sent_to(stack, other)).startswith(OURS)  # nobody says where
    await feature(stack, Level.INSTANCE, required=False, base_uri="https://all.example")
    assert (await sent_to(stack, other)).startswith("https://all.example/login?")
    assert (await sent_to(stack, ours)).startswith(OURS)
    await feature(stack, Level.INSTANCE, required=True, base_uri="https://all.example")
    assert (await sent_to(stack, own)).startswith(f"{base}login?")
    assert (await sent_to(stack, ours)).startswith("https://all.example/login?")
