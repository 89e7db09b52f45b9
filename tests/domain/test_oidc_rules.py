"""What a code and a refresh token are worth, told by the pure rules."""

from datetime import UTC, datetime

import pytest
from personae.actors.domain.auth_request import commands as c
from personae.actors.domain.auth_request import events as e
from personae.actors.domain.auth_request.facts import ExchangeFacts
from personae.actors.domain.auth_request.state import AUTH_REQUEST, Status
from personae.actors.domain.kit import Stream
from personae.actors.domain.oidc_session import events as o
from personae.actors.domain.oidc_session.commands import RefreshTokens
from personae.actors.domain.oidc_session.facts import Lifetimes, TokenFacts
from personae.actors.domain.oidc_session.state import OIDC_SESSION
from personae.actors.domain.project.redirects import registered
from personae.actors.domain.project.values import ApplicationType

NOW = datetime(2026, 11, 23, tzinfo=UTC)
HOUR = 3600 * 10**9
LIFETIMES = Lifetimes(HOUR, HOUR, HOUR, HOUR)
LINKED = (
    e.AuthRequestAdded(client_id="a", redirect_uri="https://a"),
    e.SessionLinked(session_id="s", user_id="u", auth_time=NOW),
    e.CodeAdded(made_at=NOW),
)
FAMILY = (
    o.OIDCSessionAdded(user_id="u", client_id="a", scope=("openid",)),
    o.AccessTokenAdded(id="at", lifetime=HOUR, made_at=NOW),
    o.RefreshTokenAdded(id="rt", lifetime=HOUR, idle_lifetime=HOUR, made_at=NOW),
)


def exchanged(client_id):
    order = c.ExchangeCode(
        request_id="r", client_id=client_id, redirect_uri="https://a", code_verifier="",
        oidc_session_id="o", access_token_id="at", refresh_token_id="rt",
    )  # fmt: skip
    facts = ExchangeFacts(
        now=NOW, oidc_session=Stream("1", "oidc_session", "o"), user_org_id="10",
        lifetimes=LIFETIMES, session_alive=True,
    )  # fmt: skip
    return AUTH_REQUEST.decide(AUTH_REQUEST.fold(LINKED), order, facts)


def refreshed(client_id, token):
    order = RefreshTokens(
        oidc_session_id="o", client_id=client_id, presented=token, scope=None,
        access_token_id="at2", refresh_token_id="rt2",
    )  # fmt: skip
    facts = TokenFacts(now=NOW, lifetimes=LIFETIMES)
    return OIDC_SESSION.decide(OIDC_SESSION.fold(FAMILY), order, facts)


def test_a_code_shown_by_another_client_ends_the_request():
    decided = exchanged("b")
    assert decided == [e.AuthRequestFailed(reason="invalid_grant")]
    after = AUTH_REQUEST.fold((*LINKED, *decided))
    assert (after.status, after.error) == (Status.FAILED, "invalid_grant")


def test_a_code_shown_by_its_client_opens_a_family():
    assert exchanged("a")[0] == e.CodeExchanged(oidc_session_id="o")


@pytest.mark.parametrize(("client", "token"), [("a", "older"), ("b", "rt"), ("b", "older")])
def test_a_copied_refresh_token_ends_the_family(client, token):
    assert refreshed(client, token) == [o.RefreshTokenRevoked()]


def test_the_newest_refresh_token_is_renewed_for_its_client():
    assert [type(each) for each in refreshed("a", "rt")] == [
        o.AccessTokenAdded,
        o.RefreshTokenRenewed,
    ]


@pytest.mark.parametrize(
    ("uri", "right"),
    [
        ("http://[::1]:9/cb?x", True), ("http://[::1]/cb?x", True), ("http://[::1]:9/cb", False),
        ("http://[::1]:9/cb?x#f", False), ("http://[::1]:9/cb?x=", False), ("http://[::2]:9/cb?x", False),
        ("http://[::1]:/cb?x", False), ("http://u@[::1]:9/cb?x", False),
    ],
)  # fmt: skip
def test_a_native_loopback_uri_differs_in_its_port_alone(uri, right):
    known = ("http://[::1]:4/cb?x",)
    assert registered(uri, known, ApplicationType.NATIVE) is right
    assert registered(uri, known, ApplicationType.WEB) is False
