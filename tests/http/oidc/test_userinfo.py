import pytest
from personae.actors.domain.user.commands import AddPersonalAccessToken, UpdateHuman
from personae.actors.domain.user.values import Gender, NewContact, ProfileChange
from personae.http.identity.opaque import TokenKind

from tests.aggregates.conftest import ADMIN, INSTANCE


async def test_claims_follow_the_scopes(stack):
    change = ProfileChange(nick_name="A", preferred_language="de", gender=Gender.FEMALE)
    phone = NewContact(value="+41790000000", verified=True)
    await stack.send(UpdateHuman(user_id=ADMIN, profile=change, phone=phone))
    app = await stack.app()
    tokens = await stack.sign_in(app, scope="openid profile email phone address")
    found = (await stack.userinfo(tokens["access_token"])).json
    assert found.pop("updated_at") == int(stack.services.world.now().timestamp())
    assert found == {
        "sub": ADMIN, "preferred_username": "admin@acme.localhost", "name": "Ada Admin",
        "given_name": "Ada", "family_name": "Admin", "nickname": "A", "gender": "female",
        "locale": "de", "email": "admin@acme.localhost", "email_verified": True,
        "phone_number": "+41790000000", "phone_number_verified": True,
    }  # fmt: skip
    few = await stack.sign_in(app, scope="openid email")
    assert (await stack.userinfo(few["access_token"])).json.keys() == {
        "sub",
        "email",
        "email_verified",
    }


@pytest.mark.parametrize("number", ["0791234567", "+41 79 123 45 67", "+0123", "+" + "1" * 16])
async def test_a_number_that_is_not_in_e_164_is_not_said_to_be_verified(stack, number):
    """OIDC Core, 5.1: ``phone_number_verified``."""
    phone = NewContact(value=number, verified=True)
    await stack.send(UpdateHuman(user_id=ADMIN, phone=phone))
    token = (await stack.sign_in(await stack.app(), scope="openid phone"))["access_token"]
    found = (await stack.userinfo(token)).json
    assert (found["phone_number"], found["phone_number_verified"]) == (number, False)


async def test_the_token_comes_in_the_header_or_the_form_but_not_in_the_url(stack):
    token = (await stack.sign_in(await stack.app()))["access_token"]
    assert (await stack.post("/oidc/v1/userinfo", access_token=token)).status == 200
    header = {"Authorization": f"Bearer {token}"}
    assert (await stack.call("POST", "/oidc/v1/userinfo", headers=header)).status == 200
    for method in ("GET", "POST"):
        found = await stack.call(method, "/oidc/v1/userinfo", params={"access_token": token})
        assert (found.status, found.error) == (401, "invalid_token")
        assert found.headers["WWW-Authenticate"].startswith("Bearer ")


async def test_a_personal_access_token_works_until_it_expires(stack, clock):
    bot = await stack.machine()
    until = stack.services.world.now().replace(hour=13)
    await stack.send(AddPersonalAccessToken(user_id=bot.id, token_id="t1", expires=until))
    text = stack.services.tokens.issue(TokenKind.PERSONAL, INSTANCE, bot.id, "t1")
    assert (await stack.userinfo(text)).json == {"sub": bot.id}
    api = await stack.api()
    asked = await stack.introspect(api, text)
    assert (asked["active"], asked["aud"]) == (True, [api.client_id, api.project_id])
    clock.pass_(hours=1)
    assert (await stack.userinfo(text)).status == 401


async def test_an_expired_token_is_dead(stack, clock):
    token = (await stack.sign_in(await stack.app()))["access_token"]
    clock.pass_(minutes=59, seconds=59)
    assert (await stack.userinfo(token)).status == 200
    clock.pass_(seconds=1)
    assert (await stack.userinfo(token)).status == 401


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
async def test_no_altered_token_is_taken(stack, kind):
    app = await stack.app()
    tokens = await stack.sign_in(app)
    text = tokens[kind]
    last = "B" if text[-1] != "B" else "C"
    for altered in (text[:-1], text[:-1] + last, text + "A", text + "=", text[1:], text.swapcase()):
        assert (await stack.userinfo(altered)).status == 401
        assert (await stack.refresh(app, altered)).error == "invalid_grant"
    assert (await stack.userinfo(tokens["refresh_token"])).status == 401
