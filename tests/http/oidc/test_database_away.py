"""ZA-12, OA-26: while nothing can be written, no endpoint says what is wrong, and none that it did it."""

import re

import pytest
from personae.store.pool import Unavailable

from tests.http.oidc.conftest import CALLBACK, basic

SECRETS = re.compile(r"10\.9\.8\.7|dbadmin|Unavailable\(|Traceback|\.py\b", re.IGNORECASE)


@pytest.fixture
async def away(stack, monkeypatch):
    """A provider with a client and its tokens, whose log has just gone."""
    app, browser = await stack.app(), await stack.browser()
    code, tokens = await stack.code(app, browser), await stack.sign_in(app)
    machine = await stack.machine()

    async def failing(*_args, **_options):
        raise Unavailable("connection to server at 10.9.8.7 failed for dbadmin")

    for name in ("append", "stream", "after", "holder", "head"):
        monkeypatch.setattr(stack.services.world.log, name, failing)
    return stack, app, browser, code, tokens, machine


async def test_what_cannot_be_done_is_not_said_to_be(away):
    stack, app, browser, code, tokens, machine = away
    access, refresh = tokens["access_token"], tokens["refresh_token"]
    answers = {
        "code": await stack.redeem(app, code),
        "refresh": await stack.refresh(app, refresh),
        "machine": await stack.token("client_credentials", basic(machine.name, machine.secret)),
        "revoke access": await stack.post(
            "/oauth/v2/revoke", basic(app.client_id, app.secret), token=access
        ),
        "revoke refresh": await stack.post(
            "/oauth/v2/revoke", basic(app.client_id, app.secret), token=refresh
        ),
        "push": await stack.post(
            "/oauth/v2/par", basic(app.client_id, app.secret), response_type="code",
            redirect_uri=CALLBACK, scope="openid",
        ),
        "authorize": await stack.authorize(app, headers=browser.cookie),
    }  # fmt: skip
    for name, answer in answers.items():
        assert answer.status in {503, 400, 401, 302}, (name, answer.status)
        assert not SECRETS.search(answer.text + str(dict(answer.headers))), name
        assert "access_token" not in answer.text, name
    for name in ("code", "refresh", "revoke access", "revoke refresh", "push"):
        assert answers[name].status == 503, (name, answers[name].text)
