"""Resource indicators (RFC 8707)."""

import base64
import json

import pytest
from personae.actors.domain.project import commands as p
from personae.actors.domain.project.oauth import OAuthChanges
from personae.actors.domain.project.values import AuthMethod, GrantType, TokenType

from tests.http.oidc.conftest import BOTH, CALLBACK
from tests.http.oidc.test_request_object import request_of
from tests.http.oidc.test_token_exchange import URN, exchange

ONE, TWO = "https://one.example/api", "https://two.example"
JWT = {"access_token_type": TokenType.JWT}


async def settings(stack, app, **changes):
    await stack.send(
        p.SetOAuthSettings(
            project_id=app.project_id, app_id=app.app_id, changes=OAuthChanges(**changes)
        )
    )


@pytest.fixture
async def apis(stack):
    """Two APIs of two projects, each with a resource."""
    found = []
    for uri in (ONE, TWO):
        api = await stack.api()
        await settings(stack, api, resources=(uri,))
        found.append(api)
    return found


def claims(token):
    return json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))


async def test_a_token_is_for_the_resource_that_was_asked_and_for_nobody_else(stack, apis):
    one, two = apis
    app = await stack.app(**JWT)
    found = await stack.sign_in(app, resource=ONE)
    assert claims(found["access_token"])["aud"] == [ONE]
    # The ID token stays one for the client.
    assert app.client_id in claims(found["id_token"])["aud"]
    assert ONE not in claims(found["id_token"])["aud"]
    about = await stack.introspect(one, found["access_token"])
    assert (about["active"], about["aud"]) == (True, [ONE])
    assert await stack.introspect(two, found["access_token"]) == {"active": False}
    sibling = await stack.api(one.project_id)
    assert await stack.introspect(sibling, found["access_token"]) == {"active": False}
    assert (await stack.userinfo(found["access_token"])).status == 200


async def test_two_resources_are_narrowed_by_the_client_and_never_widened(stack, apis):
    app = await stack.app(**JWT)
    code = await stack.code(app, resource=[ONE, TWO])
    narrow = (await stack.redeem(app, code, resource=ONE)).json
    assert claims(narrow["access_token"])["aud"] == [ONE]
    both = (await stack.refresh(app, narrow["refresh_token"])).json
    assert claims(both["access_token"])["aud"] == [ONE, TWO]
    again = (await stack.refresh(app, both["refresh_token"], resource=TWO)).json
    assert claims(again["access_token"])["aud"] == [TWO]
    project = f"urn:zitadel:iam:org:project:id:{app.project_id}"
    refused = await stack.refresh(app, again["refresh_token"], resource=project)
    assert (refused.status, refused.error) == (400, "invalid_target")
    # What is refused does not use the refresh token up.
    assert (await stack.refresh(app, again["refresh_token"])).status == 200


async def test_without_resources_the_own_project_may_be_named_at_the_token_endpoint(stack, apis):
    app = await stack.app(apis[0].project_id, **JWT)
    code = await stack.code(app)
    assert (await stack.redeem(app, code, resource=TWO)).error == "invalid_target"
    found = (await stack.redeem(app, code, resource=ONE)).json
    assert claims(found["access_token"])["aud"] == [ONE]
    project = f"urn:zitadel:iam:org:project:id:{app.project_id}"
    found = (await stack.refresh(app, found["refresh_token"], resource=project)).json
    assert claims(found["access_token"])["aud"] == [app.project_id]


@pytest.mark.parametrize(
    "uri", ["https://unknown.example", "relative", ONE + "#part", ONE.upper(), "urn:zitadel:iam:org:project:id:404"]
)  # fmt: skip
async def test_resources_that_nobody_is_known_by_are_refused_everywhere(stack, apis, uri):
    grants = (*BOTH, GrantType.DEVICE_CODE)
    app = await stack.app(grant_types=grants)
    refused = await stack.authorize(app, resource=uri)
    assert (refused.status, refused.error) == (302, "invalid_target")
    form = {"redirect_uri": CALLBACK, "response_type": "code", "scope": "openid"}
    pushed = await stack.post("/oauth/v2/par", app.basic, **form, resource=uri)
    assert (pushed.status, pushed.error) == (400, "invalid_target")
    device = await stack.post("/oauth/v2/device_authorization", app.basic, resource=uri)
    assert (device.status, device.error) == (400, "invalid_target")
    redeemed = await stack.redeem(app, await stack.code(app), resource=uri)
    assert (redeemed.status, redeemed.error) == (400, "invalid_target")
    machine = await stack.machine()
    got = await stack.token(
        "client_credentials", client_id=machine.name, client_secret=machine.secret, resource=uri
    )
    assert (got.status, got.error) == (400, "invalid_target")


