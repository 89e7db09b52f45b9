"""Pages use an application's token at our APIs only where the application says that its pages are."""

from urllib.parse import urlsplit

import pytest
from personae.actors.domain.kit import Refusal

from tests.aggregates.conftest import INSTANCE
from tests.http.oidc.conftest import CALLBACK, basic

OURS = "openid urn:zitadel:iam:org:project:id:zitadel:aud"
OWN = "{0.scheme}://{0.netloc}".format(urlsplit(CALLBACK))


async def asked(stack, token, **headers):
    """Return who is calling, when a page asks."""
    headers |= {"host": urlsplit(stack.issuer).netloc, "authorization": f"Bearer {token}"}
    return (await stack.services.authenticate(INSTANCE, headers, ("GET", "/v2/users/1"))).user_id


async def test_only_pages_of_an_application_use_its_tokens(stack):
    app = await stack.app(additional_origins=("https://spa.example/",))
    token = (await stack.sign_in(app, scope=OURS))["access_token"]
    user = await asked(stack, token)
    for origin in (OWN, stack.issuer, "https://spa.example", "https://SPA.example"):
        assert await asked(stack, token, origin=origin) == user
    for origin in ("https://evil.example", f"{OWN}.evil.example", "http://spa.example", "null"):
        with pytest.raises(Refusal, match="AUTH-OriginNotAllowed"):
            await asked(stack, token, origin=origin)


async def test_a_machine_is_of_no_application(stack):
    bot = await stack.machine()
    found = await stack.token("client_credentials", basic(bot.name, bot.secret), scope=OURS)
    token = found.json["access_token"]
    assert await asked(stack, token, origin="https://anywhere.example") == bot.id
