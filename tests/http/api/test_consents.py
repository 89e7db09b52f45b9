"""What people allowed applications: listed, and taken back."""

import pytest
from personae.actors.domain.oidc_session.commands import OpenOIDCSession
from personae.actors.domain.oidc_session.opening import Opening
from personae.actors.domain.project.commands import RemoveApp, SetOAuthSettings
from personae.actors.domain.project.oauth import OAuthChanges
from personae.actors.domain.user.commands import GiveConsent
from personae.http.identity.opaque import TokenKind

from tests.aggregates.conftest import INSTANCE, ORG, PROJECT
from tests.http.api.conftest import GUEST, OWNER, ROOT
from tests.http.api.test_applications import created

SERVICE = "personae.consent.v1.ConsentService"
LIST, WITHDRAW = f"{SERVICE}/ListConsents", f"{SERVICE}/WithdrawConsent"
SCOPES = ["openid", "email"]


@pytest.fixture
async def asking(server):
    """An application that asks for consent, and has that of Gigi, who has a token."""
    app = await created(server)
    changes = OAuthChanges(ask_consent=True)
    order = SetOAuthSettings(project_id=PROJECT, app_id=app["applicationId"], changes=changes)
    await server.send(order)
    return app


@pytest.fixture
async def gigi(server, asking):
    user_id = (await server.human())["id"]
    client_id = asking["oidcConfiguration"]["clientId"]
    await server.send(GiveConsent(user_id=user_id, client_id=client_id, scopes=tuple(SCOPES)))
    await server.token_of(user_id)
    return user_id


async def shown(server, user, user_id):
    return (await server.ok(LIST, user, user_id=user_id)).get("consents", [])


async def test_people_see_and_take_back_what_they_allowed(server, asking, gigi):
    client_id = asking["oidcConfiguration"]["clientId"]
    found = await shown(server, gigi, gigi)
    assert found == [{"clientId": client_id, "applicationName": "Web", "scopes": SCOPES}]
    assert (await server.ok(WITHDRAW, gigi, user_id=gigi, client_id=client_id))["changeDate"]
    assert await shown(server, gigi, gigi) == []
    again = await server.refused(WITHDRAW, gigi, user_id=gigi, client_id=client_id)
    assert again == "USER-ConsentNotFound"


async def test_what_the_application_had_ends_at_once(server, asking, gigi):
    client_id = asking["oidcConfiguration"]["clientId"]
    opening = Opening(
        user_id=gigi, org_id=ORG, client_id=client_id, audience=(PROJECT,), scope=tuple(SCOPES),
        access_token_id="at",
    )  # fmt: skip
    await server.send(OpenOIDCSession(oidc_session_id="V2_9", org_id=ORG, opening=opening))
    tokens = server.services.tokens
    server.tokens["theirs"] = tokens.issue(TokenKind.ACCESS, INSTANCE, "V2_9", "at")
    assert await shown(server, "theirs", gigi)
    await server.ok(WITHDRAW, ROOT, user_id=gigi, client_id=client_id)
    assert await server.refused(LIST, "theirs", user_id=gigi) == "TOKEN-Invalid"


async def test_administrators_of_the_user_may_and_nobody_else(server, asking, gigi):
    client_id = asking["oidcConfiguration"]["clientId"]
    assert len(await shown(server, ROOT, gigi)) == 1
    for user in (GUEST, OWNER):
        assert await server.refused(LIST, user, user_id=gigi) == "USER-NotFound"
        refused = await server.refused(WITHDRAW, user, user_id=gigi, client_id=client_id)
        assert refused == "AUTH-PermissionDenied"
    assert await server.refused(LIST, user_id="nobody") == "USER-NotFound"


async def test_an_application_that_is_gone_keeps_its_line_without_a_name(server, asking, gigi):
    await server.send(RemoveApp(project_id=PROJECT, app_id=asking["applicationId"]))
    [found] = await shown(server, gigi, gigi)
    assert "applicationName" not in found
    assert found["clientId"] == asking["oidcConfiguration"]["clientId"]
