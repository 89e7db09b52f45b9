"""ZA-12, OA-26: while nothing can be written, no endpoint says what is wrong, and none that it did it."""

import re

import pytest
from personae.actors.domain.project.values import AuthMethod, GrantType, TokenType
from personae.http.identity.replays import Replays
from personae.store.pool import Unavailable

from tests.http.oidc.assertions import ASSERTION, seconds, signed
from tests.http.oidc.conftest import BOTH, CALLBACK, basic, serving

SECRETS = re.compile(r"10\.9\.8\.7|dbadmin|Unavailable\(|Traceback|\.py\b", re.IGNORECASE)


@pytest.fixture
async def away(stack, monkeypatch):
    """A provider with a client and its tokens, whose log has just gone."""
    app, browser = await stack.app(), await stack.browser()
    code, tokens = await stack.code(app, browser), await stack.sign_in(app)
    machine = await stack.machine()

    take_away(stack, monkeypatch)
    return stack, app, browser, code, tokens, machine


async def failing(*_args, **_options):
    raise Unavailable("connection to server at 10.9.8.7 failed for dbadmin")


def take_away(stack, monkeypatch):
    for name in ("append", "stream", "after", "holder", "head"):
        monkeypatch.setattr(stack.services.world.log, name, failing)


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


@pytest.mark.parametrize("kind", [TokenType.BEARER, TokenType.JWT])
async def test_a_token_that_cannot_be_looked_up_is_not_called_bad_nor_revoked(
    stack, elsewhere, monkeypatch, kind
):
    """RFC 7009, 2.2.1: 503 says that the token still exists; 200, or "inactive", would be a lie."""
    app = await stack.app(access_token_type=kind, grant_types=(*BOTH, GrantType.TOKEN_EXCHANGE))
    async with serving(elsewhere, beside=stack) as other:
        known = await other.sign_in(app)
        assert (await other.introspect(app, known["access_token"]))["active"]
        token = (await stack.sign_in(app))["access_token"]
        with monkeypatch.context() as away:
            take_away(other, away)
            subject = {
                "subject_token": token,
                "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
            }
            exchange = "urn:ietf:params:oauth:grant-type:token-exchange"
            answers = {
                "revoke": await other.post("/oauth/v2/revoke", app.basic, token=token),
                "introspect": await other.post("/oauth/v2/introspect", app.basic, token=token),
                "userinfo": await other.userinfo(token),
                "exchange": await other.token(exchange, app.basic, **subject),
            }
        for name, answer in answers.items():
            told = (answer.status, answer.error)
            assert told == (503, "temporarily_unavailable"), (name, answer.text)
        assert (await other.introspect(app, token))["active"]


async def test_an_assertion_that_cannot_be_noted_is_not_called_bad(stack):
    class Away:
        first = staticmethod(failing)

    app = await stack.app(auth_method_type=AuthMethod.PRIVATE_KEY_JWT)
    stack.services.proofs = Replays(Away())
    text = signed(app.client_id, stack.issuer, app.key_id, app.key, seconds(stack), jti="1")
    shown = {"client_assertion": text, "client_assertion_type": ASSERTION}
    found = await stack.token("refresh_token", refresh_token="x", **shown)
    assert (found.status, found.error) == (503, "temporarily_unavailable")