async def test_more_resources_than_anybody_needs_are_refused(stack, apis):
    app = await stack.app()
    many = [f"{ONE}/{number}" for number in range(21)]
    assert (await stack.authorize(app, resource=many)).error == "invalid_target"


async def test_a_machine_asks_for_a_resource(stack, apis):
    machine = await stack.machine()
    form = {"client_id": machine.name, "client_secret": machine.secret, "resource": ONE}
    token = (await stack.token("client_credentials", **form)).json["access_token"]
    assert (await stack.introspect(apis[0], token))["aud"] == [ONE]
    assert await stack.introspect(apis[1], token) == {"active": False}


async def test_a_pushed_request_and_a_signed_one_name_several(stack, apis):
    app = await stack.app(auth_method_type=AuthMethod.BASIC, **JWT)
    app = await stack.with_key(app)
    form = {"redirect_uri": CALLBACK, "response_type": "code", "scope": "openid"}
    pushed = await stack.post("/oauth/v2/par", app.basic, **form, resource=[ONE, TWO])
    browser = await stack.browser()
    named = {"client_id": app.client_id, "request_uri": pushed.json["request_uri"]}
    token = await _walked(stack, app, browser, **named)
    assert claims(token)["aud"] == [ONE, TWO]
    text = request_of(stack, app, resource=[ONE, TWO])
    token = await _walked(stack, app, browser, client_id=app.client_id, request=text)
    assert claims(token)["aud"] == [ONE, TWO]


async def _walked(stack, app, browser, **params):
    asked = await stack.call("GET", "/oauth/v2/authorize", params=params)
    request_id = asked.location.rpartition("=")[2]
    await stack.link(request_id, browser)
    back = await stack.callback(request_id, browser)
    code = back.location.split("code=")[1].partition("&")[0]
    return (await stack.redeem(app, code)).json["access_token"]


async def test_a_removed_or_inactive_application_is_no_target(stack, apis):
    app = await stack.app()
    of = {"project_id": apis[0].project_id, "app_id": apis[0].app_id}
    await stack.send(p.DeactivateApp(**of))
    assert (await stack.authorize(app, resource=ONE)).error == "invalid_target"
    await stack.send(p.ReactivateApp(**of))
    assert (await stack.authorize(app, resource=ONE)).error is None
    await stack.send(p.RemoveApp(**of))
    assert (await stack.authorize(app, resource=ONE)).error == "invalid_target"


async def test_an_exchanged_token_is_for_the_targets_that_were_asked(stack, apis):
    """RFC 8693, 2.1: several targets of both kinds; no relative URI, and none with a fragment."""
    app = await stack.app(apis[0].project_id, grant_types=(*BOTH, GrantType.TOKEN_EXCHANGE))
    token = (await stack.sign_in(app))["access_token"]
    for targets, audience in (
        ({"resource": ONE}, [ONE]),
        ({"resource": ONE, "audience": app.client_id}, [app.client_id, ONE]),
        ({"audience": [app.client_id, app.project_id]}, [app.client_id, app.project_id]),
        ({"resource": TWO}, None), ({"resource": ONE + "#part"}, None),
        ({"resource": [ONE, TWO]}, None), ({"resource": ONE, "audience": TWO}, None),
    ):  # fmt: skip
        found = await exchange(stack, app, token, requested_token_type=f"{URN}jwt", **targets)
        assert found.error == (None if audience else "invalid_target"), targets
        assert not audience or claims(found.json["access_token"])["aud"] == audience
